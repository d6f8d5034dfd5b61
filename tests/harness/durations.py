"""What the runners of long tests share: each test with the time it took, and those of a name."""
import time
import unittest


class Result(unittest.TextTestResult):
    """Says how long each test took."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.stream.writeln(f"ok, {time.monotonic() - self.began:.1f} s")


def chosen(suite, name):
    """Its single tests whose id contains `name`."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test, name)
        elif name in test.id():
            yield test
