"""Something goes away in the middle of a call and comes back: a tenant, switchhook, LiveKit."""
import threading
import time

from tests.e2e.case import Case
from tests.e2e.lab import WEBHOOK_PORT
from tests.e2e.phone import TO_CUSTOMER_A, TO_CUSTOMER_B
from tests.e2e.until import until


class Restarts(Case):
    def say(self, text):
        print(f"\n   {text}", flush=True)

    def wait_acknowledged(self, room, count):
        """Until LiveKit has had switchhook's answer to that many events of the room. A tenant may have them a little earlier."""
        def acknowledged():
            return sum(room in line and f":{WEBHOOK_PORT}/" in line and "sent webhook" in line for line in self.lab.log("livekit").splitlines())
        until(lambda: acknowledged() >= count, f"{count} answers of switchhook")

    def test_a_tenant_that_is_down_for_ten_seconds_gets_everything_in_order_and_delays_nobody_else(self):
        a, b = self.tenant("tenant-a"), self.tenant("tenant-b")
        self.switchhook(self.hook("tenant-a"), self.hook("tenant-b"))
        call, other = self.phone.dial(TO_CUSTOMER_A, talk=2), self.phone.dial(TO_CUSTOMER_B, talk=2)
        call.wait_answered()
        self.assertTrue(a.wait_count(3))
        a.down()
        back = threading.Event()
        timer = threading.Timer(10, back.set)  # the length of the outage is what is tested
        timer.start()
        self.addCleanup(timer.cancel)
        other.wait_finished()
        self.assertTrue(b.wait_count(len(self.sent(other.room)), timeout=5), "the other tenant waits too")
        call.wait_finished()
        self.assertTrue(back.wait(15))
        a.up()
        self.assert_delivered(repeats=True)
        self.assert_like_the_recording("two_parallel_calls", call, other)

    def test_a_call_outlives_kill_9_of_switchhook(self):
        tenant = self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=1.5)
        call.wait_answered()
        self.assertTrue(tenant.wait_count(3))
        server.kill()
        began = time.monotonic()
        server.start()
        self.say(f"kill -9 to listening again: {(time.monotonic() - began) * 1000:.0f} ms")
        call.wait_finished()
        self.assert_delivered(repeats=True)

    def test_what_a_tenant_has_not_taken_outlives_kill_9_of_switchhook(self):
        tenant = self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        tenant.answer = lambda arrival: (503, {}, b"")
        call = self.phone.dial(TO_CUSTOMER_A)
        call.wait_finished()
        until(lambda: server.metric("switchhook_events_appended_total") + server.metric("switchhook_events_parked_total")
              >= len(self.sent(call.room)), "every event is durable")
        server.kill()
        refused = len(tenant.snapshot())
        tenant.answer = lambda arrival: (200, {}, b"")
        server.start()
        self.assertTrue(tenant.wait_count(refused + len(self.sent(call.room))))
        self.assert_delivered(repeats=True)

    def test_a_good_stop_and_start_in_the_middle_of_a_call_loses_and_repeats_nothing(self):
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=1.5)
        call.wait_answered()
        began = time.monotonic()
        self.assertEqual(server.stop(), 0)
        server.start()
        self.say(f"stop and start: {(time.monotonic() - began) * 1000:.0f} ms")
        call.wait_finished()
        self.assert_delivered()

    def test_thirteen_seconds_without_switchhook_lose_nothing(self):
        # LiveKit tries at 0, 1, 3, 7 and 15 s; what waits behind the first event may become 30 s old.
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=1.5)
        call.wait_answered()
        self.wait_acknowledged(call.room, 5)
        server.kill()
        hung_up = self.witness.wait_for("track_unpublished", call.room).at  # the first event that finds nobody
        threading.Event().wait(max(0, hung_up + 13 - time.monotonic()))  # the length of the outage is what is tested
        server.start()
        last = self.sent(call.room)[-1].event["id"]
        call.wait_finished()
        self.assertTrue(self.tenants["tenant-a"].wait(lambda arrivals: any(a.headers["webhook-id"] == last for a in arrivals)))
        self.say(f"the last event came {time.monotonic() - hung_up:.1f} s after the caller had hung up")
        self.assert_delivered(repeats=True)

    def test_an_outage_beyond_livekit_s_fifth_attempt_loses_the_event_in_flight_and_only_that(self):
        self.tenant("tenant-a")
        server = self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=1.5)
        call.wait_answered()
        self.wait_acknowledged(call.room, 5)
        server.kill()
        hung_up = self.witness.wait_for("track_unpublished", call.room)
        took = until(lambda: "giving up after 5 attempt" in self.lab.log("livekit"), "LiveKit's fifth attempt", 25)
        server.start()
        self.say(f"LiveKit gave an event up {time.monotonic() - hung_up.at:.1f} s after it happened")
        self.assertLess(took, 17)
        call.wait_finished()
        self.assert_delivered(repeats=True, lost=[hung_up])


class LiveKitRestarts(Case):
    def test_a_call_outlives_kill_9_of_livekit(self):
        tenant = self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A, talk=14)
        call.wait_answered()
        self.assertTrue(tenant.wait_count(5))
        self.lab.kill("livekit")
        self.lab.start_livekit()
        self.witness.wait_for("participant_joined", call.room, count=3)  # caller and agent came; now one of them again
        call.wait_finished(60)
        self.assert_delivered()
        events = self.sent(call.room)
        started = [s.event["room"]["sid"] for s in events if s.name == "room_started"]
        self.assertEqual(started, [started[0]] * 2, "the room comes back with its sid")
        joined = [s for s in events if s.name == "participant_joined" and s.participant.get("kind") == "SIP"]
        self.assertEqual(len({s.participant["sid"] for s in joined}), 2, "the caller comes back as a new participant")
        self.assertEqual(len({s.attributes["sip.callID"] for s in joined}), 1)
        # Whoever answered comes back or does not; of room and caller the recording shows each event.
        agents = {s.event["id"] for s in events if s.participant.get("identity") == "agent-1"}
        self.assertEqual([a.event["event"] for a in tenant.snapshot() if a.event["id"] not in agents], [
            "room_started", "participant_joined", "track_published", "room_started", "participant_joined", "track_published",
            "track_unpublished", "participant_left", "room_finished"])
