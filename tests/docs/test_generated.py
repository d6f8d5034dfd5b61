"""What pages take from the program is what the program says now."""
import difflib
import re
import unittest

from tests.docs.generate import DOCS, components, declared_metrics, keys, made, pages
from tests.harness.server import ROOT


class Generated(unittest.TestCase):
    maxDiff = None

    def test_every_generated_part_is_up_to_date(self):
        self.assertIn("configuration.md", [page.name for page in pages()])
        for page in pages():
            text = page.read_text(encoding="utf-8")
            changes = list(difflib.unified_diff(text.splitlines(), made(text).splitlines(), lineterm="", n=0))
            self.assertEqual(changes, [], f"{page.name} is out of date; write it with `./dev docs`, and commit it")

    def test_every_key_and_every_setting_of_a_plugin_is_on_the_page(self):
        """Not by the generator's own eyes: it could leave one out."""
        page = (DOCS / "configuration.md").read_text(encoding="utf-8")
        for line in (ROOT / "core" / "config" / "keys.cpp").read_text(encoding="utf-8").splitlines():
            for path in re.findall(r'^    (?:value|ranged|list|required|required_number|secrets|choice|list_of|foreign)\("([^"]+)"', line):
                self.assertIn(f"`{path}`", page)
        self.assertGreater(len(keys()), 80)
        for found in components().values():
            for component in found:
                self.assertIn(f"`{component['name']}`", page)
                for setting in component["settings"]:
                    if setting["name"] != "argument":  # of a configuration source: what --config says behind its colon
                        self.assertIn(setting["name"], page)

    def test_every_variable_that_the_source_env_reads_is_on_the_page(self):
        page = (DOCS / "configuration.md").read_text(encoding="utf-8")
        source = (ROOT / "plugins" / "config_env" / "environment.cpp").read_text(encoding="utf-8")
        variables = dict(re.findall(r'^    \{"([A-Z_]+)", "(\w+)"', source, re.MULTILINE))
        self.assertGreater(len(variables), 15)
        for variable, section in variables.items():
            self.assertRegex(page, rf"\| `{variable}` \| `{section}\.\w+` \|")

    def test_the_table_of_metrics_holds_every_metric_that_the_source_declares(self):
        source = (ROOT / "core" / "metrics" / "metrics.cpp").read_text(encoding="utf-8")
        self.assertEqual(sorted(set(re.findall(r'"(switchhook_\w+)"', source))), sorted(declared_metrics()))


if __name__ == "__main__":
    unittest.main()
