"""The log of deliveries and requeueing, on the real server."""
import json
import pathlib
import re
import select
import time
import unittest

from tests.harness.livekit import event, joined
from tests.integration.case import Case

OPERATOR, TENANT_A, TENANT_B = "operator-secret-1", "tenant-a-secret-1", "tenant-b-secret-1"
AUTH = {"required": True, "api_secrets": [{"id": "ops", "secret": OPERATOR, "role": "operator"},
                                          {"id": "tenant-a", "secret": TENANT_A, "role": "tenant"},
                                          {"id": "tenant-b", "secret": TENANT_B, "role": "tenant"}]}
DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "deliveries-api.md"


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def examples():
    """(method, path, body or None, status, expected) of each example of the page, in its order."""
    blocks = re.findall(r"```http\n(.*?)```\s+```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    for request, answer in blocks:
        lines = request.strip().splitlines()
        method, path = lines[0].split()
        body = json.loads(lines[1]) if len(lines) == 3 else None
        yield method, path, body, int(lines[-1].removeprefix("# ")), json.loads(answer)


class Deliveries(Case):
    def ask(self, server, method, path, body=None, secret=None):
        status, headers, answer = server.request(method, path, body, bearer(secret) if secret else None)
        return status, headers, json.loads(answer)

    def listed(self, server, query="", secret=None):
        """Every page."""
        found, cursor = [], None
        while True:
            path = "/sip/deliveries?" + "&".join(part for part in (query, f"cursor={cursor}" if cursor else "") if part)
            status, _, page = self.ask(server, "GET", path, secret=secret)
            self.assertEqual(status, 200, page)
            found += page["deliveries"]
            cursor = page["next"]
            if cursor is None:
                return found

    def until(self, look, wanted, timeout=20):
        deadline = time.monotonic() + timeout
        while (seen := look()) != wanted:
            self.assertLess(time.monotonic(), deadline, seen)
            select.select([], [], [], 0.01)

    def states(self, server, secret=None):
        return [each["state"] for each in self.listed(server, secret=secret)]

    def refusing(self, tenant):
        tenant.answer = lambda arrival: (400, {}, b"never")

    def accepting(self, tenant):
        tenant.answer = lambda arrival: (200, {}, b"")

    def test_the_examples_of_the_documentation(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (400 if arrival.event["event"] == "participant_joined" else 200, {}, b"")
        server = self.server([self.hook(tenant)])
        self.post_all(self.sender(server), [joined(call="SCL_docs", event_id="EV_docs_1"), event("track_published", event_id="EV_docs_2")])
        self.until(lambda: self.states(server), ["delivered", "dead"])
        volatile = {"appended_at", "last_outcome_at", "began_at", "ended_at", "attempt_log", "body"}
        count = 0
        for method, path, body, status, expected in examples():
            count += 1
            with self.subTest(f"{method} {path}"):
                if method == "GET" and "/requeue/" in path:
                    self.until(lambda: self.ask(server, "GET", path)[2]["state"], "done")
                got_status, _, got = self.ask(server, method, path, body)
                self.assertEqual(got_status, status, got)
                self.assertEqual(list(got), list(expected))
                for key in set(expected) - volatile:
                    if key == "deliveries":
                        self.assertEqual(len(got[key]), len(expected[key]))
                        for one, other in zip(got[key], expected[key]):
                            self.assertEqual(list(one), list(other))
                            self.assertEqual({k: v for k, v in one.items() if k not in volatile}, {k: v for k, v in other.items() if k not in volatile})
                    else:
                        self.assertEqual(got[key], expected[key], key)
                for key in set(expected) & volatile:
                    self.assertIs(type(got[key]), type(expected[key]), key)
        self.assertGreaterEqual(count, 8)

    def test_a_dead_letter_is_sent_again_after_a_restart_with_the_same_id(self):
        tenant = self.tenant()
        self.refusing(tenant)
        server = self.server([self.hook(tenant)])
        self.post_all(self.sender(server), [joined(event_id="EV_1")])
        self.until(lambda: self.states(server), ["dead"])
        self.accepting(tenant)
        server.kill()
        server.start()
        status, _, answer = self.ask(server, "POST", "/sip/deliveries/1/requeue")
        self.assertEqual((status, answer), (202, {"id": "2", "requeued": "1"}))
        self.until(lambda: self.states(server), ["delivered", "requeued"])
        arrivals = tenant.snapshot()
        self.assertEqual([a.headers["webhook-id"] for a in arrivals], ["EV_1", "EV_1"])
        self.assertEqual(arrivals[0].body, arrivals[1].body)
        detail = self.ask(server, "GET", "/sip/deliveries/2")[2]
        self.assertEqual(json.loads(detail["body"])["id"], "EV_1")
        self.assertEqual(detail["attempts"], 1)

    def test_a_requeued_event_leaves_behind_those_that_wait_in_its_room(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (400 if arrival.event["id"] == "EV_1" else 503, {}, b"")
        server = self.server([self.hook(tenant)])
        self.post_all(self.sender(server), [joined(event_id="EV_1")] + [event("track_published", event_id=f"EV_{i}") for i in range(2, 5)])
        self.until(lambda: self.states(server), ["waiting"] * 3 + ["dead"])
        self.assertEqual(self.ask(server, "POST", "/sip/deliveries/1/requeue")[0], 202)
        self.accepting(tenant)
        done = ["delivered"] * 4 + ["requeued"]
        self.until(lambda: self.states(server), done)
        order = []
        for arrival in tenant.snapshot():
            if not order or order[-1] != arrival.event["id"]:
                order.append(arrival.event["id"])
        self.assertEqual(order, ["EV_1", "EV_2", "EV_3", "EV_4", "EV_1"])

    def test_a_job_requeues_a_tenants_dead_letters_in_order_across_a_kill(self):
        tenants = {"a": self.tenant(), "b": self.tenant()}
        for tenant in tenants.values():
            self.refusing(tenant)
        server = self.server([self.hook(tenants["a"], "a.example", "tenant-a"), self.hook(tenants["b"], "b.example", "tenant-b")], auth=AUTH)
        sender = self.sender(server)
        rooms, each = 4, 60
        for number in range(rooms):
            place = {"room": f"sip-{number}", "sid": f"RM_{number}"}
            self.post_all(sender, [joined("a.example", f"SCL_{number}", event_id=f"EV_{number}_0", **place)])
            self.post_all(sender, [event("track_published", event_id=f"EV_{number}_{i}", **place) for i in range(1, each)])
        self.post_all(sender, [joined("b.example", "SCL_b", room="sip-b", sid="RM_b", event_id="EV_b")])
        self.until(lambda: len(self.listed(server, "state=dead&limit=500", OPERATOR)), rooms * each + 1)
        before = len(tenants["a"].snapshot())
        self.accepting(tenants["a"])
        status, headers, job = self.ask(server, "POST", "/sip/deliveries/requeue", {"host": "a.example"}, TENANT_A)
        self.assertEqual(status, 202, job)
        self.assertEqual(headers["Location"], f"/sip/deliveries/requeue/{job['id']}")
        server.kill()
        server.start()
        self.until(lambda: self.ask(server, "GET", headers["Location"], secret=TENANT_A)[2]["state"], "done")
        self.assertEqual(self.ask(server, "GET", headers["Location"], secret=TENANT_A)[2]["requeued"], rooms * each)
        self.until(lambda: len(self.listed(server, "state=delivered&limit=500", TENANT_A)), rooms * each)
        for number in range(rooms):
            seen = []
            for arrival in tenants["a"].snapshot()[before:]:
                if arrival.event["room"]["name"] == f"sip-{number}" and arrival.event["id"] not in seen:
                    seen.append(arrival.event["id"])
            self.assertEqual(seen, [f"EV_{number}_{i}" for i in range(each)])
        self.assertEqual([letter["event_id"] for letter in self.listed(server, "state=dead", OPERATOR)], ["EV_b"])
        unknown = self.ask(server, "GET", "/sip/deliveries/requeue/99", secret=TENANT_B)
        self.assertEqual(self.ask(server, "GET", headers["Location"], secret=TENANT_B)[2], unknown[2])

    def test_tenants_see_their_own_and_unknown_is_as_foreign(self):
        tenants = {"a": self.tenant(), "b": self.tenant()}
        server = self.server([self.hook(tenants["a"], "a.example", "tenant-a"), self.hook(tenants["b"], "b.example", "tenant-b")], auth=AUTH)
        self.post_all(self.sender(server), [joined("a.example", "SCL_a", room="sip-a", sid="RM_a", event_id="EV_a"),
                                            joined("b.example", "SCL_b", room="sip-b", sid="RM_b", event_id="EV_b")])
        self.until(lambda: self.states(server, OPERATOR), ["delivered"] * 2)
        self.assertEqual([d["event_id"] for d in self.listed(server, secret=TENANT_A)], ["EV_a"])
        self.assertEqual([d["event_id"] for d in self.listed(server, "host=b.example", OPERATOR)], ["EV_b"])
        self.assertEqual(self.listed(server, "call=SCL_b", TENANT_A), [])
        answers = {server.request(method, path, headers=bearer(TENANT_A))[::2]
                   for path, method in (("/sip/deliveries/2", "GET"), ("/sip/deliveries/77", "GET"), ("/sip/deliveries/x", "GET"),
                                        ("/sip/deliveries/2/requeue", "POST"), ("/sip/deliveries/77/requeue", "POST"))}
        self.assertEqual(len(answers), 1, answers)
        self.assertEqual(answers.pop()[0], 404)
        self.assertEqual(server.request("GET", "/sip/deliveries")[0], 401)

    def test_without_a_sip_block_there_is_no_log(self):
        server = self.server(sip=None)
        self.assertEqual(server.request("GET", "/sip/deliveries")[0], 404)


if __name__ == "__main__":
    unittest.main()
