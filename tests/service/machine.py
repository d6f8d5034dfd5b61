"""A machine with a real systemd, made of this one: its root file system under an overlay that is gone afterwards, with nothing
enabled but the journal. The program, its plugins, its unit and its configuration stand where the packages put them."""
import os
import pathlib
import re
import select
import shutil
import subprocess
import time

from tests.harness.server import BINARY, ROOT

HERE = pathlib.Path(__file__).resolve().parent
UNIT = ROOT / "packaging" / "systemd" / "switchhook.service"
ETC = pathlib.Path("etc/switchhook")
STATE = pathlib.Path("var/lib/switchhook")


class NoMachine(Exception):
    """The kernel, or the container that we are in, does not allow it."""


def until(true, what, timeout=30):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = true()
        if value:
            return value
        select.select([], [], [], 0.02)
    raise AssertionError(f"not within {timeout} s: {what}")


def cgroups():
    """The folder of this kernel's control groups in which a group of ours can be made."""
    first = pathlib.Path("/sys/fs/cgroup/systemd")
    return first if first.is_dir() else pathlib.Path("/sys/fs/cgroup")


class Machine:
    """Needs root, and a mount and network namespace of the caller's own (tests/e2e/in-namespace). `folder` lies in a fresh temporary folder, whose name is
    the machine's."""

    def __init__(self, folder, program=BINARY):
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        self.group = cgroups() / f"{self.folder.parent.name}-{self.folder.name}"
        self.process = None
        try:
            self._lay()
            self._install(pathlib.Path(program))
        except BaseException:
            self.end()  # nobody shall find this machine's files under a folder of tests
            raise

    def _lay(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.folder], check=True)
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        made = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                               f"lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work", self.root], capture_output=True, text=True)
        if made.returncode != 0:
            raise NoMachine(f"no overlay over the root file system: {made.stderr.strip()}")
        # What this machine has enabled is none of the test's business.
        for units in (self.root / "etc/systemd/system", self.root / "usr/lib/systemd/system"):
            for wants in units.glob("*.wants"):
                shutil.rmtree(wants)
        for file in ("etc/fstab", "etc/machine-id"):
            (self.root / file).unlink(missing_ok=True)
        (self.root / "etc/machine-id").write_text("5" * 32 + "\n")
        system = self.root / "etc/systemd/system"
        system.mkdir(parents=True, exist_ok=True)
        (system / "switchhook-tests.target").write_text("[Unit]\nWants=systemd-journald.service basic.target\nAfter=basic.target\n")

    def _install(self, program):
        (self.root / "usr/bin").mkdir(parents=True, exist_ok=True)
        subprocess.run(["strip", "-o", self.root / "usr/bin/switchhook", program], check=True)
        (self.root / "usr/bin/switchhook").chmod(0o755)
        plugins = self.root / "usr/lib/switchhook/plugins"
        plugins.mkdir(parents=True)
        for library in (program.parent.parent / "lib/switchhook/plugins").glob("*.so"):
            subprocess.run(["strip", "-o", plugins / library.name, library], check=True)
        shutil.copy(UNIT, self.root / "usr/lib/systemd/system/switchhook.service")
        self.run_in_root("groupadd", "--system", "--force", "switchhook")
        if subprocess.run(["chroot", self.root, "id", "switchhook"], capture_output=True).returncode != 0:
            self.run_in_root("useradd", "--system", "--gid", "switchhook", "--home-dir", f"/{STATE}", "--no-create-home",
                             "--shell", "/usr/sbin/nologin", "switchhook")
        (self.root / ETC).mkdir(parents=True, exist_ok=True)
        self.run_in_root("chgrp", "switchhook", f"/{ETC}")
        (self.root / ETC).chmod(0o750)
        self.configure((ROOT / "config/switchhook.yaml").read_text(encoding="utf-8"))

    def run_in_root(self, *command):
        subprocess.run(["chroot", self.root, *command], check=True)

    def configure(self, text):
        """/etc/switchhook/switchhook.yaml, root:switchhook 0640."""
        self.put(ETC / "switchhook.yaml", text, 0o640, "switchhook")

    def put(self, path, text, mode=0o644, group="root"):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(file.name + ".new")
        new.write_text(text, encoding="utf-8")
        new.chmod(mode)
        self.run_in_root("chgrp", group, f"/{pathlib.Path(path).parent}/{new.name}")
        new.rename(file)

    def bind(self, source, target):
        """Before boot(): that folder of ours stands there too, read-only."""
        (self.root / target).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-o", "bind,ro", source, self.root / target], check=True)

    def drop_in(self, text):
        """What `systemctl edit switchhook` would write; empty: nothing any more."""
        file = self.root / "etc/systemd/system/switchhook.service.d/test.conf"
        if text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        else:
            file.unlink(missing_ok=True)
        self.systemctl("daemon-reload")

    def boot(self):
        try:
            self.group.mkdir()
        except OSError as error:
            raise NoMachine(f"no control group of our own: {error}") from error
        # The group first: the namespace of control groups begins where the process is.
        enter = f'echo 0 >{self.group}/cgroup.procs && exec unshare --mount --pid --cgroup --ipc --uts --fork --kill-child "$@"'
        self.log = open(self.folder / "boot.log", "w+b")
        self.process = subprocess.Popen(["sh", "-c", enter, "sh", HERE / "boot", self.root], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

        def up():
            if self.process.poll() is not None:
                raise NoMachine("systemd did not start: " + (self.folder / "boot.log").read_text(errors="replace"))
            self.first = self._first_process()
            return self.first and self.systemctl("is-system-running", check=False).stdout.strip() in ("running", "degraded")
        try:
            until(up, "systemd is up")
        except AssertionError as error:
            raise NoMachine(f"systemd does not come up: {(self.folder / 'boot.log').read_text(errors='replace')}") from error
        return self

    def _first_process(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def run(self, *command, check=True, timeout=60):
        done = subprocess.run(["nsenter", "--target", str(self.first), "--mount", "--pid", "--cgroup", "--ipc", "--uts", "--", *map(str, command)],
                              capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.journal()}")
        return done

    def systemctl(self, *words, check=True, timeout=60):
        return self.run("systemctl", "--no-pager", *words, check=check, timeout=timeout)

    def property(self, name):
        return self.systemctl("show", "switchhook", "--property", name, "--value").stdout.strip()

    def status(self):
        """What an operator reads: `systemctl status`."""
        return self.systemctl("status", "switchhook", check=False).stdout

    def journal(self, *words):
        done = self.run("journalctl", "--no-pager", "--unit", "switchhook", *(words or ("--output=short-iso",)), check=False)
        return done.stdout

    def pid(self):
        """Of the service, as seen from here; None: it does not run."""
        inside = int(self.property("MainPID"))
        for folder in pathlib.Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    ids = re.search(r"^NSpid:\s+(.*)$", (folder / "status").read_text(errors="replace"), re.MULTILINE)[1].split()
                except OSError:
                    continue
                if len(ids) == 2 and int(ids[-1]) == inside:
                    return int(folder.name)
        return None

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.log.close()
        subprocess.run(["umount", "--recursive", "--lazy", self.folder], check=False)
        if self.group.is_dir():
            until(self._group_is_gone, f"{self.group} is empty")

    def _group_is_gone(self):
        for folder, _, _ in os.walk(self.group, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                return False  # its last process is still going away
        return True
