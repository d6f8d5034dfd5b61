"""What the package tests share: the packages, copies of the clean roots, an authority, tenants, a configuration."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tests.harness.livekit import joined, verify
from tests.harness.server import config
from tests.harness.tenant import Tenant
from tests.harness.tls import Authority
from tests.packages.base import found
from tests.packages.root import Machine, Root
from tests.packages.service import BySystemd

CONFIG = "/etc/switchhook/switchhook.yaml"
STORE = "/var/lib/switchhook/switchhook.db"
HOOK_SECRET = "0123456789abcdef0123"  # as tests/harness/server.py configures it


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="packages-class-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = Authority(cls.shared / "tls")
        cls.version, cls.next_version = os.environ["SWITCHHOOK_VERSION"], os.environ["SWITCHHOOK_NEXT_VERSION"]
        folder = os.environ["SWITCHHOOK_PACKAGES"]
        cls.debs, cls.next_debs = found(folder, cls.version, "deb"), found(folder, cls.next_version, "deb")
        cls.rpms, cls.next_rpms = found(folder, cls.version, "rpm"), found(folder, cls.next_version, "rpm")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packages-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.root = None

    def tearDown(self):
        outcome = self._outcome.result
        if self.root is not None and any(test is self for test, _ in outcome.failures + outcome.errors):
            if isinstance(self.root, Machine) and self.root.nspawn is not None:
                print("-- systemctl status and the log:", BySystemd(self.root).status(), BySystemd(self.root).log()[-6000:], sep="\n")
            log = self.folder / "server.log"
            if log.exists():
                print("-- the server's log:", log.read_text(encoding="utf-8", errors="replace")[-6000:], sep="\n")

    # -- parts -----------------------------------------------------------------------------------------------------

    def bare(self):
        """A root without systemd, and without anything that the packages depend on."""
        self.root = Root(self.folder, os.environ["SWITCHHOOK_BARE_ROOT"])
        self.addCleanup(self.root.close)
        return self.root

    def machine(self, boot=True):
        """A root with systemd as its init; the dependencies are there."""
        self.root = Machine(self.folder, os.environ["SWITCHHOOK_MACHINE_ROOT"])
        self.addCleanup(self.root.close)
        if boot:
            self.root.boot()
        return self.root

    def machine_with_rpm(self):
        """Such a machine for packages that Debian's are not: rpm's database is empty."""
        machine = self.machine()
        machine.run("mkdir", "/etc/sysconfig", "/usr/share/licenses")  # of Fedora's package filesystem
        return machine

    def install(self, *files, root=None):
        """By apt, as an operator does; without a network."""
        root = root or self.root
        return root.run("apt-get", "install", "--yes", "--quiet", *(root.put(file) for file in files), timeout=300)

    def tenant(self, port=0):
        tenant = Tenant(self.authority, port)
        self.addCleanup(tenant.close)
        return tenant

    def hook(self, tenant, host="customer-a.com", auth_id="tenant-a"):
        return {"host": host, "url": f"https://127.0.0.1:{tenant.port}/events", "auth_id": auth_id}

    def configure(self, *hooks, **blocks):
        """Writes the installed configuration with these hooks, as an editor would."""
        authority = self.root.put(self.authority.ca_file)
        settings = config("/var/lib/switchhook", hooks, server={"host": "127.0.0.1", "port": 3001}, admin={"host": "127.0.0.1", "port": 3002}, **blocks)
        settings["forwarder"]["ca_file"] = authority
        self.root.write(CONFIG, json.dumps(settings, indent=1) + "\n")
        return settings

    # Of delivery: a tenant that is down keeps its backlog, and is asked again soon.
    PATIENT = {"retry": "patient", "retries": {"patient": {"steps": ["300ms"], "max_age": "1h", "breaker": {"failures": 10, "pause": "500ms"}}}}

    # -- what must happen --------------------------------------------------------------------------------------------

    def deliver(self, server, tenant, call="SCL_1", host="customer-a.com", auth_id="tenant-a"):
        """A signed webhook is taken, and arrives with the tenant's signature."""
        before = len(tenant.snapshot())
        body = joined(host, call, room=f"sip-{call}", sid=f"RM_{call}")
        sender = server.sender()
        self.assertEqual(sender.post(body)[0], 200)
        sender.close()
        self.assertTrue(tenant.wait_count(before + 1), "nothing arrived")
        arrival = tenant.snapshot()[before]
        verify(arrival.headers["Authorization"], arrival.body, auth_id, HOOK_SECRET)
        self.assertEqual(arrival.body, body)

    def backlog(self, server, count, host="customer-a.com", tag="B"):
        """Acknowledged events of as many calls: their ids."""
        ids, sender = [], server.sender()
        for number in range(count):
            ids.append(f"EV_{tag}{number}")
            call = f"SCL_{tag}{number}"
            self.assertEqual(sender.post(joined(host, call, room=f"sip-{call}", sid=f"RM_{call}", event_id=ids[-1]))[0], 200)
        sender.close()
        return ids

    def assert_arrive(self, tenant, ids, timeout=30):
        """All of them, each once: nothing was in flight when the server was stopped in good order."""
        tenant.wait(lambda arrivals: {a.headers.get("webhook-id") for a in arrivals} >= set(ids), timeout)
        got = sorted(a.headers.get("webhook-id") for a in tenant.snapshot())
        self.assertEqual(got, sorted(ids))

    def assert_as_before(self, before, but_for=()):
        """The root's listing is what it was; `but_for`: prefixes of what may have come."""
        left = self.root.listing()
        changed = {path for path in before.keys() | left.keys() if before.get(path) != left.get(path)}
        self.assertEqual({path for path in changed if not path.startswith(tuple(but_for))}, set())

    def repacked(self, deb, change):
        """The same .deb after change(folder with its files and DEBIAN/)."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        subprocess.run(["dpkg-deb", "--raw-extract", str(deb), str(folder / "in")], check=True)
        change(folder / "in")
        subprocess.run(["dpkg-deb", "--build", "-Znone", str(folder / "in"), str(folder / deb.name)], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder / "in")
        return folder / deb.name
