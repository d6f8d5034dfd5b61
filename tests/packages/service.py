"""The installed server, started by systemd, or without one exactly as its unit says; and its two listeners."""
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import time

from tests.harness.livekit import Sender
from tests.harness.server import Server
from tests.packages.base import QUIET

PORT, ADMIN_PORT = 3001, 3002  # of the shipped configuration
UNIT = "switchhook.service"


class Listeners(Server):
    """What tests.harness.server knows about a server's listeners; this one is started by others."""

    def __init__(self):
        self.port, self.admin_port, self.process = PORT, ADMIN_PORT, None

    def answers(self):
        try:
            return self.request("GET", "/healthz", admin=True)[0] == 200
        except OSError:
            return False

    def sender(self):
        return Sender(self.port)


def until(condition, what, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s it is still not so: {what}")
        time.sleep(0.01)


class BySystemd(Listeners):
    """Under the real systemd of a Machine."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine

    def show(self, name):
        return self.machine.run("systemctl", "show", "--property", name, "--value", UNIT).strip()

    def start(self):
        self.machine.run("systemctl", "start", UNIT)

    def reload(self):
        self.machine.run("systemctl", "reload", UNIT)

    def restart(self):
        self.machine.run("systemctl", "restart", UNIT)

    def stop(self):
        self.machine.run("systemctl", "stop", UNIT)

    @property
    def pid(self):
        return int(self.show("MainPID"))

    def status(self):
        return self.machine.run("systemctl", "status", "--no-pager", "--full", "--lines=50", UNIT, code=None)

    def log(self):
        return self.machine.run("journalctl", "--no-pager", "--output=cat", "--unit", UNIT, code=None)


class ByHand(Listeners):
    """In a root without systemd: as the unit's User, with its EnvironmentFile, by its ExecStart, told when ready by its NOTIFY_SOCKET."""

    def __init__(self, root):
        super().__init__()
        self.root = root
        self.log_file = root.folder / "server.log"

    def unit(self):
        for folder in ("/usr/lib/systemd/system", "/lib/systemd/system"):
            if self.root.path(f"{folder}/{UNIT}").exists():
                return self.root.read(f"{folder}/{UNIT}")
        raise AssertionError("no unit is installed")

    def setting(self, name):
        return re.findall(rf"^{name}=(.*)$", self.unit(), re.MULTILINE)

    def environment(self):
        found = dict(QUIET)
        for file in self.setting("EnvironmentFile"):
            if self.root.path(file.lstrip("-")).exists():
                lines = self.root.read(file.lstrip("-")).splitlines()
                found.update(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        return found

    def start(self, timeout=30):
        address = self.root.path("/run/notify-switchhook")
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(address))
            os.chmod(address, 0o666)
            user, group = self.setting("User")[0], self.setting("Group")[0]
            with open(self.log_file, "ab") as log:
                self.process = subprocess.Popen(["chroot", str(self.root.at), "setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups", "--no-new-privs",
                                                 "--bounding-set=-all", *shlex.split(self.setting("ExecStart")[0])],
                                                env={**self.environment(), "NOTIFY_SOCKET": "/run/notify-switchhook"},
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            said, deadline = "", time.monotonic() + timeout
            while "READY=1" not in said:
                if select.select([listener], [], [], 0.05)[0]:
                    said += listener.recv(4096).decode() + "\n"
                elif self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the server did not become ready ({self.process.poll()}):\n{self.log()}")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")
