"""Receivers that never get as far as a request, over TCP and TLS; see hostile_case.py."""
import subprocess
import unittest

from tests.harness.hostile import good, head, server_context
from tests.integration.hostile_case import HostileCase


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


if __name__ == "__main__":
    unittest.main()
