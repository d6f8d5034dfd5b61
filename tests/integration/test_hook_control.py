"""Pausing, resuming and testing a hook, over the API and with the command line, on the real server."""
import json
import re
import select
import threading
import time
import unittest

from tests.harness.livekit import event, joined
from tests.harness.server import ROOT, run
from tests.integration.case import Case
from tests.integration.test_hooks_api import AUTH, OPERATOR, TENANT_A, TENANT_B, bearer

HOST = "customer-a.com"
DOCS = ROOT / "docs" / "hook-control-api.md"


class HookControl(Case):
    def ask(self, server, method, path, body=None, secret=None, **more):
        status, _, answer = server.request(method, path, body, bearer(secret) if secret else None, **more)
        return status, json.loads(answer)

    def act(self, server, action, host=HOST, body=None, secret=None, **more):
        return self.ask(server, "POST", f"/sip/hooks/{host}/{action}", body, secret, **more)

    def command(self, server, *arguments, token=None):
        environment = {"SWITCHHOOK_SERVER": f"http://127.0.0.1:{server.port}", **({"SWITCHHOOK_TOKEN": token} if token else {})}
        return run(*arguments, environment=environment)

    def listed(self, server, host=HOST, secret=None):
        return next((hook for hook in self.ask(server, "GET", "/sip/hooks", secret=secret)[1]["hooks"] if hook["host"] == host), None)

    def warnings(self, server):
        return [text for text in json.loads(server.request("GET", "/readyz", admin=True)[2])["warnings"] if "share one hook secret" not in text]

    def waiting(self, server):
        return [each["event_id"] for each in self.ask(server, "GET", "/sip/deliveries?state=waiting&limit=500")[1]["deliveries"]]

    def until(self, look, wanted, timeout=20):
        deadline = time.monotonic() + timeout
        while not wanted(seen := look()):
            self.assertLess(time.monotonic(), deadline, seen)
            select.select([], [], [], 0.01)
        return seen

    def until_paused(self, server, paused=True, host=HOST):
        return self.until(lambda: self.listed(server, host), lambda hook: ("paused" in hook) == paused)

    def call(self, number, count):
        """The webhooks of one call."""
        place = {"room": f"sip-{number}", "sid": f"RM_{number}"}
        return [joined(call=f"SCL_{number}", event_id=f"EV_{number}_0", **place),
                *(event("track_published", event_id=f"EV_{number}_{i}", **place) for i in range(1, count))]

    def ids(self, tenant):
        return [arrival.event["id"] for arrival in tenant.snapshot()]

    def test_a_paused_hook_gets_nothing_and_then_all_of_it_in_order(self):
        tenant, other = self.tenant(), self.tenant()
        server = self.server([self.hook(tenant), self.hook(other, "b.example", "tenant-b")])
        untouched = server.request("GET", "/sip/hooks")[2]
        status, answer = self.act(server, "pause", body={"reason": "moving house"})
        self.assertEqual((status, list(answer)), (200, ["host", "state", "since", "reason"]))
        self.assertEqual((answer["host"], answer["state"], answer["reason"]), (HOST, "paused", "moving house"))
        hook = self.until_paused(server)
        self.assertEqual(hook["paused"], {"since": answer["since"], "reason": "moving house"})
        self.assertEqual(self.warnings(server), [f"1 hook is paused: {HOST}"])
        sender = self.sender(server)
        calls = [self.call(number, 5) for number in range(1, 4)]
        self.post_all(sender, [body for call in calls for body in call])
        self.post_all(sender, [joined("b.example", "SCL_b", room="sip-b", sid="RM_b", event_id="EV_b")])
        self.assertTrue(other.wait_count(1), "the other hook goes on")
        self.assertEqual(len([each for each in self.waiting(server) if each != "EV_b"]), 15)  # that one may not be settled yet
        self.assertEqual(tenant.snapshot(), [])
        self.assertEqual(self.act(server, "resume"), (200, {"host": HOST, "state": "active"}))
        self.assertTrue(tenant.wait_count(15))
        for number in range(1, 4):
            self.assertEqual([i for i in self.ids(tenant) if i.startswith(f"EV_{number}_")], [f"EV_{number}_{i}" for i in range(5)])
        self.until_paused(server, False)
        self.assertEqual(server.request("GET", "/sip/hooks")[2], untouched)
        self.assertEqual(self.warnings(server), [])

    def test_a_pause_survives_kill_9_and_restart(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        since = self.act(server, "pause", body={"reason": "night"})[1]["since"]
        server.kill()
        server.start()
        self.assertEqual(self.until_paused(server)["paused"], {"since": since, "reason": "night"})
        self.post_all(self.sender(server), self.call(1, 3))
        self.assertEqual(server.stop(), 0)
        server.start()
        self.until_paused(server)
        self.assertEqual(len(self.waiting(server)), 3)
        self.assertEqual(tenant.snapshot(), [])
        self.act(server, "resume")
        server.kill()
        server.start()
        self.assertTrue(tenant.wait_count(3))
        self.assertEqual(self.ids(tenant), [f"EV_1_{i}" for i in range(3)])
        self.assertNotIn("paused", self.listed(server))

    def test_a_second_pause_has_another_reason_and_the_same_beginning(self):
        server = self.server([self.hook(self.tenant())])
        first = self.act(server, "pause")[1]
        self.assertIsNone(first["reason"])
        self.until_paused(server)
        second = self.act(server, "pause", body={"reason": "why not"})[1]
        self.assertEqual(second, {**first, "reason": "why not"})
        self.assertEqual([self.act(server, "resume")[0] for _ in range(2)], [200, 200], "resuming what is not paused is well")

    def test_what_is_not_ones_own_is_answered_like_what_does_not_exist(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)], auth=AUTH)
        for action in ("pause", "resume", "test"):
            answers = {server.request("POST", f"/sip/hooks/{host}/{action}", headers=bearer(TENANT_B))[::2]
                       for host in (HOST, "nobody.example", "%F0%9F%98%80", "%C3", "*", "a" * 500)}
            self.assertEqual(answers, {(404, b'{"error":"No such hook.","code":"NOT_FOUND"}')})
            self.assertEqual(server.request("POST", f"/sip/hooks/{HOST}/{action}")[0], 401)
            self.assertEqual(server.request("POST", f"/sip/hooks/{HOST}/{action}", headers=bearer("a guess"))[0], 401)
            self.assertEqual(server.request("GET", f"/sip/hooks/{HOST}/{action}", headers=bearer(OPERATOR))[0], 405)
        self.assertEqual(tenant.snapshot(), [])
        self.assertNotIn("paused", self.listed(server, secret=OPERATOR))
        self.assertEqual(self.act(server, "pause", secret=TENANT_A)[0], 200)
        self.assertEqual(self.act(server, "test", secret=OPERATOR)[0], 200)

    def test_a_bad_reason_is_refused_and_pauses_nothing(self):
        server = self.server([self.hook(self.tenant())])
        json_type = {"Content-Type": "application/json"}
        for body, status in ((b'{"reason":"two\\nlines"}', 400), (b'{"reason":"\\u0000"}', 400), (b'{"reason":"\\u009b31m"}', 400),
                             (b'{"reason":"\\u007f"}', 400), (b'{"reason":5}', 400), (b'{"raeson":"x"}', 400), (b'{"reason":"x","reason":"y"}', 400),
                             (b"[]", 400), (b"{", 400), (b'{"reason":"\xff"}', 400), (json.dumps({"reason": "x" * 257}).encode(), 400)):
            got, _, answer = server.request("POST", f"/sip/hooks/{HOST}/pause", body, json_type)
            self.assertEqual(got, status, (body, answer))
        self.assertEqual(server.request("POST", f"/sip/hooks/{HOST}/pause", b'{"reason":"x"}', {"Content-Type": "text/plain"})[0], 415)
        self.assertNotIn("paused", self.listed(server))
        self.assertEqual(self.act(server, "pause", body={"reason": "ä" * 128})[0], 200)
        self.assertEqual(self.act(server, "pause", "CUSTOMER-A.com", {})[1]["reason"], None)

    def test_a_hook_that_is_removed_takes_its_pause_along(self):
        tenant = self.tenant()
        server = self.server()
        hooks = [self.hook(tenant), self.hook(tenant, "*.b.example", "tenant-b")]
        self.assertEqual(self.ask(server, "POST", "/sip/hooks", {"hooks": hooks})[0], 200)
        self.assertEqual(self.act(server, "pause")[0], 200)
        self.assertEqual(self.act(server, "pause", "%2A.b.example")[0], 200)
        self.assertEqual(self.ask(server, "DELETE", "/sip/hooks", {"hosts": [HOST]})[0], 200)
        taken = {**hooks[1], "auth_id": "tenant-c"}
        self.assertEqual(self.ask(server, "POST", "/sip/hooks", {"hooks": [taken]})[0], 200)
        server.kill()  # nothing of it is in memory alone
        server.start()
        self.assertEqual(self.ask(server, "POST", "/sip/hooks", {"hooks": hooks})[0], 200)
        self.until(lambda: self.ask(server, "GET", "/sip/hooks")[1]["hooks"], lambda seen: not any("paused" in hook for hook in seen))
        self.assertEqual(self.warnings(server), [])
        self.post_all(self.sender(server), self.call(1, 2))
        self.assertTrue(tenant.wait_count(2))

    def test_a_replaced_hook_of_the_same_tenant_stays_paused(self):
        tenant = self.tenant()
        server = self.server()
        self.ask(server, "POST", "/sip/hooks", {"hooks": [self.hook(tenant)]})
        self.act(server, "pause")
        self.until_paused(server)
        self.ask(server, "POST", "/sip/hooks", {"hooks": [self.hook(tenant, path="/elsewhere")]})
        self.assertIn("paused", self.listed(server))

    def test_a_test_event_is_signed_marked_and_beside_everything_else(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (200, {}, b"thanks \xff")
        for dialect in ("livekit", "standard", "sayna"):
            server = self.server([self.hook(tenant, dialect=dialect)])
            self.act(server, "pause")
            self.until_paused(server)
            before = len(tenant.snapshot())
            status, answer = self.act(server, "test")
            self.assertEqual((status, list(answer)), (200, ["outcome", "code", "status", "took_ms", "address", "answer"]))
            self.assertEqual((answer["outcome"], answer["code"], answer["status"], answer["answer"]), ("delivered", "delivered", 200, "thanks \ufffd"))
            self.assertGreater(answer["took_ms"], 0)
            self.assertIn("127.0.0.1", answer["address"])
            arrivals = tenant.snapshot()[before:]
            self.assertEqual(len(arrivals), 1)
            self.assertRegex(arrivals[0].headers["webhook-id"], "^EV_test_[0-9a-f]{20}$")
            self.assertIn(b"sip-test", arrivals[0].body)
            if dialect == "livekit":
                body = arrivals[0].event
                self.assertEqual((body["event"], body["id"], body["room"]), ("switchhook_test", arrivals[0].headers["webhook-id"], {"name": "sip-test"}))
                self.assertLess(abs(int(body["createdAt"]) - time.time()), 60)
                self.assertIn("Authorization", arrivals[0].headers)
            self.assertEqual(self.ask(server, "GET", "/sip/deliveries")[1]["deliveries"], [])
            server.stop()

    def test_a_test_event_says_whatever_came_of_it(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant), {"host": "gone.example", "url": "https://localhost:1/", "auth_id": "t"}])
        for status, outcome in ((500, "retry"), (404, "retry"), (400, "refused"), (410, "refused"), (204, "delivered")):
            tenant.answer = lambda arrival, status=status: (status, {}, b"")
            answer = self.act(server, "test")[1]
            self.assertEqual((answer["outcome"], answer["status"]), (outcome, status), answer)
        self.assertEqual(len(tenant.snapshot()), 5, "one attempt each")
        self.assertNotIn("paused", self.listed(server), "a test changes nothing")
        gone = self.act(server, "test", "gone.example")[1]
        self.assertEqual((gone["outcome"], gone["code"], gone["status"]), ("retry", "connect_refused", None))
        server.stop()
        strict = self.server([self.hook(tenant)], forwarder={"use": "https", "ca_file": str(self.authority.ca_file)})
        inside = self.act(strict, "test")[1]
        self.assertEqual((inside["outcome"], inside["code"], inside["status"]), ("refused", "forbidden_address", None))
        strict.stop()
        stranger = self.server([self.hook(tenant)], forwarder={"use": "https", "allow": ["127.0.0.0/8", "::1/128"]})
        self.assertEqual(self.act(stranger, "test")[1]["code"], "tls_verify_failed")
        self.assertEqual(len(tenant.snapshot()), 5)

    def test_one_test_of_a_tenant_at_once_and_a_stop_waits_for_none(self):
        tenant, release = self.tenant(), threading.Event()
        self.addCleanup(release.set)
        tenant.answer = lambda arrival: (release.wait(30) and 200, {}, b"")
        server = self.server([self.hook(tenant), self.hook(tenant, "other.example", "another")])
        answers = []
        threads = [threading.Thread(target=lambda host=host: answers.append(self.act(server, "test", host, timeout=30)))
                   for host in (HOST, "other.example")]
        for thread in threads:
            thread.start()
        self.assertTrue(tenant.wait_count(2))
        status, headers, answer = server.request("POST", f"/sip/hooks/{HOST}/test")
        self.assertEqual((status, headers["Retry-After"], json.loads(answer)["code"]), (429, "1", "TOO_MANY_TESTS"))
        self.assertEqual(self.act(server, "pause")[0], 200, "only tests are held back")
        begun = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)
        for thread in threads:
            thread.join()
        self.assertEqual([status for status, _ in answers], [503, 503])

    def test_a_hanging_receiver_ends_with_the_timeout(self):
        tenant, release = self.tenant(), threading.Event()
        self.addCleanup(release.set)
        tenant.answer = lambda arrival: (release.wait(30) and 200, {}, b"")
        server = self.server([self.hook(tenant)], delivery={"timeout": "4s"})
        answer = self.act(server, "test")[1]
        self.assertEqual((answer["outcome"], answer["code"], answer["status"]), ("retry", "timeout_response", None))
        self.assertEqual(self.act(server, "test")[0], 200, "the place is free again")

    def test_a_hook_that_does_not_answer_shows_its_breaker(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant), *(self.hook(tenant, f"h{i}.example", "t") for i in range(4))])
        tenant.answer = lambda arrival: (503, {}, b"")
        self.post_all(self.sender(server), [body for number in range(1, 11) for body in self.call(number, 1)])
        hook = self.until(lambda: self.listed(server), lambda seen: "breaker" in seen)
        self.assertIn(hook["breaker"], ("open", "half_open"))
        self.assertEqual(self.warnings(server), [f"1 hook does not answer (breaker open): {HOST}"])
        for i in range(4):
            self.act(server, "pause", f"h{i}.example")
        text = "4 hooks are paused: h0.example, h1.example, h2.example and others"
        self.until(lambda: self.warnings(server), lambda seen: text in seen)
        self.assertEqual(server.request("GET", "/readyz", admin=True)[0], 200)
        tenant.answer = lambda arrival: (200, {}, b"")
        self.until(lambda: self.listed(server), lambda seen: "breaker" not in seen, timeout=40)

    def test_the_commands(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)], auth=AUTH)
        code, out, err = self.command(server, "hooks", "pause", HOST, "--reason", "moving house", token=TENANT_A)
        self.assertEqual((code, err), (0, ""))
        self.assertIn(f"{HOST} is paused: its events wait", out)
        self.assertIn("moving house", out)
        self.until(lambda: self.command(server, "hooks", "list", token=TENANT_A)[1], lambda seen: "PAUSED" in seen and "moving house" in seen)
        code, out, err = self.command(server, "hooks", "test", HOST, "--json", token=TENANT_A)
        self.assertEqual((code, json.loads(out)["outcome"]), (0, "delivered"), err)
        code, out, err = self.command(server, "hooks", "resume", HOST, "--json", token=TENANT_A)
        self.assertEqual((code, json.loads(out)), (0, {"host": HOST, "state": "active"}), err)
        tenant.answer = lambda arrival: (500, {}, b"broken")
        code, out, _ = self.command(server, "hooks", "test", HOST, token=TENANT_A)
        self.assertEqual(code, 70)
        self.assertIn(f"test event to {HOST}: retry", out)
        self.assertIn("status_500", out)
        for action in ("pause", "resume", "test"):
            self.assertEqual(self.command(server, "hooks", action, HOST, token=TENANT_B), (70, "", "No such hook.\n"))

    def test_the_examples_of_the_documentation(self):
        server = self.server([self.hook(self.tenant())])
        examples = re.findall(r"```http\n(\S+) (\S+)\n(?:({.*})\n)?# (\d+)\n```\s+```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        self.assertEqual(len(examples), 3)
        for method, path, body, status, expected in examples:
            got_status, got = self.ask(server, method, path, json.loads(body) if body else None)
            expected = json.loads(expected)
            self.assertEqual((got_status, list(got)), (int(status), list(expected)), got)
            for key in set(expected) - {"since", "took_ms", "address"}:
                self.assertEqual(got[key], expected[key], key)

    def test_without_a_sip_block_there_is_nothing_to_control(self):
        server = self.server(sip=None)
        for action in ("pause", "resume", "test"):
            self.assertEqual(server.request("POST", f"/sip/hooks/{HOST}/{action}")[0], 404)


if __name__ == "__main__":
    unittest.main()
