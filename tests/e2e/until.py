"""Waiting for a condition of another process, with a deadline. Nothing in the lab waits for time alone."""
import select
import time


def until(probe, what, seconds=20, process=None):
    """Asks `probe` every 5 ms until it says yes; a refused or cut connection is a no. The time that it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if probe():
                return time.monotonic() - began
        except (OSError, ValueError):
            pass
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what}: the process ended with {process.returncode}")
        select.select([], [], [], 0.005)
    raise TimeoutError(f"{what}: not within {seconds} s")
