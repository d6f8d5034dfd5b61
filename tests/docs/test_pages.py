"""Every page of docs/ is played: what it shows is so."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

from tests.docs.generate import DOCS
from tests.docs.page import blocks
from tests.harness.server import BINARY, ROOT

PLAYED = {"configuration.md": (), "errors.md": (), "from-sayna.md": (), "install.md": ("container",), "metrics.md": (), "operate.md": ("container",),
          "proxy.md": (), "signing.md": ()}
ELSEWHERE = {  # by a reader of their own
    "command-line.md": "tests/integration/test_command_line.py", "deliveries-api.md": "tests/integration/test_deliveries_api.py",
    "first-call.md": "tests/e2e/test_first_call.py", "hook-control-api.md": "tests/integration/test_hook_control.py"}


class Pages(unittest.TestCase):
    def play(self, page):
        allowed = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True, text=True, check=False)
        if allowed.returncode != 0:
            why = f"a private root needs root and CAP_SYS_ADMIN: {allowed.stderr.strip()}"
            if os.environ.get("SWITCHHOOK_SKIP_NOTHING"):
                self.fail(why)
            self.skipTest(why)
        seen = [str(ROOT)] + [folder for folder in (str(BINARY.parent.parent), sys.base_prefix) if not folder.startswith((str(ROOT), "/usr"))]
        with tempfile.TemporaryDirectory(prefix="switchhook-root-") as folder:
            done = subprocess.run([str(ROOT / "tests" / "docs" / "in-a-private-root"), folder, sys.executable, "-B", "-m", "tests.docs.play", page, *PLAYED[page]],
                                  env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SWITCHHOOK_BINARY": str(BINARY), "PRIVATE_ROOT_SEES": " ".join(seen)},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_page_with_a_block_is_played_by_somebody(self):
        for page in sorted(DOCS.glob("*.md")):
            text = page.read_text(encoding="utf-8")
            if page.name in ELSEWHERE:
                self.assertIn(page.name, (ROOT / ELSEWHERE[page.name]).read_text(encoding="utf-8"))
            elif "```" in text:
                self.assertIn(page.name, PLAYED)
                self.assertTrue(all(block.mark for block in blocks(page)), page.name)

    def test_a_block_that_is_only_shown_says_why(self):
        for page in PLAYED:
            for block in blocks(DOCS / page):
                self.assertTrue(block.mark != "shown" or block.words, f"{page}:{block.line}")

    def test_links_between_pages_lead_somewhere(self):
        for page in [*DOCS.glob("*.md"), ROOT / "README.md"]:
            for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
                target = page.parent / link if link else page
                self.assertTrue(target.exists(), f"{page.name}: {link}")
                if anchor:
                    titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
                    self.assertIn(anchor, [re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles], page.name)


for name in PLAYED:
    setattr(Pages, f"test_{name.removesuffix('.md').replace('-', '_')}_is_true", lambda self, name=name: self.play(name))

if __name__ == "__main__":
    unittest.main()
