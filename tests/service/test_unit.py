"""The unit file by itself."""
import pathlib
import re
import subprocess
import tempfile
import unittest

from tests.harness.server import BINARY
from tests.service.machine import UNIT


class Unit(unittest.TestCase):
    def test_its_exposure_is_at_most_1_5(self):
        # The threshold is ten times the exposure.
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", str(UNIT)], capture_output=True, text=True)
        print(done.stdout.strip().splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_systemd_finds_nothing_wrong_with_it(self):
        with tempfile.TemporaryDirectory() as folder:
            # The program is not installed here, and its man pages are not.
            copy = pathlib.Path(folder) / UNIT.name
            copy.write_text(UNIT.read_text(encoding="utf-8").replace("/usr/bin/switchhook", str(BINARY)), encoding="utf-8")
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_a_stop_has_more_time_than_the_server_takes(self):
        text = UNIT.read_text(encoding="utf-8")
        seconds = int(re.search(r"^TimeoutStopSec=(\d+)s$", text, re.MULTILINE)[1])
        shipped = (UNIT.parent.parent.parent / "config/switchhook.yaml").read_text(encoding="utf-8")
        default = int(re.search(r"stop_timeout: (\d+)s", shipped)[1])
        self.assertGreaterEqual(seconds, default + 5)
