"""Runs one file of the integration tests, within the sandbox (run.py):   python -m tests.service.sandboxed FILE"""
import sys
import unittest

# Single tests whose own tools the sandbox forbids.
STRACE = "strace needs ptrace(2), which the system call filter forbids"
LEFT_OUT = {
    "test_no_200_leaves_before_the_sync_of_its_group_returned": STRACE,
    "test_a_change_between_the_first_reading_and_the_watch_is_noticed": STRACE,
}


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        elif test.id().rpartition(".")[2] in LEFT_OUT:
            print(f"left out: {test.id()}: {LEFT_OUT[test.id().rpartition('.')[2]]}")
        else:
            yield test


loaded = unittest.defaultTestLoader.loadTestsFromName(f"tests.integration.{sys.argv[1]}")
result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(unittest.TestSuite(tests_of(loaded)))
sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
