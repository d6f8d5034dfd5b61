"""Receivers that are down, slow, broken or hostile, over real TLS: each harms its own deliveries and nobody else's. What their tests share.

In each test one tenant's receiver misbehaves while another tenant's is well. The well one gets all of its events while the
other still misbehaves; the server neither grows nor keeps descriptors; and what was not delivered comes, in order, as soon
as the receiver is well again.
"""
import os
import time

from tests.harness import process
from tests.harness.hostile import Hostile, server_context
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
