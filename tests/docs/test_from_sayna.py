"""docs/from-sayna.md: the reference's file, a real call and a real receiver."""
import hashlib
import hmac
import json
import unittest

from tests.docs.generate import DOCS
from tests.docs.page import blocks
from tests.harness.livekit import event
from tests.harness.server import Server
from tests.integration.case import Case

SECRET = "a-global-signing-secret-of-32-chars"


class Moved(Case):
    def server_with_the_page(self, tenant):
        """Both files of the page; a third has only what a test needs otherwise: free ports, and a tenant on this machine."""
        files = {block.words[0]: block.text for block in blocks(DOCS / "from-sayna.md") if block.mark == "file"}
        sayna = self.folder / "sayna.yaml"
        text = files["/etc/switchhook/sayna.yaml"].replace("/var/cache/sayna", str(self.folder / "cache"))
        sayna.write_text(text.replace("https://webhook.example.com/events", tenant.url("/events")), encoding="utf-8")
        ours = self.folder / "ours.yaml"
        ours.write_text(files["/etc/switchhook/switchhook.yaml"].replace("/var/lib/switchhook", str(self.folder)), encoding="utf-8")
        test = self.folder / "test.yaml"
        test.write_text(json.dumps({"server": {"host": "127.0.0.1", "port": 0}, "admin": {"port": 0},
                                    "forwarder": {"use": "https", "allow": ["127.0.0.0/8"], "ca_file": str(self.authority.ca_file)}}), encoding="utf-8")
        (self.folder / "cache").mkdir()
        (self.folder / "cache" / "sip_hooks.json").write_text(
            files["/var/cache/sayna/sip_hooks.json"].replace("https://runtime.example.com/events", tenant.url("/runtime")), encoding="utf-8")
        server = Server(self.folder, None, sources=[f"file:{sayna}", f"file:{ours}", f"file:{test}", "env"])

        def end():
            if server.process is not None:
                server.process.kill()
                server.process.wait()
        self.addCleanup(end)
        return server.start()

    def test_a_receiver_of_sayna_gets_what_it_is_used_to(self):
        tenant = self.tenant()
        server = self.server_with_the_page(tenant)
        sender = self.sender(server, key="APIfirstcall", secret="0123456789abcdef0123456789abcdef")
        attributes = {"sip.callID": "SCL_1", "sip.h.to": "<sip:100@Example.com:5060>;tag=1", "sip.phoneNumber": "+15550001", "sip.trunkPhoneNumber": "+15550002",
                      "sip.h.call-id": "abc@carrier"}
        self.post_all(sender, [event("room_started"), event("participant_joined", attributes=attributes),
                               event("participant_joined", room="sip-2", sid="RM_2", participant={"sid": "PA_2"},
                                     attributes={"sip.callID": "SCL_2", "sip.h.to": "sip:1@runtime.example.com"})])
        self.assertTrue(tenant.wait_count(2))
        first = next(arrival for arrival in tenant.arrivals if arrival.path == "/events")
        self.assertTrue(any(arrival.path == "/runtime" for arrival in tenant.arrivals), "the hook that Sayna kept")
        body = json.loads(first.body)
        self.assertEqual(list(body), ["participant", "room", "from_phone_number", "to_phone_number", "room_prefix", "sip_host", "sip_headers"])
        self.assertEqual((body["from_phone_number"], body["to_phone_number"], body["room_prefix"], body["sip_host"]), ("+15550001", "+15550002", "sip-", "example.com"))
        self.assertEqual(body["sip_headers"], {"call-id": "abc@carrier", "to": attributes["sip.h.to"]})
        headers = {name.lower(): value for name, value in first.headers.items()}
        signed = f"v1:{headers['x-sayna-timestamp']}:{headers['x-sayna-event-id']}:".encode() + first.body
        self.assertEqual(headers["x-sayna-signature"], "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest())
        self.assertEqual(headers["x-sayna-signature-version"], "v1")


if __name__ == "__main__":
    unittest.main()
