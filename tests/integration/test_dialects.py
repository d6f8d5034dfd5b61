"""What each dialect sends, judged by its receivers' own libraries, also while a secret rotates."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import subprocess
import unittest

from tests.harness.livekit import FreshIds, event, joined, recording, verify
from tests.harness.server import BINARY, ROOT, SHORT
from tests.integration.case import Case

RECEIVERS = pathlib.Path(__file__).resolve().parent / "standard_webhooks"
PYTHON = ROOT / ".cache" / "python" / "bin" / "python"  # made by ./dev, with what requirements.txt names
OLD, NEW = "whsec_" + base64.b64encode(b"the old secret, 32 bytes of it..").decode(), "whsec_" + base64.b64encode(b"the new secret, 32 bytes of it..").decode()
PLAIN_OLD, PLAIN_NEW = "the-old-secret-0123", "the-new-secret-0123"


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def sip(hooks, **more):
    return {"room_prefix": "sip-", "allowed_addresses": ["127.0.0.0/8"], "hook_secret": "0123456789abcdef0123", "hooks": hooks, **more}


class Dialects(Case):
    def setUp(self):
        super().setUp()
        if os.environ.get("SWITCHHOOK_SKIP_NPM") == "1":
            self.skipTest("SWITCHHOOK_SKIP_NPM=1")
        self.assertTrue((RECEIVERS / "node_modules" / "standardwebhooks").exists(),
                        f"run `npm ci` in {RECEIVERS}, or set SWITCHHOOK_SKIP_NPM=1")
        self.assertTrue(PYTHON.exists(), f"make {PYTHON.parent.parent} with `./dev test`, or set SWITCHHOOK_SKIP_NPM=1")

    def verdicts(self, requests):
        """What the libraries of npm and PyPI say to [(body, headers, secret)]; they must agree."""
        text = json.dumps([{"body": body.decode(), "headers": headers, "secret": secret} for body, headers, secret in requests])
        said = []
        for command in (["node", "verify.mjs"], [str(PYTHON), "-B", "verify.py"]):
            done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=RECEIVERS, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            said.append([verdict.get("type", "refused") for verdict in json.loads(done.stdout)])
        self.assertEqual(said[0], said[1], "npm and PyPI disagree")
        return said[0]

    def accepted(self, arrival, secret):
        return self.verdicts([(arrival.body, arrival.headers, secret)])[0] != "refused"

    def secret(self, server, *words):
        return subprocess.run([str(BINARY), "secret", "--config", f"file:{server.config_file}", *words], capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, **SHORT})

    def test_every_event_of_a_recorded_call_is_accepted_by_the_public_libraries(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant, dialect="standard", secret=NEW)])
        ids = FreshIds()
        bodies = [ids.body(line) for line in recording("simple_call")]
        self.post_all(self.sender(server), bodies)
        self.assertTrue(tenant.wait_count(len(bodies)), server.log()[-2000:])
        arrivals = tenant.snapshot()
        sent = [json.loads(body) for body in bodies]
        self.assertEqual(self.verdicts([(a.body, a.headers, NEW) for a in arrivals]), [each["event"] for each in sent])
        for arrival, original, body in zip(arrivals, sent, bodies):
            self.assertEqual(list(arrival.event), ["type", "timestamp", "data"])
            headers = lower(arrival.headers)
            self.assertEqual(headers["webhook-id"], original["id"])
            self.assertEqual(headers["content-type"], "application/json")
            self.assertRegex(headers["webhook-signature"], r"^v1,[A-Za-z0-9+/]{43}=$")
            self.assertRegex(arrival.event["timestamp"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            if b"turnPassword" not in body:
                self.assertIn(b'"data":' + body, arrival.body, "the event's own bytes")

    def test_a_turn_password_does_not_leave(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant, dialect="standard", secret=NEW)])
        body = json.loads(joined())
        body["room"]["turnPassword"] = "for nobody but LiveKit"
        self.post_all(self.sender(server), [json.dumps(body).encode()])
        self.assertTrue(tenant.wait_count(1))
        arrival = tenant.snapshot()[0]
        self.assertEqual(arrival.event["data"]["room"]["turnPassword"], "")
        self.assertTrue(self.accepted(arrival, NEW))

    def test_what_is_not_genuine_is_refused_by_them(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant, dialect="standard", secret=NEW)])
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(tenant.wait_count(1))
        arrival = tenant.snapshot()[0]
        good = lower(arrival.headers)
        cases = [(arrival.body, good, OLD), (arrival.body + b" ", good, NEW),
                 (arrival.body, {**good, "webhook-id": "EV_other"}, NEW),
                 (arrival.body, {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}, NEW),
                 (arrival.body, {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")}, NEW),
                 (arrival.body, {name: value for name, value in good.items() if name != "webhook-signature"}, NEW)]
        self.assertEqual(self.verdicts(cases), ["refused"] * len(cases))
        self.assertTrue(self.accepted(arrival, NEW), "and the genuine one is not")

    def test_a_retry_is_signed_anew_under_the_same_id(self):
        tenant = self.tenant()
        refusals = {"left": 2}

        def answer(_):
            refusals["left"] -= 1
            return (503 if refusals["left"] >= 0 else 200), {"Retry-After": "1"}, b""
        tenant.answer = answer
        server = self.server([self.hook(tenant, dialect="standard", secret=NEW)])
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(tenant.wait_count(3), server.log()[-2000:])
        arrivals = tenant.snapshot()
        self.assertEqual(len({lower(a.headers)["webhook-id"] for a in arrivals}), 1)
        self.assertEqual(len({a.body for a in arrivals}), 1)
        self.assertGreater(len({lower(a.headers)["webhook-timestamp"] for a in arrivals}), 1)
        self.assertTrue(all(self.accepted(a, NEW) for a in arrivals))

    def test_while_a_secret_rotates_standard_is_accepted_with_each_and_the_others_with_the_first(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant, "s.example", "tenant-s", "/standard", dialect="standard", secret=[NEW, OLD]),
                              self.hook(tenant, "l.example", "tenant-l", "/livekit", secret=[PLAIN_NEW, PLAIN_OLD]),
                              self.hook(tenant, "y.example", "tenant-y", "/sayna", dialect="sayna", secret=[PLAIN_NEW, PLAIN_OLD])])
        self.post_all(self.sender(server), [joined(f"{name}.example", f"SCL_{name}", room=f"sip-{name}", sid=f"RM_{name}") for name in "sly"])
        self.assertTrue(tenant.wait_count(3), server.log()[-2000:])
        by_path = {arrival.path: arrival for arrival in tenant.snapshot()}
        standard = by_path["/standard"]
        self.assertEqual(len(lower(standard.headers)["webhook-signature"].split(" ")), 2)
        self.assertTrue(self.accepted(standard, NEW))
        self.assertTrue(self.accepted(standard, OLD))
        livekit = by_path["/livekit"]
        verify(livekit.headers["Authorization"], livekit.body, "tenant-l", PLAIN_NEW)
        with self.assertRaises(ValueError):
            verify(livekit.headers["Authorization"], livekit.body, "tenant-l", PLAIN_OLD)
        sayna = by_path["/sayna"]
        headers = lower(sayna.headers)
        text = b"v1:%s:%s:%s" % (headers["x-sayna-timestamp"].encode(), headers["x-sayna-event-id"].encode(), sayna.body)
        self.assertEqual(headers["x-sayna-signature"], "v1=" + hmac.new(PLAIN_NEW.encode(), text, hashlib.sha256).hexdigest())
        for secret in (OLD, NEW, PLAIN_OLD, PLAIN_NEW):
            self.assertNotIn(secret, server.log())

    def test_a_receiver_rotates_in_three_steps_and_accepts_every_event(self):
        tenant = self.tenant()
        hook = self.hook(tenant)
        server = self.server([], start=False)
        knows = [(PLAIN_OLD,), (PLAIN_OLD, PLAIN_NEW), (PLAIN_NEW,)]
        for step, (secret, receiver) in enumerate(zip(([PLAIN_OLD, PLAIN_NEW], [PLAIN_NEW, PLAIN_OLD], PLAIN_NEW), knows[1:2] * 2 + knows[2:])):
            configuration = json.loads(server.config_file.read_text(encoding="utf-8"))
            configuration["sip"] = sip([hook], hook_secret=secret)
            server.write(configuration)
            server.start()
            self.post_all(self.sender(server), [joined(call=f"SCL_{step}", room=f"sip-{step}", sid=f"RM_{step}")])
            self.assertTrue(tenant.wait_count(step + 1), server.log()[-2000:])
            arrival = tenant.snapshot()[step]
            genuine = 0
            for known in receiver:
                try:
                    verify(arrival.headers["Authorization"], arrival.body, "tenant-a", known)
                    genuine += 1
                except ValueError:
                    pass
            self.assertEqual(genuine, 1, f"step {step}")
            self.assertEqual(server.stop(), 0)

    def test_the_command_secret_prints_what_signs(self):
        tenant = self.tenant()
        hooks = [self.hook(tenant, "s.example", "tenant-s", "/standard", dialect="standard"), self.hook(tenant, "l.example", "tenant-l", "/livekit")]
        server = self.server([], sip=sip(hooks, hook_secret=["a-new-hook-secret-0123", "an-old-hook-secret-0123"], hook_secrets="derived"))
        self.post_all(self.sender(server), [joined(f"{name}.example", f"SCL_{name}", room=f"sip-{name}", sid=f"RM_{name}") for name in "sl"])
        self.assertTrue(tenant.wait_count(2), server.log()[-2000:])
        by_path = {arrival.path: arrival for arrival in tenant.snapshot()}

        printed = self.secret(server, "--tenant", "tenant-s")
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        self.assertRegex(printed.stdout, r"^whsec_\S{44}\nwhsec_\S{44}\n$")
        for secret in printed.stdout.split():
            self.assertTrue(self.accepted(by_path["/standard"], secret))
        printed = self.secret(server, "--tenant", " tenant-l ")
        self.assertRegex(printed.stdout, r"^[0-9a-f]{64}\n[0-9a-f]{64}\n$")
        verify(by_path["/livekit"].headers["Authorization"], by_path["/livekit"].body, "tenant-l", printed.stdout.split()[0])
        another = self.secret(server, "--tenant", "tenant-s2", "--dialect", "standard").stdout.split()[0]
        self.assertFalse(self.accepted(by_path["/standard"], another))

    def test_a_hook_added_over_rest_has_any_installed_dialect_at_once_and_after_a_restart(self):
        tenant = self.tenant()
        server = self.server([])
        hook = self.hook(tenant, dialect="standard", events=["participant_joined"], retry="call", concurrency=2,
                         rate={"per_second": 50, "burst": 100}, max_age={"participant_joined": "30s"})
        status, _, body = server.request("POST", "/sip/hooks", {"hooks": [hook]})
        self.assertEqual((status, json.loads(body)), (200, {"hooks": [hook]}))
        self.post_all(self.sender(server), [joined(), event("room_finished")])
        self.assertTrue(tenant.wait_count(1), server.log()[-2000:])
        self.assertEqual(server.stop(), 0)  # not a kill: it would repeat the attempt in flight
        server.start()
        self.assertEqual(json.loads(server.request("GET", "/sip/hooks")[2]), {"hooks": [hook]})
        self.post_all(self.sender(server), [joined(call="SCL_2", room="sip-2", sid="RM_2")])
        self.assertTrue(tenant.wait_count(2), server.log()[-2000:])
        self.assertEqual([a.event["type"] for a in tenant.snapshot()], ["participant_joined"] * 2)
        self.assertTrue(all(self.accepted(a, "0123456789abcdef0123") for a in tenant.snapshot()), "a plain secret is its bytes")

    def test_what_a_hook_cannot_have_is_refused_over_rest_and_in_the_configuration(self):
        tenant = self.tenant()
        server = self.server([])
        for choice in ({"dialect": "twilio"}, {"retry": "never"}, {"concurrency": 0}, {"events": []}, {"rate": {"per_second": 0}},
                       {"max_age": {"participant_joined": "soon"}}):
            status, _, body = server.request("POST", "/sip/hooks", {"hooks": [self.hook(tenant, **choice)]})
            self.assertEqual((status, json.loads(body)["error"].split(":")[1].split(".")[0]), (400, " hooks[0]"), body)
            self.assertEqual(server.request("GET", "/sip/hooks")[2], b'{"hooks":[]}')
            server.write({**json.loads(server.config_file.read_text(encoding="utf-8")), "sip": sip([self.hook(tenant, **choice)])})
            checked = subprocess.run([str(BINARY), "check", "--config", f"file:{server.config_file}"], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **SHORT})
            self.assertEqual(checked.returncode, 78, choice)
            self.assertTrue(re.search(r"switchhook\.yaml:\d+: ", checked.stderr), checked.stderr)


if __name__ == "__main__":
    unittest.main()
