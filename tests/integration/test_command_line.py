"""The commands of the real program, against the real server; and every example of docs/command-line.md."""
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import threading
import time
import unittest

from tests.harness.livekit import DATA, event, joined, recording, scenarios
from tests.harness.server import BINARY, ROOT, SHORT, config, run
from tests.integration.case import Case
from tests.integration.test_hooks_api import AUTH, OPERATOR, TENANT_A, TENANT_B

sys.path.insert(0, str(DATA / "golden"))
from model import HOOKS, REACHES, tenant_of  # noqa: E402

PAGE = ROOT / "docs" / "command-line.md"
HOOK = {"host": "a.example", "url": "https://a.example/", "auth_id": "tenant-a"}


class CommandLine(Case):
    def ask(self, server, *arguments, token=None, **more):
        """One command on that server: (exit code, stdout, stderr)."""
        environment = {"SWITCHHOOK_SERVER": f"http://127.0.0.1:{server.port}", **({"SWITCHHOOK_TOKEN": token} if token else {})}
        return run(*arguments, environment=environment, **more)

    def source(self, server):
        return "--config", f"file:{server.config_file}"


class Hooks(CommandLine):
    def test_added_hooks_are_listed_and_removed_ones_are_not(self):
        server = self.server()
        code, out, err = self.ask(server, "hooks", "add", "a.example", "https://a.example/", "--tenant", "tenant-a")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("a.example", out)
        code, out, _ = self.ask(server, "hooks", "list", "--json")
        self.assertEqual((code, json.loads(out)), (0, {"hooks": [HOOK]}))
        code, out, _ = self.ask(server, "hooks", "remove", "a.example", "--json")
        self.assertEqual((code, json.loads(out)), (0, {"hooks": []}))
        self.assertEqual(self.ask(server, "hooks", "list")[1], "there are no hooks\n")

    def test_the_token_of_the_environment_says_who_asks(self):
        server = self.server(auth=AUTH)
        add = ("hooks", "add", "a.example", "https://a.example/", "--tenant", "tenant-a")
        code, out, err = self.ask(server, *add)
        self.assertEqual((code, out), (70, ""))
        self.assertEqual(err, "Missing authentication token (Authorization header or api_key query parameter)\n")
        code, out, err = self.ask(server, *add, token="a-guess-that-is-wrong")
        self.assertEqual((code, out, err), (70, "", "Unauthorized: Invalid API secret\n"))
        code, out, err = self.ask(server, *add, token=TENANT_B)
        self.assertEqual((code, out), (70, ""))
        self.assertIn("cannot be changed by this caller", err)
        self.assertEqual(self.ask(server, *add, token=TENANT_A)[0], 0)
        self.assertEqual(self.ask(server, "hooks", "list", token=TENANT_B)[1], "there are no hooks\n")
        self.assertIn("a.example", self.ask(server, "hooks", "list", token=OPERATOR)[1])
        for secret in (OPERATOR, TENANT_A, TENANT_B, "a-guess-that-is-wrong"):
            self.assertNotIn(secret, server.log())

    def test_what_the_api_refuses_is_shown_in_its_words_and_changes_nothing(self):
        server = self.server([{"host": "mine.example", "url": "https://mine.example/", "auth_id": "t"}])
        for arguments, said in ((("hooks", "add", "a.example", "http://a.example/"), "must be HTTPS"),
                                (("hooks", "add", "a example", "https://a.example/"), "no host"),
                                (("hooks", "add", "mine.example", "https://a.example/"), "hardcoded"),
                                (("hooks", "remove", "mine.example"), "hardcoded"),
                                (("hooks", "add", "a.example", "https://a.example/", "--dialect", "latin"), "must be one of"),
                                (("hooks", "add", "a.example", "https://a.example/", "--rate", "4294967295"), "rate")):
            code, out, err = self.ask(server, *arguments)
            self.assertEqual((code, out), (70, ""), arguments)
            self.assertIn(said, err)
        self.assertEqual(len(json.loads(self.ask(server, "hooks", "list", "--json")[1])["hooks"]), 1)

    def test_a_server_that_is_not_there_is_69(self):
        server = self.server()
        url = f"http://127.0.0.1:{server.port}"
        server.stop()
        for arguments in (("hooks", "list"), ("hooks", "add", "a.example", "https://a.example/"), ("hooks", "test", "a.example"),
                          ("deliveries", "list"), ("deliveries", "requeue", "--state", "dead", "--wait")):
            code, out, err = run(*arguments, "--server", url, environment={"SWITCHHOOK_TOKEN": OPERATOR})
            self.assertEqual((code, out), (69, ""), arguments)
            self.assertIn(url, err)
            self.assertNotIn(OPERATOR, err)

    def test_a_wrong_command_line_is_64_and_asks_nobody(self):
        for arguments in (("hooks",), ("hooks", "dance"), ("hooks", "add", "a.example"), ("hooks", "list", "--config", "env"),
                          ("hooks", "list", "--server", "127.0.0.1"), ("hooks", "list", "--token", "x"),
                          ("hooks", "list", "--server", "http://user:pass@127.0.0.1"), ("hooks", "list", "--server", ""),
                          ("hooks", "add", "a", "b", "--rate", "fast"), ("hooks", "add", "a", "b", "--max-age", "5s"),
                          ("deliveries", "requeue"), ("deliveries", "requeue", "1", "--state", "dead"),
                          ("deliveries", "requeue", "--wait", "--job", "1"), ("deliveries", "requeue", "--cancel")):
            code, out, err = run(*arguments)
            self.assertEqual((code, out), (64, ""), (arguments, err))
            self.assertIn("usage: switchhook", err)

    def test_https_is_verified(self):
        tenant = self.tenant()  # any TLS server whose authority the system does not know
        url = tenant.url("").rstrip("/")
        code, _, err = run("hooks", "list", "--server", url)
        self.assertEqual(code, 69, err)
        self.assertIn("certificate", err)
        code, _, err = run("hooks", "list", "--server", url, environment={"SSL_CERT_FILE": str(self.authority.ca_file)})
        self.assertEqual(code, 70, f"reached, and it is no Switchhook: {err}")


class Transfer(CommandLine):
    def stores(self, folder):
        return ({"use": "file", "path": str(folder / "sip_hooks.json")}, {"use": "sqlite", "path": str(folder / "hooks.db")})

    def configured(self, name, store, **blocks):
        file = self.folder / f"{name}.yaml"
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        file.write_text(json.dumps(config(folder, [], self.authority, hook_store=store, **blocks)), encoding="utf-8")
        return "--config", f"file:{file}"

    def test_hooks_move_from_each_store_to_the_other_with_all_that_they_have(self):
        hooks = [{"host": "a.example", "url": "https://a.example/", "auth_id": "t", "dialect": "sayna", "events": ["x", "y"],
                  "retry": "call", "concurrency": 3, "rate": {"per_second": 5, "burst": 7}, "max_age": {"x": "5s"}},
                 {"host": "b.example", "url": "https://b.example/", "auth_id": "u"}]
        given = self.folder / "given.json"
        given.write_text(json.dumps(hooks), encoding="utf-8")
        for there, back in ((0, 1), (1, 0)):
            folder = self.folder / f"from{there}"
            folder.mkdir()
            one = self.configured(f"one{there}", self.stores(folder)[there])
            other = self.configured(f"other{there}", self.stores(folder)[back])
            self.assertEqual(run("hooks", "import", str(given), *one)[0], 0)
            code, exported, err = run("hooks", "export", *one)
            self.assertEqual((code, json.loads(exported)), (0, {"hooks": hooks}), err)
            moved = subprocess.run([str(BINARY), "hooks", "import", "--json", *other], input=exported, capture_output=True, text=True, timeout=30,
                                   env={**os.environ, **SHORT})
            self.assertEqual((moved.returncode, json.loads(moved.stdout)["added"]), (0, hooks), moved.stderr)
            self.assertEqual(run("hooks", "export", *other)[1], exported)

    def test_a_replacement_is_said_and_needs_a_word(self):
        one = self.configured("one", self.stores(self.folder)[0])
        old, new = self.folder / "old.json", self.folder / "new.json"
        old.write_text(json.dumps([HOOK]), encoding="utf-8")
        new.write_text(json.dumps([{**HOOK, "url": "https://new.example/"}, {**HOOK, "host": "b.example"}]), encoding="utf-8")
        self.assertEqual(run("hooks", "import", str(old), *one)[0], 0)
        code, out, err = run("hooks", "import", str(new), *one)
        self.assertEqual(code, 70)
        self.assertRegex(out, r"would replace +a\.example")
        self.assertIn("--replace", err)
        self.assertEqual(json.loads(run("hooks", "export", *one)[1]), {"hooks": [HOOK]})
        self.assertEqual(run("hooks", "import", str(new), "--replace", *one)[0], 0)
        self.assertEqual([hook["url"] for hook in json.loads(run("hooks", "export", *one)[1])["hooks"]], ["https://new.example/", HOOK["url"]])

    def test_one_bad_hook_leaves_all_out(self):
        one = self.configured("one", self.stores(self.folder)[1])
        file = self.folder / "hooks.json"
        for text in (json.dumps([HOOK, {**HOOK, "host": "b.example", "url": "http://b.example/"}]), json.dumps([HOOK, HOOK]), "[", "{}", "",
                     json.dumps([HOOK, {**HOOK, "host": "b.example", "dialect": "latin"}])):
            file.write_text(text, encoding="utf-8")
            code, out, err = run("hooks", "import", str(file), *one)
            self.assertEqual((code, out), (70, ""), text)
            self.assertIn("nothing was imported", err)
        self.assertEqual(run("hooks", "import", str(self.folder / "none.json"), *one)[0], 70)
        self.assertEqual(json.loads(run("hooks", "export", *one)[1]), {"hooks": []})

    def test_beside_a_running_server_an_export_reads_and_an_import_is_refused(self):
        for store in self.stores(self.folder):
            server = self.server(hook_store=store)
            self.assertEqual(self.ask(server, "hooks", "add", "a.example", "https://a.example/", "--tenant", "tenant-a")[0], 0)
            before = sorted(path.name for path in self.folder.iterdir())
            code, out, err = run("hooks", "export", *self.source(server))
            self.assertEqual((code, json.loads(out)), (0, {"hooks": [HOOK]}), err)
            self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)
            if store["use"] == "sqlite":
                file = self.folder / "more.json"
                file.write_text(json.dumps([{**HOOK, "host": "b.example"}]), encoding="utf-8")
                code, out, err = run("hooks", "import", str(file), *self.source(server))
                self.assertEqual((code, out), (69, ""), err)
            self.assertEqual(json.loads(self.ask(server, "hooks", "list", "--json")[1]), {"hooks": [HOOK]})
            server.stop()

    def test_a_corrupt_store_is_78_and_stays_as_it_is(self):
        file = self.folder / "sip_hooks.json"
        file.write_text("[", encoding="utf-8")
        one = self.configured("one", {"use": "file", "path": str(file)})
        hooks = self.folder / "hooks.json"
        hooks.write_text(json.dumps([HOOK]), encoding="utf-8")
        for arguments in (("hooks", "export"), ("hooks", "import", str(hooks)), ("hooks", "import", str(hooks), "--replace")):
            self.assertEqual(run(*arguments, *one)[0], 78)
        self.assertEqual(file.read_text(encoding="utf-8"), "[")


class Explain(CommandLine):
    def explained(self, *arguments):
        code, out, err = run("explain", "--json", *arguments)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def hooks(self):
        return [{"host": host, "url": f"https://{tenant}.example/", "auth_id": tenant} for host, tenant in HOOKS.items()]

    def test_every_recorded_to_reaches_the_hook_that_it_reaches_in_the_golden_files(self):
        server = self.server(self.hooks(), start=False)
        for (to, x_to_ip), host in [*REACHES.items(), (("", ""), None), (("<tel:+15551230001>", ""), None), (("<sip:1@127.0.0.1:5060>", ""), None)]:
            headers = [*(["--to", to] if to else []), *(["--header", f"X-To-IP: {x_to_ip}"] if x_to_ip or not to else [])]
            made = self.explained(*headers, *self.source(server))
            self.assertEqual([hook["host"] for hook in made["hooks"]], [host] if host else [], (to, x_to_ip))
            self.assertEqual([hook["auth_id"] for hook in made["hooks"]], [HOOKS[host]] if host else [])

    def test_explained_events_go_where_the_server_sends_them(self):
        """The first event of each recorded call that carries attributes: explain and the model of what serve does agree."""
        server = self.server(self.hooks(), start=False)
        file = self.folder / "event.json"
        seen = set()
        for name in scenarios():
            for line in recording(name):
                body = json.loads(line["body"])
                attributes = body.get("participant", {}).get("attributes", {})
                room = body.get("room", {}).get("name", "")
                told = (attributes.get("sip.h.to", "").split(";tag=")[0], attributes.get("sip.h.x-to-ip"), room[:4])
                if not attributes.get("sip.callID") or told in seen:
                    continue
                seen.add(told)
                file.write_text(line["body"], encoding="utf-8")
                made = self.explained("--event", str(file), *self.source(server))
                tenant = tenant_of(attributes) if room.startswith("sip-") else None
                self.assertEqual([hook["auth_id"] for hook in made["hooks"]], [tenant] if tenant else [], (name, told))
        self.assertGreater(len(seen), 20)

    def test_beside_a_running_server_the_stored_hooks_are_seen_and_nothing_is_touched(self):
        for store in (None, {"use": "file", "path": str(self.folder / "sip_hooks.json")}):
            server = self.server(hook_store=store)
            self.assertEqual(self.ask(server, "hooks", "add", "a.example", "https://a.example/", "--tenant", "tenant-a")[0], 0)
            before = sorted(path.name for path in self.folder.iterdir())
            made = self.explained("--to", "sip:+1@a.example", *self.source(server))
            self.assertEqual([hook["auth_id"] for hook in made["hooks"]], ["tenant-a"])
            self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)
            self.assertEqual(self.ask(server, "hooks", "add", "b.example", "https://b.example/", "--tenant", "tenant-b")[0], 0)
            server.kill()
            made = self.explained("--to", "sip:+1@b.example", *self.source(server))
            self.assertEqual([hook["auth_id"] for hook in made["hooks"]], ["tenant-b"], "after a kill")
            server.start()
            self.assertEqual(server.stop(), 0)
            made = self.explained("--to", "sip:+1@b.example", *self.source(server))
            self.assertEqual([hook["auth_id"] for hook in made["hooks"]], ["tenant-b"], "after a stop")

    def test_a_server_can_be_asked_for_its_hooks(self):
        server = self.server(auth=AUTH)
        add = ("hooks", "add", "a.example", "https://a.example/", "--tenant", "tenant-a")
        self.assertEqual(self.ask(server, *add, token=OPERATOR)[0], 0)
        question = ("explain", "--json", "--to", "sip:+1@a.example", "--server", f"http://127.0.0.1:{server.port}", *self.source(server))
        for token, hooks in ((OPERATOR, 1), (TENANT_A, 1), (TENANT_B, 0)):
            code, out, err = run(*question, environment={"SWITCHHOOK_TOKEN": token})
            self.assertEqual((code, len(json.loads(out)["hooks"])), (0, hooks), err)
        self.assertEqual(run(*question, environment={"SWITCHHOOK_TOKEN": "wrong"})[0], 70)
        server.stop()
        self.assertEqual(run(*question, environment={"SWITCHHOOK_TOKEN": OPERATOR})[0], 69)

    def test_what_cannot_be_explained_is_refused(self):
        server = self.server(start=False)
        for arguments, code in (((), 64), (("--to", "sip:1@a", "--event", "x"), 64), (("--header", "no colon"), 64), (("--header", "T o: x"), 64),
                                (("--to", ""), 64), (("--event", str(self.folder / "none")), 70)):
            self.assertEqual(run("explain", *arguments, *self.source(server))[0], code, arguments)
        file = self.folder / "event.json"
        for text in ("", "{", "[]", "{}", '{"event":1}'):
            file.write_text(text, encoding="utf-8")
            code, out, err = run("explain", "--event", str(file), *self.source(server))
            self.assertEqual((code, out), (70, ""), text)
            self.assertIn("400", err)
        self.assertEqual(run("explain", "--to", "sip:1@a", "--config", "file:/nowhere")[0], 78)


class Simulate(CommandLine):
    def play(self, server, *arguments, environment=None):
        return run("simulate", *self.source(server), "--server", f"http://127.0.0.1:{server.port}", *arguments, environment=environment, timeout=60)

    def test_made_up_calls_reach_their_tenant_in_order(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        code, out, err = self.play(server, "--to", "sip:+15551230001@customer-a.com", "--calls", "20", "--json")
        self.assertEqual((code, json.loads(out)["answers"]), (0, {"200": 120}), err)
        self.assertTrue(tenant.wait_count(120))
        rooms = {}
        for arrival in tenant.snapshot():
            rooms.setdefault(arrival.event["room"]["name"], []).append(arrival.event["event"])
        self.assertEqual(len(rooms), 20)
        for events in rooms.values():
            self.assertEqual(events, ["room_started", "participant_joined", "track_published", "track_unpublished", "participant_left",
                                      "room_finished"])

    def test_every_recording_can_be_played_again_and_again(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        file = DATA / "recordings" / "simple_call.jsonl"
        for round_ in (1, 2):
            self.assertEqual(self.play(server, "--recording", str(file))[0], 0)
            self.assertTrue(tenant.wait_count(round_ * len(recording("simple_call"))))
        folder = self.folder / "bodies"
        folder.mkdir()
        for line in recording("two_parallel_calls"):
            (folder / f"{line['n']:03d}.json").write_text(line["body"], encoding="utf-8")
        code, out, err = self.play(server, "--recording", str(folder), "--json")
        self.assertEqual((code, json.loads(out)["answers"]), (0, {"200": len(recording("two_parallel_calls"))}), err)

    def test_calls_begin_at_the_rate_that_was_asked_for(self):
        server = self.server()
        code, out, err = self.play(server, "--to", "sip:1@nobody.example", "--calls", "11", "--rate", "20", "--json")
        self.assertEqual(code, 0, err)
        self.assertGreaterEqual(json.loads(out)["seconds"], 0.5)

    def test_anything_but_200_is_70_and_a_server_that_is_gone_69(self):
        server = self.server()
        code, out, _ = self.play(server, "--to", "sip:1@a.example", "--config", "env", environment={"LIVEKIT_API_SECRET": "another"})
        self.assertEqual(code, 70)
        self.assertRegex(out, r"401 +6")
        body = self.folder / "body.json"
        body.write_text('{"event":1}', encoding="utf-8")
        self.assertEqual(self.play(server, "--recording", str(body))[0], 70)
        server.kill()
        code, out, err = self.play(server, "--to", "sip:1@a.example", "--calls", "100000")
        self.assertEqual((code, out), (69, ""))
        self.assertIn("cannot be reached", err)

    def test_what_cannot_be_played_is_refused(self):
        server = self.server(start=False)
        server.port = 1
        for arguments in ((), ("--calls", "3"), ("--to", "sip:1@a", "--calls", "0"), ("--to", "sip:1@a", "--calls", "many"),
                          ("--to", "sip:1@a", "--rate", "0"), ("--to", "sip:1@a", "--rate", "-1"), ("--to", "sip:1@a", "--rate", "nan"),
                          ("--to", "sip:1@a", "--rate", "1x"), ("--recording", "x", "--to", "sip:1@a"), ("--header", ": x")):
            self.assertEqual(self.play(server, *arguments)[0], 64, arguments)
        for recorded in (self.folder / "none", self.folder / "none.jsonl"):
            self.assertEqual(self.play(server, "--recording", str(recorded))[0], 70)
        keyless = self.server(start=False, livekit=None)
        keyless.port = 1
        code, _, err = self.play(keyless, "--to", "sip:1@a")
        self.assertEqual(code, 78)
        self.assertIn("LIVEKIT_API_KEY", err)


class Backup(CommandLine):
    def test_a_copy_beside_a_server_under_load_opens_and_holds_what_was_accepted(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (503, {}, b"")
        server = self.server([self.hook(tenant)])
        sender = self.sender(server)
        self.post_all(sender, [joined(event_id="EV_first")])
        done, accepted = threading.Event(), []

        def load():
            more = self.sender(server)
            while not done.is_set():
                accepted.append(more.post(event("track_published", event_id=f"EV_{len(accepted)}"))[0])
        thread = threading.Thread(target=load)
        thread.start()
        copies = [self.folder / f"copy{i}.db" for i in range(3)]
        for copy in copies:
            before = len(accepted)
            self.assertEqual(run("backup", str(copy), *self.source(server)), (0, f"the store was copied to {copy}\n", ""))
            deadline = time.monotonic() + 20
            while len(accepted) == before and time.monotonic() < deadline:
                select.select([], [], [], 0.01)
            self.assertGreater(len(accepted), before, "the server goes on")
        done.set()
        thread.join()
        self.assertEqual(set(accepted), {200})
        server.stop()
        self.assertFalse([path.name for path in self.folder.iterdir() if ".part" in path.name])
        for copy in copies:
            other = self.folder / f"{copy.name}.yaml"
            other.write_text(json.dumps(config(self.folder, [self.hook(tenant)], self.authority, storage={"use": "sqlite", "path": str(copy)})), encoding="utf-8")
            code, out, err = run("check", "--config", f"file:{other}")
            self.assertEqual(code, 0, (out, err))
        tenant.answer = lambda arrival: (200, {}, b"")
        restored = self.server([self.hook(tenant)], storage={"use": "sqlite", "path": str(copies[-1])})
        self.assertTrue(tenant.wait(lambda arrivals: any(arrival.event["id"] == "EV_first" for arrival in arrivals)))
        restored.stop()

    def test_nothing_is_overwritten_and_nothing_made_up(self):
        server = self.server()
        there = self.folder / "there.db"
        there.write_bytes(b"mine")
        code, out, err = run("backup", str(there), *self.source(server))
        self.assertEqual((code, out), (70, ""))
        self.assertEqual(err, f"{there} exists; a backup overwrites nothing\n")
        self.assertEqual(there.read_bytes(), b"mine")
        self.assertNotEqual(run("backup", str(self.folder / "no" / "copy.db"), *self.source(server))[0], 0)
        self.assertEqual(run("backup")[0], 64)
        self.assertEqual(run("backup", "x.db", "--config", "file:/nowhere")[0], 78)
        server.stop()
        copy = self.folder / "copy.db"
        self.assertEqual(run("backup", str(copy), *self.source(server))[0], 0, "without a server, too")
        empty = self.folder / "empty.yaml"
        empty.write_text(json.dumps(config(self.folder, [], self.authority, storage={"use": "sqlite", "path": str(self.folder / "none.db")})), encoding="utf-8")
        before = sorted(path.name for path in self.folder.iterdir())
        code, out, err = run("backup", str(self.folder / "of-nothing.db"), "--config", f"file:{empty}")
        self.assertNotEqual(code, 0, out)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)


class Page(CommandLine):
    def matches(self, expected, out):
        pattern = "".join(".*" if part == "..." else re.escape(part) for part in re.split(r"(\.\.\.)", expected))
        return re.fullmatch(pattern, out, re.DOTALL)

    def test_every_example_of_the_page_is_true(self):
        server = self.server()
        other = config(self.folder / "other", [], self.authority, hook_store={"use": "file", "path": str(self.folder / "other.json")})
        (self.folder / "other").mkdir()
        (self.folder / "other.yaml").write_text(json.dumps(other), encoding="utf-8")
        (self.folder / "event.json").write_bytes(event("room_finished", "sip-1"))
        shutil.copy(DATA / "recordings" / "simple_call.jsonl", self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "switchhook").symlink_to(BINARY)
        environment = {**server.environment, **SHORT, "SWITCHHOOK_SERVER": f"http://127.0.0.1:{server.port}", "PATH": f"{self.folder}/bin:/usr/bin:/bin"}
        blocks = re.findall(r"```console ?(\d*)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        self.assertGreater(len(blocks), 6)
        for code, block in blocks:
            for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, expected = example.partition("\n")
                ended = subprocess.run(["sh", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60)
                self.assertEqual(ended.returncode, int(code or 0), (command, ended.stdout, ended.stderr))
                out = ended.stdout + ended.stderr
                self.assertTrue(self.matches(expected, out), f"{command}\n--- the page says\n{expected}\n--- it said\n{out}")

    def test_every_command_is_on_the_page(self):
        page = PAGE.read_text(encoding="utf-8")
        words = re.findall(r"^  ([a-z]+(?: [a-z]+)?)", run("--help")[1].split("options\n")[0], re.MULTILINE)
        self.assertGreater(len(words), 15)
        for command in words:
            self.assertIn(command.split()[-1], page, command)


if __name__ == "__main__":
    unittest.main()
