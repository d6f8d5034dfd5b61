"""Stops one thread of a running process, and no other: what a thread that hangs looks like to the rest. ptrace(2)."""
import contextlib
import ctypes
import os
import pathlib

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def threads(pid):
    """The names of its threads, by id."""
    return {int(task.name): (task / "comm").read_text(encoding="utf-8").strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def _ptrace(request, tid):
    if _libc.ptrace(request, tid, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _take_note(tids):
    for tid in tids:
        try:
            os.waitpid(tid, os.WNOHANG | 0x40000000)
        except ChildProcessError:
            pass


@contextlib.contextmanager
def stopped(pid, name):
    """All threads of that name; each of the two listeners has a loop. Yields a function to call now and then while the process is expected
    to be killed: a thread that ended is kept until we, its tracer, have taken note."""
    chosen = [tid for tid, its in threads(pid).items() if its == name]
    if not chosen:
        raise AssertionError(f"process {pid} has no thread {name}")
    for tid in chosen:
        _ptrace(PTRACE_SEIZE, tid)
    try:
        for tid in chosen:
            _ptrace(PTRACE_INTERRUPT, tid)
            os.waitpid(tid, 0x40000000)  # __WALL: until it has stopped
        yield lambda: _take_note(chosen)
    finally:
        for tid in chosen:
            try:
                _ptrace(PTRACE_DETACH, tid)
            except ProcessLookupError:
                pass  # the process was killed meanwhile
