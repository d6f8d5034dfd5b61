"""Random calls, hooks, failures and restarts against an independent model: the promise, the order, and the walls between tenants.

RANDOM_CALLS_SEED=N repeats one seed; RANDOM_CALLS_RUNS=N makes more runs."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import tempfile
import threading
import time
import unittest

from tests.harness.book import DELIVERED, FAILED, REFUSED, Book
from tests.harness.livekit import Sender, event
from tests.harness.rooms_model import Happening, Hook, Rooms
from tests.harness.server import Server, config
from tests.harness.tenant import Tenant
from tests.harness.tls import Authority

RUNS = int(os.environ.get("RANDOM_CALLS_RUNS", "5"))
FAMILIES = 8  # groups of rooms that share calls; each is driven by one thread, so that its order is known
DEATHS = 4
CONFIGURED = [Hook("alpha.example", "tenant-a"), Hook("beta.example", "tenant-b"), Hook("gamma.example", "tenant-a", ["participant_joined", "room_finished"]),
              Hook("*.wild.example", "tenant-w"), Hook("open.example")]
BY_API = [Hook("delta.example", "tenant-d"), Hook("epsilon.example", "tenant-b")]
STRANGERS = ["nobody.example", "alpha.example.org", "wild.example"]


class Family:
    """Rooms that share calls and people; makes one random event after the other."""

    def __init__(self, number, seed):
        self._random = random.Random(f"{seed} family {number}")
        self._tag, self._count = f"{number}-{seed % 100000}", 0
        shares = self._random.random() < 0.6
        self._calls = []
        self._rooms = []
        for room in range(self._random.randrange(1, 4)):
            tenant = "" if shares or self._random.random() < 0.5 else self._random.choice(["tenant-a", "tenant-b", "tenant-x"])
            for sid in range(self._random.choice([1, 1, 2])):
                self._rooms.append((f"sip-{self._tag}-{room}", f"RM_{self._tag}-{room}-{sid}", tenant))
        self._people = [f"PA_{self._tag}-{person}" for person in range(4)]
        self._shares = shares
        self._own_calls = {}

    def next(self, hosts):
        """(happening, name, body)"""
        choice, self._count = self._random, self._count + 1
        room, sid, tenant = choice.choice(self._rooms[:1 + self._count // 4])
        name = choice.choice(["room_started", "participant_joined", "participant_joined", "participant_left", "track_published", "track_unpublished",
                              "room_finished"])
        happening = Happening(f"EV_{self._tag}-{self._count}" + ("-refuse" if choice.random() < 0.05 else ""), room, sid, room_tenant=tenant)
        if choice.random() < 0.1:
            happening.sid = ""
        attributes, participant = {}, {}
        if name.startswith(("participant", "track")):
            happening.participant = choice.choice(self._people)
            participant = {"sid": happening.participant}
            if choice.random() < 0.5:
                happening.call, happening.host = self._call(room, choice.choice(hosts))
                attributes = {"sip.callID": happening.call, "sip.h.to": self._address(happening.host)}
        body = {"sid": happening.sid, "name": room}
        if not happening.sid:
            del body["sid"]
        if tenant:
            body["metadata"] = json.dumps({"auth_id": tenant})
        text = event(name, event_id=happening.id, attributes=attributes, participant=participant, padding="x" * choice.randrange(2000))
        return happening, name, json.dumps({**json.loads(text), "room": body}).encode()

    def _call(self, room, host):
        """A new call, or an earlier one, perhaps with another host than it had."""
        known = self._calls if self._shares else self._own_calls.setdefault(room, [])
        if not known or self._random.random() < 0.5:
            known.append(f"SCL_{self._tag}-{room}-{len(known)}")
        return self._random.choice(known), host

    def _address(self, host):
        form = self._random.choice(["<sip:100@{}>;tag=1", "<sip:100@{}:5060;transport=udp>", '"Front, <Desk>" <sip:+15551230001@{}>', "sips:100@{}"])
        return form.format(self._random.choice([host, host.upper(), host + "."]) if "sips" not in form else host)


class Run:
    def __init__(self, folder, seed):
        self.seed, self.book, self.life = seed, Book(), 0
        self._random, self._over = random.Random(seed), threading.Event()
        self._gates = [threading.Lock() for _ in range(FAMILIES)]  # each is held by its driver while it sends, and all while hooks change
        self._broken = []
        authority = Authority(pathlib.Path(folder) / "tls")
        self._receivers = {hook.host: self._receiver(authority, hook.host) for hook in CONFIGURED + BY_API}
        self._hooks = {hook.host: hook for hook in CONFIGURED}
        self._configuration = config(folder, [self._row(hook) for hook in CONFIGURED], authority,
                                     delivery={"max_age": "1h", "window": self._random.choice([16, 256])})
        self.server = Server(folder, self._configuration)
        self._threads = [threading.Thread(target=self._drive, args=(number,), daemon=True) for number in range(FAMILIES)]

    def _row(self, hook):
        row = {"host": hook.host, "url": self._receivers[hook.host].url(), "auth_id": hook.tenant}
        if not hook.tenant:
            del row["auth_id"]
        return {**row, "events": hook.events} if hook.events else row

    def _receiver(self, authority, host):
        receiver, temper = Tenant(authority, keep=False), random.Random(f"{self.seed} {host}")

        def answer(arrival):
            event_id = arrival.headers["webhook-id"]
            noted = self.book.arrived(host, event_id, int(arrival.headers["User-Agent"]))
            mood = temper.random()
            if mood < 0.3:
                self._over.wait(temper.uniform(0, 0.03))
            if mood > 0.9:
                self.book.answered(noted, FAILED)
                return ((None if mood > 0.97 else temper.choice([401, 404, 408, 429, 500, 503])), {}, b"")
            if event_id.endswith("-refuse"):
                self.book.answered(noted, REFUSED)
                return temper.choice([400, 413, 415, 422]), {}, b""
            self.book.answered(noted, DELIVERED)
            return temper.choice([200, 202, 204]), {}, b""
        receiver.answer = answer
        return receiver

    def _drive(self, number):
        family, sent_of, sender = Family(number, self.seed), {}, None
        names, choice, model, streams, old = {}, random.Random(f"{self.seed} driver {number}"), Rooms(self._hooks), {}, []
        try:
            while not self._over.is_set():
                with self._gates[number]:
                    hosts = [host.replace("*", "deep.er") for host in self._hooks] + STRANGERS
                    happening, name, body = family.next(hosts)
                    stream = streams.setdefault(happening.room, self.book.room(happening.room, None))
                    stream.decided = True
                    names[happening.id] = name
                    sent = sent_of[happening.id] = self.book.sending(stream, happening.id, f"{name} {happening}", placed=False)
                    for event_id, host in model.play(happening).items():
                        hook = self._hooks.get(host)  # a room keeps a hook that was removed, and what goes there need not arrive
                        self.book.expect(sent_of[event_id], host, hook is None or hook.wants(names[event_id]), hook is not None)
                    old.append((sent, body))
                    for each, text in [old[-1]] + ([choice.choice(old)] if choice.random() < 0.1 else []):
                        sender = self._post(sender, each, text)
                if choice.random() < 0.5:
                    self._over.wait(choice.uniform(0, 0.02))
        except Exception as fault:  # whatever it is, the run has to end with it
            self._broken.append(fault)
        finally:
            if sender is not None:
                sender.close()

    def _post(self, sender, sent, body):
        """Until it is answered 200: the model has to know what the server knows."""
        deadline = time.monotonic() + 90
        while True:
            if sender is None or sender.port != self.server.port:
                if sender is not None:
                    sender.close()
                sender = Sender(self.server.port)
            try:
                status = sender.post(body, timeout=30)[0]
            except (OSError, http.client.HTTPException):
                status = None
            self.book.posted(sent, status)
            if status == 200:
                return sender
            if status not in (None, 503) or time.monotonic() > deadline:
                raise AssertionError(f"{sent.id} was answered {status}")
            time.sleep(0.01)  # LiveKit waits longer

    def _live(self):
        self.life += 1
        self._configuration["forwarder"]["user_agent"] = str(self.life)
        self.server.write(self._configuration)
        self.server.start()

    def _die(self):
        if self._random.random() < 0.2:
            self.server.process.send_signal(signal.SIGTERM)
            self.server.process.wait(60)
            self.book.died(self.life, "stopped", settled=True)
        else:
            self.server.kill()
            self.book.died(self.life, "killed")

    def _change_hooks(self, change):
        """No driver is under way meanwhile: from here on the model knows the new hooks, and so must the server, whatever happens to it."""
        for gate in self._gates:
            gate.acquire()
        try:
            change()
        finally:
            for gate in self._gates:
                gate.release()

    def _add(self, hook):
        status, _, body = self.server.request("POST", "/sip/hooks", {"hooks": [{"host": hook.host, "url": self._receivers[hook.host].url(),
                                                                                "auth_id": hook.tenant}]})
        if status != 200:
            raise AssertionError(f"a hook was answered {status}: {body}")
        self._hooks[hook.host] = hook

    def _remove(self, host):
        status, _, body = self.server.request("DELETE", "/sip/hooks", {"hosts": [host]})
        if status != 200:
            raise AssertionError(f"a removal was answered {status}: {body}")
        del self._hooks[host]
        self.book.hook_removed(host)

    def play(self):
        self._live()
        for thread in self._threads:
            thread.start()
        try:
            for number in range(DEATHS):
                self._over.wait(self._random.uniform(0.2, 0.8))
                if number < len(BY_API):
                    self._change_hooks(lambda number=number: self._add(BY_API[number]))
                elif number == DEATHS - 1:
                    self._change_hooks(lambda: self._remove(BY_API[0].host))
                self._over.wait(self._random.uniform(0, 0.3))
                self._die()
                self._live()
                if self._broken:
                    break
            self._over.wait(0.5)
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()
        if self._broken:
            raise self._broken[0]
        deadline = time.monotonic() + 90
        while self.server.metric("switchhook_queue_depth") and time.monotonic() < deadline:
            time.sleep(0.02)  # a gauge of another process
        return self.book.faults()

    def close(self):
        self._over.set()
        if self.server.process is not None:
            self.server.kill()
        for receiver in self._receivers.values():
            receiver.close()


class RandomCalls(unittest.TestCase):
    def test_the_promise_the_order_and_the_walls_hold_for_random_calls(self):
        given = os.environ.get("RANDOM_CALLS_SEED")
        for seed in [int(given)] if given else [random.SystemRandom().randrange(1 << 32) for _ in range(RUNS)]:
            with self.subTest(RANDOM_CALLS_SEED=seed):
                folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-random-"))
                self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
                run = Run(folder, seed)
                try:
                    faults = run.play()
                finally:
                    run.close()
                figures = run.book.figures()
                print(f"\nRANDOM_CALLS_SEED={seed}: {figures}", flush=True)
                self.assertEqual(faults, [], f"{len(faults)} faults with RANDOM_CALLS_SEED={seed}; the first:\n{faults[0] if faults else ''}")
                self.assertGreater(figures["promised"], 50, "hardly anything was sent: the run proves nothing")


if __name__ == "__main__":
    unittest.main()
