"""What the end-to-end tests share: a lab per class; per test a server, tenants, and the rules that every delivery must keep."""
import importlib.util
import json
import pathlib
import re
import shutil
import tempfile
import unittest

from tests.e2e.lab import LIVEKIT_PORT, WEBHOOK_PORT, Lab
from tests.e2e.participants import Answering, Participants
from tests.e2e.phone import phone
from tests.e2e.witness import Witness
from tests.harness.livekit import verify
from tests.harness.server import Server, config
from tests.harness.tenant import Tenant
from tests.harness.tls import Authority

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "data" / "golden"
HOOK_SECRET = "0123456789abcdef0123"  # as tests/harness/server.py configures it


def _model():
    """The independent model that wrote the golden files."""
    spec = importlib.util.spec_from_file_location("golden_model", GOLDEN / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MODEL = _model()
HOST_OF = {tenant: host for host, tenant in MODEL.HOOKS.items()}


def without_password(body):
    """A webhook's body as a tenant may see it."""
    return re.sub(rb'("turnPassword":\s*)"[^"]*"', rb'\1""', body)


class Case(unittest.TestCase):
    maxDiff = None
    settings = None  # LiveKit's; none: the lab's own

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="e2e-class-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = Authority(cls.shared / "tls")
        cls.lab = Lab(cls.shared / "lab", settings=cls.settings)
        cls.addClassCleanup(cls.lab.end)
        cls.witness = Witness()
        cls.addClassCleanup(cls.witness.close)
        cls.participants = Participants()
        cls.addClassCleanup(cls.participants.close)
        cls.answering = Answering(cls.participants, cls.witness)
        cls.phone = phone(cls.witness, cls.participants, cls.answering, api=cls.lab.api)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="e2e-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.witness.forget()
        self.tenants, self.server = {}, None

    def tearDown(self):
        """A test that failed shows what LiveKit said, and the server's log."""
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            print("\n-- seen by the witness:", *(f"{s.name} {s.room} {s.participant.get('identity', '')}" for s in self.witness.snapshot()), sep="\n   ")
            for name, tenant in self.tenants.items():
                print(f"-- arrived at {name}:", *(f"{a.event['event']} {a.event.get('room', {}).get('name')}" for a in tenant.snapshot()), sep="\n   ")
            if self.answering.faults:
                print("-- who should have answered:", *self.answering.faults, sep="\n   ")
            lines = [line for line in self.lab.log("livekit").splitlines() if "webhook" in line and "200 OK" not in line]
            print("-- LiveKit about webhooks that were not answered 200:", *lines[-10:], sep="\n   ")
            if self.server is not None and self.server.process is not None and self.server.process.poll() is None:
                lines = self.server.request("GET", "/metrics", admin=True)[2].decode().splitlines()
                print("-- switchhook's counts:", *(x for x in lines if not re.search(r"^#| 0$|_bucket", x)), sep="\n   ")
            log = self.folder / "switchhook.log"
            if log.exists():
                print("-- switchhook's log:", log.read_text(encoding="utf-8", errors="replace")[-6000:], sep="\n")

    # -- parts -----------------------------------------------------------------------------------------------------

    def tenant(self, name="tenant-a", port=0):
        """A real HTTPS endpoint of that tenant."""
        self.tenants[name] = tenant = Tenant(self.authority, port)
        self.addCleanup(lambda: self.tenants[name].close())
        return tenant

    def hook(self, name, host=None, **more):
        """The hook of a tenant that was made with tenant()."""
        return {"host": host or HOST_OF[name], "url": f"https://127.0.0.1:{self.tenants[name].port}/events", "auth_id": name, **more}

    def switchhook(self, *hooks, start=True, addresses=None, **blocks):
        """The real program. `addresses`: allowed to call; `blocks`: of its configuration, instead of the lab's."""
        blocks = {"server": {"host": "127.0.0.1", "port": WEBHOOK_PORT},
                  "livekit": {"url": f"http://127.0.0.1:{LIVEKIT_PORT}", "api_key": "devkey", "api_secret": "secret"},
                  **blocks}
        settings = config(self.folder, hooks, self.authority, **blocks)
        if addresses is not None:
            settings["sip"]["allowed_addresses"] = addresses
        self.server = server = Server(self.folder, settings)

        def end():
            if server.process is not None:
                server.kill()
        self.addCleanup(end)
        if start:
            server.start()
        return server

    # -- what must have happened -----------------------------------------------------------------------------------

    def sent(self, room):
        """What LiveKit sent about a room, by the witness."""
        return self.witness.snapshot(room)

    def expected(self, lost=()):
        """{tenant: {room: [event id, ...]}} that the model of the golden files makes of everything that LiveKit sent, but for
        the sightings in `lost`."""
        seen = [s for s in self.witness.snapshot() if s not in lost]
        ids = {f"{s.number:02d}-{s.name}": s.event["id"] for s in seen}
        played = MODEL.play([s.line() for s in seen])
        return {tenant: {room: [ids[label] for label in labels] for room, labels in rooms.items()} for tenant, rooms in played.items()}

    def assert_delivered(self, repeats=False, lost=(), timeout=30):
        """Every tenant got what the model says, in that order within each room, signed for it, byte for byte what LiveKit sent
        but for the emptied password; and nothing else. `repeats`: attempts may have been repeated. `lost`: sightings that
        switchhook cannot have had."""
        expected = self.expected(lost)
        self.assertEqual(set(expected) - set(self.tenants), set(), "events for tenants that the test does not know")
        bodies = {s.event["id"]: without_password(s.body) for s in self.witness.snapshot()}
        for name, tenant in self.tenants.items():
            wanted = {event_id for ids in expected.get(name, {}).values() for event_id in ids}
            tenant.wait(lambda arrivals, wanted=wanted: {a.headers.get("webhook-id") for a in arrivals} >= wanted, timeout)
            got, once = {}, set()
            for arrival in tenant.snapshot():
                verify(arrival.headers["Authorization"], arrival.body, name, HOOK_SECRET)
                event = arrival.event
                self.assertEqual(arrival.headers["webhook-id"], event["id"])
                if event["id"] in once:
                    self.assertTrue(repeats, f"{event['event']} came twice")
                    continue
                once.add(event["id"])
                self.assertEqual(arrival.body, bodies.get(event["id"]))
                got.setdefault(event["room"]["name"], []).append(event["id"])
            self.assertEqual(got, expected.get(name, {}), f"what {name} received")

    def assert_like_the_recording(self, scenario, *calls):
        """The live calls (or rooms) and the golden file of the recorded ones agree: the same events, in the same order, to the
        same hosts."""
        live_rooms = {getattr(call, "room", call) for call in calls}
        golden = json.loads((GOLDEN / f"{scenario}.json").read_text(encoding="utf-8"))
        recorded = {HOST_OF[tenant]: [label.split("-", 1)[1] for label in labels] for tenant, rooms in golden.items() for labels in rooms.values()}
        live = {}
        for tenant_name, tenant in self.tenants.items():
            names = [a.event["event"] for a in tenant.snapshot() if a.event["room"]["name"] in live_rooms]
            if names:
                live[HOST_OF[tenant_name]] = names
        self.assertEqual(live, recorded, f"live against {scenario}")
