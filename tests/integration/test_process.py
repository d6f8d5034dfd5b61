"""The program as an operator meets it: commands, exit codes, readiness, stop."""
import json
import os
import signal
import socket
import unittest

from tests.harness.livekit import joined, sign
from tests.harness.server import ROOT, BINARY, Server, config, run
from tests.integration.case import Case


class Commands(Case):
    def written(self, configuration, name="switchhook.yaml"):
        file = self.folder / name
        file.write_text(configuration if isinstance(configuration, str) else json.dumps(configuration), encoding="utf-8")
        return f"file:{file}"

    def test_wrong_usage_is_64(self):
        for arguments in ((), ("dance",), ("serve", "--no-such-option"), ("check", "--config"), ("check", "--config", "carrier-pigeon:x")):
            self.assertIn(run(*arguments)[0], (64,) if arguments[-1:] != ("carrier-pigeon:x",) else (64, 78), arguments)

    def test_version_and_plugins_need_no_configuration(self):
        code, out, _ = run("version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"\d+\.\d+\.\d+")
        code, out, _ = run("plugins")
        self.assertEqual(code, 0)
        for name in ("config_file", "config_env", "store_file", "store_sqlite", "matcher_sip_host", "matcher_wildcard", "dialect_livekit",
                     "dialect_sayna", "dialect_standard", "forwarder_https", "forwarder_log"):
            self.assertIn(name, out)

    def test_check_passes_where_no_store_exists_and_creates_nothing(self):
        source = self.written(config(self.folder))
        before = sorted(os.listdir(self.folder))
        code, out, errors = run("check", "--config", source)
        self.assertEqual(code, 0, errors)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_check_of_a_store_in_use_creates_nothing_beside_it(self):
        server = self.server([])
        before = sorted(os.listdir(self.folder))
        self.assertEqual(run("check", "--config", f"file:{server.config_file}")[0], 0)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        server.stop()
        before = sorted(os.listdir(self.folder))
        self.assertEqual(run("check", "--config", f"file:{server.config_file}")[0], 0)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_every_problem_is_shown_at_once_with_its_place(self):
        source = self.written("server: {port: 99999}\nsip:\n  room_prefix: 'büro'\n  allowed_addresses: [999.999.999.999/99]\n"
                              "  hook_secret: 0123456789abcdef\n  hooks: [{host: a.example, url: 'http://a.example/'}]\n  hoks: []\n")
        code, _, errors = run("check", "--config", source)
        self.assertEqual(code, 78)
        for text in ("switchhook.yaml:1", "room_prefix must contain only alphanumeric characters, '-', or '_'",
                     "SIP allowed_address '999.999.999.999/99' does not look like a valid IPv4 address or CIDR range",
                     "SIP hook URL must be HTTPS", "hoks", "hooks"):
            self.assertIn(text, errors)

    def test_a_url_that_the_forwarder_would_refuse_is_a_problem_of_the_configuration(self):
        source = self.written(config(self.folder, [{"host": "a.example", "url": "https://169.254.169.254/latest", "auth_id": "t"}]))
        code, _, errors = run("check", "--config", source)
        self.assertEqual(code, 78)
        self.assertIn("sip.hooks[0].url", errors)

    def test_show_masks_secrets_and_names_origins(self):
        source = self.written(config(self.folder))
        code, out, errors = run("check", "--show", "--config", source, "--config", "env", environment={"SIP_HOOK_SECRET": "from-the-environment-1"})
        self.assertEqual(code, 0, errors)
        self.assertIn("$SIP_HOOK_SECRET", out)
        for secret in ("from-the-environment-1", "0123456789abcdef0123"):
            self.assertNotIn(secret, out + errors)

    def test_auth_required_maybe_is_an_error_and_never_off(self):
        broken = config(self.folder, server={"host": "127.0.0.1", "port": 99999})
        code, _, errors = run("check", "--config", self.written(broken), "--config", "env", environment={"AUTH_REQUIRED": "maybe"})
        self.assertEqual(code, 78)
        self.assertIn("$AUTH_REQUIRED", errors)
        self.assertIn("server.port", errors)  # and the other faults are shown with it

    def test_the_environment_alone_is_a_configuration(self):
        environment = {"LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32, "SIP_ROOM_PREFIX": "sip-", "SIP_ALLOWED_ADDRESSES": "10.0.0.1",
                       "SIP_HOOK_SECRET": "0123456789abcdef", "SIP_HOOKS_JSON": '[{"host":"a.example","url":"https://a.example/"}]'}
        self.assertEqual(run("check", "--config", "env", environment=environment)[0], 0)
        environment["SIP_ROOM_PREFIX"] = ""
        code, _, errors = run("check", "--config", "env", environment=environment)
        self.assertEqual(code, 78)
        self.assertIn("SIP room_prefix cannot be empty", errors)

    def test_the_shipped_schema_is_the_one_that_the_program_prints(self):
        code, out, errors = run("check", "--schema")
        self.assertEqual(code, 0, errors)
        self.assertEqual(json.loads(out), json.loads((ROOT / "config" / "schema.json").read_text(encoding="utf-8")))


class Running(Case):
    def test_the_shipped_configuration_runs_answers_503_and_says_why(self):
        mine = {"storage": {"use": "sqlite", "path": str(self.folder / "switchhook.db")}, "admin": {"host": "127.0.0.1", "port": 0}}
        shipped = ROOT / "config" / "switchhook.yaml"
        server = Server(self.folder, mine, {"PORT": "0", "HOST": "127.0.0.1"},
                        sources=[f"file:{shipped}", f"file:{self.folder}/switchhook.yaml", "env"])
        self.addCleanup(lambda: server.process and server.process.kill())
        server.start()
        body = joined()
        self.assertEqual(server.request("POST", "/livekit/webhook", body, {"Authorization": sign(body)})[0], 503)
        status, _, answer = server.request("GET", "/readyz", admin=True)
        self.assertEqual(status, 503)
        self.assertIn("key", answer.decode().lower())
        self.assertEqual(server.request("GET", "/healthz", admin=True)[0], 200)
        self.assertEqual(server.stop(), 0)

    def test_without_sip_webhooks_are_verified_and_no_line_mentions_sip(self):
        server = self.server(sip=None)
        body = joined()
        self.assertEqual(server.request("POST", "/livekit/webhook", body, {"Authorization": sign(body)})[0], 200)
        self.assertEqual(server.request("POST", "/livekit/webhook", body, {"Authorization": sign(body, secret="wrong")})[0], 401)
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("sip", server.log().lower().replace("sip_host", ""))

    def test_sigterm_and_sigint_end_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.server([])
            server.process.send_signal(number)
            self.assertEqual(server.process.wait(20), 0)

    def test_systemd_is_told_when_the_server_is_ready_and_when_it_stops(self):
        address = str(self.folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(address)
            listener.settimeout(20)
            server = self.server([], environment={"NOTIFY_SOCKET": address})
            said = ""
            while "READY=1" not in said:
                said += listener.recv(4096).decode() + "\n"
            self.assertEqual(server.stop(), 0)
            while "STOPPING=1" not in said:
                said += listener.recv(4096).decode() + "\n"

    def test_a_taken_port_is_an_error_that_names_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            server = self.server([], start=False, server={"host": "127.0.0.1", "port": port})
            code, _, errors = run("serve", "--config", f"file:{server.config_file}")
            self.assertNotEqual(code, 0)
            self.assertIn(str(port), errors)

    def test_a_host_without_a_hook_is_answered_200_counted_and_logged_once_with_the_host(self):
        server = self.server([])
        sender = self.sender(server)
        for number in range(5):
            self.post_all(sender, [joined("nobody.example", f"SCL_{number}", room=f"sip-_+15557654321_{number}", sid=f"RM_{number}")])
        self.assertEqual(server.metric("switchhook_events_unmatched_total"), 5)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.log().count("nobody.example"), 1)
        self.assertNotIn("15557654321", server.log())

    def test_metrics_count_what_was_received_refused_and_delivered(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        sender = self.sender(server)
        self.post_all(sender, [joined()])
        self.assertEqual(sender.post(joined(), authorization="nonsense")[0], 401)
        self.assertEqual(sender.post(b"{", authorization=sign(b"{"))[0], 400)
        self.assertTrue(server.wait_metric("switchhook_deliveries_delivered_total", 1))
        self.assertEqual(server.metric("switchhook_webhooks_received_total"), 3)
        self.assertEqual(server.metric("switchhook_webhooks_refused_total"), 2)
        self.assertEqual(server.metric("switchhook_events_appended_total"), 1)


if __name__ == "__main__":
    unittest.main()
