"""The ledger: LiveKit's rooms send, several tenants receive, the server dies at random instants, and the book must balance.

    ./dev ledger N [SEED]      Ctrl-C ends it after the round that runs, and balances the book
"""
import argparse
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

from tests.harness.book import DELIVERED, FAILED, REFUSED, Book, Fault
from tests.harness.livekit import event, verify
from tests.harness.notifier import Notifier
from tests.harness.server import Server, config
from tests.harness.tenant import Tenant
from tests.harness.tls import Authority

LIFE = "ledger/"  # the user agent says which life of the server sent a request
ROOMS = 16        # that send at the same time
HOOKS = [         # host, tenant, settings of the hook
    ("customer-a.com", "tenant-a", {}),
    ("sales.customer-a.com", "tenant-a", {}),
    ("customer-b.com", "tenant-b", {"secret": "the-secret-of-tenant-b"}),
    ("customer-c.com", "tenant-c", {"events": ["participant_joined", "participant_left"]}),
]
SECRET = "0123456789abcdef0123"
STRANGER = "nobody.example"  # no hook has this host


class Ledger:
    """`folder` is the caller's. run() answers the faults that were found; `book` has the figures."""

    def __init__(self, folder, seed):
        self.seed, self.book = seed, Book()
        self._random = random.Random(seed)
        self._ended = threading.Event()
        self._senders = []
        self._broken = []  # what went wrong in a thread
        self._gate = threading.Condition()
        self._shut, self._sending = False, 0
        authority = Authority(pathlib.Path(folder) / "tls")
        self._tenants = {host: self._tenant(authority, host, auth_id, more.get("secret", SECRET)) for host, auth_id, more in HOOKS}
        hooks = [{"host": host, "url": self._tenants[host].url(), "auth_id": auth_id, **more} for host, auth_id, more in HOOKS]
        # Nothing may expire in a run: what is missing at its end was lost.
        self._configuration = config(folder, hooks, authority, delivery={"max_age": "1h"})
        self.server = Server(folder, self._configuration)
        self.life = 0
        self.enough = False  # set from a signal's handler: the book is balanced after the round that runs
        self.start_seconds = []

    # The receivers.
    def _tenant(self, authority, host, auth_id, secret):
        tenant = Tenant(authority, keep=False)
        temper = random.Random(f"{self.seed} {host}")
        refused = f"refuse-{host}"

        def answer(arrival):
            event_id = arrival.headers["webhook-id"]
            noted = self.book.arrived(host, event_id, int(arrival.headers["User-Agent"].removeprefix(LIFE)))
            try:
                verify(arrival.headers["Authorization"], arrival.body, auth_id, secret)
            except (KeyError, ValueError) as fault:
                self.book.forged(host, event_id, str(fault))
            mood = temper.random()
            if mood < 0.3:
                self._ended.wait(temper.uniform(0, 0.03))  # so that a death finds attempts under way
            if mood > 0.97:
                self.book.answered(noted, FAILED)
                return (503, {}, b"") if mood > 0.98 else (None, {}, b"")
            if refused in event_id:
                self.book.answered(noted, REFUSED)
                return 422, {}, b""
            self.book.answered(noted, DELIVERED)
            return 200, {}, b""
        tenant.answer = answer
        return tenant

    # The senders.
    def _send(self, number):
        choice = random.Random(f"{self.seed} room {number}")
        notifier = Notifier(lambda: self.server.port, scale=0.1)
        calls = 0
        try:
            while not self._ended.is_set():
                calls += 1
                self._call(f"{number}-{calls}", choice, notifier)
        except Exception as fault:  # whatever it is, the run has to end with it
            self._broken.append(fault)
        finally:
            notifier.close()

    def _call(self, tag, choice, notifier):
        """One call's events, in LiveKit's order. A sender that gave one up goes on with the next, as LiveKit does."""
        host, _, more = choice.choice([*HOOKS, HOOKS[0], (STRANGER, "", {})])
        room = self.book.room(f"sip-{tag}", None if host == STRANGER else host)
        wanted = more.get("events")
        caller = {"sid": f"PA_{tag}", "identity": f"sip_{tag}", "kind": "SIP", "attributes": {"sip.callID": f"SCL_{tag}",
                                                                                             "sip.h.to": f"<sip:100@{host}>;tag={tag}"}}
        names = ["room_started", "participant_joined", *["track_published"] * choice.randrange(4), "participant_left", "room_finished"]
        if choice.random() < 0.3:
            names.insert(1, "track_published")  # before anybody knows whose the room is
        for index, name in enumerate(names):
            if self._ended.is_set():
                return
            refuse = f"-refuse-{host}" if choice.random() < 0.02 else ""
            event_id = f"EV_{tag}-{index}{refuse}"
            of_call = name.startswith("participant")
            body = event(name, room.name, f"RM_{tag}", event_id, participant=caller if of_call else None, padding="x" * choice.randrange(3000))
            with self._gate:
                self._gate.wait_for(lambda: not self._shut or self._ended.is_set())
                self._sending += 1
            try:
                sent = self.book.sending(room, event_id, name, wanted is None or name in wanted)
                last = notifier.notify(body, lambda status, sent=sent, of_call=of_call: self.book.posted(sent, status, decides=of_call))
            finally:
                with self._gate:
                    self._sending -= 1
                    self._gate.notify_all()
            if last not in (None, 200, 503):
                raise AssertionError(f"{event_id} was answered {last}")
            if choice.random() < 0.3:
                self._ended.wait(choice.uniform(0, 0.02))

    # The executioner.
    def run(self, rounds, progress=lambda done: None):
        """The faults. Raises when the run itself went wrong."""
        for number in range(ROOMS):
            self._senders.append(threading.Thread(target=self._send, args=(number,), daemon=True))
        try:
            self._live()
            for sender in self._senders:
                sender.start()
            for done in range(rounds):
                if self.enough:
                    break
                self._round()
                self._live()
                progress(done + 1)
                if self._broken:
                    raise self._broken[0]
            if not self._quiet():
                self.book.died(self.life, "the end: it never became quiet")
            faults = self.book.faults()
            faults += self._dead_letters()
            return faults
        finally:
            self.close()

    def close(self):
        self._ended.set()
        with self._gate:
            self._gate.notify_all()
        for sender in self._senders:
            if sender.ident is not None:
                sender.join()
        if self.server.process is not None:
            self.server.kill()
        for tenant in self._tenants.values():
            tenant.close()

    def _prepare(self):
        self.life += 1
        self._configuration["forwarder"]["user_agent"] = f"{LIFE}{self.life}"
        self.server.write(self._configuration)

    def _live(self):
        self._prepare()
        began = time.monotonic()
        self.server.start()
        self.start_seconds.append(time.monotonic() - began)

    def _round(self):
        # By events and not by time alone: a death finds work under way on a busy machine, too.
        self.book.wait_acknowledged(self._random.randrange(150), 5)
        self._ended.wait(self._random.uniform(0, 0.03))
        chance = self._random.random()
        if chance < 0.05:
            if not self._quiet():
                raise AssertionError(f"it never became quiet:\n{self.server.log()[-2000:]}")
            self._kill("killed when everything was settled", settled=True)
            self._open_gate()
        elif chance < 0.1:
            self.server.process.send_signal(signal.SIGTERM)
            code = self.server.process.wait(60)
            if code != 0:
                raise AssertionError(f"a stop ended with {code}:\n{self.server.log()[-2000:]}")
            self.book.died(self.life, "stopped", settled=True)
        else:
            self._kill("killed")
        if self._random.random() < 0.1:
            self._prepare()
            self.server.launch()
            self._ended.wait(self._random.uniform(0, 0.1))
            self._kill("killed while it started")

    def _kill(self, how, settled=False):
        self.server.kill()
        self.book.died(self.life, how, settled)

    def _open_gate(self):
        with self._gate:
            self._shut = False
            self._gate.notify_all()

    def _quiet(self, timeout=120):
        """Lets no further event begin, and waits until everything is settled."""
        deadline = time.monotonic() + timeout
        with self._gate:
            self._shut = True
            if not self._gate.wait_for(lambda: self._sending == 0, timeout):
                return False
        while time.monotonic() < deadline:
            if self.server.metric("switchhook_queue_depth") == 0:
                return True
            time.sleep(0.02)  # a gauge of another process
        return False

    def _dead_letters(self):
        kept, refused = self.server.metric("switchhook_dead_letters"), self.book.figures()["refused"]
        return [] if kept == refused else [Fault("lost", f"{refused} events were refused, and {kept} dead letters are kept")]


def summary(ledger, seconds):
    starts = sorted(ledger.start_seconds)
    lines = [f"{name}: {value}" for name, value in ledger.book.figures().items()]
    lines.append(f"start until it listens: median {starts[len(starts) // 2] * 1000:.0f} ms, longest {starts[-1] * 1000:.0f} ms")
    lines.append(f"duration: {seconds:.0f} s")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="./dev ledger")
    parser.add_argument("rounds", type=int, nargs="?", default=100)
    parser.add_argument("seed", type=int, nargs="?", default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-ledger-"))
    began = time.monotonic()

    def progress(done):
        if done % 10 == 0 or done == arguments.rounds:
            figures = ledger.book.figures()
            print(f"{done:6} of {arguments.rounds} rounds  {time.monotonic() - began:6.0f} s  {figures['acknowledged']:8} acknowledged  "
                  f"{figures['repeated after a death']:6} repeated", flush=True)
    ledger = Ledger(folder, arguments.seed)
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, lambda *_: setattr(ledger, "enough", True))
    faults = ledger.run(arguments.rounds, progress)
    print(summary(ledger, time.monotonic() - began))
    for fault in faults[:5]:
        print(f"\n{fault}")
    if faults:
        print(f"\n{len(faults)} faults with seed {arguments.seed}; store, log and configuration are in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print("\nThe book balances: nothing was lost, nothing overtaken, nothing crossed, and only what was under way came twice.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
