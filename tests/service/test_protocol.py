"""What the server and a service manager say to each other, without a service manager: the test holds its socket."""
import os
import re
import select
import signal
import socket
import subprocess
import time

from tests.harness.livekit import joined
from tests.harness.server import BINARY, Server, config, run
from tests.harness.threads import stopped, threads
from tests.integration.case import Case

HALF = 0.25  # of the watchdog's time, seconds


class Manager:
    """The socket that NOTIFY_SOCKET names."""

    def __init__(self, folder):
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self.heard = []

    def hear(self, wanted, timeout=20):
        """Waits for a message with these words; the message."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                self.heard.append(self._socket.recv(65536).decode())
            except TimeoutError:
                break
            if wanted in self.heard[-1]:
                return self.heard[-1]
        raise AssertionError(f"not heard: {wanted}\n" + "\n".join(self.heard))

    def drain(self):
        """All that has arrived."""
        while select.select([self._socket], [], [], 0)[0]:
            self.heard.append(self._socket.recv(65536).decode())
        return "\n".join(self.heard)

    def quiet_for(self, seconds, word):
        """Whether no message with this word comes in that time."""
        try:
            self.hear(word, seconds)
        except AssertionError:
            return True
        return False

    def close(self):
        self._socket.close()


class ProtocolCase(Case):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.close)

    def served(self, hooks=(), environment=None, **blocks):
        return self.server(hooks, {"NOTIFY_SOCKET": self.manager.address, **(environment or {})}, **blocks)


class Status(ProtocolCase):
    def test_ready_names_the_listeners_and_what_waits(self):
        tenant = self.tenant()
        server = self.served([self.hook(tenant)])
        ready = self.manager.hear("READY=1")
        self.assertIn(f"STATUS=ready; listening on 127.0.0.1:{server.port}, admin on 127.0.0.1:{server.admin_port}; 1 hook, 0 waiting, 0 dead letters",
                      ready)
        self.assertEqual(server.stop(), 0)
        self.manager.hear("STOPPING=1\nSTATUS=stopping")
        self.assertNotIn("0123456789abcdef0123", self.manager.drain())

    def test_without_a_key_it_says_what_to_set(self):
        self.served(livekit=None, sip=None)
        self.assertRegex(self.manager.hear("READY=1"), "STATUS=not ready: no LiveKit key.*livekit.api_key.*; listening on")

    def test_a_wrong_configuration_is_told_before_the_end(self):
        server = self.server(start=False, environment={"NOTIFY_SOCKET": self.manager.address},
                             server={"host": "127.0.0.1", "port": 99999}, admin={"prot": 1})
        server.launch()
        self.assertEqual(server.process.wait(20), 78)
        told = self.manager.drain()
        self.assertRegex(told, r"^STATUS=wrong configuration: \S*switchhook.yaml:\d+.*\(and 1 more\)$")

    def test_a_missing_credential_is_wrong_configuration(self):
        server = self.server(start=False, environment={"NOTIFY_SOCKET": self.manager.address},
                             livekit={"api_key": "k", "api_secret": "credential:livekit"})
        server.launch()
        self.assertEqual(server.process.wait(20), 78)
        self.assertRegex(self.manager.drain(), "STATUS=wrong configuration: .*credential")

    def test_a_taken_port_may_become_free_and_is_69(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            server = self.server(start=False, environment={"NOTIFY_SOCKET": self.manager.address}, server={"host": "127.0.0.1", "port": port})
            server.launch()
            self.assertEqual(server.process.wait(20), 69)
        self.assertRegex(self.manager.drain(), rf"\nSTATUS=did not start: cannot listen on 127.0.0.1:{port}: .*in use[^\n]*\Z")

    def test_a_folder_that_cannot_be_written_is_named(self):
        # Also root may not write there.
        server = self.server(start=False, environment={"NOTIFY_SOCKET": self.manager.address}, storage={"use": "sqlite", "path": "/proc/1/switchhook.db"})
        server.launch()
        self.assertEqual(server.process.wait(20), 69)
        self.assertRegex(self.manager.drain(), r"STATUS=did not start: .*/proc/1/switchhook.db[^\n]*\Z")

    def test_a_refused_reload_is_told_and_the_next_good_one_too(self):
        server = self.served()
        self.manager.hear("READY=1")
        good = server.config_file.read_text(encoding="utf-8")
        # Replaced in one step, so that no half is read; the source's own watch sends the signal.
        (self.folder / "new").write_text(good.replace('"room_prefix"', '"room_prefiks"'), encoding="utf-8")
        os.replace(self.folder / "new", server.config_file)
        self.manager.hear("RELOADING=1\nMONOTONIC_USEC=")
        self.assertIn("warning: the configuration was not reloaded", self.manager.hear("READY=1"))
        (self.folder / "new").write_text(good, encoding="utf-8")
        os.replace(self.folder / "new", server.config_file)
        self.manager.hear("RELOADING=1")
        self.assertNotIn("warning", self.manager.hear("READY=1"))


class Watchdog(ProtocolCase):
    def wait_log(self, server, pattern, stuck):
        """The log is written by a thread of its own. `stuck`: so many turns of that kind there must be."""
        deadline = time.monotonic() + 20
        kind = pattern.split(".*")[0]
        while time.monotonic() < deadline:
            if re.search(pattern, server.log()) and server.log().count(kind) >= stuck:
                return
            select.select([], [], [], 0.01)
        self.fail(f"{pattern} is not in the log:\n{server.log()}")

    def watched(self):
        server = self.served(environment={"WATCHDOG_USEC": str(int(2 * HALF * 1e6))})
        self.manager.hear("WATCHDOG=1")
        return server

    def test_it_hears_from_us_again_and_again(self):
        self.watched()
        for _ in range(3):
            self.manager.hear("WATCHDOG=1")

    def test_each_thread_that_is_stuck_silences_us_is_named_and_when_it_goes_on_so_do_we(self):
        server = self.watched()
        for number, name in enumerate(("front-loop", "committer", "delivery")):
            with self.subTest(name):
                with stopped(server.process.pid, name):
                    # What was answered before the stop may still be told, once.
                    self.manager.quiet_for(2 * HALF, "WATCHDOG=1")
                    self.assertTrue(self.manager.quiet_for(4 * HALF, "WATCHDOG=1"))
                    self.wait_log(server, f"a thread is stuck.*thread=.*{name}", number + 1)
                self.manager.hear("WATCHDOG=1", 20)
                self.wait_log(server, "all threads go on", number + 1)
        self.assertEqual(server.stop(), 0)

    def test_a_disk_that_hangs_is_seen_as_a_stuck_committer(self):
        tenant = self.tenant()
        # The committer's syncs take 3 s each; strace is a test tool of this house.
        server = self.server([self.hook(tenant)], {"NOTIFY_SOCKET": self.manager.address, "WATCHDOG_USEC": str(int(2 * HALF * 1e6))},
                             wrapper=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=3000000:when=30+"))
        self.manager.hear("READY=1")
        sender = self.sender(server)
        for number in range(60):
            self.assertEqual(sender.post(joined(call=f"SCL_{number}", room=f"sip-{number}", sid=f"RM_{number}"))[0], 200)
            if "a thread is stuck" in server.log():
                break
        self.assertRegex(server.log(), "a thread is stuck.*thread=committer")
        self.manager.hear("WATCHDOG=1")

    def test_nobody_asks_nobody_is_told_and_no_thread_waits(self):
        for environment in ({}, {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}):
            server = self.served(environment=environment)
            self.manager.hear("READY=1")
            names = threads(server.process.pid).values()
            self.assertNotIn("watchdog", names)
            self.assertIn("committer", names)
            self.assertEqual(server.stop(), 0)
        self.assertNotIn("WATCHDOG", self.manager.drain())

    def test_a_senseless_time_is_said_and_ignored(self):
        server = self.served(environment={"WATCHDOG_USEC": "soon"})
        self.manager.hear("READY=1")
        self.assertIn("WATCHDOG_USEC is not a positive number", server.log())


class Journal(Case):
    def said(self, stream):
        """What the server writes on standard error when JOURNAL_STREAM is what `stream` makes of that file."""
        file = self.folder / "stderr"
        written = config(self.folder, log={"level": "info", "format": "text"})
        server = Server(self.folder, written)
        with open(file, "wb") as out:
            of = os.fstat(out.fileno())
            process = subprocess.Popen([str(BINARY), "serve", "--config", f"file:{server.config_file}"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       env={**os.environ, **stream(of)})
        try:
            deadline = time.monotonic() + 20
            while "listening" not in file.read_text() and time.monotonic() < deadline:
                select.select([], [], [], 0.01)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        return file.read_text().splitlines()

    def test_in_the_journal_lines_carry_their_priority_and_no_time(self):
        lines = self.said(lambda of: {"JOURNAL_STREAM": f"{of.st_dev}:{of.st_ino}"})
        for line in lines:
            self.assertRegex(line, r"^<[3467]>[^0-9]")
        self.assertTrue(any(line.startswith("<6>listening server=") for line in lines), lines)

    def test_elsewhere_they_carry_time_and_level(self):
        for stream in (lambda of: {}, lambda of: {"JOURNAL_STREAM": f"{of.st_dev}:{of.st_ino + 1}"}):
            lines = self.said(stream)
            self.assertTrue(any(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S* info +listening", line) for line in lines), lines)

    def test_what_is_wrong_with_the_configuration_has_the_priority_of_an_error(self):
        file = self.folder / "wrong.yaml"
        file.write_text("server: { port: 99999 }\nadmin: { port: 99999 }\n")
        with open(self.folder / "stderr", "w+b") as out:
            of = os.fstat(out.fileno())
            code = subprocess.run([str(BINARY), "serve", "--config", f"file:{file}"], stderr=out,
                                  env={**os.environ, "JOURNAL_STREAM": f"{of.st_dev}:{of.st_ino}"}).returncode
        self.assertEqual(code, 78)
        lines = (self.folder / "stderr").read_text().splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertTrue(line.startswith("<3>"), line)


class ReloadCommand(ProtocolCase):
    def asked(self, server, runtime):
        return run("reload", environment={"MAINPID": str(server.process.pid), "RUNTIME_DIRECTORY": str(runtime)})

    def test_it_waits_for_what_comes_of_it(self):
        runtime = self.folder / "run"
        runtime.mkdir()
        server = self.served(environment={"RUNTIME_DIRECTORY": str(runtime)})
        self.assertEqual(self.asked(server, runtime)[0], 0)
        server.config_file.write_text("server: { port: 99999 }\n", encoding="utf-8")
        code, _, errors = self.asked(server, runtime)
        self.assertEqual(code, 78)
        self.assertIn("server.port", errors)
        self.assertIn("the one before is in force", errors)
        self.assertEqual(server.request("GET", "/healthz", admin=True)[0], 200)

    def test_it_says_when_there_is_nobody_to_ask(self):
        self.assertEqual(run("reload")[0], 64)
        self.assertEqual(run("reload", environment={"MAINPID": "1", "RUNTIME_DIRECTORY": "/nowhere"})[0], 64)
        for wrong in ("", "0", "-1", "12x"):
            self.assertEqual(run("reload", environment={"MAINPID": wrong, "RUNTIME_DIRECTORY": str(self.folder)})[0], 64)
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.assertEqual(run("reload", environment={"MAINPID": str(ended.pid), "RUNTIME_DIRECTORY": str(self.folder)})[0], 69)

    def test_a_server_that_ends_meanwhile_is_not_waited_for(self):
        # It has no folder of its own, so it takes the signal and answers nobody.
        server = self.served()
        asking = subprocess.Popen([str(BINARY), "reload"], stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "MAINPID": str(server.process.pid), "RUNTIME_DIRECTORY": str(self.folder)})
        self.manager.hear("RELOADING=1")
        server.stop()
        _, errors = asking.communicate(timeout=30)
        self.assertEqual(asking.returncode, 69)
        self.assertIn("ended before", errors)
