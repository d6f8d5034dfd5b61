"""The service under a real systemd, in a root file system of its own (machine.py): started, stopped, reloaded and killed by systemd, in the
sandbox of its unit."""
import http.client
import json
import pathlib
import re
import shutil
import tempfile
import time
import unittest

from tests.harness.livekit import Sender, joined, sign
from tests.harness.server import ROOT
from tests.harness.tenant import Tenant
from tests.harness.threads import stopped
from tests.harness.tls import Authority
from tests.service.machine import ETC, STATE, UNIT, Machine, NoMachine, until

KEY = {"url": "http://127.0.0.1:1", "api_key": "devkey", "api_secret": "secret"}


def get(path, port=3002):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class MachineCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-service-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.authority = Authority(cls.folder / "tls")
        cls.machine = Machine(cls.folder / "machine")
        cls.addClassCleanup(cls.machine.end)
        try:
            cls.machine.boot()
        except NoMachine as why:
            raise unittest.SkipTest(str(why)) from why
        cls.machine.put(ETC / "tenants-ca.pem", cls.authority.ca_file.read_text(), 0o640, "switchhook")

    def setUp(self):
        self.machine.drop_in("")
        shutil.rmtree(self.machine.root / STATE, ignore_errors=True)  # calls of the test before
        self.addCleanup(self.machine.systemctl, "stop", "switchhook", check=False)
        self.machine.systemctl("reset-failed", "switchhook", check=False)

    def configuration(self, tenants=(), **blocks):
        hooks = [{"host": f"customer-{n}.com", "url": tenant.url("/events"), "auth_id": f"tenant-{n}"} for n, tenant in enumerate(tenants)]
        return {"livekit": KEY, "provisioner": {"use": "none"}, "call_control": {"use": "none"},
                "sip": {"room_prefix": "sip-", "allowed_addresses": ["127.0.0.0/8"], "hook_secret": "0123456789abcdef0123", "hooks": hooks},
                "forwarder": {"use": "https", "allow": ["127.0.0.0/8"], "ca_file": f"/{ETC}/tenants-ca.pem"}, **blocks}

    def started(self, tenants=(), **blocks):
        self.machine.configure(json.dumps(self.configuration(tenants, **blocks)))
        self.machine.systemctl("start", "switchhook")

    def tenant(self):
        tenant = Tenant(self.authority)
        self.addCleanup(tenant.close)
        return tenant

    def sender(self):
        sender = Sender(3001)
        self.addCleanup(sender.close)
        return sender

    def ended_with(self, status):
        until(lambda: self.machine.property("ActiveState") == "failed", "the service has failed")
        self.assertEqual(self.machine.property("ExecMainStatus"), str(status))
        self.assertEqual(self.machine.property("NRestarts"), "0")


class FreshInstall(MachineCase):
    def test_it_starts_answers_and_says_everywhere_what_is_left_to_configure(self):
        self.machine.configure((ROOT / "config/switchhook.yaml").read_text(encoding="utf-8"))
        self.machine.systemctl("start", "switchhook")
        self.assertEqual(self.machine.property("ActiveState"), "active")
        self.assertEqual(get("/healthz")[0], 200)
        status, text = get("/readyz")
        self.assertEqual(status, 503)
        for said in (text, self.machine.status(), self.machine.journal()):
            self.assertIn("no LiveKit key is configured", said)
            self.assertIn("livekit.api_key", said)
        self.assertIn("listening on 0.0.0.0:3001", self.machine.status())

    def test_what_it_makes_is_its_own_and_closed_to_others(self):
        self.started()
        state = self.machine.root / STATE
        self.assertEqual(state.stat().st_mode & 0o777, 0o750)
        for file in state.iterdir():
            self.assertEqual(file.stat().st_mode & 0o077, 0, file)
            self.assertEqual(file.stat().st_uid, state.stat().st_uid, file)
        self.assertNotEqual(state.stat().st_uid, 0)


class Sandbox(MachineCase):
    def test_the_kernel_says_that_the_doors_are_closed(self):
        self.started()
        pid = self.machine.pid()
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        for line in (r"CapEff:\s+0+", r"CapBnd:\s+0+", r"NoNewPrivs:\s+1", r"Seccomp:\s+2"):
            self.assertRegex(status, line)
        self.assertRegex(status, r"Uid:\s+(?!0\b)\d+")
        inside = pathlib.Path(f"/proc/{pid}/ns")
        for kind in ("user", "mnt", "ipc", "uts"):
            self.assertNotEqual((inside / kind).readlink(), pathlib.Path(f"/proc/{self.machine.first}/ns/{kind}").readlink(), kind)

    def test_calls_are_delivered_in_it_and_hooks_are_added_listed_and_removed(self):
        tenant, added = self.tenant(), self.tenant()
        self.started([tenant])
        sender = self.sender()
        self.assertEqual(sender.post(joined("customer-0.com"))[0], 200)
        until(lambda: len(tenant.arrivals) >= 1, "the tenant was told")
        connection = http.client.HTTPConnection("127.0.0.1", 3001, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", "/sip/hooks", json.dumps({"hooks": [{"host": "added.com", "url": added.url("/e"), "auth_id": "t"}]}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        self.assertIn(answer.status, (200, 201), answer.read())
        answer.read()
        self.assertEqual(sender.post(joined("added.com", "SCL_2", room="sip-2", sid="RM_2"))[0], 200)
        until(lambda: len(added.arrivals) >= 1, "the added tenant was told")
        self.assertNotIn("EPERM", self.machine.journal())


class Ends(MachineCase):
    def test_wrong_configuration_is_78_not_restarted_and_the_reason_stands_in_the_status(self):
        self.machine.configure("server: { port: 99999 }\nadmin: { prot: 3002 }\n")
        self.assertNotEqual(self.machine.systemctl("start", "switchhook", check=False).returncode, 0)
        self.ended_with(78)
        self.assertRegex(self.machine.status(), r'Status: "wrong configuration: .*switchhook.yaml:\d.*\(and 1 more\)"')
        self.assertIn("server.port", self.machine.journal())
        self.assertIn("prot", self.machine.journal())
        # And after the mistake is mended a start is enough.
        self.started()

    def test_wrong_usage_is_64_and_not_restarted(self):
        self.machine.drop_in("[Service]\nExecStart=\nExecStart=/usr/bin/switchhook serve --no-such-option\n")
        self.machine.systemctl("start", "switchhook", check=False)
        self.ended_with(64)

    def test_a_missing_credential_is_78_and_named(self):
        self.machine.configure(json.dumps(self.configuration(livekit={**KEY, "api_secret": "credential:livekit"})))
        self.machine.systemctl("start", "switchhook", check=False)
        self.ended_with(78)
        self.assertRegex(self.machine.status(), "wrong configuration: .*credential")

    def test_a_port_below_1024_is_78_and_with_the_drop_in_of_the_unit_file_it_is_ours(self):
        self.machine.configure(json.dumps(self.configuration(server={"host": "127.0.0.1", "port": 443})))
        self.machine.systemctl("start", "switchhook", check=False)
        self.ended_with(78)
        self.assertIn("cannot listen on 127.0.0.1:443", self.machine.status())
        # As its head shows it.
        shown = re.search(r"^#   (\[Service\]\n(?:#   \w.*\n)+)", UNIT.read_text(encoding="utf-8"), re.MULTILINE)[1]
        self.machine.drop_in(shown.replace("#   ", ""))
        self.machine.systemctl("start", "switchhook")
        self.assertEqual(get("/", 443)[0], 200)

    def test_a_state_folder_that_cannot_be_written_is_named(self):
        self.machine.drop_in(f"[Service]\nReadOnlyPaths=/{STATE}\n")
        self.machine.configure(json.dumps(self.configuration()))
        self.machine.systemctl("start", "switchhook", "--no-block")
        until(lambda: self.machine.property("ExecMainStatus") == "69", "the start has failed")
        self.assertRegex(self.machine.journal(), f"the server did not start.*/{STATE}/switchhook.db")
        self.assertRegex(self.machine.property("StatusText"), f"^did not start: .*/{STATE}/switchhook.db")

    def test_a_taken_port_is_tried_again_until_it_is_free(self):
        with http.client.socket.create_server(("0.0.0.0", 3001)):
            self.machine.configure(json.dumps(self.configuration()))
            self.machine.systemctl("start", "switchhook", "--no-block")
            until(lambda: int(self.machine.property("NRestarts")) >= 7, "more restarts than systemd's default limit allows")
            self.assertIn("cannot listen on 0.0.0.0:3001", self.machine.journal())
        until(lambda: self.machine.property("ActiveState") == "active", "it runs")

    def test_after_kill_9_it_is_back_with_its_backlog(self):
        tenant = self.tenant()
        port = tenant.port
        self.started([tenant])
        tenant.close()
        sender = self.sender()
        self.assertEqual(sender.post(joined("customer-0.com"))[0], 200)
        before = self.machine.property("MainPID")
        began = time.monotonic()
        self.machine.systemctl("kill", "--signal=KILL", "switchhook")
        until(lambda: self.machine.property("MainPID") not in ("0", before) and self.machine.property("ActiveState") == "active", "it is back", 10)
        print(f"ready {time.monotonic() - began:.2f} s after the kill")
        self.assertEqual(self.machine.property("NRestarts"), "1")
        again = Tenant(self.authority, port)
        self.addCleanup(again.close)
        until(lambda: len(again.arrivals) >= 1, "what waited is delivered")

    def test_a_stop_is_well(self):
        self.started()
        self.machine.systemctl("stop", "switchhook")
        self.assertEqual(self.machine.property("Result"), "success")
        self.assertIn("stopped", self.machine.journal())


class Reload(MachineCase):
    def test_it_takes_what_is_right_and_fails_for_what_is_wrong(self):
        tenant, second = self.tenant(), self.tenant()
        self.started([tenant])
        pid = self.machine.property("MainPID")
        self.machine.configure(json.dumps(self.configuration([tenant, second])))
        self.machine.systemctl("reload", "switchhook")
        self.assertIn("; 2 hooks", self.machine.property("StatusText"))
        self.machine.configure("server: { port: 99999 }\n")
        failed = self.machine.systemctl("reload", "switchhook", check=False)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("server.port", self.machine.journal())
        self.assertIn("the configuration was not reloaded", self.machine.status())
        self.assertEqual((self.machine.property("ActiveState"), self.machine.property("MainPID")), ("active", pid))
        sender = self.sender()
        self.assertEqual(sender.post(joined("customer-1.com"))[0], 200)
        until(lambda: len(second.arrivals) >= 1, "the one before is in force")

    def test_credentials_are_read_at_the_start_and_at_a_reload(self):
        self.machine.put("etc/credstore/switchhook.livekit", "secret", 0o600)
        self.machine.drop_in("[Service]\nLoadCredential=livekit:/etc/credstore/switchhook.livekit\n")
        self.started(livekit={**KEY, "api_secret": "credential:livekit"})
        body = joined("nobody.example")
        self.assertEqual(self.sender().post(body, sign(body))[0], 200)
        self.machine.systemctl("reload", "switchhook")
        self.assertEqual(self.sender().post(joined("nobody.example"))[0], 200)

    def test_the_environment_file_wins_over_the_configuration(self):
        self.machine.put("etc/default/switchhook", "LIVEKIT_API_KEY=other\nLIVEKIT_API_SECRET=another\n", 0o640, "switchhook")
        self.addCleanup((self.machine.root / "etc/default/switchhook").unlink)
        self.started()
        body = joined("nobody.example")
        self.assertEqual(self.sender().post(body, sign(body, secret="secret"))[0], 401)


class Watchdog(MachineCase):
    def test_a_stuck_thread_is_named_and_the_service_is_restarted(self):
        self.machine.drop_in("[Service]\nWatchdogSec=2s\n")
        self.started()
        for name in ("front-loop", "committer", "delivery"):
            with self.subTest(name):
                before = self.machine.property("MainPID")
                with stopped(self.machine.pid(), name) as take_note:
                    def restarted():
                        take_note()
                        return self.machine.property("MainPID") not in ("0", before)
                    until(restarted, "systemd has restarted it")
                until(lambda: self.machine.property("ActiveState") == "active", "it is back")
                said = self.machine.journal()
                self.assertRegex(said, f"a thread is stuck.*thread={name}")
                self.assertLess(said.rindex(f"thread={name}"), said.rindex("Watchdog timeout"))

    def test_one_that_goes_on_in_time_is_left_alone(self):
        self.machine.drop_in("[Service]\nWatchdogSec=4s\n")
        self.started()
        before = self.machine.property("MainPID")
        with stopped(self.machine.pid(), "committer"):
            until(lambda: "a thread is stuck" in self.machine.journal(f"_PID={before}"), "the log names it")
        until(lambda: "all threads go on" in self.machine.journal(f"_PID={before}"), "the log says that it goes on")
        self.assertEqual(self.machine.property("MainPID"), before)


class JournalLines(MachineCase):
    def test_they_have_priorities_and_no_time_of_their_own(self):
        self.machine.configure((ROOT / "config/switchhook.yaml").read_text(encoding="utf-8"))
        self.machine.systemctl("start", "switchhook")
        pid = self.machine.property("MainPID")
        lines = [json.loads(line) for line in until(lambda: self.machine.journal(f"_PID={pid}", "--output=json"), "lines").splitlines()]
        lines = [line for line in lines if line.get("_TRANSPORT") == "stdout"]
        self.assertIn(("6", "listening server=0.0.0.0:3001 admin=127.0.0.1:3002"), [(line["PRIORITY"], line["MESSAGE"]) for line in lines])
        self.assertTrue(any(line["PRIORITY"] == "4" and line["MESSAGE"].startswith("not ready") for line in lines))
        for line in lines:
            self.assertIsNone(re.match(r"<|\d{4}-", line["MESSAGE"]), line["MESSAGE"])
