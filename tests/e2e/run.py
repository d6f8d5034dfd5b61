"""Runs the end-to-end tests, inside in-namespace:   python -m tests.e2e.run [NAME]

NAME: only tests whose full name contains it.
"""
import importlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

from tests.e2e.lab import BRIDGE
from tests.e2e.phone import left_out
from tests.harness.durations import Result, chosen

HERE = pathlib.Path(__file__).resolve().parent


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="switchhook-e2e-")
    tempfile.tempdir = folder
    os.environ["TMPDIR"] = folder
    os.environ["VIRTUAL_ENV"] = sys.prefix
    began, times, ran, wrong, skipped = time.monotonic(), [], 0, 0, 0
    try:
        for path in sorted(HERE.glob("test_*.py")):
            module = importlib.import_module(f"tests.e2e.{path.stem}")
            tests = list(chosen(unittest.defaultTestLoader.loadTestsFromModule(module), name))
            if not tests:
                continue
            module_began = time.monotonic()
            result = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout).run(unittest.TestSuite(tests))
            times.append((path.stem, time.monotonic() - module_began))
            ran, wrong, skipped = ran + result.testsRun, wrong + len(result.failures) + len(result.errors), skipped + len(result.skipped)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not ran:
        print(f"no end-to-end test is named like {name!r}")
        return 64
    print(*(f"{module:<20} {seconds:6.1f} s" for module, seconds in times), sep="\n")
    print(f"{ran} end-to-end tests in {time.monotonic() - began:.0f} s: {wrong} failed, {skipped} skipped")
    if BRIDGE:
        print(f"Level C: the calls were made by SIP, through {BRIDGE}.")
    else:
        print(f"""
!! Level C was NOT run: LIVEKIT_SIP does not name the SIP bridge's binary. The calls above were made by the bridge's double;
!! no INVITE was sent. Left out, for only the bridge can show it:
""" + "\n".join(f"!!   {test}" for test in left_out))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
