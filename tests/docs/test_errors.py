"""docs/errors.md and the sources have the same texts."""
import re
import unittest

from tests.docs.generate import DOCS
from tests.docs.texts import sites, sites_of
from tests.harness.server import ROOT

PAGE = (DOCS / "errors.md").read_text(encoding="utf-8")


def listed():
    """{text: how often} of the first columns, the exit codes left aside."""
    found = {}
    for row in re.findall(r"^\| (`.*?`) \| [^|]*(?:\\\|[^|]*)*\|$", PAGE, re.MULTILINE):
        for span in row.split("<br>"):
            text = re.fullmatch(r"(`+) ?(.*?) ?\1", span)[2].replace("\\|", "|")
            found[text] = found.get(text, 0) + 1
    return found


class Errors(unittest.TestCase):
    def test_every_text_of_the_sources_is_on_the_page(self):
        page = listed()
        missing = [f"{site.file}:{site.line}: {text}" for site in sites() for text in site.texts if text.strip() not in page]
        self.assertEqual(missing, [], "add them to docs/errors.md, with cause and remedy")

    def test_every_text_of_the_page_is_in_the_sources_once(self):
        there = {text.strip() for site in sites() for text in site.texts}
        self.assertEqual([text for text in listed() if text not in there], [], "nothing says that any more")
        self.assertEqual([text for text, often in listed().items() if often > 1], [])
        self.assertGreater(len(there), 400)

    def test_every_row_has_a_remedy(self):
        for row in re.findall(r"^\| `.*$", PAGE, re.MULTILINE):
            self.assertGreater(len(re.sub(r".*`(?:<br>)? \| ", "", row).strip(" |")), 10, row)

    def test_the_exit_codes_are_those_of_the_source(self):
        source = (ROOT / "core" / "app" / "exit_codes.hpp").read_text(encoding="utf-8")
        codes = re.findall(r"constexpr int kExit\w+ = (\d+);", source)
        table = PAGE.split("## Exit codes", 1)[1].split("\n## ", 1)[0]
        self.assertEqual(sorted(re.findall(r"^\| (\d+) \|", table, re.MULTILINE), key=int), sorted(codes, key=int))

    def test_texts_are_found_however_they_are_put_together(self):
        source = '''
            log_.warning("one", {{"why", "not this"}});   // log_.error("nor this")
            problems.push_back({place, "two '" + name + "' " + std::string(more)});
            return Status(Code::invalid, well ? "three" : "four");
            return {Code::full, (path.empty() ? "five" : path + " six") + std::string(" seven")};
            reading.warning(node, std::string(path) + " eight");
            reading.problem(*node, (path + ".nine.").append(event).append(" ten"));
            log_.error(text, {});
            TwirpError error{text_of("eleven")};
        '''
        found = [text for site in sites_of("core/any.cpp", source) for text in site.texts]
        self.assertEqual(found, ["one", "two '…' …", "three", "four", "five seven", "… six seven", "… eight", "….nine.… ten"])

    def test_a_new_text_would_be_missed_on_the_page(self):
        [site] = sites_of("core/new.cpp", 'log_.error("something that nobody wrote about", {});')
        self.assertNotIn(site.texts[0], listed())


if __name__ == "__main__":
    unittest.main()
