"""Trunk and dispatch rule in the real LiveKit: made, kept, mended, and what is refused."""
import json
import pathlib
import re
import signal
import tempfile
import threading

from tests.e2e.case import Case
from tests.e2e.lab import LIVEKIT_PORT, WEBHOOK_PORT, livekit_settings
from tests.e2e.proxy import Proxy
from tests.e2e.twirp import SIP_ADMIN
from tests.e2e.until import until
from tests.harness.livekit import Sender, joined
from tests.harness.server import Server, config, run

URL = f"http://127.0.0.1:{LIVEKIT_PORT}"
TRUNK, RULE = "sayna-sip--trunk", "sayna-sip--dispatch"
MARK = {"managed_by": "switchhook", "room_prefix": "sip-"}


def said(thing):
    """What LiveKit's answer says beyond its defaults (it writes out every zero value)."""
    if isinstance(thing, dict):
        fields = {key: said(value) for key, value in thing.items()}
        return {key: value for key, value in fields.items() if value not in (None, "", 0, False, [], {}, "SIP_MEDIA_ENCRYPT_DISABLE")}
    return thing


class ProvisioningCase(Case):
    def setUp(self):
        super().setUp()
        if "redis" in self.lab.settings:
            self.lab.api.clear_sip()

    def livekit(self, **more):
        return {"url": URL, "api_key": "devkey", "api_secret": "secret", **more}

    def wanting(self, folder=None, addresses=("127.0.0.0/8",), livekit=None, **blocks):
        """A server that provisions; not started."""
        blocks = {"provisioner": {"use": "livekit"}, "livekit": livekit or self.livekit(), **blocks}
        settings = config(folder or self.folder, (), self.authority, **blocks)
        settings["sip"]["allowed_addresses"] = list(addresses)
        server = Server(folder or self.folder, settings)

        def end():
            if server.process is not None:
                server.kill()
        self.addCleanup(end)
        self.server = server
        return server

    def ready(self, server, seconds=20):
        return until(lambda: server.request("GET", "/readyz", admin=True)[0] == 200, "readiness", seconds, server.process)

    def provision(self, server, *words):
        return run("provision", *words, "--config", f"file:{server.config_file}")

    def found(self):
        """The one trunk and the one rule; the rule names the trunk."""
        trunks, rules = self.lab.api.trunks(), self.lab.api.rules()
        self.assertEqual((len(trunks), len(rules)), (1, 1), (trunks, rules))
        self.assertEqual(rules[0]["trunk_ids"], [trunks[0]["sip_trunk_id"]])
        return trunks[0], rules[0]

    def ends(self, server, code=69, seconds=20):
        """The log of a server that ends by itself."""
        try:
            server.start()
        except RuntimeError:
            pass  # it ended before it listened
        self.assertEqual(server.process.wait(seconds), code)
        server.process = None
        log = server.log()
        self.assertNotIn("eyJ", log, "a token is in the log")
        return log


class WhatIsMade(ProvisioningCase):
    def test_trunk_and_rule_are_as_the_configuration_says_field_by_field(self):
        server = self.wanting(addresses=["54.172.60.0/30", "127.0.0.1"]).start()
        self.ready(server)
        trunk, rule = self.found()
        trunk, rule = said(trunk), said(rule)
        self.assertEqual(json.loads(trunk.pop("metadata")), MARK)
        self.assertEqual(json.loads(rule.pop("metadata")), MARK)
        trunk_id = trunk.pop("sip_trunk_id")
        rule.pop("sip_dispatch_rule_id")
        self.assertEqual(trunk, {"name": TRUNK, "allowed_addresses": ["54.172.60.0/30", "127.0.0.1"], "include_headers": "SIP_ALL_HEADERS"})
        self.assertEqual(rule, {"name": RULE, "trunk_ids": [trunk_id], "rule": {"dispatch_rule_individual": {"room_prefix": "sip-"}},
                                "room_config": {"max_participants": 3}})

    def test_names_and_the_room_limit_are_settings(self):
        server = self.wanting(provisioner={"use": "livekit", "trunk": "edge {room_prefix}", "rule": "calls", "max_participants": 5}).start()
        self.ready(server)
        trunk, rule = self.found()
        self.assertEqual((trunk["name"], rule["name"], rule["room_config"]["max_participants"]), ("edge sip-", "calls", 5))

    def test_with_a_sip_block_and_keys_provisioning_is_the_default(self):
        server = self.wanting(provisioner=None)
        self.ready(server.start())
        self.found()

    def test_livekit_takes_ipv6_and_cidr_as_they_are_written(self):
        addresses = ["2001:db8::/32", "::1", "192.0.2.7", "10.0.0.0/8", "2001:DB8:0:1::7/128"]
        server = self.wanting(addresses=addresses).start()
        self.ready(server)
        self.assertEqual(self.found()[0]["allowed_addresses"], addresses)
        self.assertEqual(self.provision(server, "--plan")[0], 0, "what LiveKit stores differs from what was asked for")

    def test_a_websocket_url_reaches_the_same_api(self):
        server = self.wanting(livekit=self.livekit(url=f"ws://127.0.0.1:{LIVEKIT_PORT}")).start()
        self.ready(server)
        self.found()

    def test_ten_restarts_leave_one_trunk_and_one_rule(self):
        server = self.wanting()
        seen = []
        for number in range(10):
            self.ready(server.start())
            seen.append(self.found())
            if number % 2:
                server.kill()
            else:
                self.assertEqual(server.stop(), 0)
        self.assertEqual(seen, [seen[0]] * 10)

    def test_changed_addresses_are_applied_by_the_next_start(self):
        server = self.wanting()
        self.ready(server.start())
        before = self.found()
        server.stop()
        server = self.wanting(addresses=["127.0.0.0/8", "203.0.113.0/24"])
        self.ready(server.start())
        trunk, rule = self.found()
        self.assertEqual(trunk, {**before[0], "allowed_addresses": ["127.0.0.0/8", "203.0.113.0/24"]})
        self.assertEqual(rule, before[1])

    def test_the_reference_s_trunk_and_rule_are_adopted(self):
        # As the reference makes them: no mark, a rule without trunks, no room limit.
        trunk = self.lab.api.create_trunk(name=TRUNK, allowed_addresses=["198.51.100.1"], include_headers="SIP_ALL_HEADERS")
        rule = self.lab.api.create_rule(name=RULE, rule={"dispatch_rule_individual": {"room_prefix": "sip-"}})
        self.ready(self.wanting().start())
        now = self.found()
        self.assertEqual((now[0]["sip_trunk_id"], now[1]["sip_dispatch_rule_id"]), (trunk["sip_trunk_id"], rule["sip_dispatch_rule_id"]))
        self.assertEqual(now[0]["allowed_addresses"], ["127.0.0.0/8"])
        self.assertEqual(now[1]["room_config"]["max_participants"], 3)

    def test_what_is_not_ours_stays_as_it_is(self):
        trunk = self.lab.api.create_trunk(name="theirs", numbers=["+15550001111"], allowed_addresses=["198.51.100.1"])
        rule = self.lab.api.create_rule(name="theirs", trunk_ids=[trunk["sip_trunk_id"]], rule={"dispatch_rule_direct": {"room_name": "lobby"}})
        out = self.lab.api.call("SIP.CreateSIPOutboundTrunk", {"trunk": {"name": "out", "address": "192.0.2.1", "numbers": ["+15550002222"]}}, SIP_ADMIN)
        self.ready(self.wanting().start())
        self.assertIn(trunk, self.lab.api.trunks())
        self.assertIn(rule, self.lab.api.rules())
        self.assertEqual(self.lab.api.call("SIP.ListSIPOutboundTrunk", {}, SIP_ADMIN)["items"], [out])
        self.assertEqual((len(self.lab.api.trunks()), len(self.lab.api.rules())), (2, 2))


class ThePlan(ProvisioningCase):
    def test_a_plan_says_what_would_change_with_2_and_changes_nothing(self):
        server = self.wanting()
        code, out, err = self.provision(server, "--plan")
        self.assertEqual((code, err), (2, ""))
        self.assertRegex(out, f"(?s)create trunk '{TRUNK}'.*create rule '{RULE}'")
        self.assertEqual((self.lab.api.trunks(), self.lab.api.rules()), ([], []))

    def test_after_an_apply_the_plan_is_empty_and_0(self):
        server = self.wanting()
        self.assertEqual(self.provision(server)[0], 0)
        before = self.found()
        code, out, _ = self.provision(server, "--plan")
        self.assertEqual(code, 0, out)
        changed = self.wanting(addresses=["203.0.113.0/24"])
        code, out, _ = self.provision(changed, "--plan")
        self.assertEqual(code, 2)
        self.assertIn("203.0.113.0/24", out)
        self.assertEqual(self.found(), before)

    def test_a_plan_that_cannot_be_made_is_69(self):
        server = self.wanting(livekit=self.livekit(url="http://127.0.0.1:1"))
        code, out, err = self.provision(server, "--plan")
        self.assertEqual((code, out), (69, ""))
        self.assertIn("http://127.0.0.1:1", err)


class AtTheSameTime(ProvisioningCase):
    def test_instances_that_start_at_the_same_instant_end_with_one_trunk_and_one_rule(self):
        for _ in range(5):
            self.lab.api.clear_sip()
            servers = [self.wanting(pathlib.Path(tempfile.mkdtemp(dir=self.folder))) for _ in range(3)]
            starters = [threading.Thread(target=server.start) for server in servers]
            for starter in starters:
                starter.start()
            for starter in starters:
                starter.join()
            for server in servers:
                self.ready(server)
            self.found()
            for server in servers:
                server.kill()

    def test_a_crash_as_soon_as_the_trunk_is_there_is_completed_by_the_next_start(self):
        for _ in range(3):
            self.lab.api.clear_sip()
            server = self.wanting()
            server.start()
            until(self.lab.api.trunks, "a trunk")
            server.kill()
            self.ready(server.start())
            self.found()
            server.kill()

    def test_a_lost_answer_is_looked_up_and_not_repeated_blindly(self):
        for method, calls in self.losing(keep_alive=False):
            self.assertEqual(calls.count(method), 1)

    def test_a_lost_answer_after_kept_connections_makes_no_second_trunk_or_rule(self):
        for method, calls in self.losing(keep_alive=True):  # libcurl would send it again on a connection that it kept
            self.assertEqual(calls.count(method), 1)

    def losing(self, keep_alive):
        """Starts a server for each creation, whose first answer is lost. (method, all calls) of each."""
        for method in ("CreateSIPInboundTrunk", "CreateSIPDispatchRule"):
            self.lab.api.clear_sip()
            proxy = Proxy(keep_alive)
            self.addCleanup(proxy.close)
            proxy.lose.append(method)
            server = self.wanting(livekit=self.livekit(url=proxy.url))
            self.ready(server.start())
            self.found()
            self.assertEqual(proxy.lose, [], "no answer was lost")
            server.kill()
            yield method, proxy.calls


class Drift(ProvisioningCase):
    def test_what_somebody_changed_is_mended_logged_and_counted(self):
        server = self.wanting(livekit=self.livekit(reconcile="1s")).start()
        self.ready(server)
        trunk, rule = self.found()
        made = server.metric("switchhook_provision_changes_total")
        self.lab.api.call("SIP.DeleteSIPDispatchRule", {"sip_dispatch_rule_id": rule["sip_dispatch_rule_id"]}, SIP_ADMIN)
        until(self.lab.api.rules, "the rule again")
        replaced = {"name": TRUNK, "metadata": trunk["metadata"], "allowed_addresses": ["0.0.0.0/0"], "include_headers": "SIP_NO_HEADERS"}
        self.lab.api.call("SIP.UpdateSIPInboundTrunk", {"sip_trunk_id": trunk["sip_trunk_id"], "replace": replaced}, SIP_ADMIN)
        until(lambda: self.lab.api.trunks() == [trunk], "the trunk as it was")
        self.found()
        self.assertTrue(server.wait_metric("switchhook_provision_changes_total", made + 2))
        until(lambda: re.search(r"mended.*0\.0\.0\.0/0", server.log()), "the line in the log")

    def test_a_reload_applies_changed_addresses_and_mends_what_somebody_changed(self):
        server = self.wanting(livekit=self.livekit(reconcile="0ms")).start()
        self.ready(server)
        trunk, rule = self.found()
        settings = config(self.folder, (), self.authority, provisioner={"use": "livekit"}, livekit=self.livekit(reconcile="0ms"))
        settings["sip"]["allowed_addresses"] = ["127.0.0.0/8", "203.0.113.0/24"]
        server.write(settings)
        wanted = {**trunk, "allowed_addresses": ["127.0.0.0/8", "203.0.113.0/24"]}
        until(lambda: self.lab.api.trunks() == [wanted], "the new addresses")
        self.assertEqual(self.found(), (wanted, rule))
        self.lab.api.call("SIP.DeleteSIPDispatchRule", {"sip_dispatch_rule_id": rule["sip_dispatch_rule_id"]}, SIP_ADMIN)
        server.process.send_signal(signal.SIGHUP)
        until(self.lab.api.rules, "the rule again")
        self.assertEqual(self.found()[0], wanted)
        self.assertEqual(server.stop(), 0)

    def test_livekit_that_goes_away_later_leaves_the_server_ready_and_is_said(self):
        server = self.wanting(livekit=self.livekit(reconcile="1s")).start()
        self.ready(server)
        self.lab.kill("livekit")
        try:
            until(lambda: "could not be looked at" in server.log(), "the warning")
            status, _, body = server.request("GET", "/readyz", admin=True)
            self.assertEqual(status, 200)
            self.assertIn(b"could not be reached", body)
        finally:
            self.lab.start_livekit()
        until(lambda: b"could not be reached" not in server.request("GET", "/readyz", admin=True)[2], "well again", 30)


class WhatIsRefused(ProvisioningCase):
    def test_a_foreign_trunk_for_every_number_is_a_conflict_that_names_it(self):
        theirs = self.lab.api.create_trunk(name="theirs", allowed_addresses=["198.51.100.1"])
        log = self.ends(self.wanting())
        for part in (URL, TRUNK, RULE, "theirs", theirs["sip_trunk_id"]):
            self.assertIn(part, log)
        self.assertEqual((self.lab.api.trunks(), self.lab.api.rules()), ([theirs], []))
        code, _, err = self.provision(self.wanting(), "--plan")
        self.assertEqual(code, 69)
        self.assertIn("theirs", err)

    def test_the_way_out_of_that_conflict_is_to_name_their_trunk_as_ours(self):
        theirs = self.lab.api.create_trunk(name="theirs", allowed_addresses=["198.51.100.1"], auth_username="u", auth_password="p")
        self.ready(self.wanting(provisioner={"use": "livekit", "trunk": "theirs"}).start())
        trunk, _ = self.found()
        self.assertEqual(trunk["sip_trunk_id"], theirs["sip_trunk_id"])
        self.assertEqual((trunk["auth_username"], trunk["auth_password"]), ("u", "p"), "what is not ours to set was lost")

    def test_a_foreign_rule_on_our_trunk_is_a_conflict_that_names_it(self):
        server = self.wanting()
        self.assertEqual(self.provision(server)[0], 0)
        trunk, rule = self.found()
        self.lab.api.call("SIP.DeleteSIPDispatchRule", {"sip_dispatch_rule_id": rule["sip_dispatch_rule_id"]}, SIP_ADMIN)
        theirs = self.lab.api.create_rule(name="theirs", trunk_ids=[trunk["sip_trunk_id"]], rule={"dispatch_rule_direct": {"room_name": "lobby"}})
        log = self.ends(server)
        for part in (URL, TRUNK, RULE, "theirs", theirs["sip_dispatch_rule_id"]):
            self.assertIn(part, log)
        self.assertEqual(self.lab.api.rules(), [theirs])

    def test_another_deployment_s_trunk_is_a_conflict_that_names_its_room_prefix(self):
        self.assertEqual(self.provision(self.wanting())[0], 0)
        before = self.found()
        other = self.wanting()
        settings = json.loads(other.config_file.read_text(encoding="utf-8"))
        settings["sip"]["room_prefix"] = "phone-"
        other.write(settings)
        self.assertRegex(self.ends(other), "room prefix 'sip-'")
        self.assertEqual(self.found(), before)

    def test_the_wrong_secret_is_told_without_secret_or_token(self):
        log = self.ends(self.wanting(livekit=self.livekit(api_secret="not-the-secret-at-all")))
        self.assertIn(URL, log)
        self.assertIn("api_secret is not the secret", log)
        self.assertNotIn("not-the-secret-at-all", log)

    def test_an_unknown_key_is_told(self):
        log = self.ends(self.wanting(livekit=self.livekit(api_key="APInobody")))
        self.assertIn("does not know the API key", log)

    def test_the_url_of_switchhook_itself_is_told_to_be_no_livekit(self):
        own = f"http://127.0.0.1:{WEBHOOK_PORT}"
        log = self.ends(self.wanting(server={"host": "127.0.0.1", "port": WEBHOOK_PORT}, livekit=self.livekit(url=own)))
        self.assertIn(f"LiveKit at {own}", log)
        self.assertIn("no LiveKit API", log)

    def test_addresses_that_livekit_would_store_and_never_match_are_refused(self):
        # LiveKit checks nothing: it answers 200 to each of these, and when no entry of a trunk is valid it lets everybody call.
        for address in ("[::1]", "customer.example", "10.0.0.0/33", "", "::ffff:10.0.0.1", "54.172.60.0/30;10.0.0.1"):
            self.assertEqual(self.lab.api.create_trunk(name="probe", allowed_addresses=[address])["allowed_addresses"], [address])
            self.lab.api.clear_sip()
            code, _, err = self.provision(self.wanting(addresses=[address]))
            self.assertIn(code, (69, 78), f"{address!r} was taken")
            self.assertIn("allowed_address", err)
            self.assertEqual(self.lab.api.trunks(), [])

    def test_sip_without_keys_starts_with_a_warning_and_readiness_says_it(self):
        server = self.wanting(livekit={"url": URL}, provisioner=None, call_control=None).start()
        self.assertRegex(server.log(), "warning.*key")
        _, _, body = server.request("GET", "/readyz", admin=True)
        self.assertRegex(body.decode(), "key")
        self.assertEqual((self.lab.api.trunks(), self.lab.api.rules()), ([], []))


class LateLiveKit(ProvisioningCase):
    def setUp(self):
        super().setUp()
        self.lab.kill("livekit")
        self.addCleanup(lambda: "livekit" in self.lab.processes or self.lab.start_livekit())

    def test_a_livekit_that_comes_late_is_waited_for_and_webhooks_are_taken_meanwhile(self):
        server = self.wanting().start()
        until(lambda: "not provisioned yet" in server.log(), "the warning")
        status, _, body = server.request("GET", "/readyz", admin=True)
        self.assertEqual(status, 503)
        self.assertIn(b"provisioned", body)
        sender = Sender(server.port)
        self.addCleanup(sender.close)
        self.assertEqual(sender.post(joined())[0], 200)
        self.lab.start_livekit()
        self.ready(server)
        self.found()

    def test_a_livekit_that_never_comes_ends_the_first_start_with_69(self):
        server = self.wanting(livekit=self.livekit(wait="1s"))
        log = self.ends(server)
        for part in (URL, TRUNK, RULE, "could not be reached"):
            self.assertIn(part, log)

    def test_once_it_was_provisioned_a_start_without_livekit_goes_on(self):
        self.lab.start_livekit()
        server = self.wanting(livekit=self.livekit(wait="300ms"))
        self.ready(server.start())
        self.assertEqual(server.stop(), 0)
        self.lab.kill("livekit")
        server.start()
        self.assertTrue(server.wait_metric("switchhook_provision_runs_total", 3))  # 250 and 500 ms apart: past the wait
        self.assertIsNone(server.process.poll())
        self.assertEqual(server.request("GET", "/readyz", admin=True)[0], 503)
        self.lab.start_livekit()
        self.ready(server)


class WithoutRedis(ProvisioningCase):
    settings = livekit_settings(redis=False)

    def test_a_livekit_without_redis_is_told(self):
        log = self.ends(self.wanting())
        self.assertIn("redis", log.lower())
        self.assertIn(URL, log)
