"""A disk that is full while events are appended and while attempts are settled: 503, then recovery; what was acknowledged comes."""
import http.client
import threading
import time
import unittest

from tests.harness.book import DELIVERED, Book
from tests.harness.disk import Disk
from tests.harness.livekit import event
from tests.harness.server import config
from tests.integration.case import Case

DISK_MEGABYTES = 12


class FullDisk(Case):
    def setUp(self):
        super().setUp()
        try:
            self.disk = Disk(self.folder / "disk", DISK_MEGABYTES)
        except PermissionError as why:
            self.skipTest(str(why))
        self.addCleanup(self.disk.unmount)
        self.book = Book()
        self.life = 0
        self.release = threading.Event()
        self.release.set()
        self.addCleanup(self.release.set)
        self.receiver = self.tenant()

        def answer(arrival):
            noted = self.book.arrived("customer-a.com", arrival.headers["webhook-id"], int(arrival.headers["User-Agent"]))
            if not self.release.wait(60):
                return None, {}, b""
            self.book.answered(noted, DELIVERED)
            return 200, {}, b""
        self.receiver.answer = answer
        self.running = self.server([self.hook(self.receiver)], start=False)
        self.rooms = 0

    def up(self):
        self.life += 1
        blocks = config(self.folder, [self.hook(self.receiver)], self.authority, delivery={"max_age": "1h", "timeout": "50s"},
                        storage={"use": "sqlite", "path": str(self.disk.path / "switchhook.db")})
        blocks["forwarder"]["user_agent"] = str(self.life)
        self.running.write(blocks)
        self.running.start()

    def up_again(self):
        """On a disk without one free byte a start may end with 69; it has to work as soon as there is room."""
        try:
            self.up()
        except RuntimeError as ended:
            if "ended with 69" not in str(ended) or "full" not in str(ended):
                raise
            self.disk.free()
            self.up()

    def die(self):
        self.running.kill()
        self.book.died(self.life, "killed")

    def post(self, padding=2000, sender=None):
        """One event of a new call; the status, None when the connection failed."""
        self.rooms += 1
        tag = f"{self.rooms}"
        room = self.book.room(f"sip-{tag}", "customer-a.com")
        sent = self.book.sending(room, f"EV_{tag}", "participant_joined")
        body = event("participant_joined", room.name, f"RM_{tag}", sent.id, participant={"sid": f"PA_{tag}"}, padding="x" * padding,
                     attributes={"sip.callID": f"SCL_{tag}", "sip.h.to": "<sip:100@customer-a.com>;tag=1"})
        own = sender or self.sender(self.running)
        try:
            status, headers, _ = own.post(body, timeout=60)
            if status == 503:
                self.assertEqual(headers.get("Retry-After"), "5")
        except (OSError, http.client.HTTPException):
            status = None
        self.book.posted(sent, status, decides=True)
        return status

    def post_until(self, status, padding=20000, most=3000):
        sender = self.sender(self.running)
        for _ in range(most):
            if self.post(padding, sender) == status:
                return
        self.fail(f"no {status} within {most} events\n{self.running.log()[-3000:]}")

    def wait_ready(self, status, timeout=30):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = self.running.request("GET", "/readyz", admin=True)
            if found[0] == status:
                return
            time.sleep(0.05)  # the server looks again at its own pace
        self.fail(f"readyz never became {status}: {found}\n{self.running.log()[-3000:]}")

    def accepts_again(self, timeout=30):
        deadline = time.monotonic() + timeout
        while self.post() != 200:
            self.assertLess(time.monotonic(), deadline, self.running.log()[-3000:])
            time.sleep(0.1)  # the server looks again at its own pace

    def settled(self, timeout=60):
        deadline = time.monotonic() + timeout
        while self.running.metric("switchhook_queue_depth") != 0:
            self.assertLess(time.monotonic(), deadline, f"{self.running.metric('switchhook_queue_depth')} wait\n{self.running.log()[-3000:]}")
            time.sleep(0.05)  # a gauge of another process

    def balances(self):
        self.settled()
        faults = self.book.faults()
        self.assertEqual(faults, [], f"{len(faults)} faults, the first:\n{faults[0] if faults else ''}\n{self.running.log()[-3000:]}")
        self.assertEqual(self.running.metric("switchhook_dead_letters"), 0)

    def recovers(self):
        self.accepts_again()
        self.balances()

    def up_with_forty_waiting(self):
        self.up()
        self.release.clear()
        for _ in range(40):
            self.assertEqual(self.post(), 200)

    def test_attempts_are_settled_on_a_full_disk_and_not_repeated(self):
        self.up_with_forty_waiting()
        self.disk.fill()
        self.post_until(503)
        self.release.set()
        self.settled()  # while the disk is full: the reserve is for this
        self.wait_ready(503)
        self.running.kill()
        self.book.died(self.life, "killed on the full disk, when everything was settled", settled=True)
        self.disk.free()
        self.up()
        self.recovers()

    def test_a_start_on_a_disk_that_became_full_meanwhile_delivers_and_settles_what_waits(self):
        self.up_with_forty_waiting()
        self.die()
        self.disk.fill()
        self.up()  # with nothing but the reserve
        self.post_until(503)
        self.wait_ready(503)
        self.release.set()
        self.settled()  # although nothing new is taken
        self.disk.free()
        self.wait_ready(200)
        self.recovers()

    def test_a_death_on_a_full_disk_loses_nothing(self):
        self.up_with_forty_waiting()
        self.disk.fill()
        self.post_until(503)
        self.die()
        self.up()  # what the dead process had in hand is free again
        self.release.set()
        self.settled()
        self.disk.free()
        self.wait_ready(200)
        self.recovers()

    def test_deaths_at_random_instants_around_a_full_disk_lose_nothing(self):
        for number in range(6):
            self.up_again()
            end = threading.Event()

            def load():
                sender = self.sender(self.running)
                while not end.is_set():
                    if self.post(8000, sender) != 200:
                        end.wait(0.01)
            loaders = [threading.Thread(target=load, daemon=True) for _ in range(4)]
            for loader in loaders:
                loader.start()
            time.sleep(0.1 + 0.07 * number)
            self.disk.fill()
            time.sleep(0.05 * (number % 3))
            self.die()
            end.set()
            for loader in loaders:
                loader.join()
            if number % 2:
                self.disk.free()
        self.disk.free()
        self.up()
        self.recovers()

    def test_a_neighbour_that_takes_even_the_reserve_stops_nothing_for_good(self):
        self.up_with_forty_waiting()
        end = self.disk.keep_filling()
        self.addCleanup(end)
        self.post_until(503)
        self.release.set()
        self.assertTrue(self.receiver.wait_count(40), self.running.log()[-3000:])  # each stream's first leaves, settled or not
        self.assertEqual(self.post(), 503)
        end()
        self.disk.free()
        self.wait_ready(200)
        self.recovers()

    def test_a_start_on_a_disk_without_a_single_free_byte_says_so_and_works_when_there_is_room(self):
        self.up_with_forty_waiting()
        end = self.disk.keep_filling()
        self.addCleanup(end)
        self.post_until(503)
        self.die()
        time.sleep(0.2)  # the neighbour takes what the dead process left
        try:
            self.up()
        except RuntimeError as ended:
            self.assertIn("ended with 69", str(ended))
            self.book.died(self.life, "could not start")
        else:
            self.assertEqual(self.post(), 503)
            self.die()
        end()
        self.disk.free()
        self.release.set()
        self.up()
        self.recovers()


if __name__ == "__main__":
    unittest.main()
