"""The programs of a benchmark: servers with their folders, the sink, the load generator, the baseline."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from tests.bench import journeys
from tests.harness.server import Server, config
from tests.harness.tls import Authority

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = ROOT / "build" / "release" / "bin"
RECORDING = ROOT / "tests" / "data" / "recordings" / "simple_call.jsonl"
EVENTS_PER_CALL = 10
HOST = "customer-a.com"


class Sink:
    """bench_sink: a cheap HTTPS endpoint. `stop()` makes it write `notes`. yields: it runs when nothing else wants to."""

    def __init__(self, lab, behaviour="well", port=0, yields=False):
        self.notes = lab.file("sink")
        certificate, key = lab.certificate
        command = [str(BIN / "bench_sink"), str(certificate), str(key), str(port), behaviour, str(self.notes)]
        self.process = subprocess.Popen(["chrt", "--idle", "0", *command] if yields else command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def url(self, path="/"):
        return f"https://localhost:{self.port}{path}"

    def wait(self, count, timeout=120):
        """Until so many requests have arrived."""
        deadline = time.monotonic() + timeout
        while True:
            self.process.stdin.write("?")
            self.process.stdin.flush()
            if (seen := int(self.process.stdout.readline())) >= count:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{seen} of {count} requests arrived after {timeout} s")
            time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(60)
            self.process.stdout.close()
            self.process = None
        return self.notes


class Nginx:
    """A plain listener that answers 200: the baseline of the front."""

    def __init__(self, lab):
        folder = lab.folder / "nginx"
        folder.mkdir()
        self.port = lab.free_port()
        (folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{self.port}; location / {{ return 200; }} }} }}
""", encoding="ascii")
        self.process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        lab.wait_listening(self.port)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Lab:
    """A folder for everything that a part leaves, and what it started; `close()` ends and removes all of it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-bench-"))
        self._authority = Authority(self.folder / "tls")
        self.certificate = self._authority.certificate()
        self._running, self._files, self._calls = [], 0, 0

    def file(self, name):
        self._files += 1
        return self.folder / f"{name}-{self._files}"

    def free_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def wait_listening(self, port):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError(f"nothing listens on port {port}")

    def syncs_ms(self, count=1000):
        """What the disk alone takes: 4 KiB written in place and fdatasync, of each."""
        with open(self.file("sync"), "wb", buffering=0) as file:
            os.write(file.fileno(), bytes(1 << 20))
            os.fsync(file.fileno())
            took = []
            for turn in range(count):
                began = time.perf_counter()
                os.pwrite(file.fileno(), bytes(4096), turn % 256 * 4096)
                os.fdatasync(file.fileno())
                took.append((time.perf_counter() - began) * 1e3)
        return took

    def sink(self, *given, **named):
        return self._started(Sink(self, *given, **named))

    def nginx(self):
        return self._started(Nginx(self))

    def server(self, hooks=(), wrapper=(), launch=True, **blocks):
        """A `switchhook serve` on a store of its own. Hooks: dicts, of which host and auth_id may be absent."""
        folder = self.file("server")
        folder.mkdir()
        hooks = [{"host": HOST, "auth_id": "tenant-a", **hook} for hook in hooks]
        server = Server(folder, config(folder, hooks, self._authority, **blocks), wrapper=wrapper)
        self._running.append(server)
        if launch:
            server.start()
        return server

    def end(self, server):
        """At once, with its store."""
        if server.process is not None:
            server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)

    def load(self, port, calls, connections=64, rate=None, hosts=(HOST,), notes=None, wait=True):
        """Plays `calls` calls with ids of their own: what bench_load printed, or the process with wait=False."""
        command = [str(BIN / "bench_load"), str(port), str(connections), str(self._calls), str(calls), str(RECORDING), "hosts=" + ",".join(hosts)]
        command += [f"rate={rate}"] if rate else []
        command += [f"notes={notes}"] if notes else []
        self._calls += calls
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return self.loaded(process) if wait else process

    @staticmethod
    def loaded(process):
        printed = process.communicate()[0]
        if process.returncode != 0:
            raise RuntimeError(f"the load generator ended with {process.returncode}: {printed}")
        result = json.loads(printed)
        result["answers"] = f"p50 {result['p50_us'] / 1e3:.2f} ms, p99 {result['p99_us'] / 1e3:.2f} ms"
        if set(result["statuses"]) != {"200"}:
            raise RuntimeError(f"not only 200: {result['statuses']}")
        return result

    @staticmethod
    def wait_delivered(server, count, timeout=120, pause=0.05):
        """Until so many deliveries were answered 2xx since the server's start; the time on the monotonic clock."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if (server.metric("switchhook_deliveries_delivered_total") or 0) >= count:
                return time.monotonic()
            time.sleep(pause)
        raise RuntimeError(f"{server.metric('switchhook_deliveries_delivered_total')} of {count} were delivered after {timeout} s")

    def travel(self, server, sinks, calls, arrivals, **load):
        """A load whose events are followed: (what the load generator printed, event id -> Journey). Ends the sinks.

        `arrivals`: how many requests the first sink will then have had since its start."""
        notes = self.file("load")
        done = self.load(server.port, calls, notes=notes, **load)
        sinks[0].wait(arrivals)
        ways = journeys.read(notes, [sink.stop() for sink in sinks])
        notes.unlink()
        return done, ways

    def _started(self, process):
        self._running.append(process)
        return process

    def close(self):
        for each in self._running:
            if isinstance(each, Server):
                self.end(each)
            else:
                each.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
