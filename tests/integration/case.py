"""What the integration tests share: a folder, an authority, a tenant and a server that end with the test."""
import pathlib
import shutil
import tempfile
import unittest

from tests.harness.livekit import Sender
from tests.harness.server import Server, config
from tests.harness.tenant import Tenant
from tests.harness.tls import Authority


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-tests-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.authority = Authority(cls.shared / "tls")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def tenant(self, port=0):
        tenant = Tenant(self.authority, port)
        self.addCleanup(tenant.close)
        return tenant

    def hook(self, tenant, host="customer-a.com", auth_id="tenant-a", path="/events", **more):
        return {"host": host, "url": tenant.url(path), "auth_id": auth_id, **more}

    def server(self, hooks=(), environment=None, wrapper=(), start=True, **blocks):
        server = Server(self.folder, config(self.folder, hooks, self.authority, **blocks), environment, wrapper)

        def end():
            if server.process is not None and server.process.poll() is None:
                server.process.kill()
                server.process.wait()
        self.addCleanup(end)
        if start:
            server.start()
        return server

    def sender(self, server, **keys):
        sender = Sender(server.port, **keys)
        self.addCleanup(sender.close)
        return sender

    def post_all(self, sender, bodies, status=200):
        for body in bodies:
            self.assertEqual(sender.post(body)[0], status, body[:200])
