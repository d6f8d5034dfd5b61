"""Receivers that leave in the middle of an HTTP/2 connection; see hostile_case.py."""
import unittest

from tests.harness.hostile import Http2, good_http2, server_context
from tests.integration.hostile_case import HostileCase


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
    unittest.main()
