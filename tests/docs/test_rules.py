"""The alert rules, by the real promtool."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from tests.docs.generate import DOCS, declared_metrics
from tests.harness.server import ROOT

RULES = ROOT / "packaging" / "prometheus" / "switchhook.rules.yml"
TESTS = ROOT / "tests" / "docs" / "switchhook.rules.test.yml"


def alerts():
    return re.findall(r"^      - alert: (\w+)$", RULES.read_text(encoding="utf-8"), re.MULTILINE)


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


class Rules(unittest.TestCase):
    def test_prometheus_takes_the_rules(self):
        done = promtool("check", "rules", RULES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(alerts())} rules found", done.stdout)

    def test_every_alert_fires_for_what_it_is_for_and_not_for_what_is_near_it(self):
        text = TESTS.read_text(encoding="utf-8")
        fires = re.findall(r"alertname: (\w+)\n +exp_alerts:\n", text)
        quiet = re.findall(r"alertname: (\w+), exp_alerts: \[\] \}", text)
        self.assertEqual((sorted(fires), sorted(quiet)), (sorted(alerts()), sorted(alerts())))
        done = promtool("test", "rules", TESTS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_threshold_that_is_changed_is_noticed(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-rules-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "rules.yml").write_text(RULES.read_text(encoding="utf-8").replace("switchhook_ready == 0", "switchhook_ready == 1"), encoding="utf-8")
        (folder / "test.yml").write_text(re.sub(r"rule_files: .*", "rule_files: [ rules.yml ]", TESTS.read_text(encoding="utf-8")), encoding="utf-8")
        self.assertNotEqual(promtool("test", "rules", folder / "test.yml").returncode, 0)

    def test_the_rules_ask_for_metrics_that_there_are(self):
        asked = set(re.findall(r"switchhook_\w+", RULES.read_text(encoding="utf-8")))
        declared = declared_metrics()
        there = set(declared) | {f"{name}_bucket" for name, (kind, _, _) in declared.items() if kind == "histogram"}
        self.assertGreater(len(asked), 10)
        self.assertEqual(asked - there, set())

    def test_the_guide_says_what_to_do_at_every_alert(self):
        guide = (DOCS / "operate.md").read_text(encoding="utf-8")
        for alert in alerts():
            self.assertIn(f"`{alert}`", guide)


if __name__ == "__main__":
    unittest.main()
