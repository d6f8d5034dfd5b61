"""A 200 means durable: kill -9, a crash of the order of system calls, a full or read-only disk."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from tests.harness.livekit import FreshIds, event, joined, recording
from tests.integration.case import Case


class Durability(Case):
    def test_an_event_that_was_answered_200_is_delivered_after_kill_9(self):
        tenant = self.tenant()
        tenant.answer = lambda arrival: (503, {}, b"")
        server = self.server([self.hook(tenant)])
        sender, ids = self.sender(server), FreshIds()
        bodies = [ids.body(line) for line in recording("simple_call")]
        self.post_all(sender, bodies)
        server.kill()
        tenant.answer = lambda arrival: (200, {}, b"")
        before = len(tenant.snapshot())
        server.start()
        expected = [json.loads(body)["id"] for body in bodies]
        self.assertTrue(tenant.wait(lambda arrivals: len(arrivals) - before >= len(bodies)), server.log()[-2000:])
        self.assertEqual([arrival.event["id"] for arrival in tenant.snapshot()[before:]], expected)

    def test_a_call_that_is_cut_in_two_by_kill_9_keeps_its_tenant(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        ids = FreshIds()
        bodies = [ids.body(line) for line in recording("simple_call")]
        self.post_all(self.sender(server), bodies[:1])  # parked: nobody knows the tenant yet
        server.kill()
        server.start()
        self.post_all(self.sender(server), bodies[1:3])
        self.assertTrue(tenant.wait_count(3))
        server.kill()
        server.start()
        self.post_all(self.sender(server), bodies[3:])
        everything = {json.loads(body)["id"] for body in bodies}
        self.assertTrue(tenant.wait(lambda arrivals: {a.event["id"] for a in arrivals} == everything), server.log()[-2000:])

    def test_an_id_stays_known_after_kill_9(self):
        tenant = self.tenant()
        server = self.server([self.hook(tenant)])
        body = joined()
        self.post_all(self.sender(server), [body])
        self.assertTrue(tenant.wait_count(1))
        self.assertTrue(server.wait_metric("switchhook_deliveries_delivered_total", 1))
        server.kill()
        server.start()
        self.post_all(self.sender(server), [body])
        self.assertTrue(server.wait_metric("switchhook_events_duplicate_total", 1))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_no_200_leaves_before_the_sync_of_its_group_returned(self):
        if os.environ.get("SWITCHHOOK_SANITIZE"):
            self.skipTest("sanitizers and ptrace do not go together; the release tree runs this test")
        trace = self.folder / "trace"
        server = self.server([], wrapper=["strace", "-f", "-qq", "-s", "32", "-o", str(trace),
                                          "-e", "trace=fdatasync,fsync,sendto,sendmsg,write,writev,recvfrom,read,recvmsg"])
        sender = self.sender(server)
        count = 20
        for number in range(count):  # parked events: nothing is sent, so every sync belongs to an append
            self.post_all(sender, [event("room_started", room=f"sip-{number}", sid=f"RM_{number}")])
        sender.close()
        server.end_traced()
        synced, answers = 0, 0
        for line in trace.read_text(errors="replace").splitlines():
            if re.search(r"(fdatasync|fsync)\(\d+\)\s+= 0|(fdatasync|fsync) resumed.*= 0", line):
                synced += 1
            if re.search(r'(send|write)\w*\(.*"HTTP/1\.1 200', line):
                answers += 1
                self.assertGreater(synced, 0, f"answer {answers} left before a sync")
                synced = 0
        self.assertEqual(answers, count)

    def full_disk(self, megabytes=12):
        disk = self.folder / "disk"
        disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], capture_output=True)
        if done.returncode != 0:
            self.skipTest("mounting a small file system needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        return disk

    def fill(self, disk):
        with open(disk / "ballast", "wb") as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 65536)
                    ballast.flush()
            except OSError:
                pass

    def test_a_full_disk_answers_503_says_so_and_recovers_by_itself(self):
        disk = self.full_disk()
        tenant = self.tenant()
        server = self.server([self.hook(tenant)], storage={"use": "sqlite", "path": str(disk / "switchhook.db")})
        sender = self.sender(server)
        self.post_all(sender, [joined(event_id="EV_first", call="SCL_first", room="sip-first", sid="RM_first")])
        self.assertTrue(tenant.wait_count(1))
        self.fill(disk)
        refused = None
        for number in range(2000):
            status, headers, _ = sender.post(joined(call=f"SCL_{number}", room=f"sip-{number}", sid=f"RM_{number}",
                                                    padding="x" * 20000))
            if status != 200:
                refused = status, headers
                break
        self.assertIsNotNone(refused, "the disk never became full")
        self.assertEqual(refused[0], 503)
        self.assertEqual(refused[1].get("Retry-After"), "5")
        status, _, body = server.request("GET", "/readyz", admin=True)
        self.assertEqual(status, 503, body)
        os.unlink(disk / "ballast")
        accepted = 0
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not accepted:
            if sender.post(joined(event_id="EV_last", call="SCL_last", room="sip-last", sid="RM_last"))[0] == 200:
                accepted = 1
            else:
                time.sleep(0.1)  # the server looks again at its own pace; nothing here can be waited for
        self.assertTrue(accepted, server.log()[-3000:])
        self.assertTrue(tenant.wait(lambda arrivals: any(a.event["id"] == "EV_last" for a in arrivals)))
        while time.monotonic() < deadline + 20 and server.request("GET", "/readyz", admin=True)[0] != 200:
            time.sleep(0.1)  # likewise
        self.assertEqual(server.request("GET", "/readyz", admin=True)[0], 200)

    def test_a_second_process_on_the_same_store_ends_with_69(self):
        first = self.server([])
        from tests.harness.server import run
        code, _, errors = run("serve", "--config", f"file:{first.config_file}")
        self.assertEqual(code, 69, errors)
        self.assertIn("switchhook.db", errors)

    def test_a_newer_store_is_refused_and_left_alone(self):
        import sqlite3
        path = self.folder / "switchhook.db"
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 999")
        database.commit()
        database.close()
        before = path.read_bytes()
        server = self.server([], start=False)
        from tests.harness.server import run
        code, _, errors = run("serve", "--config", f"file:{server.config_file}")
        self.assertEqual(code, 78, errors)
        self.assertEqual(path.read_bytes(), before)

    def test_a_store_that_is_no_database_is_refused_and_left_alone(self):
        path = self.folder / "switchhook.db"
        path.write_bytes(b"this is no database, but somebody's notes\n" * 100)
        before = path.read_bytes()
        server = self.server([], start=False)
        from tests.harness.server import run
        code, _, errors = run("serve", "--config", f"file:{server.config_file}")
        self.assertEqual(code, 78, errors)
        self.assertEqual(path.read_bytes(), before)


class Connections(Case):
    def test_a_connection_that_livekit_keeps_serves_many_requests(self):
        server = self.server([])
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            for _ in range(100):
                raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertTrue(raw.recv(4096).startswith(b"HTTP/1.1 200"))


if __name__ == "__main__":
    unittest.main()
