"""SIGHUP, and a configuration file that changes under a running server."""
import json
import os
import shutil
import signal
import threading
import unittest

from tests.harness.livekit import Sender, joined, verify
from tests.harness.server import config
from tests.integration.case import Case

SECRET = "0123456789abcdef0123"


class Reload(Case):
    def wait_log(self, server, text, times=1, timeout=20):
        self.assertTrue(server.wait_log(text, times, timeout), f"{text!r} is not in the log:\n{server.log()[-3000:]}")

    def rewrite(self, running, hooks, reloads, outcome="the configuration was reloaded", **blocks):
        """Replaces the file as an editor does; the server notices it by itself."""
        new = running.config_file.with_suffix(".new")
        new.write_text(json.dumps(config(self.folder, hooks, self.authority, **blocks)), encoding="utf-8")
        os.rename(new, running.config_file)
        self.wait_log(running, outcome, reloads)

    def readiness(self, server):
        status, _, body = server.request("GET", "/readyz", admin=True)
        return status, json.loads(body)

    def test_a_changed_file_changes_the_hooks_and_calls_that_run_go_on(self):
        a, b = self.tenant(), self.tenant()
        server = self.server([self.hook(a)])
        sender = self.sender(server)
        self.post_all(sender, [joined(call="SCL_1", room="sip-1", sid="RM_1")])
        self.assertTrue(a.wait_count(1))
        self.rewrite(server, [self.hook(a), self.hook(b, "customer-b.com", "tenant-b")], 1)
        self.wait_log(server, "changed=sip.hooks")
        self.post_all(sender, [joined("customer-b.com", call="SCL_2", room="sip-2", sid="RM_2"),
                               joined(call="SCL_3", room="sip-3", sid="RM_3")])
        self.assertTrue(b.wait_count(1))
        self.assertTrue(a.wait_count(2))
        self.assertEqual(server.metric("switchhook_reloads_total"), 1)
        self.assertEqual(server.stop(), 0)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_a_change_between_the_first_reading_and_the_watch_is_noticed(self):
        if os.environ.get("SWITCHHOOK_SANITIZE"):
            self.skipTest("sanitizers and ptrace do not go together; the release tree runs this test")
        tenant = self.tenant()
        server = self.server([self.hook(tenant)], wrapper=["strace", "-f", "-qq", "-o", str(self.folder / "trace"), "-e", "trace=inotify_init1",
                                                           "-e", "inject=inotify_init1:delay_enter=1000000"])
        self.addCleanup(server.end_traced)
        self.rewrite(server, [self.hook(tenant), self.hook(tenant, "customer-b.com", "tenant-b")], 1)
        self.wait_log(server, "changed=sip.hooks")

    def test_sighup_takes_new_secrets_keys_callers_and_level(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        first = self.sender(server)
        self.post_all(first, [joined(call="SCL_1", room="sip-1", sid="RM_1")])
        self.assertTrue(tenant.wait_count(1), "signed before anything changes, and the first to arrive")
        new = config(self.folder, [self.hook(tenant)], self.authority, log={"level": "warning"},
                     livekit={"url": "http://127.0.0.1:1", "api_key": "newkey", "api_secret": "newsecret"},
                     auth={"required": True, "api_secrets": [{"id": "ops", "secret": "a-new-api-secret", "role": "operator"}]})
        new["sip"]["hook_secret"] = "another-secret-0123456789"
        server.write(new)
        server.process.send_signal(signal.SIGHUP)
        second = Sender(server.port, "newkey", "newsecret")
        self.addCleanup(second.close)
        end = threading.Event()
        for _ in range(1000):
            if server.request("GET", "/sip/hooks")[0] == 401:
                break
            end.wait(0.01)
        self.assertEqual(server.request("GET", "/sip/hooks", headers={"Authorization": "Bearer a-new-api-secret"})[0], 200)
        self.post_all(first, [joined(call="SCL_2", room="sip-2", sid="RM_2")], 401)
        self.post_all(second, [joined(call="SCL_3", room="sip-3", sid="RM_3")])
        self.assertTrue(tenant.wait_count(2))
        verify(tenant.snapshot()[0].headers["Authorization"], tenant.snapshot()[0].body, "tenant-a", SECRET)
        verify(tenant.snapshot()[1].headers["Authorization"], tenant.snapshot()[1].body, "tenant-a", "another-secret-0123456789")

    def test_a_bad_file_changes_nothing_and_says_everything_that_is_wrong(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        self.rewrite(server, [self.hook(tenant, "customer-b.com"), {"host": "x", "url": "http://x/"}], 1,
                     "the configuration was not reloaded", delivery={"retry": "nevr"})
        self.wait_log(server, "must be HTTPS")
        self.wait_log(server, "nevr")
        status, body = self.readiness(server)
        self.assertEqual(status, 200)
        self.assertIn("the one before is in force", " ".join(body["warnings"]))
        self.assertEqual(server.metric("switchhook_reload_well"), 0)
        self.post_all(self.sender(server), [joined(call="SCL_1", room="sip-1", sid="RM_1")])
        self.assertTrue(tenant.wait_count(1), "the old hook is in force")
        server.config_file.write_text("sip: [", encoding="utf-8")
        self.wait_log(server, "the configuration was not reloaded", 3)
        self.rewrite(server, [self.hook(tenant)], 1)
        self.assertNotIn("in force", json.dumps(self.readiness(server)[1]))
        self.assertEqual(server.metric("switchhook_reload_well"), 1)

    def test_what_needs_a_restart_is_said_and_not_half_applied(self):
        a, b = self.tenant(), self.tenant()
        server = self.server([self.hook(a)])
        port = server.port
        sip = {"room_prefix": "call-", "allowed_addresses": ["127.0.0.0/8"], "hook_secret": SECRET,
               "hooks": [self.hook(a), self.hook(b, "customer-b.com", "tenant-b")]}
        self.rewrite(server, [], 1, server={"host": "127.0.0.1", "port": 1}, sip=sip,
                     storage={"use": "sqlite", "path": str(self.folder / "other.db")})
        said = " ".join(self.readiness(server)[1]["warnings"])
        for key in ("server.port", "sip.room_prefix", "storage.path"):
            self.assertIn(key, said)
        self.assertFalse((self.folder / "other.db").exists())
        sender = Sender(port)
        self.addCleanup(sender.close)
        self.post_all(sender, [joined("customer-b.com", call="SCL_1", room="sip-1", sid="RM_1")])
        self.assertTrue(b.wait_count(1), "rooms of the old prefix are calls, and the new hook is in force")
        self.rewrite(server, [], 1, "SIP is switched on or off by a restart", sip=None)
        self.post_all(sender, [joined(call="SCL_2", room="sip-2", sid="RM_2")])
        self.assertTrue(a.wait_count(1))

    def test_what_a_reload_replaced_is_given_back(self):
        tenant = self.tenant()
        livekit = {"url": "http://127.0.0.1:1", "api_key": "devkey", "api_secret": "secret", "wait": "1h"}
        server = self.server([self.hook(tenant)], livekit=livekit, provisioner={"use": "livekit"}, call_control={"use": "livekit"})
        counts = []
        for number in range(1, 31):
            server.process.send_signal(signal.SIGHUP)
            self.wait_log(server, "the configuration was reloaded", number)
            counts.append(len(os.listdir(f"/proc/{server.process.pid}/fd")))
        self.assertLess(max(counts[10:]) - max(counts[:10]), 10, counts)
        self.assertEqual(server.stop(), 0)

    def test_a_reload_whose_instances_do_not_start_changes_nothing_and_the_server_still_ends_well(self):
        tenant = self.tenant()
        livekit = {"url": "http://127.0.0.1:1", "api_key": "devkey", "api_secret": "secret", "wait": "1h"}
        both = {"livekit": livekit, "provisioner": {"use": "livekit"}, "call_control": {"use": "livekit"}}
        server = self.server([self.hook(tenant)], **both)
        broken = {**both, "provisioner": {"use": "livekit", "ca_file": str(self.folder / "missing.pem")}}
        self.rewrite(server, [self.hook(tenant, "customer-b.com")], 1, "the configuration was not reloaded", **broken)
        self.wait_log(server, "missing.pem")
        self.post_all(self.sender(server), [joined(call="SCL_1", room="sip-1", sid="RM_1")])
        self.assertTrue(tenant.wait_count(1), "the old hook is in force")
        self.assertEqual(server.stop(), 0)

    def test_under_load_no_event_is_lost_by_a_hundred_reloads(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        done = threading.Event()
        posted = []

        def post(number):
            sender = Sender(server.port)
            count = 0
            while not done.is_set():
                body = joined(call=f"SCL_{number}_{count}", room=f"sip-{number}-{count}", sid=f"RM_{number}_{count}")
                if sender.post(body)[0] == 200:
                    posted.append(json.loads(body)["id"])
                count += 1
            sender.close()
        threads = [threading.Thread(target=post, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for count in range(1, 101):
            server.process.send_signal(signal.SIGHUP)
            self.wait_log(server, "the configuration was reloaded", count)
        done.set()
        for thread in threads:
            thread.join()
        self.assertTrue(tenant.wait(lambda arrivals: len({a.headers["webhook-id"] for a in arrivals}) >= len(set(posted)), 60))
        self.assertEqual({a.headers["webhook-id"] for a in tenant.snapshot()}, set(posted))
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
