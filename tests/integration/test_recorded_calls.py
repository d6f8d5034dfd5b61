"""All recorded calls through the real server: who received what, in which order, is what the golden files say."""
import collections
import json
import unittest

from tests.harness.livekit import DATA, FreshIds, recording, scenarios, verify
from tests.integration.case import Case

TENANTS = {"tenant-a": "customer-a.com", "tenant-b": "customer-b.com", "tenant-sub": "*.customer-a.com", "tenant-v6": "[2001:db8::1]"}


class RecordedCalls(Case):
    def test_each_tenant_receives_exactly_the_golden_events_of_every_scenario_in_order(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant, host, auth_id, f"/{auth_id}") for auth_id, host in TENANTS.items()])
        sender, ids = self.sender(server), FreshIds()
        expected, labels, total = {}, {}, 0
        for name in scenarios():
            golden = json.loads((DATA / "golden" / f"{name}.json").read_text(encoding="utf-8"))
            lines = recording(name)
            for line in lines:
                body = ids.body(line)
                labels.setdefault(json.loads(body)["id"], (name, f"{line['n']:02d}-{line['event']}"))
                self.assertEqual(sender.post(body)[0], 200, (name, line["n"]))
            for who, rooms in golden.items():
                for room, events in rooms.items():
                    expected[(name, who, room)] = events
                    total += len(events)
        self.assertTrue(tenant.wait_count(total), f"{len(tenant.snapshot())} of {total} arrived\n{server.log()[-3000:]}")
        received = collections.defaultdict(list)
        for arrival in tenant.snapshot():
            event, who = arrival.event, arrival.path.lstrip("/")
            verify(arrival.headers["Authorization"], arrival.body, who, "0123456789abcdef0123")
            self.assertEqual(arrival.headers["webhook-id"], event["id"])
            name, label = labels[event["id"]]
            received[(name, who, event["room"]["name"])].append(label)
        self.maxDiff = None
        self.assertEqual(dict(received), expected)

    def test_what_a_tenant_receives_is_what_livekit_sent_except_for_the_turn_password(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        sender, ids = self.sender(server), FreshIds()
        sent = [ids.body(line) for line in recording("simple_call")]
        self.post_all(sender, sent)
        self.assertTrue(tenant.wait_count(len(sent)))
        for body, arrival in zip(sent, tenant.snapshot()):
            original, got = json.loads(body), json.loads(arrival.body)
            if "turnPassword" in original["room"]:
                self.assertEqual(got["room"]["turnPassword"], "")
                secret = original["room"]["turnPassword"].encode()
                self.assertEqual(arrival.body, body.replace(secret, b""))
            else:
                self.assertEqual(arrival.body, body)
            self.assertEqual(arrival.headers["Content-Type"], "application/webhook+json")

    def test_a_recording_played_twice_with_the_same_ids_is_delivered_once(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        sender, ids = self.sender(server), FreshIds()
        bodies = [ids.body(line) for line in recording("simple_call")]
        self.post_all(sender, bodies)
        self.post_all(sender, bodies)
        self.assertTrue(tenant.wait_count(len(bodies)))
        self.assertTrue(server.wait_metric("switchhook_events_duplicate_total", len(bodies)))
        self.assertEqual(len(tenant.snapshot()), len(bodies))


if __name__ == "__main__":
    unittest.main()
