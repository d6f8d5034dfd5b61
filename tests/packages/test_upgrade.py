"""Upgrades and downgrades: nothing that was acknowledged is lost, nothing that the administrator wrote is changed."""
import hashlib
import json
import threading
import time
import unittest

from tests.harness.livekit import joined
from tests.harness.notifier import Notifier
from tests.packages.case import CONFIG, STORE, Case
from tests.packages.service import PORT, UNIT, BySystemd, until
from tests.packages.store import make_schema_1, pragma

COMMENT = "# What a newer version explains at the end of the file that it ships.\n"


class Upgraded(Case):
    def setUp(self):
        super().setUp()
        self.machine()
        self.server, self.tenant_a = BySystemd(self.root), self.tenant()
        self.now, self.next = self.debs["switchhook"], self.next_debs["switchhook"]
        self.unpack(self.now)

    def unpack(self, deb, *options, code=0):
        """By dpkg, which asks nobody; what the packages depend on is there."""
        return self.root.run("dpkg", *options, "--install", self.root.put(deb), code=code)

    def run_with_a_hook_of_the_api(self):
        self.configure(delivery=self.PATIENT)
        self.server.restart()
        hooks = {"hooks": [self.hook(self.tenant_a, "runtime.example")]}
        self.assertEqual(self.server.request("POST", "/sip/hooks", hooks)[0], 200)
        return self.root.read(CONFIG)

    def hosts(self):
        return [hook["host"] for hook in json.loads(self.server.request("GET", "/sip/hooks")[2])["hooks"]]

    def assert_installed(self, version):
        self.assertEqual(self.root.run("dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}", "switchhook"), f"installed {version}")
        self.assertEqual(self.root.run("switchhook", "version"), f"switchhook {version}\n")
        self.assertEqual(self.server.show("ActiveState"), "active")
        self.assertEqual(self.root.run("readlink", f"/proc/{self.server.pid}/exe"), "/usr/bin/switchhook\n", "another program than the installed one runs")

    def test_a_backlog_hooks_of_the_api_an_edited_configuration_and_calls_under_way_survive(self):
        configured = self.run_with_a_hook_of_the_api()
        self.tenant_a.down()
        ids, answers, goes_on = self.backlog(self.server, 50, "runtime.example"), [], threading.Event()
        away = []

        def livekit():
            """Sends on and repeats as LiveKit does, while the package is replaced under it."""
            notifier, number, failed = Notifier(lambda: PORT, scale=0.1), 0, None
            while not goes_on.is_set() or number < 20:
                name = f"U{number}"
                body = joined("runtime.example", f"SCL_{name}", room=f"sip-SCL_{name}", sid=f"RM_{name}", event_id=f"EV_{name}")

                def attempted(status):
                    nonlocal failed
                    if status != 200 and failed is None:
                        failed = time.monotonic()
                    if status == 200 and failed is not None:
                        away.append(time.monotonic() - failed)
                        failed = None
                answers.append((f"EV_{name}", notifier.notify(body, attempted)))
                number += 1
                time.sleep(0.01)
            notifier.close()

        sender = threading.Thread(target=livekit)
        sender.start()
        try:
            self.unpack(self.next)
        finally:
            goes_on.set()
            sender.join()
        self.assertEqual([answer for answer in answers if answer[1] != 200], [], "LiveKit gave up")
        self.assert_installed(self.next_version)
        self.assertEqual(self.root.read(CONFIG), configured)
        self.assertEqual(self.root.owner(CONFIG), "root:switchhook 0640")
        self.assertEqual(self.hosts(), ["runtime.example"])
        self.tenant_a.up()
        self.assert_arrive(self.tenant_a, ids + [answer[0] for answer in answers])
        print(f"\n    {len(ids)} waited and {len(answers)} came during the upgrade; LiveKit was not answered for {max(away, default=0):.2f} s at most ... ", end="")

    def test_a_store_of_the_first_schema_is_brought_to_the_newer_form(self):
        self.run_with_a_hook_of_the_api()
        self.tenant_a.down()
        ids = self.backlog(self.server, 10, "runtime.example")
        self.server.stop()
        make_schema_1(self.root.path(STORE))
        self.assertEqual(pragma(self.root.path(STORE), "user_version"), 1)
        self.unpack(self.next)
        self.server.start()  # the administrator had stopped it, and an upgrade leaves it so or starts it; both are fine
        self.assert_installed(self.next_version)
        self.assertEqual(self.hosts(), ["runtime.example"])
        self.tenant_a.up()
        self.assert_arrive(self.tenant_a, ids)
        self.server.stop()
        self.assertGreater(pragma(self.root.path(STORE), "user_version"), 1)

    def test_a_configuration_that_nobody_edited_follows_the_package(self):
        def explain(folder):
            with open(folder / CONFIG.lstrip("/"), "a", encoding="utf-8") as file:
                file.write(COMMENT)
        self.unpack(self.repacked(self.next, explain))
        self.assertTrue(self.root.read(CONFIG).endswith(COMMENT))
        self.assertEqual(self.root.owner(CONFIG), "root:switchhook 0640")
        self.assertEqual(self.server.show("ActiveState"), "active")

    def test_a_configuration_that_both_changed_is_asked_about_and_the_administrators_may_stay(self):
        configured = self.run_with_a_hook_of_the_api()

        def explain(folder):
            with open(folder / CONFIG.lstrip("/"), "a", encoding="utf-8") as file:
                file.write(COMMENT)
        changed = self.repacked(self.next, explain)
        self.assertIn("conffile prompt", self.unpack(changed, code=1))  # there is nobody to answer
        self.assertEqual(self.root.read(CONFIG), configured)
        self.assertTrue(self.server.answers(), "the old server goes on meanwhile")
        self.root.run("dpkg", "--force-confdef", "--force-confold", "--configure", "-a")
        self.assert_installed(self.next_version)
        self.assertEqual(self.root.read(CONFIG), configured)
        self.assertTrue(self.root.read(f"{CONFIG}.dpkg-dist").endswith(COMMENT))
        self.deliver(self.server, self.tenant_a, host="runtime.example")

    def test_a_newer_store_is_refused_untouched_and_opened_again_by_the_version_that_wrote_it(self):
        self.run_with_a_hook_of_the_api()
        self.server.stop()
        written = pragma(self.root.path(STORE), "user_version")
        pragma(self.root.path(STORE), "user_version", 99)
        before = hashlib.sha256(self.root.path(STORE).read_bytes()).hexdigest()
        self.root.run("systemctl", "start", UNIT, code=1)
        self.assertEqual(self.server.show("ActiveState"), "failed")
        self.assertEqual(self.server.show("ExecMainStatus"), "78")
        self.assertIn("was written by a newer version (schema 99", self.server.status())
        self.assertIn("install that version again or restore a backup", self.server.status())
        self.assertEqual(hashlib.sha256(self.root.path(STORE).read_bytes()).hexdigest(), before)
        pragma(self.root.path(STORE), "user_version", written)
        self.server.start()
        self.assertEqual(self.hosts(), ["runtime.example"])

    def test_a_downgrade_is_made_only_on_purpose_and_loses_nothing(self):
        self.unpack(self.next)
        self.run_with_a_hook_of_the_api()
        self.tenant_a.down()
        ids = self.backlog(self.server, 10, "runtime.example")
        refused = self.root.run("apt-get", "install", "--yes", self.root.put(self.now), code=100)
        self.assertIn("downgrade", refused.lower())
        self.assertIn(f"downgrading switchhook from {self.next_version} to {self.version}", self.unpack(self.now))
        self.assert_installed(self.version)
        self.tenant_a.up()
        self.assert_arrive(self.tenant_a, ids)


if __name__ == "__main__":
    unittest.main()
