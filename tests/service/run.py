"""Runs the tests of the service, inside in-namespace:   python -m tests.service.run [NAME]

First those of tests/service; then the integration tests, whole, each file of them as a service of its own that differs from switchhook.service in
what it executes and in nothing of its sandbox: the test, and the server that it starts, live in it. All under a real systemd.
NAME: only files whose name contains it.
"""
import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest

from tests.harness.server import BINARY, ROOT
from tests.service.machine import STATE, UNIT, Machine, NoMachine

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = "/srv/switchhook"  # the repository, in the machine
# What the tests need, and not the server, and the sandbox forbids; ./dev test runs them without it. See also sandboxed.py.
LEFT_OUT = {
    "test_dialects": "needs the receivers' libraries, which ./dev test installs",
}
# Everything of the unit that says how a program is started, kept and watched; the rest is its sandbox.
NOT_SANDBOX = re.compile(r"^(Type|NotifyAccess|Exec\w+|EnvironmentFile|Restart\w*|Timeout\w+|Watchdog\w+|RuntimeDirectory\w*)=")


def sandboxed_unit(unit):
    kept = [line for line in unit.splitlines() if not NOT_SANDBOX.match(line) and not line.startswith(("#", "Documentation="))]
    service = kept.index("[Service]")
    kept[service + 1:service + 1] = [
        "Type=oneshot", "TimeoutStartSec=900", f"WorkingDirectory={SOURCES}",
        f"Environment=SWITCHHOOK_BINARY={SOURCES}/build-under-test/bin/switchhook TMPDIR=/{STATE}/tests PYTHONDONTWRITEBYTECODE=1",
        f"ExecStartPre=/bin/mkdir -p /{STATE}/tests",
        "ExecStart=/usr/bin/python3 -B -m tests.service.sandboxed %i",
        f"StandardOutput=file:/{STATE.parent}/%i.log", "StandardError=inherit"]
    return "\n".join(kept) + "\n"


def integration(name):
    """(files that ran, files that failed)"""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-sandboxed-"))
    machine = Machine(folder / "machine")
    ran, wrong = 0, []
    try:
        machine.boot()
        shutil.copytree(ROOT, machine.root / SOURCES[1:], symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git", ".cache", "node_modules", "__pycache__"))
        build = machine.root / SOURCES[1:] / "build-under-test"
        shutil.copytree(machine.root / "usr/bin", build / "bin", ignore=lambda _, names: [each for each in names if each != "switchhook"])
        shutil.copytree(machine.root / "usr/lib/switchhook/plugins", build / "lib/switchhook/plugins")
        machine.run_in_root("chmod", "-R", "a+rX,go-w", SOURCES)
        machine.put("usr/lib/systemd/system/sandboxed@.service", sandboxed_unit(UNIT.read_text(encoding="utf-8")))
        machine.systemctl("daemon-reload")
        for file in sorted((ROOT / "tests/integration").glob("test_*.py")):
            if name not in file.stem:
                continue
            if file.stem in LEFT_OUT:
                print(f"{file.stem}: left out: {LEFT_OUT[file.stem]}")
                continue
            began = time.monotonic()
            done = machine.systemctl("start", f"sandboxed@{file.stem}", check=False, timeout=1000)
            said = (machine.root / STATE.parent / f"{file.stem}.log").read_text(encoding="utf-8", errors="replace")
            ran += 1
            count = re.search(r"^Ran (\d+) tests?", said, re.MULTILINE)
            skipped = re.search(r"\(.*skipped=(\d+)\)", said)
            print(f"{file.stem}: {'ok' if done.returncode == 0 else 'FAILED'}, {count[1] if count else 0} tests"
                  f"{', ' + skipped[1] + ' skipped' if skipped else ''}, {time.monotonic() - began:.1f} s", flush=True)
            if done.returncode != 0:
                wrong.append(file.stem)
                print(said)
    finally:
        machine.end()
        shutil.rmtree(folder, ignore_errors=True)
    return ran, wrong


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if not BINARY.exists():
        sys.exit(f"{BINARY} is missing: ./dev build, or SWITCHHOOK_BINARY")
    suite = unittest.TestSuite()
    for file in sorted(HERE.glob("test_*.py")):
        if name in file.stem:
            suite.addTests(unittest.defaultTestLoader.loadTestsFromName(f"tests.service.{file.stem}"))
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    ran, wrong = result.testsRun, len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    try:
        files, failed = integration(name)
    except NoMachine as why:
        print(f"not run: the integration tests in the sandbox: {why}")
        sys.exit(1 if wrong else 69)
    print(f"{ran + files - wrong - len(failed) - skipped} passed, {wrong + len(failed)} failed, {skipped} skipped")
    sys.exit(1 if wrong or failed or ran + files == 0 else 0)


if __name__ == "__main__":
    main()
