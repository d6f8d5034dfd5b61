"""A fresh install: where everything lies, whose it is, what runs, and what the server says is left to configure."""
import re
import unittest

from tests.harness.livekit import joined, sign
from tests.packages.case import CONFIG, STORE, Case
from tests.packages.service import UNIT, ByHand, BySystemd, until

PLACES = {  # what people and scripts rely on, and who may read it
    "/usr/bin/switchhook": "root:root 0755",
    "/usr/lib/switchhook/plugins": "root:root 0755",
    "/etc/switchhook": "root:switchhook 0750",
    CONFIG: "root:switchhook 0640",
    "/etc/default/switchhook": "root:root 0644",
    "/var/lib/switchhook": "switchhook:switchhook 0750",
}


class Installed(Case):
    def assert_in_place(self, places):
        for path, expected in places.items():
            self.assertEqual(self.root.owner(path), expected, path)
        plugins = self.root.run("switchhook", "plugins")
        for name in ("config_file", "store_sqlite", "matcher_sip_host", "dialect_livekit", "forwarder_https", "livekit"):
            self.assertIn(name, plugins)

    def assert_says_what_is_left(self, server):
        self.assertTrue(server.answers())
        status, _, said = server.request("GET", "/readyz", admin=True)
        self.assertEqual(status, 503)
        self.assertIn("key", said.decode().lower())
        body = joined()
        self.assertEqual(server.request("POST", "/livekit/webhook", body, {"Authorization": sign(body)})[0], 503)
        self.assertRegex(server.log().lower(), "no .*key|key.* (missing|not|no)")

    def test_with_systemd_it_runs_at_once_and_at_every_boot_and_says_what_is_left(self):
        machine = self.machine()
        server = BySystemd(machine)
        self.install(self.debs["switchhook"])
        self.assert_in_place(PLACES)
        self.assertEqual(server.show("ActiveState"), "active")
        self.assertEqual(server.show("UnitFileState"), "enabled")
        self.assertEqual(server.show("NRestarts"), "0")
        self.assert_says_what_is_left(server)
        self.assertIn("key", server.show("StatusText").lower())
        self.assertEqual(machine.run("stat", "-c", "%U", f"/proc/{server.pid}").strip(), "switchhook")
        machine.halt()
        machine.boot()
        until(server.answers, "it runs after a boot")
        self.assertEqual(machine.run("systemctl", "--failed", "--quiet", "--plain", "--no-legend").strip(), "")

    def test_configured_it_delivers_follows_a_reload_and_keeps_a_backlog_over_a_stop(self):
        self.machine()
        self.install(self.debs["switchhook"])
        server, tenant, other = BySystemd(self.root), self.tenant(), self.tenant()
        self.configure(self.hook(tenant), delivery=self.PATIENT)
        self.assertEqual(self.root.owner(CONFIG), PLACES[CONFIG])
        server.restart()
        self.assertEqual(server.request("GET", "/readyz", admin=True)[0], 200)
        self.deliver(server, tenant)
        pid = server.pid

        self.configure(self.hook(tenant), self.hook(other, "customer-b.com", "tenant-b"), delivery=self.PATIENT)
        server.reload()
        until(lambda: b"customer-b.com" in server.request("GET", "/sip/hooks")[2], "the reload is in effect")
        self.assertEqual(server.pid, pid, "a reload is not a restart")
        self.deliver(server, other, "SCL_2", "customer-b.com", "tenant-b")

        other.down()
        ids = self.backlog(server, 20, "customer-b.com")
        server.stop()
        self.assertEqual(server.show("Result"), "success")
        self.assertFalse(server.answers())
        before = len(other.snapshot())
        other.up()
        server.start()
        self.assert_arrive(other, [arrival.headers["webhook-id"] for arrival in other.snapshot()[:before]] + ids)

    def test_a_wrong_configuration_is_not_restarted_and_the_status_says_why(self):
        self.machine()
        self.install(self.debs["switchhook"])
        server = BySystemd(self.root)
        self.root.write(CONFIG, "server: { prot: 3001 }\n")
        self.root.run("systemctl", "restart", UNIT, code=1)
        self.assertEqual(server.show("ActiveState"), "failed")
        self.assertEqual(server.show("ExecMainStatus"), "78")
        self.assertEqual(server.show("NRestarts"), "0")
        for text in ("prot", f"{CONFIG}:1", "port"):
            self.assertIn(text, server.status())

    def test_a_server_that_is_killed_is_back_within_seconds_with_everything(self):
        self.machine()
        self.install(self.debs["switchhook"])
        server, tenant = BySystemd(self.root), self.tenant()
        self.configure(self.hook(tenant), delivery=self.PATIENT)
        server.restart()
        tenant.down()
        ids = self.backlog(server, 10)
        self.root.run("systemctl", "kill", "--signal=KILL", UNIT)
        until(lambda: server.show("NRestarts") == "1" and server.answers(), "systemd started it again", timeout=10)
        tenant.up()
        self.assert_arrive(tenant, ids)

    def test_without_systemd_nothing_fails_and_the_server_runs_as_its_unit_says(self):
        root = self.bare()
        said = self.install(self.debs["switchhook"])
        self.assertNotRegex(said, re.compile("fail|error|warning|not found", re.IGNORECASE))
        self.assert_in_place(PLACES)
        self.assertEqual(root.run("dpkg-query", "--show", "--showformat", "${db:Status-Status}", "switchhook"), "installed")
        server = ByHand(root)
        server.start()
        self.addCleanup(lambda: server.process and server.kill())
        self.assert_says_what_is_left(server)
        self.assertEqual(root.owner(STORE).split()[0], "switchhook:switchhook")
        tenant = self.tenant()
        self.configure(self.hook(tenant))
        self.assertEqual(server.stop(), 0)
        server.start()
        self.deliver(server, tenant)
        self.configure(self.hook(tenant, "customer-b.com"))
        server.reload()
        until(lambda: b"customer-b.com" in server.request("GET", "/sip/hooks")[2], "the reload is in effect")
        self.deliver(server, tenant, "SCL_2", "customer-b.com")
        self.assertEqual(server.stop(), 0)

    def test_the_environment_file_wins_over_the_configuration(self):
        self.machine()
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        self.root.write("/etc/default/switchhook", "PORT=3003\nLIVEKIT_API_KEY=devkey\nLIVEKIT_API_SECRET=secret\nSIP_ROOM_PREFIX=\n")
        server = BySystemd(self.root)
        self.root.run("systemctl", "restart", UNIT, code=1)
        self.assertIn("SIP_ROOM_PREFIX", server.status())
        self.root.write("/etc/default/switchhook", "PORT=3003\nLIVEKIT_API_KEY=devkey\nLIVEKIT_API_SECRET=secret\n")
        server.restart()
        server.port = 3003
        self.assertEqual(server.request("GET", "/")[0], 200)

    def test_an_administrator_who_wants_no_start_gets_none(self):
        self.machine()
        self.root.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")
        self.root.path("/usr/sbin/policy-rc.d").chmod(0o755)
        self.install(self.debs["switchhook"])
        self.assertEqual(BySystemd(self.root).show("ActiveState"), "inactive")


if __name__ == "__main__":
    unittest.main()
