"""The runner of pages: what it accepts, and what it must not let pass."""
import pathlib
import select
import shutil
import tempfile
import time
import unittest

from tests.docs.page import Runner, Untrue, blocks, fits


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-page-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.runner = Runner(self.folder, timeout=10)
        self.addCleanup(self.runner.end)

    def play(self, text, *scenes):
        page = self.folder / "page.md"
        page.write_text(text, encoding="utf-8")
        self.runner.run(page, *scenes)

    def test_what_a_block_leaves_is_there_for_the_next(self):
        self.play("<!-- run -->\n```sh\nexport WORD=kept\nmkdir in\ncd in\n```\n"
                  "<!-- file: here.txt -->\n```text\nwritten\n```\n"
                  "<!-- run -->\n```console\n$ echo $WORD; cat here.txt\nkept\nwritten\n$ pwd\n.../in\n```\n")
        self.assertEqual((self.folder / "in" / "here.txt").read_text(encoding="utf-8"), "written\n")

    def test_another_output_than_shown_is_untrue(self):
        for shown in ("other\n", "", "said\nmore\n", "sai\n"):
            with self.assertRaisesRegex(Untrue, "page.md:2"):
                self.play(f"<!-- run -->\n```console\n$ echo said\n{shown}```\n")

    def test_another_exit_code_than_shown_is_untrue(self):
        self.play("<!-- run: exit 3 -->\n```sh\nexit 3\n```\n")
        for mark, command in (("run", "exit 3"), ("run: exit 3", "true"), ("run", "false; true"), ("run", "false | true"), ("run", "echo $UNSET")):
            with self.assertRaises(Untrue, msg=command):
                self.play(f"<!-- {mark} -->\n```sh\n{command}\n```\n")

    def test_a_command_that_does_not_end_is_untrue(self):
        self.runner.timeout = 0.2
        with self.assertRaises(Untrue):
            self.play("<!-- run -->\n```sh\nsleep 1000\n```\n")

    def test_a_block_that_is_not_marked_is_untrue(self):
        for text in ("```sh\ntrue\n```\n", "<!-- run -->\n\n```sh\ntrue\n```\n", "<!-- runs -->\n```sh\ntrue\n```\n"):
            with self.assertRaisesRegex(Untrue, "not marked"):
                self.play(text)

    def test_a_block_plays_in_its_scenes_alone(self):
        text = "<!-- run: apt -->\n```sh\necho apt >> played\n```\n<!-- run: rpm, exit 1 -->\n```sh\necho rpm >> played\nfalse\n```\n<!-- shown: needs a carrier -->\n```sh\nfalse\n```\n"
        self.play(text, "apt")
        self.assertEqual((self.folder / "played").read_text(encoding="utf-8"), "apt\n")
        self.play(text, "rpm")
        self.assertEqual((self.folder / "played").read_text(encoding="utf-8"), "apt\nrpm\n")

    def test_a_command_may_go_on_over_lines(self):
        self.play("<!-- run -->\n```console\n$ echo one \\\n    two\none two\n```\n")

    def test_what_was_left_running_ends(self):
        self.play("<!-- run -->\n```sh\nsleep 1000 > /dev/null 2>&1 & echo $! > pid\n```\n")
        process = pathlib.Path("/proc") / (self.folder / "pid").read_text(encoding="ascii").strip()
        self.assertTrue(process.exists())
        self.runner.end()
        deadline = time.monotonic() + 10
        while process.exists() and "\nState:\tZ" not in (process / "status").read_text(encoding="utf-8"):
            self.assertLess(time.monotonic(), deadline, "it still runs")
            select.select([], [], [], 0.01)

    def test_dots_stand_for_anything(self):
        self.assertTrue(fits("a...c\n", "a\nb\nc\n"))
        self.assertFalse(fits("a...c\n", "a\nb\nd\n"))
        self.assertFalse(fits("a.c", "abc"))

    def test_the_line_of_a_block_is_its_fence(self):
        page = self.folder / "page.md"
        page.write_text("# T\n\n<!-- run: apt, exit 3 -->\n```sh\ntrue\n```\n", encoding="utf-8")
        [block] = blocks(page)
        self.assertEqual((block.line, block.mark, block.scenes, block.exit_code, block.language), (4, "run", {"apt"}, 3, "sh"))


if __name__ == "__main__":
    unittest.main()
