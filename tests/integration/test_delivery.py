"""An event's way out, against real TLS endpoints that behave badly."""
import hashlib
import hmac
import json
import threading
import unittest

from tests.harness.livekit import FreshIds, joined, event, recording, verify
from tests.integration.case import Case

SECRET = "0123456789abcdef0123"


class Delivery(Case):
    def test_events_wait_for_a_tenant_that_answers_503_and_then_come_in_order(self):
        tenant = self.tenant()
        refusals = {"left": 3}

        def answer(_):
            if refusals["left"]:
                refusals["left"] -= 1
                return 503, {"Retry-After": "0"}, b""
            return 204, {}, b""
        tenant.answer = answer
        server = self.server([self.hook(tenant)])
        ids = FreshIds()
        bodies = [ids.body(line) for line in recording("simple_call")]
        self.post_all(self.sender(server), bodies)
        self.assertTrue(server.wait_metric("switchhook_deliveries_delivered_total", len(bodies)), server.log()[-2000:])
        arrived = [arrival.event["id"] for arrival in tenant.snapshot()]
        expected = [json.loads(body)["id"] for body in bodies]
        self.assertEqual(arrived[:4], [expected[0]] * 4)  # the first one four times, nothing overtakes it
        self.assertEqual(arrived[3:], expected)

    def test_a_tenant_that_hangs_does_not_hold_up_another_one(self):
        slow, quick = self.tenant(), self.tenant()
        release = threading.Event()
        self.addCleanup(release.set)
        slow.answer = lambda arrival: (release.wait(30), (200, {}, b""))[1]
        server = self.server([self.hook(slow), self.hook(quick, "customer-b.com", "tenant-b")])
        sender = self.sender(server)
        for number in range(40):
            self.post_all(sender, [joined("customer-a.com", f"SCL_a{number}", room=f"sip-a{number}", sid=f"RM_a{number}"),
                                   joined("customer-b.com", f"SCL_b{number}", room=f"sip-b{number}", sid=f"RM_b{number}")])
        self.assertTrue(quick.wait_count(40), server.log()[-2000:])
        self.assertLessEqual(len(slow.snapshot()), 8)  # concurrency of a lane
        release.set()
        self.assertTrue(slow.wait_count(40))

    def test_422_makes_a_dead_letter_at_once_and_the_next_event_goes_on(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: ((422 if arrival.event["event"] == "room_started" else 200), {}, b"")
        server = self.server([self.hook(tenant)])
        self.post_all(self.sender(server), [event("room_started"), joined(), event("room_finished")])
        self.assertTrue(tenant.wait_count(3))
        self.assertEqual([a.event["event"] for a in tenant.snapshot()], ["room_started", "participant_joined", "room_finished"])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1))

    def test_410_pauses_the_hook_and_what_follows_waits(self):
        tenant, other = self.tenant(), self.tenant()
        tenant.answer = lambda arrival: (410, {}, b"")
        server = self.server([self.hook(tenant), self.hook(other, "customer-b.com", "tenant-b")])
        self.post_all(self.sender(server), [joined(), event("room_finished")])
        self.assertTrue(server.wait_metric("switchhook_hooks_paused", 1), server.log()[-2000:])
        self.post_all(self.sender(server), [joined("customer-b.com", "SCL_b", room="sip-b", sid="RM_b")])
        self.assertTrue(other.wait_count(1))
        self.assertEqual([a.event["event"] for a in tenant.snapshot()], ["participant_joined"])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1))
        self.assertTrue(server.wait_log("a hook is paused"), server.log()[-2000:])

    def test_a_receiver_that_is_down_is_asked_by_a_probe_alone_and_gets_everything_when_it_is_back(self):
        tenant = self.tenant()
        up = threading.Event()
        tenant.answer = lambda arrival: ((200 if up.is_set() else 503), {}, b"")
        server = self.server([self.hook(tenant)])
        self.post_all(self.sender(server), [joined(call=f"SCL_{n}", room=f"sip-{n}", sid=f"RM_{n}") for n in range(30)])
        self.assertTrue(server.wait_metric('switchhook_breaker_transitions_total{to="open"}', 1), server.log()[-2000:])
        up.set()
        self.assertTrue(server.wait_metric("switchhook_deliveries_delivered_total", 30), server.log()[-2000:])
        self.assertEqual(server.metric("switchhook_lanes_open"), 0)

    def test_a_profile_of_ones_own_refuses_what_it_says(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (404, {}, b"")
        server = self.server([self.hook(tenant)], delivery={"retry": "own", "retries": {"own": {"steps": ["1s"], "max_age": "1h", "refuse": [404]}}})
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1), server.log()[-2000:])
        self.assertEqual(len(tenant.snapshot()), 1)

    def test_retries_end_with_a_dead_letter_after_max_age(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (500, {}, b"")
        server = self.server([self.hook(tenant)], delivery={"max_age": "1s"})
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1), server.log()[-2000:])
        self.assertGreaterEqual(len(tenant.snapshot()), 2)

    def test_a_redirect_is_not_followed(self):
        other, tenant = self.tenant(), self.tenant()
        tenant.answer = lambda arrival: (307, {"Location": other.url()}, b"")
        server = self.server([self.hook(tenant)], delivery={"max_age": "1s"})
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1))
        self.assertEqual(other.snapshot(), [])

    def test_loopback_is_refused_unless_it_was_opened(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)], forwarder={"use": "https", "ca_file": str(self.authority.ca_file)})
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1))
        self.assertEqual(tenant.snapshot(), [])
        self.assertTrue(server.wait_log("forbidden_address"), server.log()[-2000:])

    def test_a_certificate_of_an_unknown_authority_is_not_trusted(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)], delivery={"max_age": "1s"}, forwarder={"use": "https", "allow": ["127.0.0.0/8", "::1/128"]})
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1))
        self.assertEqual(tenant.snapshot(), [])
        self.assertTrue(server.wait_log("tls_verify_failed"), server.log()[-2000:])

    def test_connections_to_a_tenant_are_kept_and_reused(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        ids = FreshIds()
        self.post_all(self.sender(server), [ids.body(line) for line in recording("simple_call")])
        self.assertTrue(tenant.wait_count(10))
        self.assertEqual(tenant.connections, 1)

    def test_the_sayna_dialect_sends_joins_only_signed_as_its_receivers_expect(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant, dialect="sayna")])
        ids = FreshIds()
        bodies = [ids.body(line) for line in recording("simple_call")]
        self.post_all(self.sender(server), bodies)
        self.assertTrue(tenant.wait_count(1))
        self.assertTrue(server.wait_metric("switchhook_deliveries_delivered_total", 1))
        arrival = tenant.snapshot()[0]
        self.assertEqual(list(arrival.event), ["participant", "room", "from_phone_number", "to_phone_number", "room_prefix", "sip_host", "sip_headers"])
        headers = {name.lower(): value for name, value in arrival.headers.items()}
        text = b"v1:%s:%s:%s" % (headers["x-sayna-timestamp"].encode(), headers["x-sayna-event-id"].encode(), arrival.body)
        self.assertEqual(headers["x-sayna-signature"], "v1=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest())
        joins = [body for body in bodies if b'"sip.callID"' in body and b'"participant_joined"' in body]
        self.assertEqual(headers["webhook-id"], json.loads(joins[0])["id"])

    def test_derived_secrets_differ_between_tenants_and_are_hkdf_of_the_shared_one(self):
        tenant = self.tenant()
        blocks = {"sip": {"room_prefix": "sip-", "allowed_addresses": ["127.0.0.0/8"], "hook_secret": SECRET, "hook_secrets": "derived",
                          "hooks": [self.hook(tenant), self.hook(tenant, "customer-b.com", "tenant-b", "/b")]}}
        server = self.server([], **blocks)
        self.post_all(self.sender(server), [joined(), joined("customer-b.com", "SCL_2", room="sip-2", sid="RM_2")])
        self.assertTrue(tenant.wait_count(2))
        for arrival in tenant.snapshot():
            auth_id = "tenant-b" if arrival.path == "/b" else "tenant-a"
            pseudo = hmac.new(b"\0" * 32, SECRET.encode(), hashlib.sha256).digest()
            derived = hmac.new(pseudo, b"switchhook/hook-secret/v1/" + auth_id.encode() + b"\x01", hashlib.sha256).hexdigest()
            verify(arrival.headers["Authorization"], arrival.body, auth_id, derived)

    def test_attempts_cut_off_by_the_stop_are_made_again_at_the_next_start(self):
        tenant = self.tenant()
        release = threading.Event()
        self.addCleanup(release.set)
        tenant.answer = lambda arrival: (release.wait(30), (200, {}, b""))[1]
        server = self.server([self.hook(tenant)], server={"host": "127.0.0.1", "port": 0, "stop_timeout": "500ms"})
        self.post_all(self.sender(server), [joined(event_id="EV_cut")])
        self.assertTrue(tenant.wait_count(1))
        self.assertEqual(server.stop(), 0)
        release.set()
        server.start()
        self.assertTrue(tenant.wait_count(2), server.log()[-2000:])
        self.assertEqual([a.event["id"] for a in tenant.snapshot()], ["EV_cut", "EV_cut"])

    def test_a_hook_that_is_removed_makes_dead_letters_of_what_waits(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (503, {}, b"")
        server = self.server([])
        hook = self.hook(tenant)
        self.assertEqual(server.request("POST", "/sip/hooks", {"hooks": [hook]})[0], 200)
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(tenant.wait_count(1))
        self.assertEqual(server.request("DELETE", "/sip/hooks", {"hosts": ["customer-a.com"]})[0], 200)
        self.assertTrue(server.wait_metric("switchhook_deliveries_dead_total", 1), server.log()[-2000:])
        self.assertTrue(server.wait_log("hook_removed"), server.log()[-2000:])


if __name__ == "__main__":
    unittest.main()
