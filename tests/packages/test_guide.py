"""docs/install.md, from an empty machine to the purge: by its own commands alone, in clean roots."""
import unittest

from tests.docs.page import Runner
from tests.harness.server import ROOT
from tests.packages.base import QUIET
from tests.packages.case import Case

PAGE = ROOT / "docs" / "install.md"


class Guide(Case):
    def play(self, root, at, *scenes):
        """The page on two days: for the upgrade the reader has fetched the newer package, and logs in again."""
        text = PAGE.read_text(encoding="utf-8")
        first, upgrade = text.split("\n## Upgrade\n")
        days = ((self.debs, first, scenes), (self.next_debs, "\n" * (first.count("\n") + 2) + upgrade, (*scenes, "upgrade")))  # lines keep their numbers
        for number, (debs, words, played) in enumerate(days):
            page = self.folder / str(number) / PAGE.name
            page.parent.mkdir()
            page.write_text(words, encoding="utf-8")
            root.put(debs["switchhook"], "/root")
            runner = Runner("/root", root.enter, at, QUIET, timeout=180)
            self.addCleanup(runner.end)
            runner.run(page, *played)
            root.path(f"/root/{debs['switchhook'].name}").unlink()

    def test_a_machine_with_systemd(self):
        machine = self.machine()
        before = machine.listing()
        self.play(machine, f"/proc/{machine.leader}/root", "apt", "systemd")  # its /tmp is seen from within alone
        left = machine.listing()
        self.assertEqual({path for path in before.keys() | left.keys() if before.get(path) != left.get(path)}, set())

    def test_a_container(self):
        root = self.machine(boot=False)
        before = root.listing()
        self.play(root, root.at, "apt", "container")
        left = root.listing()
        self.assertEqual({path for path in before.keys() | left.keys() if before.get(path) != left.get(path)}, set())


if __name__ == "__main__":
    unittest.main()
