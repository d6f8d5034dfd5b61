"""A hundred deaths under load: nothing lost, nothing overtaken, nothing crossed, and only what was under way comes twice."""
import os
import pathlib
import random
import shutil
import tempfile
import time
import unittest
import unittest.mock

from tests.harness.book import DELIVERED, FAILED, REFUSED, Book
from tests.harness.ledger import Ledger, summary

ROUNDS = int(os.environ.get("LEDGER_ROUNDS", "100"))
SEED = int(os.environ.get("LEDGER_SEED", random.SystemRandom().randrange(1 << 32)))


class UnderFire(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-ledger-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def test_the_book_balances_after_a_hundred_deaths_under_load(self):
        ledger, began = Ledger(self.folder, SEED), time.monotonic()
        faults = ledger.run(ROUNDS)
        figures = ledger.book.figures()
        print(f"\nLEDGER_SEED={SEED}, {ROUNDS} rounds\n{summary(ledger, time.monotonic() - began)}", flush=True)
        self.assertEqual(faults, [], f"{len(faults)} faults with LEDGER_SEED={SEED}; the first:\n{faults[0] if faults else ''}")
        self.assertGreaterEqual(figures["deaths"], ROUNDS)
        self.assertGreater(figures["promised"], ROUNDS, "hardly anything was sent: the run proves nothing")
        self.assertGreater(figures["repeated after a death"], 0, "no death found an attempt under way: the run proves nothing")

    def test_the_ledger_notices_a_store_that_forgot(self):
        ledger = Ledger(self.folder, 1)
        prepare = ledger._prepare

        def forget():
            if ledger.life == 1:
                for file in self.folder.glob("switchhook.db*"):
                    file.unlink()
            prepare()
        ledger._prepare = forget
        self.assertIn("lost", {fault.kind for fault in ledger.run(3)})


class TheBook(unittest.TestCase):
    """Each fault is found when it is there; a book that finds nothing proves nothing."""

    def setUp(self):
        self.book = Book()
        self.room = self.book.room("sip-1", "a")
        self.sent = 0

    def send(self, *statuses, room=None, wanted=True, decides=True):
        self.sent += 1
        sent = self.book.sending(room or self.room, f"EV_{self.sent}", "participant_joined", wanted)
        for status in statuses or (200,):
            self.book.posted(sent, status, decides)
        return sent.id

    def arrive(self, event_id, answer=DELIVERED, life=1, hook="a"):
        arrived = self.book.arrived(hook, event_id, life)
        if answer:
            self.book.answered(arrived, answer)

    def faults(self):
        return [fault.kind for fault in self.book.faults()]

    def test_what_arrives_once_and_in_order_is_well(self):
        first, second = self.send(), self.send(None, 503, 200)
        self.arrive(first)
        self.arrive(second)
        self.assertEqual(self.faults(), [])

    def test_an_acknowledged_event_that_never_came_is_lost(self):
        self.send()
        self.assertEqual(self.faults(), ["lost"])
        self.assertIn("sent EV_1", str(self.book.faults()[0]))

    def test_an_event_whose_attempts_all_failed_is_lost(self):
        self.arrive(self.send(), FAILED)
        self.assertEqual(self.faults(), ["lost"])

    def test_a_refused_event_is_not_lost(self):
        self.arrive(self.send(), REFUSED)
        self.assertEqual(self.faults(), [])

    def test_nothing_is_owed_for_an_event_that_was_never_acknowledged(self):
        self.send(503, None)
        self.assertEqual(self.faults(), [])

    def test_nothing_is_owed_to_a_room_that_nobody_decided(self):
        self.send(decides=False)
        self.assertEqual(self.faults(), [])

    def test_a_later_event_that_comes_first_has_overtaken(self):
        first, second = self.send(), self.send()
        self.arrive(second)
        self.arrive(first)
        self.assertEqual(self.faults(), ["overtaken", "overtaken"])

    def test_an_event_that_comes_while_the_one_before_it_had_failed_has_overtaken(self):
        first, second = self.send(), self.send()
        self.arrive(first, FAILED)
        self.arrive(second)
        self.assertEqual(self.faults(), ["overtaken", "lost"])

    def test_a_failed_attempt_may_be_repeated(self):
        first = self.send()
        self.arrive(first, FAILED)
        self.arrive(first)
        self.assertEqual(self.faults(), [])

    def test_a_delivered_event_that_comes_again_in_the_same_life_is_repeated(self):
        first = self.send()
        self.arrive(first)
        self.arrive(first)
        self.assertEqual(self.faults(), ["repeated"])

    def test_what_was_under_way_at_a_death_may_come_again(self):
        first = self.send()
        self.arrive(first)
        self.book.died(1, "killed")
        self.arrive(first, life=2)
        self.assertEqual(self.faults(), [])

    def test_what_was_settled_before_a_death_may_not_come_again(self):
        first = self.send()
        self.arrive(first)
        self.book.died(1, "killed", settled=True)
        self.arrive(first, life=2)
        self.assertEqual(self.faults(), ["repeated"])

    def test_an_event_whose_successor_had_left_may_not_come_again(self):
        first, second = self.send(), self.send()
        self.arrive(first)
        self.arrive(second)
        self.book.died(1, "killed")
        self.arrive(first, life=2)
        self.assertIn("repeated", self.faults())

    def test_what_was_answered_long_before_a_death_was_not_under_way(self):
        first = self.send()
        with unittest.mock.patch("tests.harness.book.LONGEST_SETTLE", -1):
            self.arrive(first)
            self.book.died(1, "killed")
            self.arrive(first, life=2)
            self.assertEqual(self.faults(), ["repeated"])

    def test_bytes_of_a_dead_process_that_are_read_late_are_put_where_they_belong(self):
        first, second = self.send(), self.send()
        self.arrive(first, life=2)
        self.arrive(second, life=2)
        self.arrive(first, life=1)
        self.assertEqual(self.faults(), [])

    def test_an_event_at_another_hook_has_crossed(self):
        first = self.send()
        self.arrive(first)
        self.arrive(first, hook="b")
        self.assertEqual(self.faults(), ["crossed"])

    def test_an_event_of_an_unmatched_call_that_arrives_has_crossed(self):
        self.arrive(self.send(room=self.book.room("sip-3", None)))
        self.assertEqual(self.faults(), ["crossed"])

    def test_an_event_that_was_never_sent_is_invented(self):
        self.arrive("EV_of_nobody")
        self.assertEqual(self.faults(), ["invented"])

    def test_an_event_that_the_hook_does_not_take_is_unwanted(self):
        self.arrive(self.send(wanted=False))
        self.assertEqual(self.faults(), ["unwanted"])


if __name__ == "__main__":
    unittest.main()
