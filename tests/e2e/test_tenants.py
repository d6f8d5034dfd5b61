"""Whose a room is: the tenant's auth_id in the room's metadata in LiveKit."""
import json
import secrets

from tests.e2e.case import Case
from tests.e2e.phone import TO_CUSTOMER_A, TO_CUSTOMER_B
from tests.e2e.proxy import Proxy
from tests.e2e.twirp import ROOM_CREATE, room_admin
from tests.e2e.until import until


class Tenants(Case):
    def marking(self, *hooks, **blocks):
        return self.switchhook(*hooks, call_control={"use": "livekit"}, **blocks)

    def through(self, proxy):
        return {"url": proxy.url, "api_key": "devkey", "api_secret": "secret"}

    def proxy(self):
        proxy = Proxy()
        self.addCleanup(proxy.close)
        return proxy

    def made_room(self, metadata):
        """A room that exists before its call."""
        name = f"sip-_made_{secrets.token_hex(6)}"
        self.lab.api.call("RoomService.CreateRoom", {"name": name, "metadata": metadata}, ROOM_CREATE)
        return name

    def metadata(self, room):
        found = self.lab.api.room(room)
        return found["metadata"] if found else None

    def wait_metadata(self, room, value):
        """Until the room's metadata, read as JSON, is that."""
        def is_so():
            text = self.metadata(room)
            return text and json.loads(text) == value
        try:
            until(is_so, "the metadata", 10)
        except TimeoutError:
            self.fail(f"the room's metadata is {self.metadata(room)!r}, not {value}")

    def results(self, server, result):
        text = server.request("GET", "/metrics", admin=True)[2].decode()
        return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith(f'switchhook_room_tenants_total{{result="{result}"}}'))

    def test_a_matched_call_s_room_says_whose_it_is(self):
        self.tenant("tenant-a")
        server = self.marking(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=1)
        self.wait_metadata(call.room, {"auth_id": "tenant-a"})
        call.wait_finished()
        self.assert_delivered()
        self.assertEqual(self.results(server, "set"), 1, "it is told once, not with every event")
        left = [s for s in self.sent(call.room) if s.name == "participant_left"]
        self.assertEqual({s.event["room"]["metadata"] for s in left}, {'{"auth_id":"tenant-a"}'}, "later events show it")

    def test_other_keys_are_kept(self):
        self.tenant("tenant-a")
        self.marking(self.hook("tenant-a"))
        room = self.made_room('{"from": "rule", "n": 1.50, "auth": {"auth_id": "x"}}')
        call = self.phone.dial(TO_CUSTOMER_A, talk=1, room=room)
        self.wait_metadata(room, {"from": "rule", "n": 1.5, "auth": {"auth_id": "x"}, "auth_id": "tenant-a"})
        self.assertTrue(self.metadata(room).startswith('{"from": "rule", "n": 1.50, "auth": {"auth_id": "x"}'), "rewritten")
        call.wait_finished()
        self.assert_delivered()

    def test_metadata_that_is_no_object_is_left_alone_and_reported(self):
        self.tenant("tenant-a")
        server = self.marking(self.hook("tenant-a"))
        for text in ("a note", "[1]", '{"broken":'):
            room = self.made_room(text)
            before = self.results(server, "no_object")
            call = self.phone.dial(TO_CUSTOMER_A, talk=0.5, room=room)
            until(lambda before=before: self.results(server, "no_object") == before + 1, "the report", 10)
            self.assertEqual(self.metadata(room), text)
            call.wait_finished()
        self.assert_delivered()
        self.assertRegex(server.log(), "warning.*metadata")

    def test_a_room_of_another_tenant_is_a_security_event_and_keeps_its_tenant(self):
        tenant = self.tenant("tenant-a")
        server = self.marking(self.hook("tenant-a"))
        room = self.made_room('{"auth_id":"tenant-z"}')
        call = self.phone.dial(TO_CUSTOMER_A, talk=1, room=room)
        self.assertTrue(server.wait_metric("switchhook_tenant_conflicts_total", 1))
        call.wait_finished()
        self.assertRegex(server.log(), "(?i)warning.*security")
        self.assertEqual({s.event["room"].get("metadata") for s in self.sent(room) if s.name == "room_finished"}, {'{"auth_id":"tenant-z"}'})
        # The call's own events go to its tenant; the room's, and those of whoever else is in it, are not tenant-a's.
        own = [s.event["id"] for s in self.sent(room) if s.participant.get("identity") == f"sip_{call.caller}"]
        self.assertTrue(tenant.wait_count(len(own)))
        self.assertTrue(server.wait_metric("switchhook_webhooks_verified_total", len(self.sent(room))))
        self.assertEqual([a.event["id"] for a in tenant.snapshot()], own)

    def test_a_second_call_of_another_tenant_in_the_room_changes_nothing_of_it(self):
        self.tenant("tenant-a")
        self.tenant("tenant-b")
        server = self.marking(self.hook("tenant-a"), self.hook("tenant-b"))
        room = f"sip-_shared_{secrets.token_hex(6)}"
        first = self.phone.dial(TO_CUSTOMER_A, talk=3, room=room)
        first.wait_answered()
        second = self.phone.dial(TO_CUSTOMER_B, talk=0.5, room=room)
        second.wait_over()
        self.assertTrue(server.wait_metric("switchhook_tenant_conflicts_total", 1))
        self.wait_metadata(room, {"auth_id": "tenant-a"})
        first.wait_finished()
        self.assert_delivered()
        joins = [a.event["participant"]["identity"] for a in self.tenants["tenant-b"].snapshot() if a.event["event"] == "participant_joined"]
        self.assertEqual(joins, [f"sip_{second.caller}"], "the second tenant sees its own call only")

    def test_while_livekit_s_api_is_away_it_is_tried_again(self):
        self.tenant("tenant-a")
        proxy = self.proxy()
        proxy.away = True
        server = self.marking(self.hook("tenant-a"), livekit=self.through(proxy))
        call = self.phone.dial(TO_CUSTOMER_A, talk=6)
        until(lambda: self.results(server, "failed") >= 1, "a failure", 10)
        self.assertEqual(self.metadata(call.room), "")
        proxy.away = False
        self.wait_metadata(call.room, {"auth_id": "tenant-a"})
        call.wait_finished()
        self.assert_delivered()
        self.assertEqual(self.results(server, "set"), 1)

    def test_a_livekit_api_that_hangs_delays_no_delivery(self):
        tenant = self.tenant("tenant-a")
        proxy = self.proxy()
        proxy.hangs = True
        self.marking(self.hook("tenant-a"), livekit=self.through(proxy))
        call = self.phone.dial(TO_CUSTOMER_A)
        call.wait_finished()
        self.assertTrue(tenant.wait_count(len(self.sent(call.room)), timeout=2))
        self.assertTrue(proxy.calls, "LiveKit was not asked at all")
        self.assert_delivered()

    def test_a_room_that_is_gone_is_given_up_in_peace(self):
        self.tenant("tenant-a")
        proxy = self.proxy()
        proxy.hangs = True
        server = self.marking(self.hook("tenant-a"), livekit=self.through(proxy))
        call = self.phone.dial(TO_CUSTOMER_A)
        call.wait_finished()
        proxy.hangs = False
        until(lambda: self.results(server, "gone") == 1, "that the room is gone", 15)
        self.assertNotIn("error ", server.log())
        self.assert_delivered()

    def test_a_call_without_a_hook_marks_no_room(self):
        self.tenant("tenant-a")
        proxy = self.proxy()
        server = self.marking(self.hook("tenant-a"), livekit=self.through(proxy))
        call = self.phone.dial("<sip:100@nobody.example>")
        call.wait_finished()
        self.assertTrue(server.wait_metric("switchhook_events_unmatched_total", len(self.sent(call.room))))
        self.assertEqual(proxy.calls, [])

    def test_the_room_can_still_be_changed_by_others_afterwards(self):
        self.tenant("tenant-a")
        server = self.marking(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=2)
        self.wait_metadata(call.room, {"auth_id": "tenant-a"})
        call.wait_answered()
        self.lab.api.call("RoomService.UpdateRoomMetadata", {"room": call.room, "metadata": "theirs"}, room_admin(call.room))
        call.wait_finished()
        self.assert_delivered()
        self.assertEqual(self.results(server, "set"), 1, "it is written once, not fought over")
