"""The arithmetic of the benchmarks on figures that can be checked by hand."""
import os
import pathlib
import tempfile
import unittest

from tests.bench import journeys, measure


class Quantiles(unittest.TestCase):
    def test_the_median_of_three_is_the_middle_one(self):
        self.assertEqual(measure.quantile([3, 1, 2], 0.5), 2)

    def test_the_99th_percentile_of_a_hundred_leaves_one_value_above(self):
        self.assertEqual(measure.quantile(range(1, 101), 0.99), 99)

    def test_the_99th_percentile_of_few_values_is_the_largest(self):
        self.assertEqual(measure.quantile([1, 2, 50], 0.99), 50)

    def test_all_and_nothing_are_the_ends(self):
        self.assertEqual([measure.quantile([5, 1, 9], part) for part in (0, 1)], [1, 9])

    def test_no_values_have_no_quantile(self):
        with self.assertRaises(ValueError):
            measure.quantile([], 0.5)


class Pairs(unittest.TestCase):
    def test_a_machine_that_slows_down_steadily_shows_no_difference(self):
        self.assertEqual(measure.ratios_to_neighbours([10, 11, 12, 13, 14]), [1.0, 1.0])

    def test_a_disturbance_shows_against_the_baselines_around_it(self):
        self.assertEqual(measure.ratios_to_neighbours([10, 15, 10, 10, 10]), [1.5, 1.0])

    def test_the_noise_is_what_a_baseline_differs_from_the_one_before(self):
        self.assertEqual(measure.ratios_of_baselines([10, 99, 12, 99, 6]), [1.2, 0.5])

    def test_a_series_that_does_not_end_with_the_baseline_is_refused(self):
        for series in ([1, 2], [1], [1, 2, 3, 4]):
            with self.assertRaises(ValueError):
                measure.ratios_to_neighbours(series)


class Stages(unittest.TestCase):
    def test_threads_are_counted_by_what_they_do_and_since_when(self):
        before = {"front-loop": 100, "committer": 50, "switchhook": 7}
        after = {"front-loop": 130, "committer": 90, "switchhook": 8, "resolver": 4}
        spent = measure.cpu_by_stage(before, after)
        self.assertEqual((spent["front"], spent["commit"], spent["forwarder"], spent["other"]), (30, 40, 0, 5))

    def test_the_clocks_of_this_very_process_move(self):
        before = sum(measure.cpu_by_thread(os.getpid()).values())
        sum(range(3_000_000))
        self.assertGreater(sum(measure.cpu_by_thread(os.getpid()).values()), before)


class Journeys(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def read(self, load, sink):
        (self.folder / "load").write_text(load, encoding="ascii")
        (self.folder / "sink").write_text(sink, encoding="ascii")
        return journeys.read(self.folder / "load", [self.folder / "sink"])

    def test_latency_counts_from_when_an_event_was_due_and_of_the_first_from_its_join(self):
        ways = self.read("EV_c10 0 0 1000000 1500000 2000000\nEV_c11 1 0 5000000 5000000 6000000\nEV_c12 2 0 9000000 20000000 21000000\n",
                         "EV_c10 / 6000000 6100000\nEV_c11 / 7000000 7100000\nEV_c12 / 22000000 22100000\n")
        self.assertEqual(journeys.end_to_end_ms(ways), ([2.0, 13.0], [1.0]))

    def test_an_event_that_never_arrived_is_an_error_and_no_gap(self):
        ways = self.read("EV_c11 1 0 1 1 2\n", "")
        with self.assertRaises(RuntimeError):
            journeys.end_to_end_ms(ways)

    def test_another_hooks_events_are_not_asked_for(self):
        ways = self.read("EV_c11 1 0 0 0 2\nEV_d11 1 3 0 0 2\n", "EV_c11 /a 4000000 0\n")
        self.assertEqual(journeys.end_to_end_ms(ways, hosts={0}), ([4.0], []))

    def test_arrivals_of_a_warm_up_are_left_out(self):
        self.assertEqual(list(self.read("EV_c11 1 0 0 0 2\n", "EV_w11 / 1 1\nEV_c11 / 2 2\n")), ["EV_c11"])

    def test_a_retry_is_late_by_what_exceeds_the_time_that_was_asked_for(self):
        ways = self.read("EV_c11 1 0 0 0 2\n", "EV_c11 / 4000000 5000000\nEV_c11 / 1008000000 1009000000\n")
        self.assertEqual(journeys.retry_lateness_ms(ways, 1000), [3.0])

    def test_an_event_that_overtook_another_of_its_call_is_seen(self):
        ways = self.read("EV_c10 0 0 0 0 2\nEV_c11 1 0 0 0 2\nEV_d10 0 0 0 0 2\n", "EV_c10 / 9 9\nEV_c11 / 8 8\nEV_d10 / 1 1\n")
        self.assertEqual(journeys.overtaken(ways), 1)


if __name__ == "__main__":
    unittest.main()
