"""Receivers that are down, slow, broken or hostile, over real TLS: each harms its own deliveries and nobody else's.

In each test one tenant's receiver misbehaves while another tenant's is well. The well one gets all of its events while the
other still misbehaves; the server neither grows nor keeps descriptors; and what was not delivered comes, in order, as soon
as the receiver is well again.
"""
import email.utils
import gzip
import os
import pathlib
import shutil
import subprocess
import time

from tests.harness import process
from tests.harness.hostile import Hostile, Http2, good, good_http2, server_context
from tests.harness.livekit import event
from tests.integration.case import Case

SICK, WELL = "sick.example", "well.example"
ROOMS = 6
MEBIBYTE = 1 << 20
MOST_GROWTH = 64 * MEBIBYTE  # of the whole process, whatever a receiver sends
PROMPT = 8.0                 # seconds: far beyond what a well receiver's event takes, and far below the sick one's timeouts together


class HostileCase(Case):
    forwarder = {}

    def setUp(self):
        super().setUp()
        self.context = server_context(*self.authority.certificate())
        self.accepted_at, self.arrived_at = {}, {}

    def hostile(self, behave, context=None, **more):
        receiver = Hostile(context or self.context, behave, **more)
        self.addCleanup(receiver.close)
        return receiver

    def well_receiver(self):
        def behave(connection):
            connection.tls()
            while True:
                event_id = connection.request()
                self.arrived_at[event_id] = time.monotonic()
                connection.accept(event_id)
        return self.hostile(behave)

    def serve(self, receiver, url=None, **blocks):
        self.sick, self.well = receiver, self.well_receiver()
        hooks = [{"host": SICK, "url": url or self.sick.url(), "auth_id": "tenant-sick"},
                 {"host": WELL, "url": self.well.url(), "auth_id": "tenant-well"}]
        blocks.setdefault("delivery", {"timeout": "2s", "max_age": "10min"})
        forwarder = {"use": "https", "allow": ["127.0.0.0/8"], "ca_file": str(self.authority.ca_file), "connect_timeout": "1s", **self.forwarder,
                     **blocks.pop("forwarder", {})}
        self.running = self.server(hooks, forwarder=forwarder, **blocks)
        self.call("warm", WELL)
        self.assertTrue(self.well.wait(lambda well: len(well.taken) == 2), self.running.log()[-2000:])
        self.before = process.descriptors(self.running.process.pid), process.memory(self.running.process.pid)

    def call(self, tag, host):
        """Two events of one call; their ids."""
        ids, room = [], f"sip-{tag}-{host}"
        sender = self.sender(self.running)
        for name in ("participant_joined", "participant_left"):
            event_id = f"EV_{tag}-{host}-{name}"
            body = event(name, room, f"RM_{room}", event_id, padding="x" * 2000, participant={"sid": f"PA_{room}"},
                         attributes={"sip.callID": f"SCL_{room}", "sip.h.to": f"<sip:100@{host}>;tag=1"})
            self.post_all(sender, [body])
            self.accepted_at[event_id] = time.monotonic()
            ids.append(event_id)
        sender.close()
        return ids

    def calls(self, count=ROOMS):
        """That many calls to each of the two, and the sick one's event ids, by call. The well one has got all of its own, promptly."""
        sick, well = [], []
        for number in range(count):
            sick.append(self.call(number, SICK))
            well += self.call(number, WELL)
        self.well_is_served(well)
        return sick

    def well_is_served(self, ids):
        everything = set(ids)
        self.assertTrue(self.well.wait(lambda receiver: everything <= set(receiver.taken)), self.running.log()[-3000:])
        late = max(self.arrived_at[each] - self.accepted_at[each] for each in ids)
        self.assertLess(late, PROMPT, "a well receiver waited for a sick one")

    def fails_as(self, *codes, attempts=2):
        """The first attempts were counted and logged with one of these codes, and nothing was given up."""
        self.assertTrue(self.running.wait_metric("switchhook_attempts_total", len(self.well.taken) + attempts, 60), self.running.log()[-3000:])
        log = self.running.log()
        self.assertTrue(any(code in log for code in codes), f"none of {codes} in\n{log[-3000:]}")
        self.assertEqual(self.running.metric("switchhook_deliveries_dead_total"), 0, log[-3000:])

    def comes_when_well(self, calls):
        """Heals the receiver: every event comes once, the first of its call first."""
        self.sick.heal()
        self.all_delivered(calls)

    def all_delivered(self, calls):
        everything = {each for call in calls for each in call}
        self.assertTrue(self.sick.wait(lambda receiver: everything <= set(receiver.taken)), f"{len(self.sick.taken)} of {len(everything)} came\n"
                        + self.running.log()[-3000:])
        self.settled()
        self.assertEqual(sorted(self.sick.taken), sorted(everything), "an event that was taken came again")
        for call in calls:
            self.assertEqual([each for each in self.sick.taken if each in call], call)

    def settled(self):
        deadline = time.monotonic() + 60
        while self.running.metric("switchhook_queue_depth") != 0 and time.monotonic() < deadline:
            time.sleep(0.02)  # a gauge of another process
        self.assertEqual(self.running.metric("switchhook_queue_depth"), 0)

    def did_not_grow(self):
        pid = self.running.process.pid
        descriptors, memory = self.before
        most = descriptors + 2 * 8 + 8  # kept connections of two hooks, and our own listeners' peers
        deadline = time.monotonic() + 30
        while process.descriptors(pid) > most and time.monotonic() < deadline:
            time.sleep(0.05)  # what /proc shows cannot be waited for
        self.assertLessEqual(process.descriptors(pid), most)
        if not os.environ.get("SWITCHHOOK_SANITIZE"):  # shadow memory and quarantine
            self.assertLess(process.memory(pid, "VmHWM") - memory, MOST_GROWTH)

    def is_retried(self, *codes, count=ROOMS):
        """What most tests are: served with a sick receiver, events fail with one of the codes, and come when it is well."""
        calls = self.calls(count)
        self.fails_as(*codes)
        self.comes_when_well(calls)
        self.did_not_grow()

    def is_delivered(self, count=ROOMS):
        """A complete 2xx head came: delivered, whatever follows."""
        calls = self.calls(count)
        self.all_delivered(calls)
        self.assertEqual(sorted(self.sick.requests), sorted(self.sick.taken), "a delivered event was sent again")
        self.did_not_grow()


def head(status, *lines):
    return "\r\n".join((f"HTTP/1.1 {status} Whatever", *lines, "", "")).encode()


class Connecting(HostileCase):
    def test_a_receiver_that_is_down_gets_its_events_when_it_is_up(self):
        down = self.hostile(good)
        down.close()
        self.serve(down)
        calls = self.calls()
        self.fails_as("connect_refused")
        self.sick = self.hostile(good, port=down.port)
        self.all_delivered(calls)
        self.did_not_grow()

    def test_a_receiver_that_never_accepts(self):
        self.serve(self.hostile(good, backlog=0, accepting=False))
        self.is_retried("timeout_connect")

    def test_a_receiver_that_accepts_slowly_gets_every_event(self):
        def slowly(connection):
            self.sick.over.wait(0.5)  # of the second that connecting may take
            good(connection)
        self.serve(self.hostile(slowly))
        calls = self.calls()
        self.all_delivered(calls)
        self.did_not_grow()

    def test_a_receiver_that_never_begins_the_handshake(self):
        self.serve(self.hostile(lambda connection: connection.hold()))
        self.is_retried("timeout_connect")

    def test_a_receiver_that_stops_in_the_middle_of_the_handshake(self):
        def half(connection):
            connection.read(65536)
            connection.send(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")  # the beginning of a ServerHello
            connection.hold()
        self.serve(self.hostile(half))
        self.is_retried("timeout_connect")

    def test_a_receiver_that_answers_the_handshake_with_a_reset(self):
        def reset(connection):
            connection.read(1)
            connection.reset()
        self.serve(self.hostile(reset))
        self.is_retried("tls_failed", "connection_reset")

    def test_a_receiver_that_speaks_plain_http(self):
        def plain(connection):
            connection.read(65536)
            connection.send(head(400))
        self.serve(self.hostile(plain))
        self.is_retried("tls_failed")

    def test_a_receiver_that_closes_every_connection_at_once(self):
        self.serve(self.hostile(lambda connection: None))
        self.is_retried("tls_failed", "connection_reset")


class Certificates(HostileCase):
    def sees_no_request(self, context):
        """After the receiver got a right certificate everything comes."""
        self.serve(self.hostile(good, context))
        calls = self.calls()
        self.fails_as("tls_verify_failed")
        self.assertEqual(self.sick.requests, [])
        self.sick.context = self.context
        self.sick.cut()
        self.all_delivered(calls)
        self.did_not_grow()

    def test_a_certificate_of_another_name(self):
        self.sees_no_request(server_context(*self.authority.certificate("other.example", "DNS:other.example")))

    def test_a_certificate_that_has_expired(self):
        self.sees_no_request(server_context(*self.authority.certificate("expired", days=-1)))

    def test_a_certificate_that_signed_itself(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "self.key", "-out", "self.pem"],
                       cwd=self.folder, check=True, capture_output=True)
        self.sees_no_request(server_context(self.folder / "self.pem", self.folder / "self.key"))


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


class OverHttp2(HostileCase):
    forwarder = {"http2": True}

    def setUp(self):
        super().setUp()
        self.context2 = server_context(*self.authority.certificate(), protocols=("h2", "http/1.1"))

    def test_an_event_comes_over_http2_once(self):
        self.serve(self.hostile(good_http2, self.context2))
        self.all_delivered(self.calls())
        self.did_not_grow()

    def leaves(self, misbehave, times=4):
        """misbehave(peer) on the first connections; the later ones are well."""
        def behave(connection):
            if self.sick.connections <= times:
                misbehave(Http2(connection))
            else:
                good_http2(connection)
        self.serve(self.hostile(behave, self.context2))
        calls = self.calls()
        self.all_delivered(calls)
        self.assertGreater(self.sick.connections, 1)
        self.did_not_grow()

    def test_goaway_that_says_nothing_was_done(self):
        def behave(peer):
            peer.request()
            peer.go_away(0)
        self.leaves(behave)

    def test_goaway_after_an_answer(self):
        def behave(peer):
            stream, event_id = peer.request()
            peer.accept(stream, event_id)
            peer.go_away(stream)
            peer.connection.hold()
        self.leaves(behave)

    def test_goaway_before_an_answer_that_still_comes(self):
        def behave(peer):
            stream, event_id = peer.request()
            peer.go_away(stream)
            peer.accept(stream, event_id)
            peer.connection.hold()  # closing at once could take the answer back
        self.leaves(behave)

    def test_goaway_in_the_middle_answers_some_and_leaves_others(self):
        def behave(peer):
            some = [peer.request() for _ in range(3)]
            peer.accept(*some[0])
            peer.go_away(some[0][0])
            peer.connection.hold()
        self.leaves(behave, times=2)

    def test_goaway_with_an_error(self):
        def behave(peer):
            peer.request()
            peer.go_away(0, 11)  # ENHANCE_YOUR_CALM
        self.leaves(behave)

    def test_a_stream_that_is_refused(self):
        def behave(peer):
            for _ in range(3):
                stream, _ = peer.request()
                peer.refuse(stream)
        self.leaves(behave, times=2)


if __name__ == "__main__":
    import unittest
    unittest.main()
