"""Runs the package tests, as root:   python3 -m tests.packages.run FOLDER VERSION NEXT_VERSION [NAME]

FOLDER has the packages of both versions; NAME: only tests whose full name contains it. Each module runs in namespaces of its own (tests/e2e/in-namespace),
as many at once as there are processors.
"""
import concurrent.futures
import importlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from tests.harness.durations import Result, chosen
from tests.harness.server import ROOT
from tests.packages.base import found, prepare
from tests.packages.root import Machine

HERE = pathlib.Path(__file__).resolve().parent
IN_NAMESPACE = HERE.parent / "e2e" / "in-namespace"


def tests_of(module, name):
    return list(chosen(unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(f"tests.packages.{module}")), name))


def for_overlays(folder):
    """Where the folder's own file system cannot hold an overlay's changes (another overlay, as in a container), memory must."""
    for name in ("a", "b", "c", "d"):
        os.mkdir(f"{folder}/{name}")
    probe = ["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder}/a,upperdir={folder}/b,workdir={folder}/c", f"{folder}/d"]
    if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        subprocess.run(["umount", f"{folder}/d"], check=True)
    else:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)


def probe():
    """Whether a machine boots here; says why not."""
    folder, machine = tempfile.mkdtemp(), None
    try:
        machine = Machine(f"{folder}/machine", os.environ["SWITCHHOOK_MACHINE_ROOT"])
        machine.boot()
        return 0
    except (RuntimeError, OSError, subprocess.CalledProcessError) as fault:
        print(f"The package tests boot a systemd in a root file system of its own (systemd-nspawn), and that cannot be done here: {fault}\n"
              "What to do: be root on a machine, or in a container that may do it (--privileged, with /sys/fs/cgroup writable)")
        return 69
    finally:
        if machine is not None:
            machine.close()


def within(module, name):
    """One module's tests, in this process and its namespaces."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="switchhook-packages-")
    for_overlays(folder)
    tempfile.tempdir = folder
    # What systemd-nspawn keeps in /run is seen by this module alone: its machines have one name.
    os.makedirs("/run/systemd/nspawn", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd/nspawn"], check=True)
    os.environ["TMPDIR"] = folder
    try:
        if module == "probe":
            return probe()
        result = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout).run(unittest.TestSuite(tests_of(module, name)))
        return 0 if result.wasSuccessful() else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def one(module, name):
    """(module, exit code, what it printed, seconds)"""
    began = time.monotonic()
    # The shell stays process 1: it reaps what servers and shells of the tests leave behind.
    done = subprocess.run([str(IN_NAMESPACE), "sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-B", "-m", "tests.packages.run", "--within", module, name],
                          cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return module, done.returncode, done.stdout, time.monotonic() - began


def main():
    if sys.argv[1] == "--within":
        return within(*sys.argv[2:4])
    folder, now, following = sys.argv[1:4]
    name = sys.argv[4] if len(sys.argv) > 4 else ""
    modules = [path.stem for path in sorted(HERE.glob("test_*.py")) if tests_of(path.stem, name)]
    if not modules:
        print(f"no package test is named like {name!r}")
        return 64
    debs = found(folder, now, "deb")
    began = time.monotonic()
    bare, machine = prepare([debs["switchhook"], debs["switchhook-dev"]])
    os.environ.update(SWITCHHOOK_PACKAGES=str(pathlib.Path(folder).resolve()), SWITCHHOOK_VERSION=now, SWITCHHOOK_NEXT_VERSION=following,
                      SWITCHHOOK_BARE_ROOT=str(bare), SWITCHHOOK_MACHINE_ROOT=str(machine))
    _, code, printed, _ = one("probe", "")
    if code:
        print(printed, end="")
        return code
    times, failed = [("roots", time.monotonic() - began)], 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count() or 1))) as pool:
        for done in concurrent.futures.as_completed([pool.submit(one, module, name) for module in modules]):
            module, code, printed, seconds = done.result()
            print(printed, end="", flush=True)
            times.append((module, seconds))
            failed += code != 0
    print(*(f"{module:<24} {seconds:6.1f} s" for module, seconds in sorted(times)), sep="\n")
    print(f"package tests of {len(modules)} modules in {time.monotonic() - began:.0f} s: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
