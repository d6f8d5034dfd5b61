"""Redis, livekit-server and, when LIVEKIT_SIP names it, the SIP bridge: started, probed, killed, started again.

The ports are fixed: each run has a network of its own (in-namespace).
"""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

from tests.e2e.twirp import KEY, SECRET, Twirp
from tests.e2e.until import until

LIVEKIT = os.environ.get("E2E_LIVEKIT_SERVER", "")
BRIDGE = os.environ.get("LIVEKIT_SIP", "")
REDIS_PORT, LIVEKIT_PORT, BRIDGE_PORT, BRIDGE_HEALTH_PORT = 16379, 17880, 15060, 18091
WEBHOOK_PORT = 3001  # where switchhook takes LiveKit's webhooks, in every test
WITNESS_PORT = 18080


def livekit_settings(redis=True, urls=(f"http://127.0.0.1:{WITNESS_PORT}/witness", f"http://127.0.0.1:{WEBHOOK_PORT}/livekit/webhook"), **more):
    settings = {
        "port": LIVEKIT_PORT, "bind_addresses": ["127.0.0.1"], "keys": {KEY: SECRET},
        "rtc": {"tcp_port": 17881, "udp_port": 17882, "node_ip": "127.0.0.1", "use_external_ip": False, "enable_loopback_candidate": True,
                "interfaces": {"includes": ["lo"]}, "ips": {"includes": ["127.0.0.1/32"]},
                "stun_servers": ["127.0.0.1:3478"]},  # nothing listens there; without this clients are told public STUN servers
        "room": {"departure_timeout": 1},  # default 20: room_finished comes that long after the last leave
        "logging": {"level": "info", "json": True},
        "webhook": {"api_key": KEY, "urls": list(urls)},
    }
    if redis:
        settings["redis"] = {"address": f"127.0.0.1:{REDIS_PORT}"}
    return {**settings, **more}


def bridge_settings():
    return {
        "api_key": KEY, "api_secret": SECRET, "ws_url": f"ws://127.0.0.1:{LIVEKIT_PORT}", "redis": {"address": f"127.0.0.1:{REDIS_PORT}"},
        "sip_port": BRIDGE_PORT, "listen_ip": "127.0.0.1", "nat_1_to_1_ip": "127.0.0.1", "rtp_port": "20000-20400",
        "rtp_draining_idle_timeout": "-1s", "rtp_draining_duration": "-1s",  # else each finished call keeps its RTP port for 30 s
        "health_port": BRIDGE_HEALTH_PORT, "max_cpu_utilization": 1.0,  # default 0.9: above it calls are refused
        "logging": {"level": "info", "json": True},
    }


def answers_ok(port, host="127.0.0.1"):
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


def redis_answers(port=REDIS_PORT):
    with socket.create_connection(("127.0.0.1", port), 1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")


def sip_answers():
    """Any SIP answer to an OPTIONS proves that the bridge listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(0.2)
        me, tag = probe.getsockname()[1], time.time_ns()
        probe.connect(("127.0.0.1", BRIDGE_PORT))
        probe.send((f"OPTIONS sip:127.0.0.1:{BRIDGE_PORT} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{me};branch=z9hG4bK{tag}\r\n"
                    f"From: <sip:probe@127.0.0.1>;tag={me}\r\nTo: <sip:probe@127.0.0.1>\r\nCall-ID: probe{tag}\r\n"
                    "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode())
        return probe.recv(2048).startswith(b"SIP/2.0")


class Lab:
    """Starts in the constructor and returns when all of it is ready; end() must follow. `api` is the server's Twirp API."""

    def __init__(self, folder, bridge=bool(BRIDGE), settings=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings or livekit_settings()
        self.api = Twirp(LIVEKIT_PORT)
        self.processes = {}
        try:
            if "redis" in self.settings:
                self.start_redis()
            self.start_livekit()
            if bridge:
                self.start_bridge()
        except BaseException:
            self.end()
            raise

    def _spawn(self, name, *words):
        # The server's webhook client honours proxy variables.
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self.folder)
        self.processes[name] = process
        return process

    def _written(self, name, settings):
        path = self.folder / name
        path.write_text(json.dumps(settings, indent=1), encoding="utf-8")  # JSON is YAML
        return path

    def start_redis(self):
        process = self._spawn("redis", "redis-server", "--port", REDIS_PORT, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder)
        until(redis_answers, "redis", process=process)

    def start_livekit(self):
        """The time until it is ready."""
        process = self._spawn("livekit", LIVEKIT, "--config", self._written("livekit.yaml", self.settings))
        return until(lambda: answers_ok(self.settings["port"]), "livekit-server", process=process)

    def start_bridge(self):
        process = self._spawn("bridge", BRIDGE, "--config", self._written("bridge.yaml", bridge_settings()))
        until(lambda: answers_ok(BRIDGE_HEALTH_PORT), "livekit-sip", process=process)
        until(sip_answers, "livekit-sip's SIP port", process=process)

    def kill(self, name):
        """With -9: nothing here needs a good end, and livekit-server ignores a signal that comes too early."""
        process = self.processes.pop(name, None)
        if process is not None:
            process.kill()
            process.wait()

    def end(self):
        for name in reversed(list(self.processes)):
            self.kill(name)

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
