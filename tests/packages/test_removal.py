"""Remove keeps what is the administrator's; purge leaves the root as it was before."""
import unittest

from tests.packages.case import CONFIG, STORE, Case
from tests.packages.service import UNIT, BySystemd


class Removed(Case):
    def purged(self, before, accounts):
        self.root.run("dpkg", "--purge", "switchhook")
        self.assert_as_before(before)
        self.assertEqual(self.root.accounts(), accounts)
        self.assertEqual(self.root.run("dpkg-query", "--show", "switchhook", code=1).count("no packages found"), 1)

    def test_remove_keeps_configuration_and_store_and_a_later_installation_goes_on(self):
        self.machine()
        deb = self.root.put(self.debs["switchhook"])
        self.root.run("dpkg", "--install", deb)
        server, tenant = BySystemd(self.root), self.tenant()
        self.configure(self.hook(tenant), delivery=self.PATIENT)
        server.restart()
        tenant.down()
        ids, configured = self.backlog(server, 10), self.root.read(CONFIG)
        self.root.run("dpkg", "--remove", "switchhook")
        self.assertFalse(server.answers())
        self.assertEqual(server.show("LoadState"), "not-found")
        self.assertEqual(self.root.read(CONFIG), configured)
        self.assertEqual(self.root.owner(CONFIG), "root:switchhook 0640")
        self.assertTrue(self.root.path(STORE).exists())
        self.assertFalse(self.root.path("/usr/bin/switchhook").exists())
        self.assertFalse(self.root.path("/usr/lib/switchhook").exists())
        self.root.run("dpkg", "--install", deb)
        self.assertEqual(server.show("ActiveState"), "active")
        tenant.up()
        self.assert_arrive(tenant, ids)

    def test_purge_leaves_nothing_where_systemd_runs(self):
        self.machine()
        before, accounts = self.root.listing(), self.root.accounts()
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        self.assertNotEqual(self.root.listing(), before)
        self.configure(self.hook(self.tenant()))
        self.root.write("/etc/switchhook/livekit.secret", "secret\n")
        BySystemd(self.root).restart()
        self.purged(before, accounts)
        self.assertEqual(self.root.run("systemctl", "list-units", "--all", "--quiet", "--plain", "--no-legend", UNIT).strip(), "")

    def test_purge_leaves_nothing_where_systemd_does_not_run(self):
        self.machine(boot=False)
        before, accounts = self.root.listing(), self.root.accounts()
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        self.purged(before, accounts)

    def test_purge_leaves_nothing_where_systemd_is_not_installed(self):
        self.bare()
        before, accounts = self.root.listing(), self.root.accounts()
        # Its libraries would be found again in the listing; the maintainer scripts need none of them.
        self.root.run("dpkg", "--install", "--force-depends", self.root.put(self.debs["switchhook"]))
        self.assertTrue(self.root.path("/var/lib/switchhook").is_dir())
        self.purged(before, accounts)

    def test_purge_empties_a_disk_that_is_mounted_for_the_store_and_leaves_the_mount_point(self):
        self.machine(boot=False)
        before, accounts = self.root.listing(), self.root.accounts()
        self.root.run("mkdir", "/var/lib/switchhook")
        self.root.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/var/lib/switchhook")
        self.root.run("mkdir", "/var/lib/switchhook/lost+found")
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        self.assertEqual(self.root.owner("/var/lib/switchhook"), "switchhook:switchhook 0750")
        self.root.write(STORE, "what waited\n")
        self.root.run("dpkg", "--purge", "switchhook")
        self.assertEqual(list(self.root.path("/var/lib/switchhook").iterdir()), [])
        self.root.run("umount", "/var/lib/switchhook")
        self.root.run("rmdir", "/var/lib/switchhook")
        self.assert_as_before(before)
        self.assertEqual(self.root.accounts(), accounts)

    def test_purge_after_remove_leaves_nothing_either(self):
        self.machine()
        before, accounts = self.root.listing(), self.root.accounts()
        self.root.run("dpkg", "--install", self.root.put(self.debs["switchhook"]))
        self.root.run("dpkg", "--remove", "switchhook")
        self.purged(before, accounts)


if __name__ == "__main__":
    unittest.main()
