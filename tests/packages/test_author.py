"""A plugin's author: a clean root with switchhook, switchhook-dev and what they depend on, nothing else of ours."""
import os
import unittest

from tests.harness.livekit import event, verify
from tests.packages.case import HOOK_SECRET, Case
from tests.packages.root import Root
from tests.packages.service import ByHand

PLUGIN = "/opt/acme"


class Author(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authors = Root(cls.shared / "authors", os.environ["SWITCHHOOK_BARE_ROOT"])  # of all the tests: the compiler takes its time
        cls.addClassCleanup(cls.authors.close)
        files = [cls.authors.put(cls.debs[name]) for name in ("switchhook", "switchhook-dev")]
        cls.authors.run("apt-get", "install", "--yes", "--quiet", *files, timeout=300)

    def setUp(self):
        super().setUp()
        self.root = self.authors
        self.addCleanup(self.root.run, "rm", "--recursive", "--force", PLUGIN)

    def copied_example(self):
        """The example as the package shows it, in a folder of the author's."""
        files = self.root.run("dpkg", "--listfiles", "switchhook-dev").splitlines()
        source = next(file.rsplit("/", 1)[0] for file in files if file.endswith("/matcher_called_number.cpp"))
        self.root.run("cp", "--recursive", source, PLUGIN)

    def test_the_example_is_built_tested_loaded_and_routes_a_call_by_its_number(self):
        self.copied_example()
        self.root.run("cmake", "-S", PLUGIN, "-B", f"{PLUGIN}/build")
        self.root.run("cmake", "--build", f"{PLUGIN}/build", timeout=300)
        said = self.root.run("ctest", "--test-dir", f"{PLUGIN}/build", "--output-on-failure", "--no-tests=error")
        self.assertIn("100% tests passed", said)

        a, b = self.tenant(), self.tenant()
        hooks = [self.hook(a), self.hook(b, "customer-b.com", "tenant-b")]
        chain = [{"use": "called_number", "routes": ["+49=customer-a.com", "+4930=customer-b.com"]}]
        self.configure(*hooks, plugins=[f"{PLUGIN}/build/lib/switchhook/plugins"], matchers=chain)
        server = ByHand(self.root)
        self.assertIn("matcher_called_number", self.root.run("switchhook", "plugins", "--config", "file:/etc/switchhook/switchhook.yaml"))
        server.start()
        self.addCleanup(lambda: server.process and server.kill())
        sender = server.sender()
        for number, call, tenant, name in (("+498912345", "SCL_1", a, "tenant-a"), ("+493012345", "SCL_2", b, "tenant-b"), ("+33123", "SCL_3", None, "")):
            body = event("participant_joined", room=f"sip-{call}", sid=f"RM_{call}", attributes={"sip.callID": call, "sip.trunkPhoneNumber": number})
            self.assertEqual(sender.post(body)[0], 200)
            if tenant is not None:
                self.assertTrue(tenant.wait_count(1), f"the call to {number} did not arrive")
                verify(tenant.snapshot()[0].headers["Authorization"], tenant.snapshot()[0].body, name, HOOK_SECRET)
        sender.close()
        self.assertEqual(server.metric("switchhook_events_unmatched_total"), 1)
        self.assertEqual(server.stop(), 0)
        self.assertEqual((len(a.snapshot()), len(b.snapshot())), (1, 1))

    def test_what_needs_more_than_the_sdk_does_not_build(self):
        self.root.write(f"{PLUGIN}/CMakeLists.txt", "cmake_minimum_required(VERSION 3.25)\nproject(greedy LANGUAGES CXX)\nfind_package(Switchhook REQUIRED)\n"
                        "add_switchhook_plugin(greedy SOURCES greedy.cpp)\n")
        self.root.write(f"{PLUGIN}/greedy.cpp", "#include <switchhook/plugin.hpp>\n#include <pipeline/intake.hpp>\n")
        self.root.run("cmake", "-S", PLUGIN, "-B", f"{PLUGIN}/build")
        self.assertIn("pipeline/intake.hpp: No such file", self.root.run("cmake", "--build", f"{PLUGIN}/build", code=2))


if __name__ == "__main__":
    unittest.main()
