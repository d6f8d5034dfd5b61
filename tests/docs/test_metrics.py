"""docs/metrics.md against what a server answers."""
import re
import unittest

from tests.docs.generate import DOCS, declared_metrics
from tests.harness.livekit import event, joined
from tests.integration.case import Case

PAGE = (DOCS / "metrics.md").read_text(encoding="utf-8")


def section(title):
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


class Metrics(Case):
    def scraped(self):
        """What a server says after calls that went well, badly and nowhere."""
        tenant = self.tenant()
        tenant.answer = lambda arrival: (200, {}, b"")
        server = self.server([self.hook(tenant), self.hook(tenant, host="gone.example", url="https://127.0.0.1:1/")])
        self.post_all(self.sender(server), [joined("customer-a.com", "SCL_1", room="sip-1", sid="RM_1"), joined("gone.example", "SCL_2", room="sip-2", sid="RM_2"),
                                            joined("nobody.example", "SCL_3", room="sip-3", sid="RM_3"), event("room_started", "other")])
        self.assertEqual(self.sender(server, secret="another").post(event("room_started", "sip-9"))[0], 401)
        self.assertEqual(self.sender(server).post(b"[]")[0], 400)
        self.assertTrue(server.wait_metric("switchhook_deliveries_delivered_total", 1))
        self.assertTrue(server.wait_metric("switchhook_attempt_codes_total", 2))
        status, headers, body = server.request("GET", "/metrics", admin=True)
        self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, "text/plain"))
        return body.decode()

    def test_the_page_and_a_server_name_the_same_metrics_with_the_same_types_and_labels(self):
        text = self.scraped()
        types = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
        helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
        listed = {name: (kind, label, meaning) for name, kind, label, meaning in re.findall(
            r"^\| `(switchhook_\w+)` \| (counter|gauge|histogram) \| (?:`(\w+)`)? ?\| (.*) \|$", PAGE, re.MULTILINE)}
        self.assertEqual(set(listed), set(declared_metrics()))
        for name, kind in types.items():
            self.assertEqual((name, kind, helps[name]), (name, listed[name][0], listed[name][2].replace("\\|", "|")))
        # A family with a label says nothing before its first event.
        silent = {name for name in listed if name not in types}
        self.assertTrue(all(listed[name][1] for name in silent), silent)
        self.assertLessEqual(len(silent), 4, silent)
        for name, label in re.findall(r'^(switchhook_\w+?)(?:_bucket)?\{(\w+)="', text, re.MULTILINE):
            self.assertEqual(label, listed[name][1] or "le", name)

    def test_every_value_of_a_label_is_explained(self):
        values = section("Values of the labels")
        outcomes = (DOCS / "outcomes.md").read_text(encoding="utf-8")
        for name, label, value in re.findall(r'^(switchhook_\w+)\{(?!le=)(\w+)="(\w+)"\}', self.scraped(), re.MULTILINE):
            self.assertIn(f"`{name}` | `{label}`", values)
            self.assertIn(f"`{value}`", outcomes if label == "code" else values)

    def test_every_reason_that_the_source_knows_is_explained(self):
        verdicts = (DOCS.parent / "core" / "livekit" / "verifier.cpp").read_text(encoding="utf-8")
        names = verdicts.split("verdict_name(Verdict verdict) {", 1)[1].split("\n}\n", 1)[0]
        found = set(re.findall(r'return "(\w+)"', names)) - {"ok", "unknown"}
        self.assertGreater(len(found), 7)
        for reason in found:
            self.assertIn(f"`{reason}`", section("Values of the labels"))

    def test_ready_is_what_readyz_says(self):
        for livekit, status in (({"url": "http://127.0.0.1:1", "api_key": "devkey", "api_secret": "secret"}, 200), (None, 503)):
            server = self.server(livekit=livekit)
            self.assertEqual(server.request("GET", "/readyz", admin=True)[0], status)
            self.assertEqual(server.metric("switchhook_ready"), float(status == 200))
            server.stop()

    def test_what_to_look_at_is_there(self):
        for name in re.findall(r"switchhook_\w+", section("What to look at")):
            self.assertIn(name, declared_metrics())


if __name__ == "__main__":
    unittest.main()
