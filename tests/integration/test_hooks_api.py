"""Hooks over REST on the real server, with both hook stores."""
import json
import stat
import threading
import unittest

from tests.harness.livekit import joined
from tests.harness.server import run
from tests.integration.case import Case

OPERATOR, TENANT_A, TENANT_B = "operator-secret-1", "tenant-a-secret-1", "tenant-b-secret-1"
AUTH = {"required": True, "api_secrets": [{"id": "ops", "secret": OPERATOR, "role": "operator"},
                                          {"id": "tenant-a", "secret": TENANT_A, "role": "tenant"},
                                          {"id": "tenant-b", "secret": TENANT_B, "role": "tenant"}]}


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


class HooksApi:
    """Runs once for each hook store."""
    store = None

    def hooks_server(self, hooks=(), **blocks):
        return self.server(hooks, hook_store=self.hook_store(), **blocks)

    def listed(self, server, **more):
        status, _, body = server.request("GET", "/sip/hooks", **more)
        self.assertEqual(status, 200, body)
        return json.loads(body)["hooks"]

    def test_a_posted_hook_works_at_once_and_survives_kill_9(self):
        tenant = self.tenant()
        server = self.hooks_server()
        hook = self.hook(tenant)
        status, _, body = server.request("POST", "/sip/hooks", {"hooks": [hook]})
        self.assertEqual((status, json.loads(body)), (200, {"hooks": [hook]}))
        self.post_all(self.sender(server), [joined()])
        self.assertTrue(tenant.wait_count(1))
        server.kill()
        server.start()
        self.assertEqual(self.listed(server), [hook])

    def test_64_parallel_writers_lose_no_update(self):
        server = self.hooks_server()
        failures = []

        def write(number):
            hook = {"host": f"h{number}.example", "url": f"https://h{number}.example/", "auth_id": f"t{number}"}
            status, _, body = server.request("POST", "/sip/hooks", {"hooks": [hook]}, timeout=60)
            if status != 200:
                failures.append((number, status, body))
        threads = [threading.Thread(target=write, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        hosts = sorted(f"h{number}.example" for number in range(64))
        self.assertEqual([hook["host"] for hook in self.listed(server)], hosts)
        server.kill()
        server.start()
        self.assertEqual([hook["host"] for hook in self.listed(server)], hosts)

    def test_a_configured_host_cannot_be_changed(self):
        tenant = self.tenant()
        server = self.hooks_server([self.hook(tenant)])
        for method, body in (("POST", {"hooks": [self.hook(tenant, "Customer-A.com")]}), ("DELETE", {"hosts": ["customer-a.com"]})):
            status, headers, answer = server.request(method, "/sip/hooks", body)
            self.assertEqual(status, 405)
            self.assertIn("Allow", headers)
            self.assertEqual(json.loads(answer)["error"], "Host(s) customer-a.com are hardcoded in the application config and cannot be changed.")

    def test_tenants_see_and_change_only_their_own(self):
        server = self.hooks_server(auth=AUTH)
        mine = {"host": "a.example", "url": "https://a.example/", "auth_id": "tenant-a"}
        self.assertEqual(server.request("POST", "/sip/hooks", {"hooks": [mine]}, bearer(TENANT_A))[0], 200)
        self.assertEqual(self.listed(server, headers=bearer(TENANT_B)), [])
        self.assertEqual(self.listed(server, headers=bearer(OPERATOR)), [mine])
        theft = {"host": "a.example", "url": "https://evil.example/", "auth_id": "tenant-b"}
        status, _, taken = server.request("POST", "/sip/hooks", {"hooks": [theft]}, bearer(TENANT_B))
        self.assertEqual(status, 403)
        self.assertNotIn(b"tenant-a", taken)
        for_another = {"host": "b.example", "url": "https://b.example/", "auth_id": "tenant-a"}
        self.assertEqual(server.request("POST", "/sip/hooks", {"hooks": [for_another]}, bearer(TENANT_B))[0], 403)
        self.assertEqual(server.request("DELETE", "/sip/hooks", {"hosts": ["a.example"]}, bearer(TENANT_B))[0], 403)
        self.assertEqual(self.listed(server, headers=bearer(TENANT_A)), [mine])

    def test_without_a_valid_secret_nothing_is_answered_and_no_token_reaches_the_log(self):
        server = self.hooks_server(auth=AUTH)
        self.assertEqual(server.request("GET", "/sip/hooks")[0], 401)
        status, _, body = server.request("GET", "/sip/hooks?api_key=a-guess-that-is-wrong")
        self.assertEqual((status, json.loads(body)), (401, {"error": "unauthorized", "message": "Unauthorized: Invalid API secret"}))
        self.assertEqual(server.request("GET", f"/sip/hooks?api_key={OPERATOR}")[0], 200)
        log = server.log()
        for secret in (OPERATOR, TENANT_A, "a-guess-that-is-wrong", "0123456789abcdef0123"):
            self.assertNotIn(secret, log)

    def test_bad_hooks_are_refused_whole(self):
        server = self.hooks_server()
        good = {"host": "good.example", "url": "https://good.example/", "auth_id": "t"}
        for bad in ({"host": "x.example", "url": "http://x.example/", "auth_id": "t"},
                    {"host": "x.example", "url": "https://127.0.0.2.:70000/", "auth_id": "t"},
                    {"host": "x.example", "url": "https:///p", "auth_id": "t"},
                    {"host": "x.example", "url": "https://user@x.example/", "auth_id": "t"},
                    {"host": "x example", "url": "https://x.example/", "auth_id": "t"},
                    {"host": "", "url": "https://x.example/", "auth_id": "t"},
                    {"host": "GOOD.example", "url": "https://x.example/", "auth_id": "t"}):
            status, _, body = server.request("POST", "/sip/hooks", {"hooks": [good, bad]})
            self.assertEqual(status, 400, (bad, body))
        self.assertEqual(self.listed(server), [])


class FileStore(HooksApi, Case):
    def hook_store(self):
        return {"use": "file", "path": str(self.folder / "sip_hooks.json")}

    def test_the_file_is_the_references_and_readable_by_its_owner_only(self):
        server = self.hooks_server()
        hook = {"host": "a.example", "url": "https://a.example/", "auth_id": "t"}
        self.assertEqual(server.request("POST", "/sip/hooks", {"hooks": [hook]})[0], 200)
        file = self.folder / "sip_hooks.json"
        self.assertEqual(json.loads(file.read_text()), [hook])
        self.assertEqual(stat.S_IMODE(file.stat().st_mode) & 0o007, 0)
        self.assertEqual(sorted(path.name for path in self.folder.glob("sip_hooks*")), ["sip_hooks.json"])

    def test_a_corrupt_file_stops_the_start_and_is_never_overwritten(self):
        file = self.folder / "sip_hooks.json"
        for text in ('[{"host":"a.example"', '{"hooks":[]}', '[{"host":"a","url":"https://a/"},{"host":"A","url":"https://a/"}]', "[1]", "\xff\xfe"):
            file.write_text(text, encoding="latin-1")
            server = self.server([], start=False, hook_store=self.hook_store())
            code, _, errors = run("serve", "--config", f"file:{server.config_file}")
            self.assertEqual(code, 78, (text, errors))
            self.assertIn("sip_hooks.json", errors)
            self.assertEqual(file.read_text(encoding="latin-1"), text)

    def test_a_write_that_fails_changes_nothing_and_says_so(self):
        folder = self.folder / "hooks"
        folder.mkdir()
        server = self.server([], hook_store={"use": "file", "path": str(folder / "sip_hooks.json")})
        hook = {"host": "a.example", "url": "https://a.example/", "auth_id": "t"}
        self.assertEqual(server.request("POST", "/sip/hooks", {"hooks": [hook]})[0], 200)
        before = (folder / "sip_hooks.json").read_bytes()
        folder.rename(self.folder / "moved")
        folder.write_text("root passes every permission; a file where the folder was fails for everyone")
        other = {"host": "b.example", "url": "https://b.example/", "auth_id": "t"}
        status, _, body = server.request("POST", "/sip/hooks", {"hooks": [other]})
        self.assertEqual(status, 500)
        self.assertTrue(json.loads(body)["error"].startswith("Failed to write hooks cache: "), body)
        self.assertEqual(self.listed(server), [hook])
        self.assertEqual((self.folder / "moved" / "sip_hooks.json").read_bytes(), before)


class SqliteStore(HooksApi, Case):
    def hook_store(self):
        return {"use": "sqlite", "path": str(self.folder / "switchhook.db")}


if __name__ == "__main__":
    unittest.main()
