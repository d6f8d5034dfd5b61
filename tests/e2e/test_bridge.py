"""What only the SIP bridge itself can show. Runs at level C alone."""
from tests.e2e import sipp
from tests.e2e.case import Case
from tests.e2e.phone import TO_CUSTOMER_A, phone, with_the_bridge
from tests.e2e.twirp import SIP_ADMIN, SIP_CALL
from tests.e2e.until import until

CALLEE_PORT = 25000


class Bridge(Case):
    def setUp(self):
        super().setUp()
        self.phone = phone(self.witness, self.participants, self.answering, api=self.lab.api)

    @with_the_bridge
    def test_a_call_from_an_address_that_is_not_allowed_makes_no_event(self):
        self.lab.api.clear_sip()
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"), provisioner={"use": "livekit"}, addresses=["127.0.0.1/32"])
        until(lambda: self.server.request("GET", "/readyz", admin=True)[0] == 200, "trunk and rule")
        line = phone(self.witness, self.participants, self.answering)  # it leaves trunk and rule to switchhook
        foreign = line.invite(sipp.refused(486), ip="127.0.0.2")
        self.addCleanup(foreign.agent.end)
        # Nothing comes for a refused call; a call from the allowed address that ends after it is what bounds the wait.
        call = line.dial(talk=2)
        call.wait_finished()
        self.assert_delivered()
        self.assertEqual({s.room for s in self.witness.snapshot()}, {call.room})

    @with_the_bridge
    def test_a_call_that_livekit_s_own_api_dialled_in_a_sip_room_is_unmatched_and_said_so(self):
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        callee = sipp.Sipp(sipp.callee(), CALLEE_PORT, hold=1)
        self.addCleanup(callee.end)
        trunk = self.lab.api.call("SIP.CreateSIPOutboundTrunk", {"trunk": {
            "name": "out", "address": f"127.0.0.1:{CALLEE_PORT}", "transport": "SIP_TRANSPORT_UDP", "numbers": ["+15550009999"],
            "include_headers": "SIP_ALL_HEADERS"}}, SIP_ADMIN)
        self.lab.api.call("SIP.CreateSIPParticipant", {
            "sip_trunk_id": trunk["sip_trunk_id"], "sip_call_to": "+15551239999", "room_name": "sip-outbound-1", "participant_identity": "callee-1",
            "wait_until_answered": True}, SIP_CALL)
        callee.wait()
        self.witness.wait_for("room_finished", "sip-outbound-1")
        # Its first event names no host, and decides; the carrier's host in the last one must not.
        self.assertTrue(server.wait_metric("switchhook_events_unmatched_total", len(self.sent("sip-outbound-1"))))
        self.assert_delivered()
        self.assertEqual(self.tenants["tenant-a"].snapshot(), [])

    @with_the_bridge
    def test_a_transferred_call_stays_its_tenant_s_to_the_end(self):
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        call = self.phone.invite(sipp.transferred(), TO_CUSTOMER_A)
        call.wait_answered()
        self.lab.api.call("SIP.TransferSIPParticipant", {
            "participant_identity": f"sip_{call.caller}", "room_name": call.room, "transfer_to": "tel:+15550007777", "ringing_timeout": "10s"},
            {"sip": {"call": True}, "video": {"roomAdmin": True, "room": call.room}})
        call.wait_over()
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("transfer_ok", call)
