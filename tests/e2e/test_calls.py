"""Calls, from the first ring to what the tenants received."""
import base64
import collections
import json
import os
import socket
import time

from tests.e2e.case import HOST_OF, Case
from tests.e2e.lab import LIVEKIT_PORT
from tests.e2e.phone import (CALLED, TO_CUSTOMER_A, TO_CUSTOMER_B, TO_NOBODY, TO_SALES_OF_A, TO_THE_BRIDGE, next_caller)
from tests.e2e.twirp import token


class Calls(Case):
    def test_a_call_to_a_host_with_a_hook_reaches_its_tenant_whole(self):
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A)
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("bridge_double", call)
        self.assert_like_the_recording("simple_call", call)

    def test_a_call_goes_where_x_to_ip_says_rather_than_to(self):
        self.tenant("tenant-a")
        self.tenant("tenant-b")
        self.switchhook(self.hook("tenant-a"), self.hook("tenant-b"))
        call = self.phone.dial(TO_THE_BRIDGE, x_to_ip="customer-b.com")
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("x_to_ip", call)

    def test_a_call_to_a_host_that_only_a_wildcard_knows_reaches_the_wildcard_s_tenant(self):
        self.tenant("tenant-a")
        self.tenant("tenant-sub")
        self.switchhook(self.hook("tenant-a"), self.hook("tenant-sub"))
        call = self.phone.dial(TO_SALES_OF_A)
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("to_quoted_display", call)

    def test_a_call_to_a_host_without_a_hook_reaches_nobody_and_is_counted(self):
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_NOBODY)
        call.wait_finished()
        self.assertTrue(server.wait_metric("switchhook_events_unmatched_total", len(self.sent(call.room))))
        self.assert_delivered()
        self.assertEqual(self.tenants["tenant-a"].snapshot(), [])
        self.assertTrue(server.wait_log("nobody.example"), server.log()[-2000:])

    def test_a_caller_who_gives_up_before_the_answer_is_told_whole(self):
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        call = self.phone.ring_and_cancel(TO_CUSTOMER_A)
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("caller_cancels", call)

    def test_an_aborted_connection_instead_of_a_join_finds_its_tenant_too(self):
        # Made by hand on both levels: of many calls that are cancelled at once the bridge aborts only a few.
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        caller, room = next_caller(), f"sip-_aborted_{time.time_ns()}"
        claims = {"sub": f"sip_{caller}", "kind": "sip", "video": {"roomJoin": True, "room": room},
                  "attributes": {"sip.callID": "SCL_aborted", "sip.callStatus": "ringing", "sip.phoneNumber": caller,
                                 "sip.trunkPhoneNumber": CALLED, "sip.h.to": TO_CUSTOMER_A + ";tag=SCL_aborted"}}
        with socket.create_connection(("127.0.0.1", LIVEKIT_PORT), 5) as signalling:
            signalling.sendall((f"GET /rtc?access_token={token(claims)}&auto_subscribe=1&sdk=go&version=2.4.0&protocol=15 HTTP/1.1\r\n"
                                "Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n").encode())
            self.assertIn(b"101", signalling.recv(4096).split(b"\r\n")[0])
            self.witness.wait_for("room_started", room)
        self.witness.wait_for("room_finished", room)
        self.assertEqual(self.witness.snapshot(room)[1].name, "participant_connection_aborted")
        self.assert_delivered()
        self.assert_like_the_recording("connection_aborted", room)

    def test_whoever_else_comes_into_the_room_belongs_to_the_call(self):
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, agent=False, talk=1.5)
        self.witness.wait_for("track_published", call.room)
        self.participants.do(self.participants.join(call.room, "human-7", name="Human Seven", attributes={"department": "sales"}))
        call.wait_answered()
        self.participants.do(self.participants.leave(call.room, "human-7"))
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("agent_joins", call)

    def test_a_room_with_the_prefix_but_without_sip_is_nobody_s(self):
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"), delivery={"park": "1s"})
        room = f"sip-not-a-call-{time.time_ns()}"
        self.participants.do(self.participants.join(room, "bob", publish=False))
        self.witness.wait_for("participant_joined", room)
        self.participants.do(self.participants.leave(room, "bob"))
        self.witness.wait_for("room_finished", room)
        self.assertTrue(server.wait_metric("switchhook_events_parked_total", len(self.sent(room))))
        self.assertTrue(server.wait_metric("switchhook_events_unmatched_total", len(self.sent(room))), "what was parked was not given up")
        self.assert_delivered()
        self.assert_like_the_recording("plain_room_with_prefix", room)

    def test_a_room_without_the_prefix_is_not_looked_at(self):
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        room = f"meeting-{time.time_ns()}"
        self.participants.do(self.participants.join(room, "alice", kind="sip", attributes={
            "sip.callID": "SCL_meeting", "sip.h.to": TO_CUSTOMER_A + ";tag=SCL_meeting", "sip.phoneNumber": next_caller()}))
        self.witness.wait_for("track_published", room)
        self.participants.do(self.participants.leave(room, "alice"))
        self.witness.wait_for("room_finished", room)
        self.assertTrue(server.wait_metric("switchhook_events_not_sip_total", len(self.sent(room))))
        self.assert_delivered()
        self.assert_like_the_recording("plain_room", room)

    def test_a_hook_that_is_added_over_rest_gets_the_next_call_and_a_removed_one_none(self):
        self.tenant("tenant-a")
        server = self.switchhook()
        hooks = {"hooks": [self.hook("tenant-a")]}
        status, _, answer = server.request("POST", "/sip/hooks", hooks)
        self.assertEqual((status, json.loads(answer)), (200, hooks))
        first = self.phone.dial(TO_CUSTOMER_A)
        first.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("simple_call", first)
        status, _, _ = server.request("DELETE", "/sip/hooks", {"hosts": [HOST_OF["tenant-a"]]})
        self.assertEqual(status, 200)
        before = len(self.tenants["tenant-a"].snapshot())
        second = self.phone.dial(TO_CUSTOMER_A)
        second.wait_finished()
        self.assertTrue(server.wait_metric("switchhook_events_unmatched_total", len(self.sent(second.room))))
        self.assertEqual(len(self.tenants["tenant-a"].snapshot()), before)


class ManyCalls(Case):
    def test_twenty_calls_of_two_tenants_at_once_stay_in_order_and_apart(self):
        for name in ("tenant-a", "tenant-b"):
            self.tenant(name)
        self.switchhook(self.hook("tenant-a"), self.hook("tenant-b"))
        calls = [self.phone.dial(to, talk=1) for _ in range(10) for to in (TO_CUSTOMER_A, TO_CUSTOMER_B)]
        for call in calls:
            call.wait_finished(90)
        self.assert_delivered()
        counts = collections.Counter(a.event["room"]["name"] for tenant in self.tenants.values() for a in tenant.snapshot())
        self.assertEqual(set(counts), {call.room for call in calls})
