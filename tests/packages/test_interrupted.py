"""Installations that are interrupted, or that find the machine in a state that they did not expect."""
import socket
import subprocess
import unittest

from tests.packages.base import QUIET
from tests.packages.case import Case
from tests.packages.service import PORT, BySystemd, until


class Interrupted(Case):
    def setUp(self):
        super().setUp()
        self.machine()
        self.server = BySystemd(self.root)

    def state(self):
        return self.root.run("dpkg-query", "--show", "--showformat", "${db:Status-Status}", "switchhook", code=None).strip()

    def assert_well(self):
        self.assertEqual(self.state(), "installed")
        self.assertEqual(self.server.show("ActiveState"), "active")
        until(self.server.answers, "the server answers")
        self.assertEqual(self.root.owner("/etc/switchhook/switchhook.yaml"), "root:switchhook 0640")
        self.assertEqual(self.root.owner("/var/lib/switchhook"), "switchhook:switchhook 0750")

    def killed(self, deb, renames):
        """dpkg is killed when it puts its `renames`th file in place: whether it came so far."""
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename", "-e", f"inject=rename:signal=KILL:when={renames}",
                               *self.root.enter, "dpkg", "--install", deb], env=QUIET, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode in (-9, 137)

    def test_dpkg_is_killed_at_any_moment_and_repeated(self):
        deb = self.root.put(self.debs["switchhook"])
        points = 0
        for renames in (1, 4, 8, 16, 24, 32, 40):
            points += self.killed(deb, renames)
            self.root.run("dpkg", "--configure", "--pending", code=None)
            self.root.run("dpkg", "--install", deb)
            self.assert_well()
            self.root.run("dpkg", "--purge", "switchhook")
        self.assertGreater(points, 3, "it was hardly ever killed")

    def test_dpkg_is_killed_during_an_upgrade_and_the_backlog_is_there(self):
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        tenant = self.tenant()
        self.configure(self.hook(tenant), delivery=self.PATIENT)
        self.server.restart()
        tenant.down()
        ids = self.backlog(self.server, 10)
        deb = self.root.put(self.next_debs["switchhook"])
        self.assertTrue(self.killed(deb, 12))
        self.root.run("dpkg", "--configure", "--pending", code=None)
        self.root.run("dpkg", "--install", deb)
        self.assert_well()
        tenant.up()
        self.assert_arrive(tenant, ids)

    def test_a_file_where_the_state_belongs_stops_the_configuration_until_it_is_gone(self):
        self.root.write("/var/lib/switchhook", "something else\n")
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]), code=1)
        self.assertEqual(self.state(), "half-configured")
        self.assertEqual(self.root.read("/var/lib/switchhook"), "something else\n", "it is not ours to remove")
        self.root.path("/var/lib/switchhook").unlink()
        self.root.run("dpkg", "--configure", "-a")
        self.assert_well()

    def test_a_configuration_that_is_a_link_is_left_as_it_is_with_what_it_leads_to(self):
        deb = self.root.put(self.debs["switchhook"])
        self.root.run("dpkg", "--install", deb)
        self.root.write("/srv/switchhook.yaml", "log: { level: info }\n")
        self.root.run("chmod", "0604", "/srv/switchhook.yaml")
        self.root.run("ln", "--symbolic", "--force", "/srv/switchhook.yaml", "/etc/switchhook/switchhook.yaml")
        self.root.run("dpkg", "--install", "--force-confold", deb)
        self.assertEqual(self.root.owner("/srv/switchhook.yaml"), "root:root 0604")
        self.assertEqual(self.root.run("readlink", "/etc/switchhook/switchhook.yaml"), "/srv/switchhook.yaml\n")

    def test_a_user_of_that_name_is_taken_as_it_is(self):
        self.root.run("useradd", "--system", "--no-user-group", "--gid", "daemon", "--home-dir", "/nonexistent", "switchhook")
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        self.assert_well()
        self.root.run("dpkg", "--purge", "switchhook")
        self.assertIn(":/nonexistent:", self.root.run("getent", "passwd", "switchhook"), "it is not the package's to remove")

    def test_a_taken_port_does_not_fail_the_installation_and_the_status_names_it(self):
        with socket.create_server(("", PORT)):
            self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
            self.assertEqual(self.state(), "installed")
            until(lambda: "cannot listen on" in self.server.status(), "the status says why")
            self.assertIn(f":{PORT}", self.server.status())
        self.server.restart()
        self.assert_well()


if __name__ == "__main__":
    unittest.main()
