"""What a process holds, from /proc."""
import pathlib
import re


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def memory(pid, what="VmRSS"):
    """Bytes; VmHWM is the most that it ever was."""
    return int(re.search(rf"^{what}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.MULTILINE)[1]) * 1024
