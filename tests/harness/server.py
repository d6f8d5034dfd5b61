"""Starts the real `switchhook serve` and talks to it from outside."""
import http.client
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("SWITCHHOOK_BINARY", ROOT / "build" / "release" / "bin" / "switchhook"))
LISTENING = re.compile(r"listening.*?server=\S*?:(\d+).*?admin=\S*?:(\d+)")


def config(folder, tenant_hooks=(), authority=None, **blocks):
    """A configuration as a dict: embedded default in `folder`, free ports, the lab's key, loopback tenants allowed."""
    result = {
        "server": {"host": "127.0.0.1", "port": 0},
        "admin": {"host": "127.0.0.1", "port": 0},
        "livekit": {"url": "http://127.0.0.1:1", "api_key": "devkey", "api_secret": "secret"},
        "sip": {"room_prefix": "sip-", "allowed_addresses": ["127.0.0.0/8"], "hook_secret": "0123456789abcdef0123",
                "hooks": list(tenant_hooks)},
        "provisioner": {"use": "none"},  # LiveKit itself is in tests/e2e
        "call_control": {"use": "none"},
        "storage": {"use": "sqlite", "path": str(pathlib.Path(folder) / "switchhook.db")},
        "forwarder": {"use": "https", "allow": ["127.0.0.0/8", "::1/128"]},
    }
    if authority is not None:
        result["forwarder"]["ca_file"] = str(authority.ca_file)
    for name, block in blocks.items():
        if block is None:
            result.pop(name, None)
        else:
            result[name] = block
    return result


# For commands that end at once: LeakSanitizer's own tracer crashes now and then ("Tracer caught signal 11") in a program that ends
# while a thread of it is going away. Servers and the unit tests look for leaks.
SHORT = {"ASAN_OPTIONS": "detect_leaks=0"}


class Server:
    """One process. Its log is kept in `log_file`; start() returns when both listeners are open."""

    def __init__(self, folder, configuration, environment=None, wrapper=(), sources=None):
        self.folder = pathlib.Path(folder)
        self.config_file = self.folder / "switchhook.yaml"
        self.log_file = self.folder / "switchhook.log"
        self.environment = {**{k: v for k, v in os.environ.items() if not re.match("SIP_|LIVEKIT_|AUTH_|CACHE_|HOST$|PORT$", k)},
                            **(environment or {})}
        self.wrapper = list(wrapper)
        self.sources = sources or [f"file:{self.config_file}", "env"]
        self.process, self.port, self.admin_port = None, None, None
        if configuration is not None:
            self.write(configuration)

    def write(self, configuration):
        self.config_file.write_text(json.dumps(configuration, indent=1), encoding="utf-8")  # JSON is YAML

    def launch(self):
        """Starts the process and does not wait for it."""
        with open(self.log_file, "ab") as log:
            self._log_begin = log.tell()
            named = [word for source in self.sources for word in ("--config", source)]
            self.process = subprocess.Popen([*self.wrapper, str(BINARY), "serve", *named], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, cwd=self.folder)

    def start(self, timeout=30):
        self.launch()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with open(self.log_file, "rb") as log:
                log.seek(self._log_begin)
                said = log.read().decode(errors="replace")
            found = LISTENING.search(said)
            if found:
                self.port, self.admin_port = int(found[1]), int(found[2])
                return self
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{said}")
            select.select([], [], [], 0.005)
        raise RuntimeError(f"the server did not say that it listens:\n{said}")

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def wait_log(self, text, times=1, timeout=20):
        """The log is written by a thread of its own, after what it tells of."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.log().count(text) >= times:
                return True
            select.select([], [], [], 0.01)
        return False

    def stop(self, timeout=30):
        """SIGTERM; the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        self.process = None
        return code

    def end_traced(self, timeout=30):
        """SIGTERM to the program under strace, which holds signals to itself back."""
        traced = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(traced[0]), signal.SIGTERM)
        self.process.wait(timeout)
        self.process = None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def request(self, method, path, body=None, headers=None, admin=False, timeout=10):
        """(status, headers, body bytes)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port if admin else self.port, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def metric(self, name):
        """The value of a metric without labels, or the sum over its labels."""
        text = self.request("GET", "/metrics", admin=True)[2].decode()
        values = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, values)) if values else None

    def wait_metric(self, name, at_least, timeout=20):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if (self.metric(name) or 0) >= at_least:
                return True
            select.select([], [], [], 0.01)
        return False


def run(*arguments, environment=None, cwd=None, timeout=30):
    """Runs `switchhook ARGUMENTS` to its end: (exit code, stdout, stderr)."""
    clean = {k: v for k, v in os.environ.items() if not re.match("SIP_|LIVEKIT_|AUTH_|CACHE_|HOST$|PORT$", k)}
    done = subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, env={**clean, **SHORT, **(environment or {})}, cwd=cwd, timeout=timeout)
    return done.returncode, done.stdout, done.stderr
