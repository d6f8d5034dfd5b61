"""The .rpm, in a Debian root that has rpm's own programs and an empty database of theirs.

Shown here: what the package contains and declares, its scriptlets under a real systemd, rpm's rules for configuration files, the
service. Not shown: that a Fedora or an EL has what the package requires (its sonames are those of Debian 12's libraries, so that
--nodeps leaves them out), SELinux, dnf. --force-debian: rpm says on Debian that dpkg rules there.
"""
import subprocess
import unittest

from tests.packages.case import CONFIG, STORE, Case
from tests.packages.service import UNIT, BySystemd

PLACES = {
    "/usr/bin/switchhook": "root:root 0755",
    "/usr/lib/switchhook/plugins": "root:root 0755",
    "/etc/switchhook": "root:switchhook 0750",
    CONFIG: "root:switchhook 0640",
    "/etc/sysconfig/switchhook": "root:root 0644",
    "/var/lib/switchhook": "switchhook:switchhook 0750",
}
OLDER = """# What an older version shipped as its configuration.
storage: { use: sqlite, path: /var/lib/switchhook/switchhook.db }
"""


class Rpm(Case):
    def setUp(self):
        super().setUp()
        self.machine_with_rpm()
        self.server, self.tenant_a = BySystemd(self.root), self.tenant()

    def rpm(self, *arguments):
        return self.root.run("rpm", "--force-debian", *arguments)

    def add(self, how, file):
        return self.rpm(how, "--nodeps", self.root.put(file))

    def installed(self):
        self.add("--install", self.rpms["switchhook"])
        self.configure(self.hook(self.tenant_a), delivery=self.PATIENT)
        self.root.run("systemctl", "enable", "--now", "--quiet", UNIT)

    def older(self):
        """A package of an older version of which only the configuration is of interest here."""
        spec = self.folder / "older.spec"
        spec.write_text("Name: switchhook\nVersion: 0.0.1\nRelease: 1\nSummary: x\nLicense: x\n%description\nx\n%install\n"
                        f"mkdir -p %{{buildroot}}/etc/switchhook\ncat > %{{buildroot}}{CONFIG} <<'E'\n{OLDER}E\n%files\n%config(noreplace) {CONFIG}\n", encoding="ascii")
        subprocess.run(["rpmbuild", "-bb", "--quiet", "--target=x86_64", "--define", f"_topdir {self.folder}/rpmbuild", str(spec)], check=True, capture_output=True)
        return next((self.folder / "rpmbuild" / "RPMS").rglob("*.rpm"))

    def test_everything_is_in_its_place_and_the_first_webhook_is_delivered(self):
        said = self.add("--install", self.rpms["switchhook"])
        self.assertNotRegex(said.lower(), "warning|error|fail")
        for path, expected in PLACES.items():
            self.assertEqual(self.root.owner(path), expected, path)
        self.assertEqual(self.rpm("--verify", "--nodeps", "switchhook").strip(), "", "files are as the package says")
        self.assertEqual(self.server.show("ActiveState"), "inactive", "as Fedora wants it, nobody starts it but the administrator")
        self.server.start()
        self.assertEqual(self.server.request("GET", "/readyz", admin=True)[0], 503)
        self.configure(self.hook(self.tenant_a))
        self.server.restart()
        self.deliver(self.server, self.tenant_a)
        self.assertIn("/etc/sysconfig/switchhook", self.server.show("EnvironmentFiles"))

    def test_an_upgrade_restarts_keeps_the_backlog_and_the_edited_configuration(self):
        self.installed()
        self.tenant_a.down()
        ids, configured, pid = self.backlog(self.server, 20), self.root.read(CONFIG), self.server.pid
        self.add("--upgrade", self.next_rpms["switchhook"])
        self.assertEqual(self.root.run("switchhook", "version"), f"switchhook {self.next_version}\n")
        self.assertEqual((self.server.show("ActiveState"), self.server.show("UnitFileState")), ("active", "enabled"))
        self.assertNotEqual(self.server.pid, pid)
        self.assertEqual(self.root.read(CONFIG), configured)
        self.assertEqual(self.root.owner(CONFIG), PLACES[CONFIG])
        self.assertEqual(self.rpm("--query", "switchhook").count("\n"), 1, "one version is installed")
        self.tenant_a.up()
        self.assert_arrive(self.tenant_a, ids)

    def test_a_configuration_that_both_changed_stays_and_the_packages_lies_beside_it(self):
        self.root.run("groupadd", "--system", "switchhook")
        self.add("--install", self.older())
        edited = OLDER + "log: { level: warning }\n"
        self.root.write(CONFIG, edited)
        self.assertIn(".rpmnew", self.add("--upgrade", self.rpms["switchhook"]))
        self.assertEqual(self.root.read(CONFIG), edited)
        self.assertIn("room_prefix", self.root.read(f"{CONFIG}.rpmnew"))

    def test_a_configuration_that_nobody_edited_follows_the_package(self):
        self.root.run("groupadd", "--system", "switchhook")
        self.add("--install", self.older())
        self.add("--upgrade", self.rpms["switchhook"])
        self.assertIn("room_prefix", self.root.read(CONFIG))
        self.assertEqual(self.root.owner(CONFIG), PLACES[CONFIG])
        self.assertFalse(self.root.path(f"{CONFIG}.rpmnew").exists())

    def test_an_older_version_is_refused_unless_asked_for(self):
        self.add("--install", self.next_rpms["switchhook"])
        self.assertIn("is already installed", self.root.run("rpm", "--force-debian", "--upgrade", "--nodeps", self.root.put(self.rpms["switchhook"]), code=None))
        self.rpm("--upgrade", "--oldpackage", "--nodeps", self.root.put(self.rpms["switchhook"]))
        self.assertEqual(self.root.run("switchhook", "version"), f"switchhook {self.version}\n")

    def test_erase_stops_the_service_and_keeps_what_is_the_administrators(self):
        self.installed()
        self.deliver(self.server, self.tenant_a)
        configured = self.root.read(CONFIG)
        self.rpm("--erase", "switchhook")
        self.assertFalse(self.server.answers())
        self.assertEqual(self.server.show("LoadState"), "not-found")
        self.assertEqual(self.root.read(f"{CONFIG}.rpmsave"), configured)
        self.assertTrue(self.root.path(STORE).exists())
        for path in ("/usr/bin/switchhook", "/usr/lib/switchhook", CONFIG, "/etc/sysconfig/switchhook"):
            self.assertFalse(self.root.path(path).exists(), path)

    def test_erase_of_what_nobody_touched_leaves_nothing_but_the_user(self):
        before = self.root.listing()
        self.add("--install", self.rpms["switchhook"])
        self.rpm("--erase", "switchhook")
        self.assert_as_before(before)


if __name__ == "__main__":
    unittest.main()
