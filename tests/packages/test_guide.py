"""docs/install.md, from an empty machine to the purge: by its own commands alone, in clean roots."""
import unittest

from tests.docs.page import Runner
from tests.harness.server import ROOT
from tests.packages.base import QUIET
from tests.packages.case import Case

PAGE = ROOT / "docs" / "install.md"


class Guide(Case):
    def play(self, root, at, *scenes, kind="deb"):
        """The page on two days: for the upgrade the reader has fetched the newer package, and logs in again."""
        text = PAGE.read_text(encoding="utf-8")
        first, upgrade = text.split("\n## Upgrade\n")
        later = "\n" * (first.count("\n") + 2) + upgrade  # lines keep their numbers
        packages = (self.debs, self.next_debs) if kind == "deb" else (self.rpms, self.next_rpms)
        days = ((packages[0], first, scenes), (packages[1], later, (*scenes, "upgrade" if kind == "deb" else "upgrade-rpm")))
        for number, (files, words, played) in enumerate(days):
            page = self.folder / str(number) / PAGE.name
            page.parent.mkdir()
            page.write_text(words, encoding="utf-8")
            root.put(files["switchhook"], "/root")
            runner = Runner("/root", root.enter, at, QUIET, timeout=180)
            self.addCleanup(runner.end)
            runner.run(page, *played)
            root.path(f"/root/{files['switchhook'].name}").unlink()

    def test_a_machine_with_systemd(self):
        machine = self.machine()
        before, accounts = machine.listing(), machine.accounts()
        self.play(machine, f"/proc/{machine.leader}/root", "apt", "systemd")  # its /tmp is seen from within alone
        self.assert_as_before(before)
        self.assertEqual(machine.accounts(), accounts)

    def test_a_container_where_nothing_is_but_apt_and_curl(self):
        root = self.bare()
        root.run("apt-get", "install", "--yes", "--quiet", "curl")
        accounts = root.accounts()
        self.play(root, root.at, "apt", "container")
        self.assertEqual([path for path in root.listing() if "switchhook" in path], [])  # what it depended on is there until autoremove
        self.assertEqual(root.accounts(), accounts)

    def test_a_machine_with_rpm(self):
        machine = self.machine_with_rpm()
        # Debian's libraries have no place in rpm's database, and Debian's rpm would rather have dpkg do it.
        machine.write("/etc/popt", "rpm\talias --install\t--install --nodeps --force-debian\nrpm\talias --upgrade\t--upgrade --nodeps --force-debian\nrpm\talias --erase\t--erase --force-debian\n")
        before = machine.listing()
        self.play(machine, f"/proc/{machine.leader}/root", "rpm", "systemd", kind="rpm")
        self.assert_as_before(before, but_for=("/var/lib/switchhook", "/etc/switchhook"))  # the administrator's


if __name__ == "__main__":
    unittest.main()
