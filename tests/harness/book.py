"""The book of a run under fire: what was acknowledged, what arrived, when the server died; and what that proves.

Every arrival carries the number of the server's life that sent it (its user agent says so), because bytes that a dead
process left in a socket may be read after its successor's. Sorted by life, the arrivals of one stream at one hook must be:
the next event, or the last one again. Anything else is a fault.
"""
import threading
import time

DELIVERED, REFUSED, FAILED = "delivered", "refused", "failed"
TIMELINE = 40  # lines
LONGEST_SETTLE = 15  # seconds in which an answered attempt is durable, however busy the machine: later it was not under way


class Room:
    """A stream. `events` are in the order that its hook must see; `sent` in that of the sender. They differ when events are parked.
    `decided`: an event that names the hook was acknowledged; before that nothing was promised to it."""

    def __init__(self, name, hook):
        self.name, self.hook, self.decided, self.events, self.sent = name, hook, False, [], []


class Sent:
    """`hook` must get it when it is `wanted`, and nobody else. Not `certain`: it need not, but may."""

    __slots__ = ("room", "index", "id", "name", "hook", "wanted", "certain", "posts", "acked")

    def __init__(self, room, index, event_id, name, wanted):
        self.room, self.index, self.id, self.name, self.hook, self.wanted, self.certain = room, index, event_id, name, room.hook, wanted, True
        self.posts, self.acked = [], False


class Arrived:
    __slots__ = ("sent", "event_id", "hook", "life", "at", "answer", "answered")

    def __init__(self, sent, event_id, hook, life, at):
        self.sent, self.event_id, self.hook, self.life, self.at = sent, event_id, hook, life, at
        self.answer = self.answered = None


class Fault:
    def __init__(self, kind, text, timeline=()):
        self.kind, self.text, self.timeline = kind, text, list(timeline)

    def __str__(self):
        return "\n".join([f"{self.kind}: {self.text}", *self.timeline])


class Book:
    """Any thread may write."""

    def __init__(self):
        self._lock = threading.Condition(threading.Lock())
        self._acknowledged = 0
        self._began = time.monotonic()
        self._sent, self._arrived, self._lives = {}, [], {}
        self._strangers = []

    # What the sender writes.
    def room(self, name, hook):
        """hook: whoever must get its events; None: nobody."""
        return Room(name, hook)

    def sending(self, room, event_id, name, wanted=True, placed=True):
        """Not `placed`: expect() will say who gets it, and when."""
        with self._lock:
            sent = self._sent[event_id] = Sent(room, None, event_id, name, wanted)
            room.sent.append(sent)
            if placed:
                self._place(sent)
            return sent

    @staticmethod
    def _place(sent):
        sent.index = len(sent.room.events)
        sent.room.events.append(sent)

    def posted(self, sent, status, decides=False):
        with self._lock:
            sent.posts.append((time.monotonic(), status))
            if status == 200:
                self._acknowledged += not sent.acked
                self._lock.notify_all()
                sent.acked = True
                sent.room.decided = sent.room.decided or decides

    def expect(self, sent, hook, wanted=True, certain=True):
        """Comes after all that was placed before."""
        with self._lock:
            sent.hook, sent.wanted, sent.certain = hook, wanted, certain
            self._place(sent)

    def hook_removed(self, hook):
        """What had not arrived need not any more."""
        with self._lock:
            for sent in self._sent.values():
                if sent.hook == hook:
                    sent.certain = False

    # What the receiver writes.
    def arrived(self, hook, event_id, life):
        with self._lock:
            arrived = Arrived(self._sent.get(event_id), event_id, hook, life, time.monotonic())
            self._arrived.append(arrived)
            return arrived

    def answered(self, arrived, answer):
        """Before the answer is written: what follows in the stream may come at once."""
        with self._lock:
            arrived.answer, arrived.answered = answer, time.monotonic()

    def forged(self, hook, event_id, why):
        with self._lock:
            self._strangers.append(Fault("signature", f"{event_id} at {hook}: {why}"))

    # What the executioner writes.
    def died(self, life, how, settled=False):
        """settled: every delivery had been settled before, so that none of this life may come again."""
        with self._lock:
            self._lives[life] = (time.monotonic(), how, settled)

    # What can be asked.
    def wait_acknowledged(self, more, timeout):
        """Until that many more events were acknowledged."""
        with self._lock:
            count = self._acknowledged + more
            return self._lock.wait_for(lambda: self._acknowledged >= count, timeout)

    def figures(self):
        with self._lock:
            streams = self._streams()
            repeats = sum(1 for stream in streams.values() for before, one in zip(stream, stream[1:])
                          if before.sent is one.sent and before.answer in (DELIVERED, REFUSED))
            return {
                "events": len(self._sent),
                "acknowledged": sum(1 for sent in self._sent.values() if sent.acked),
                "given up by the sender": sum(1 for sent in self._sent.values() if sent.posts and not sent.acked),
                "promised": sum(1 for sent in self._sent.values() if self._promised(sent)),
                "arrivals": len(self._arrived),
                "deaths": len(self._lives),
                "repeated after a death": repeats,
                "longest from an answer to a death that undid it, ms": round(max(self._unsettled(streams.values()), default=0) * 1000),
                "refused": len({a.event_id for a in self._arrived if a.answer == REFUSED}),
            }

    def faults(self):
        """Empty when the promise was kept. To be asked when nothing is under way any more."""
        with self._lock:
            found = list(self._strangers)
            for one in self._arrived:
                if one.sent is None:
                    found.append(Fault("invented", f"{one.event_id} arrived at {one.hook} and was never sent"))
                elif one.hook != one.sent.hook:
                    found.append(Fault("crossed", f"{one.event_id} of {one.sent.hook} arrived at {one.hook}", self._timeline(one.sent.room, one.event_id)))
                elif not one.sent.wanted:
                    found.append(Fault("unwanted", f"{one.event_id} ({one.sent.name}) arrived at {one.hook}, which takes no such event",
                                       self._timeline(one.sent.room, one.event_id)))
            streams = self._streams().values()
            for stream in streams:
                found += self._stream_faults(stream)
            late = [age for age in self._unsettled(streams) if age > LONGEST_SETTLE]
            if late:
                found.append(Fault("repeated", f"{len(late)} events came again that had been answered up to {max(late):.1f} s before the death"))
            done = {a.event_id for a in self._arrived if a.answer in (DELIVERED, REFUSED)}
            for sent in self._sent.values():
                if self._promised(sent) and sent.id not in done:
                    found.append(Fault("lost", f"{sent.id} ({sent.name}) was answered 200 and never came to {sent.hook}",
                                       self._timeline(sent.room, sent.id)))
            return found

    def _unsettled(self, streams):
        """For each event that came again after a death: how long before that death it had been answered, in seconds."""
        ages = []
        for stream in streams:
            for before, one in zip(stream, stream[1:]):
                if before.sent is one.sent and before.life != one.life and before.answered is not None and before.life in self._lives:
                    ages.append(max(0.0, self._lives[before.life][0] - before.answered))
        return ages

    def _promised(self, sent):
        return sent.acked and sent.wanted and sent.certain and sent.hook is not None and sent.room.decided

    def _streams(self):
        streams = {}
        for one in self._arrived:
            if one.sent is not None and one.hook == one.sent.hook:
                streams.setdefault((one.hook, one.sent.room.name), []).append(one)
        for stream in streams.values():
            stream.sort(key=lambda one: one.life)  # stable: within a life in order of arrival
        return streams

    def _stream_faults(self, stream):
        room, found, last, came = stream[0].sent.room, [], None, set()
        for one in stream:
            if last is None or one.sent.index > last.sent.index:
                passed = room.events[0 if last is None else last.sent.index + 1:one.sent.index]
                for sent in passed:
                    if sent.hook == one.hook and self._promised(sent):
                        found.append(Fault("overtaken", f"{one.event_id} came to {one.hook} before {sent.id}", self._timeline(room, sent.id)))
                if last is not None and last.sent.certain and last.answer not in (DELIVERED, REFUSED):
                    found.append(Fault("overtaken", f"{one.event_id} came to {one.hook} although {last.event_id} had not ended",
                                       self._timeline(room, last.event_id)))
            elif one.sent.index < last.sent.index:
                kind = "repeated" if one.sent.id in came else "overtaken"
                found.append(Fault(kind, f"{one.event_id} came to {one.hook} after {last.event_id}", self._timeline(room, one.event_id)))
            elif last.answer in (DELIVERED, REFUSED):
                found += self._repeat_faults(last, one)
            came.add(one.sent.id)
            last = one
        return found

    def _repeat_faults(self, last, one):
        if one.life == last.life:
            return [Fault("repeated", f"{one.event_id} was {last.answer} and came again in the same life {one.life}",
                          self._timeline(one.sent.room, one.event_id))]
        _, how, settled = self._lives.get(last.life, (0, "", False))
        if settled:
            return [Fault("repeated", f"{one.event_id} had been settled before life {last.life} ended ({how}) and came again in life {one.life}",
                          self._timeline(one.sent.room, one.event_id))]
        return []

    def _timeline(self, room, about):
        """Around the first mention of that event."""
        lines = []
        for sent in room.sent:
            lines += [(at, f"sent {sent.id} {sent.name}: {'no answer' if status is None else status}") for at, status in sent.posts]
        ids = {sent.id for sent in room.sent}
        lines += [(a.at, f"arrived {a.event_id} at {a.hook} from life {a.life}: {a.answer or 'no answer yet'}") for a in self._arrived if a.event_id in ids]
        if lines:
            first, until = min(lines)[0], max(lines)[0]
            lines += [(at, f"life {life} ended: {how}") for life, (at, how, _) in self._lives.items() if first <= at <= until + 5]
        lines = [f"  {at - self._began:9.3f} s  {text}" for at, text in sorted(lines)]
        first = next((place for place, line in enumerate(lines) if f" {about} " in line), 0)
        begin, end = max(0, first - TIMELINE // 2), first + TIMELINE // 2
        return ([f"  ... {begin} earlier ..."] if begin else []) + lines[begin:end] + ([f"  ... {len(lines) - end} later ..."] if end < len(lines) else [])
