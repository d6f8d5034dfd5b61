"""A copy of a clean root that a test may do with as it likes, and how commands run in it."""
import os
import pathlib
import re
import signal
import stat
import subprocess
import time

from tests.packages.base import QUIET

# What the system itself writes down when packages come and go, and what a running machine leaves; none of it is ours.
BOOKS = re.compile(r"/(dev|proc|sys|run|tmp|var/tmp|var/cache|var/log|var/lib/(dpkg|apt|systemd|rpm)|etc/(passwd|group|g?shadow|sub[ug]id)-|etc/\.(pwd\.lock|updated)"
                   r"|var/\.updated|etc/(machine-id|ld\.so\.cache)|root|srv)(/|$)")


class Root:
    """An overlay over `lower`; everything goes with close(). Its network is that of the process that runs the tests."""

    def __init__(self, folder, lower):
        self.folder = pathlib.Path(folder)
        self.at = self.folder / "root"
        self.mounted = []
        parts = {name: self.folder / name for name in ("root", "changes", "work")}
        for part in parts.values():
            part.mkdir(parents=True)
        layers = f"lowerdir={lower},upperdir={parts['changes']},workdir={parts['work']}"
        self._mount("-t", "overlay", "overlay", "-o", layers, str(self.at))
        self._down()

    def _down(self):
        """No init runs in it: commands see the processes of the test's own namespace."""
        self.enter = ("chroot", str(self.at))
        self._mount("-t", "proc", "proc", str(self.at / "proc"))

    def _mount(self, *arguments):
        subprocess.run(["mount", *arguments], check=True)
        self.mounted.append(arguments[-1])

    def path(self, inside):
        return self.at / str(inside).lstrip("/")

    def read(self, inside):
        return self.path(inside).read_text(encoding="utf-8")

    def write(self, inside, text):
        """Owner and mode of a file that is there stay, as with an editor."""
        self.path(inside).parent.mkdir(parents=True, exist_ok=True)
        self.path(inside).write_text(text, encoding="utf-8")

    def put(self, file, folder="/srv"):
        """Copies a file of the host's in; its path inside."""
        target = self.path(folder) / pathlib.Path(file).name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(pathlib.Path(file).read_bytes())
        return f"{folder}/{target.name}"

    def run(self, *command, code=0, timeout=120):
        """What the command printed, errors included. `code`: the exit code that it must have; None: any."""
        done = self.attempt(*command, timeout=timeout)
        if code is not None and done.returncode != code:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}, not {code}:\n{done.stdout}")
        return done.stdout

    def attempt(self, *command, timeout=120):
        return subprocess.run([*self.enter, *command], env=QUIET, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=timeout, check=False)

    def listing(self):
        """{path: what kind, mode and owner} of everything that is not the system's own book-keeping."""
        found = {}
        for folder, folders, files in os.walk(self.at):
            inside = "/" + os.path.relpath(folder, self.at) if folder != str(self.at) else ""
            folders[:] = [name for name in folders if not BOOKS.match(f"{inside}/{name}")]
            for name in [*folders, *files]:
                path = f"{inside}/{name}"
                if not BOOKS.match(path):
                    about = os.lstat(os.path.join(folder, name))
                    found[path] = f"{stat.filemode(about.st_mode)} {about.st_uid}:{about.st_gid}"
        return found

    def accounts(self):
        """The lines of passwd, group and their shadows."""
        return sorted(line for name in ("passwd", "group", "shadow", "gshadow") if self.path(f"/etc/{name}").exists()
                      for line in self.read(f"/etc/{name}").splitlines())

    def owner(self, inside):
        """Such as "root:switchhook 0640"."""
        said = self.run("stat", "-c", "%U:%G %a", inside).strip()
        names, mode = said.split()
        return f"{names} {int(mode):04d}"

    def close(self):
        for place in reversed(self.mounted):
            subprocess.run(["umount", "--lazy", place], check=False)
        self.mounted.clear()


class Machine(Root):
    """A root whose init is running: systemd, in namespaces of its own but for the network."""

    def __init__(self, folder, lower):
        super().__init__(folder, lower)
        self.nspawn, self.leader = None, 0
        own = [at for at in map(pathlib.Path, ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified")) if at.is_dir()]  # version 1 beside 2
        self.groups = [at / f"switchhook-{self.folder.name}" for at in own or [pathlib.Path("/sys/fs/cgroup")]]

    def boot(self, timeout=60):
        subprocess.run(["umount", self.mounted.pop()], check=True)  # systemd takes a /proc that is not its own for a chroot
        for group in self.groups:
            group.mkdir(exist_ok=True)
        enter = 'while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs"; shift; done; shift; exec "$@"'
        with open(self.folder / "console.log", "ab") as console:
            # It makes its control groups below the one that it is in: it would ask a systemd on the host for one otherwise.
            self.nspawn = subprocess.Popen(["sh", "-ec", enter, "sh", *map(str, self.groups), "--", "systemd-nspawn", "--quiet", f"--directory={self.at}", "--boot", "--register=no", "--keep-unit",
                                            "--machine=switchhook", "--resolv-conf=off", "--timezone=off", "--link-journal=no"],
                                           stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        deadline = time.monotonic() + timeout
        while True:
            if self._leader() and self.attempt("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded"):
                return self
            if self.nspawn.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("systemd did not boot:\n" + (self.folder / "console.log").read_text(encoding="utf-8", errors="replace")[-4000:])
            time.sleep(0.02)

    def _leader(self):
        """Finds the init of the machine; from then on commands run there."""
        try:
            children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text(encoding="ascii").split()
        except OSError:
            return False
        if not children:
            return False
        self.leader = int(children[0])
        self.enter = ("nsenter", "--target", str(self.leader), "--all", "--root", "--wd")
        return True

    def halt(self):
        """An orderly shutdown, as by `poweroff`."""
        if self.nspawn is not None:
            if self.nspawn.poll() is None:
                os.kill(self.leader, signal.SIGRTMIN + 4)
                try:
                    self.nspawn.wait(30)
                except subprocess.TimeoutExpired:
                    self.nspawn.kill()
                    self.nspawn.wait()
            self.nspawn = None
            self._down()

    def close(self):
        self.halt()
        for group in self.groups:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        super().close()
