"""The wall clock steps forward and back under a running server: deliveries and retries go on, nothing expires, and the window of
known ids neither forgets early nor remembers for ever. Only CLOCK_REALTIME jumps, as when an operator or NTP sets it."""
import base64
import json
import os
import pathlib
import threading
import time
import unittest

from tests.harness import process
from tests.harness.livekit import Sender, event, sign
from tests.harness.tls import Authority
from tests.integration.case import Case

LIBRARY = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
MINUTE, HOUR, DAY = 60, 3600, 86400


@unittest.skipUnless(LIBRARY, "libfaketime is not installed")
@unittest.skipIf(os.environ.get("SWITCHHOOK_SANITIZE"), "a sanitizer has to be the first library; the release tree runs these tests")
class ClockSteps(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.shared / "tls-for-weeks", days=40, environment={"LD_PRELOAD": str(LIBRARY), "FAKETIME": "-20d"})

    def setUp(self):
        super().setUp()
        self.offset_file = self.folder / "clock"
        self.step(0)
        self.receiver = self.tenant()
        self.running = None

    def step(self, seconds):
        """The server's wall clock is from now on that far from ours."""
        self.offset = seconds
        new = self.folder / "clock.new"
        new.write_text(f"{seconds:+d}\n", encoding="ascii")
        new.replace(self.offset_file)

    def up(self, **delivery):
        environment = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self.offset_file), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
        self.running = self.server([self.hook(self.receiver)], environment, delivery={"max_age": "60s", **delivery})
        self.clock_jumps()

    def clock_jumps(self):
        """The preloaded library is at work: the server's own answer carries its time. Otherwise these tests would prove nothing."""
        libraries = pathlib.Path(f"/proc/{self.running.process.pid}/maps").read_text(encoding="utf-8")
        self.assertIn("libfaketime", libraries)

    def post(self, tag, room=None, status=200, name="participant_joined", call=True):
        room = room or f"sip-{tag}"
        attributes = {"sip.callID": f"SCL_{room}", "sip.h.to": "<sip:100@customer-a.com>;tag=1"} if call else None
        body = event(name, room, f"RM_{room}", f"EV_{tag}", attributes, {"sid": f"PA_{room}"} if call else None)
        self.post_body(body, status)
        return body

    def post_body(self, body, status=200):
        """LiveKit's clock is right by the server's: it signs with the server's time."""
        sender = Sender(self.running.port)
        try:
            self.assertEqual(sender.post(body, sign(body, now=time.time() + self.offset))[0], status, self.running.log()[-2000:])
        finally:
            sender.close()

    def arrives(self, *ids, timeout=30):
        self.assertTrue(self.receiver.wait(lambda arrivals: set(ids) <= {a.event["id"] for a in arrivals}, timeout), self.running.log()[-3000:])

    def none_is_dead(self):
        self.assertEqual(self.running.metric("switchhook_dead_letters"), 0, self.running.log()[-3000:])

    def signed_at(self, arrival):
        part = arrival.headers["Authorization"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["nbf"]

    def test_the_clock_really_jumps_in_these_tests(self):
        self.up()
        self.post("1")
        self.arrives("EV_1")
        for number, offset in enumerate((HOUR, -HOUR, 5 * DAY), 2):
            self.step(offset)
            self.post(str(number))
            self.arrives(f"EV_{number}")
            self.assertAlmostEqual(self.signed_at(self.receiver.snapshot()[-1]), time.time() + offset, delta=15)
        self.none_is_dead()

    def test_what_waits_for_its_retry_goes_on_whichever_way_the_clock_steps(self):
        for offset in (HOUR, -HOUR, 5 * DAY, -5 * DAY):
            with self.subTest(offset=offset):
                self.receiver.answer = lambda arrival: (503, {}, b"")
                self.up()
                before = len(self.receiver.snapshot())
                ids = [f"EV_{offset}-{number}" for number in range(4)]
                for each in ids:
                    self.post(each.removeprefix("EV_"))
                self.assertTrue(self.receiver.wait_count(before + 6))
                self.step(offset)
                failed = len(self.receiver.snapshot())
                self.assertTrue(self.receiver.wait_count(failed + 4, 60), "the retries stopped when the clock stepped")
                self.none_is_dead()
                self.receiver.answer = lambda arrival: (200, {}, b"")
                self.assertTrue(self.settled(), self.running.log()[-3000:])
                self.none_is_dead()
                self.assertEqual(self.running.metric("switchhook_deliveries_delivered_total"), 4)
                self.running.kill()
                self.step(0)
                for file in self.folder.glob("switchhook.db*"):
                    file.unlink()

    def test_a_backlog_beyond_the_window_does_not_expire_when_the_clock_steps_forward(self):
        """It is read back from the store, which knows only the wall clock's times."""
        release, seen = threading.Event(), set()
        self.addCleanup(release.set)
        self.receiver.answer = lambda arrival: (release.wait(30), (503, {}, b""))[1]
        self.up(window=16)
        for number in range(60):
            self.post(str(number))
        self.assertTrue(self.receiver.wait_count(8))

        def answer(arrival):
            known = arrival.event["id"] in seen
            seen.add(arrival.event["id"])
            return (200 if known else 503), {}, b""
        self.step(HOUR)
        self.receiver.answer = answer  # each event fails once more, and is a minute old at most
        release.set()
        self.assertTrue(self.settled(), self.running.log()[-3000:])
        self.none_is_dead()
        self.assertEqual(len(seen), 60)

    def settled(self):
        deadline = time.monotonic() + 60
        while self.running.metric("switchhook_queue_depth") and time.monotonic() < deadline:
            time.sleep(0.02)  # a gauge of another process
        return self.running.metric("switchhook_queue_depth") == 0

    def test_a_retry_that_waits_over_a_restart_goes_on_when_the_clock_was_set_back_meanwhile(self):
        self.receiver.answer = lambda arrival: (503, {}, b"")
        self.step(HOUR)
        self.up()
        for number in range(4):
            self.post(str(number))
        self.assertTrue(self.receiver.wait_count(8))
        self.running.kill()
        self.step(0)
        self.receiver.answer = lambda arrival: (200, {}, b"")
        self.running.start()
        self.assertTrue(self.running.wait_metric("switchhook_deliveries_delivered_total", 4, 75), self.running.log()[-3000:])
        self.none_is_dead()

    def test_an_id_stays_known_when_the_clock_steps_a_little(self):
        self.up()
        body = self.post("twice")
        for number, offset in enumerate((5 * MINUTE, -5 * MINUTE, 0, -HOUR), 1):
            self.step(offset)
            self.post_body(body)
            self.assertTrue(self.running.wait_metric("switchhook_events_duplicate_total", number))
        self.arrives("EV_twice")
        self.assertEqual(len(self.receiver.snapshot()), 1)

    def test_an_id_stays_known_over_a_restart_with_the_clock_set_back(self):
        self.up()
        body = self.post("twice")
        self.arrives("EV_twice")
        self.assertTrue(self.running.wait_metric("switchhook_deliveries_delivered_total", 1))
        self.running.kill()
        self.step(-HOUR)
        self.running.start()
        self.post_body(body)
        self.assertTrue(self.running.wait_metric("switchhook_events_duplicate_total", 1))
        self.assertEqual(len(self.receiver.snapshot()), 1)

    def test_an_id_is_forgotten_after_its_window_although_the_clock_went_back_in_between(self):
        self.up()
        self.step(DAY)
        body = self.post("again")
        self.arrives("EV_again")
        self.step(0)
        self.post("other")
        self.arrives("EV_other")
        self.step(11 * MINUTE)  # ten after it counts as seen
        self.post_body(body)
        self.assertTrue(self.receiver.wait_count(3), self.running.log()[-3000:])

    def test_parked_events_survive_a_step_of_a_few_minutes(self):
        self.up()
        self.post("early", "sip-parked", name="room_started", call=False)
        for offset in (5 * MINUTE, -5 * MINUTE):
            self.step(offset)
            self.post(f"other{offset}")
        self.post("late", "sip-parked")
        self.arrives("EV_early", "EV_late")
        self.none_is_dead()

    def test_a_call_keeps_its_hook_when_the_clock_steps_back_for_days(self):
        self.up()
        self.post("first", "sip-long")
        self.step(-5 * DAY)
        self.post("second", "sip-long", name="track_published", call=False)
        self.step(0)
        self.post("third", "sip-long", name="track_unpublished", call=False)
        self.arrives("EV_first", "EV_second", "EV_third")
        self.assertEqual([a.event["id"] for a in self.receiver.snapshot()], ["EV_first", "EV_second", "EV_third"])

    def test_a_clock_that_jumps_all_the_time_loses_nothing(self):
        self.up()
        ids = []
        for number in range(60):
            self.step((0, HOUR, -HOUR, 7, -7, DAY, -DAY)[number % 7])
            self.post(str(number))
            ids.append(f"EV_{number}")
        self.arrives(*ids)
        self.assertEqual(len(self.receiver.snapshot()), len(ids))
        self.none_is_dead()
        self.idle_costs_nothing()

    def idle_costs_nothing(self):
        """No timer went mad: a second of idling takes hardly any processor time."""
        before = process.processor_seconds(self.running.process.pid)
        time.sleep(1)
        self.assertLess(process.processor_seconds(self.running.process.pid) - before, 0.2)


if __name__ == "__main__":
    unittest.main()
