"""How a call is made: the one thing in which the two levels of the lab differ.

Level B, always: a participant whose token says kind `sip` and carries the attributes that the bridge would set.
Level C, when LIVEKIT_SIP names the bridge's binary: an INVITE by sipp, through trunk, rule and the real bridge.
"""
import itertools
import unittest

from tests.e2e.lab import BRIDGE

CALLED = "+15551230001"
# As dialled; the model of the golden files (tests/data/golden/model.py) knows by hand where each leads.
TO_CUSTOMER_A = "<sip:+15551230001@customer-a.com>"
TO_CUSTOMER_B = "<sip:+15551230002@customer-b.com>"
TO_SALES_OF_A = '"Desk \\"A>B\\" 1" <sip:100@Sales.Customer-A.com:5060;transport=udp>'  # only the wildcard *.customer-a.com knows it
TO_THE_BRIDGE = "<sip:+15551230002@127.0.0.1:15060>"
TO_NOBODY = "<sip:100@nobody.example>"

_numbers = itertools.count(5557650000)
left_out = []  # names of tests that need the bridge


def with_the_bridge(test):
    """Marks a test that no double can stand in for."""
    if BRIDGE:
        return test
    left_out.append(test.__qualname__)
    return unittest.skip("needs the SIP bridge (LIVEKIT_SIP)")(test)


class Call:
    """One call that is being made. `caller` is its own number; its room is known when LiveKit has announced it."""

    def __init__(self, witness, caller):
        self.caller, self._witness = caller, witness

    def _first(self, timeout=30):
        def found(sightings):
            return next((s for s in sightings if s.attributes.get("sip.phoneNumber") == self.caller), None)
        return self._witness.wait(found, f"the call from {self.caller}", timeout)

    @property
    def room(self):
        return self._first().room

    @property
    def call_id(self):
        return self._first().attributes["sip.callID"]

    def wait_answered(self, timeout=30):
        """Until somebody else has published: the bridge sends its 200 then."""
        return answer_in(self._witness, self.room, f"sip_{self.caller}", timeout)

    def wait_finished(self, timeout=30):
        """Until LiveKit has said room_finished."""
        return self._witness.wait_for("room_finished", self.room, timeout=timeout)


def answer_in(witness, room, identity, timeout=30):
    """The first track of somebody else than that caller."""
    def found(sightings):
        return next((s for s in sightings if s.name == "track_published" and s.room == room and s.participant["identity"] != identity), None)
    return witness.wait(found, f"an answer in {room}", timeout)


def next_caller():
    return f"+1{next(_numbers)}"


def phone(witness, participants, answering, **bridge):
    """Whoever makes the calls at this level; `bridge`: SippPhone's."""
    if BRIDGE:
        from tests.e2e.phone_sipp import SippPhone  # pylint: disable=import-outside-toplevel
        return SippPhone(witness, answering, **bridge)
    from tests.e2e.phone_double import DoublePhone  # pylint: disable=import-outside-toplevel
    return DoublePhone(witness, participants, answering)
