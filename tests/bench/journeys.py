"""Joins what the load generator noted (due, sent, answered) with what the sink noted (arrived) into the way of each event.

Both clocks are CLOCK_MONOTONIC of one machine. Latency is counted from when an event was due, so that a load generator that falls
behind makes the figures worse and not better.
"""
import dataclasses

MS = 1e6  # nanoseconds

ROOM_STARTED = 0  # numbers of events in the recorded call
JOINED = 1        # the first with a call id: it says whose the call is


@dataclasses.dataclass
class Journey:
    event: str
    number: int  # of the event in its call
    host: int
    due: int
    sent: int
    answered: int
    arrivals: list = dataclasses.field(default_factory=list)  # nanoseconds, of each attempt's complete request
    answers: list = dataclasses.field(default_factory=list)   # when the sink began to answer each

    @property
    def call(self):
        return self.event[:-2]


def read(load_notes, sink_notes):
    """Event id -> Journey; `sink_notes`: the files of all sinks."""
    journeys = {}
    with open(load_notes, encoding="ascii") as lines:
        for line in lines:
            event, *numbers = line.split()
            journeys[event] = Journey(event, *map(int, numbers))
    for notes in sink_notes:
        with open(notes, encoding="ascii") as lines:
            for line in lines:
                event, _path, complete, answered = line.split()
                if event in journeys:  # not those of a warm-up
                    journeys[event].arrivals.append(int(complete))
                    journeys[event].answers.append(int(answered))
    return journeys


def end_to_end_ms(journeys, hosts=None):
    """(of events that wait for nothing but their turn, of each call's first event from when its join was due).

    A call's first event, room_started, has no call id: it is kept until the participant_joined that tells whose the call is. By
    design it leaves then, so its time is counted from there; the join itself leaves behind it, which its own figure contains.
    """
    usual, first = [], []
    joins = {journey.call: journey.due for journey in journeys.values() if journey.number == JOINED}
    for journey in journeys.values():
        if hosts is not None and journey.host not in hosts:
            continue
        if not journey.arrivals:
            raise RuntimeError(f"{journey.event} never arrived")
        if journey.number == ROOM_STARTED:
            first.append((journey.arrivals[0] - joins[journey.call]) / MS)
        else:
            usual.append((journey.arrivals[0] - journey.due) / MS)
    return usual, first


def retry_lateness_ms(journeys, retry_after_ms):
    """Of each second attempt: how long after `retry_after_ms` since the first one's answer it arrived."""
    return [(journey.arrivals[1] - journey.answers[0]) / MS - retry_after_ms for journey in journeys.values()]


def overtaken(journeys):
    """Events that arrived before an earlier one of their call."""
    last, count = {}, 0
    for journey in sorted(journeys.values(), key=lambda each: (each.call, each.number)):
        if journey.arrivals and journey.arrivals[0] < last.get(journey.call, 0):
            count += 1
        if journey.arrivals:
            last[journey.call] = journey.arrivals[0]
    return count
