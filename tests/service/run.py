"""Runs the tests of the service, inside tests/e2e/in-namespace:   python -m tests.service.run [NAME]

First those of tests/service; then the integration and the end-to-end tests, whole, each file of them as a service of its own that differs from
switchhook.service in what it executes and in nothing of its sandbox (but for LIFTED): the test and all that it starts live in it, the server,
Redis and LiveKit. All under a real systemd.
NAME: only files whose name contains it; those of tests/e2e are named e2e.test_calls. They run when E2E_LIVEKIT_SERVER names a file below .cache/e2e.
"""
import os
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
LAB = pathlib.Path(".cache/e2e")  # in the repository: livekit-server, and its client for Python
# What the tests need, and not the server, and the sandbox forbids; ./dev test runs them without it. See also sandboxed.py.
LEFT_OUT = {
    "test_dialects": "needs the receivers' libraries, which ./dev test installs",
}
# What the sandbox of the end-to-end tests lacks: for LiveKit's sake, the server needs none of it (the integration tests run with it).
LIFTED = {
    "ProcSubset=pid": "livekit-server does not start without /proc/stat",
}
# Everything of the unit that says how a program is started, kept and watched; the rest is its sandbox.
NOT_SANDBOX = re.compile(r"^(Type|NotifyAccess|Exec\w+|EnvironmentFile|Restart\w*|Timeout\w+|Watchdog\w+|RuntimeDirectory\w*)=")


def sandboxed_unit(command, lifted=()):
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not NOT_SANDBOX.match(line) and not line.startswith(("#", "Documentation=")) and line not in lifted]
    service = kept.index("[Service]")
    environment = {"SWITCHHOOK_BINARY": f"{SOURCES}/build-under-test/bin/switchhook", "TMPDIR": f"/{STATE}/tests", "PYTHONDONTWRITEBYTECODE": "1"}
    if livekit():
        environment["E2E_LIVEKIT_SERVER"] = f"{SOURCES}/{livekit()}"
    kept[service + 1:service + 1] = [
        "Type=oneshot", "TimeoutStartSec=900", f"WorkingDirectory={SOURCES}",
        "Environment=" + " ".join(f"{name}={value}" for name, value in environment.items()),
        f"ExecStartPre=/bin/mkdir -p /{STATE}/tests",
        f"ExecStart={command}",
        f"StandardOutput=file:/{STATE.parent}/%i.log", "StandardError=inherit"]
    return "\n".join(kept) + "\n"


def livekit():
    """livekit-server, from the repository; None: no end-to-end tests."""
    named = os.environ.get("E2E_LIVEKIT_SERVER")
    return LAB.joinpath(*pathlib.Path(named).parts[-2:]) if named else None


def files(name):
    """Of the tests that run in the sandbox: (what it is called, the template of its service)"""
    found = [(file.stem, "sandboxed") for file in sorted((ROOT / "tests/integration").glob("test_*.py"))]
    if livekit():
        found += [(f"e2e.{file.stem}", "sandboxed-e2e") for file in sorted((ROOT / "tests/e2e").glob("test_*.py"))]
    return [each for each in found if name in each[0]]


def lay_sources(machine):
    """The repository, the program and the services of the tests."""
    sources = machine.root / SOURCES[1:]
    shutil.copytree(ROOT, sources, symlinks=True, ignore=shutil.ignore_patterns("build", ".git", ".cache", "node_modules", "__pycache__"))
    build = sources / "build-under-test"
    shutil.copytree(machine.root / "usr/bin", build / "bin", ignore=lambda _, names: [each for each in names if each != "switchhook"])
    shutil.copytree(machine.root / "usr/lib/switchhook/plugins", build / "lib/switchhook/plugins")
    machine.run_in_root("chmod", "-R", "a+rX,go-w", SOURCES)
    units = pathlib.Path("usr/lib/systemd/system")
    machine.put(units / "sandboxed@.service", sandboxed_unit("/usr/bin/python3 -B -m tests.service.sandboxed %i"))
    if livekit():
        machine.bind(ROOT / LAB, f"{SOURCES[1:]}/{LAB}")
        machine.put(units / "sandboxed-e2e@.service", sandboxed_unit(f"{SOURCES}/{LAB}/venv/bin/python -B -m tests.e2e.run %i.", LIFTED))


def in_the_sandbox(name):
    """(files that ran, files that failed)"""
    if not files(name):
        return 0, []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-sandboxed-"))
    machine = Machine(folder / "machine")
    ran, wrong = 0, []
    try:
        lay_sources(machine)
        machine.boot()
        if livekit():
            print(*(f"e2e: without {line}: {why}" for line, why in LIFTED.items()), sep="\n")
        for file, template in files(name):
            if file in LEFT_OUT:
                print(f"{file}: left out: {LEFT_OUT[file]}")
                continue
            began = time.monotonic()
            done = machine.systemctl("start", f"{template}@{file}.service", check=False, timeout=1000)
            said = (machine.root / STATE.parent / f"{file}.log").read_text(encoding="utf-8", errors="replace")
            ran += 1
            count = re.search(r"^Ran (\d+) tests?", said, re.MULTILINE)
            skipped = re.search(r"\(.*skipped=(\d+)\)", said)
            print(f"{file}: {'ok' if done.returncode == 0 else 'FAILED'}, {count[1] if count else 0} tests"
                  f"{', ' + skipped[1] + ' skipped' if skipped else ''}, {time.monotonic() - began:.1f} s", flush=True)
            if done.returncode != 0:
                wrong.append(file)
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
        ran_there, failed = in_the_sandbox(name)
    except NoMachine as why:
        print(f"not run: the tests in the sandbox: {why}")
        sys.exit(1 if wrong else 69)
    print(f"{ran + ran_there - wrong - len(failed) - skipped} passed, {wrong + len(failed)} failed, {skipped} skipped")
    sys.exit(1 if wrong or failed or ran + ran_there == 0 else 0)


if __name__ == "__main__":
    main()
