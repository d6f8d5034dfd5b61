"""Receivers that take the request and answer badly; see hostile_case.py."""
import email.utils
import gzip
import shutil
import time
import unittest

from tests.harness.hostile import good, head
from tests.integration.hostile_case import MEBIBYTE, ROOMS, HostileCase


class Answers(HostileCase):
    def after_request(self, behave):
        """behave(connection, event id) after each complete request."""
        def whole(connection):
            connection.tls()
            while True:
                behave(connection, connection.request())
        return self.hostile(whole)

    def test_a_receiver_that_never_answers(self):
        self.serve(self.after_request(lambda connection, event_id: connection.hold()))
        self.is_retried("timeout_response")

    def test_a_receiver_that_stops_within_the_head(self):
        def stops(connection, _):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Le")
            connection.hold()
        self.serve(self.after_request(stops))
        self.is_retried("timeout_response")

    def test_a_receiver_that_trickles_its_head_a_byte_per_second(self):
        def trickle(connection, _):
            for byte in head(200, "Content-Length: 0"):
                connection.send(bytes((byte,)))
                if self.sick.over.wait(1):
                    return
        self.serve(self.after_request(trickle))
        self.is_retried("timeout_response")

    def test_a_receiver_that_hangs_after_a_complete_head_has_taken_the_event(self):
        def hangs(connection, event_id):
            connection.accept(event_id, head(200, "Content-Length: 10"))
            connection.hold()
        self.serve(self.after_request(hangs))
        self.is_delivered()

    def test_a_receiver_that_trickles_its_body_a_byte_per_second_has_taken_the_event(self):
        def trickle(connection, event_id):
            connection.accept(event_id, head(200, "Content-Length: 100"))
            for _ in range(100):
                connection.send(b"x")
                if self.sick.over.wait(1):
                    return
        self.serve(self.after_request(trickle))
        self.is_delivered()

    def test_a_receiver_that_hangs_after_the_head_of_a_failure(self):
        def hangs(connection, _):
            connection.send(head(500, "Content-Length: 10"))
            connection.hold()
        self.serve(self.after_request(hangs))
        self.is_retried("status_500")

    def endless(self, first, piece):
        """Sends `first` and then `piece` until the server has had enough; how much was sent at most to one request."""
        most = [0]

        def flood(connection, event_id):
            if first.startswith(b"HTTP/1.1 200"):
                self.sick.note_taken(event_id)
            connection.send(first)
            sent = 0
            while not self.sick.over.is_set() and sent < 512 * MEBIBYTE:
                try:
                    connection.send(piece)
                finally:
                    sent += len(piece)
                    most[0] = max(most[0], sent)
        return self.after_request(flood), most

    def test_a_body_without_an_end(self):
        receiver, most = self.endless(head(200, "Transfer-Encoding: chunked"), b"10000\r\n" + b"x" * 65536 + b"\r\n")
        self.serve(receiver)
        self.is_delivered(12)
        self.assertLess(most[0], 64 * MEBIBYTE, "the body was read on and on")

    def test_a_failure_with_a_body_without_an_end(self):
        receiver, most = self.endless(head(500), b"x" * 65536)
        self.serve(receiver)
        self.is_retried("status_500")
        self.assertLess(most[0], 64 * MEBIBYTE, "the body was read on and on")

    def test_a_head_without_an_end(self):
        receiver, most = self.endless(b"HTTP/1.1 500 No\r\n", b"X-Filler: " + b"x" * 8000 + b"\r\n")
        self.serve(receiver)
        self.is_retried("response_too_large", "bad_response")
        self.assertLess(most[0], 64 * MEBIBYTE, "the head was read on and on")

    def test_a_header_line_without_an_end(self):
        receiver, most = self.endless(b"HTTP/1.1 500 No\r\nX-Filler: ", b"x" * 65536)
        self.serve(receiver)
        self.is_retried("response_too_large", "bad_response", "own_fault")
        self.assertLess(most[0], 64 * MEBIBYTE, "the line was read on and on")

    def test_interim_answers_without_an_end(self):
        receiver, most = self.endless(b"", head(100) * 100)
        self.serve(receiver)
        self.is_retried("response_too_large", "bad_response")
        self.assertLess(most[0], 64 * MEBIBYTE, "the answers were read on and on")

    def test_a_gzip_bomb_is_not_unpacked(self):
        bomb = gzip.compress(bytes(256 * MEBIBYTE), 9)  # about 256 KiB
        for status in (200, 503):
            with self.subTest(status=status):
                answer = head(status, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb

                def explode(connection, event_id, status=status, answer=answer):
                    if status == 200:
                        self.sick.note_taken(event_id)
                    connection.send(answer)
                self.serve(self.after_request(explode))
                if status == 200:
                    self.is_delivered()
                else:
                    self.is_retried("status_503")
                self.assertEqual(self.running.stop(), 0)
                shutil.rmtree(self.folder)
                self.folder.mkdir()

    def test_a_reset_in_the_middle_of_the_request(self):
        def reset(connection):
            connection.tls()
            connection.read(100)
            connection.reset()
        self.serve(self.hostile(reset))
        self.is_retried("connection_reset", "tls_failed")

    def test_a_reset_in_the_middle_of_the_head(self):
        def reset(connection, _):
            connection.send(b"HTTP/1.1 200 O")
            connection.reset()
        self.serve(self.after_request(reset))
        self.is_retried("connection_reset")

    def test_a_reset_in_the_middle_of_the_body_of_a_success(self):
        def reset(connection, event_id):
            connection.accept(event_id, head(200, "Content-Length: 1000") + b"half")
            self.sick.over.wait(0.05)  # a reset throws away what the other side has not read yet
            connection.reset()
        self.serve(self.after_request(reset))
        self.is_delivered()

    def test_an_answer_that_is_no_http(self):
        def noise(connection, _):
            connection.send(b"\x00\x01\x02 what?\r\n\r\n")
            connection.hold()
        self.serve(self.after_request(noise))
        self.is_retried("bad_response")

    def test_an_answer_before_the_request_was_read(self):
        def hasty(connection):
            connection.tls()
            connection.send(head(503, "Content-Length: 0"))
            connection.hold()
        self.serve(self.hostile(hasty))
        self.is_retried("status_503", "bad_response", "connection_reset")

    def test_redirects_to_our_own_machine_are_not_followed(self):
        trap, plain_trap = self.hostile(good), self.hostile(lambda connection: None)
        targets = [f"https://127.0.0.1:{trap.port}/", f"http://127.0.0.1:{plain_trap.port}/", f"//127.0.0.1:{trap.port}/"]
        statuses = [301, 302, 303, 307, 308]

        def redirect(connection, _):
            number = len(self.sick.requests)
            connection.send(head(statuses[number % 5], f"Location: {targets[number % 3]}", "Content-Length: 0"))
        self.serve(self.after_request(redirect))
        calls = self.calls()
        self.fails_as(*(f"status_{status}" for status in statuses), attempts=15)
        self.comes_when_well(calls)
        self.did_not_grow()
        self.assertEqual((trap.connections, plain_trap.connections), (0, 0))

    def busy(self, retry_after):
        """Answers 429 once per event, with that Retry-After; the seconds until each event's second attempt."""
        times = {}

        def answer(connection, event_id):
            times.setdefault(event_id, []).append(time.monotonic())
            if len(times[event_id]) == 1:
                connection.send(head(429, f"Retry-After: {retry_after()}", "Content-Length: 0"))
            else:
                connection.accept(event_id)
        self.serve(self.after_request(answer))
        calls = self.calls(3)
        self.all_delivered(calls)
        self.assertIn("status_429", self.running.log())
        self.did_not_grow()
        return [attempts[1] - attempts[0] for attempts in times.values()]

    def test_429_with_retry_after_in_seconds_is_not_tried_sooner(self):
        for waited in self.busy(lambda: "3"):
            self.assertGreaterEqual(waited, 2.9)

    def test_429_with_retry_after_as_a_date_is_not_tried_sooner(self):
        for waited in self.busy(lambda: email.utils.formatdate(time.time() + 4, usegmt=True)):
            self.assertGreaterEqual(waited, 1.9)  # a date has whole seconds, and both ends round

    def test_an_absurd_retry_after_does_not_hold_an_event_for_ever(self):
        answers = iter(["-5", "soon", "99999999999999999999", "Mon, 99 Foo 2026"])
        self.serve(self.after_request(lambda connection, _: connection.send(head(429, f"Retry-After: {next(answers, '0')}", "Content-Length: 0"))),
                   delivery={"timeout": "2s", "max_age": "6s"})
        calls = self.calls(2)
        self.assertTrue(self.running.wait_metric("switchhook_deliveries_dead_total", sum(map(len, calls)), 60), self.running.log()[-3000:])

    def test_a_refusal_is_a_dead_letter_at_once_and_its_stream_goes_on(self):
        for status in (400, 413, 415, 422):
            with self.subTest(status=status):
                def refuse(connection, event_id, status=status):
                    if event_id.endswith("_joined"):
                        connection.send(head(status, "Content-Length: 0"))
                    else:
                        connection.accept(event_id)
                self.serve(self.after_request(refuse))
                calls = self.calls()
                self.assertTrue(self.sick.wait(lambda receiver: sorted(receiver.taken) == sorted(call[1] for call in calls)))
                self.settled()
                self.assertEqual(sorted(self.sick.requests), sorted(each for call in calls for each in call))
                self.assertEqual(self.running.metric("switchhook_dead_letters"), ROOMS)
                self.assertIn(f"status_{status}", self.running.log())
                self.assertEqual(self.running.stop(), 0)
                shutil.rmtree(self.folder)
                self.folder.mkdir()


if __name__ == "__main__":
    unittest.main()
