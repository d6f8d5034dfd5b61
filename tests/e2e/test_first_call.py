"""docs/first-call.md, run: its files are written, its commands run in order, and what it says they print is compared.

Blocks are named after the language: `yaml NAME`, `python NAME` is a file; `sh` runs; `sh with-the-bridge` runs at level C; `sh
not-in-the-lab` installs from the network, which the lab does not have (`./dev e2e` itself did that); `text` is what the command before
it prints, line by line, with other text around; `call` is where the reader calls.
"""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

from tests.e2e.lab import BRIDGE, LIVEKIT, WITNESS_PORT, redis_answers
from tests.e2e.participants import Answering, Participants
from tests.e2e.phone import phone
from tests.e2e.until import until
from tests.e2e.witness import Witness
from tests.harness.server import BINARY, ROOT

PAGE = ROOT / "docs" / "first-call.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REDIS_PORT = 6379


class Page:
    """Runs the page's blocks in a folder. `notes`: what the lab changes in a file, {file: [(from, to), ...]}."""

    def __init__(self, test, folder, notes):
        self.test, self.folder, self.notes = test, folder, notes
        self.printed, self.groups, self.environment = "", [], dict(os.environ)
        programs = folder / "programs"
        programs.mkdir()
        for name, target in (("livekit-server", LIVEKIT), ("livekit-sip", BRIDGE), ("switchhook", BINARY)):
            if target:
                (programs / name).write_text(f'#!/bin/sh\nexec "{target}" "$@"\n', encoding="utf-8")
                (programs / name).chmod(0o755)
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"

    def write(self, name, text):
        for old, new in self.notes.get(name, []):
            self.test.assertIn(old, text, f"{name} no longer has what the lab adds to")
            text = text.replace(old, new)
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, commands):
        shell = subprocess.Popen(["bash", "-e", "-o", "pipefail", "-c", commands], cwd=self.folder, env=self.environment, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.groups.append(shell.pid)
        self.printed = shell.communicate(timeout=60)[0]
        self.test.assertEqual(shell.returncode, 0, f"{commands}\n{self.printed}\n{self.logs()}")

    def compare(self, text):
        """The lines in their order."""
        at = 0
        for line in text.splitlines():
            found = self.printed.find(line, at)
            self.test.assertGreaterEqual(found, 0, f"{line!r} is not (or not there) in:\n{self.printed}\n{self.logs()}")
            at = found + len(line)

    def logs(self):
        return "\n".join(f"-- {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in self.folder.glob("*.log"))

    def end(self):
        for group in reversed(self.groups):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass


class FirstCall(unittest.TestCase):
    def test_the_page_leads_from_an_empty_machine_to_the_first_call(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="first-call-", ignore_cleanup_errors=True)))
        (folder / "tenant-venv").symlink_to(pathlib.Path(os.environ["VIRTUAL_ENV"]))
        page = Page(self, folder, {"livekit.yaml": [
            # The lab sees what LiveKit sends, and does not wait 20 s for the end of an empty room.
            ('/livekit/webhook"', f'/livekit/webhook", "http://127.0.0.1:{WITNESS_PORT}/witness"'),
            ("webhook:", "room:\n  departure_timeout: 1\nwebhook:")]})
        self.addCleanup(page.end)
        page.run(f"redis-server --port {REDIS_PORT} --save '' --appendonly no > redis.log 2>&1 &")
        until(lambda: redis_answers(REDIS_PORT), "redis")
        seen = []
        for language, name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
            seen.append(language)
            if name == "not-in-the-lab" or (name == "with-the-bridge" and not BRIDGE):
                continue
            if language == "sh":
                page.run(text)
            elif language == "text":
                page.compare(text)
            elif language == "call":
                self.call(text.strip(), page)
            else:
                page.write(name, text)
        self.assertEqual({"sh", "yaml", "python", "text", "call"}, set(seen))

    def call(self, host, page):
        witness = Witness()
        self.addCleanup(witness.close)
        participants = Participants("ws://127.0.0.1:7880", "APIfirstcall", "0123456789abcdef0123456789abcdef")
        self.addCleanup(participants.close)
        line = phone(witness, participants, Answering(participants, witness), bridge_port=5060)
        line.dial(f"<sip:+15551230001@{host}>").wait_finished()
        try:
            until(lambda: "room_finished" in (page.folder / "tenant.log").read_text(), "room_finished", 10)
        except TimeoutError:
            self.fail(f"the tenant did not get the whole call\n{page.logs()}")
