"""The arithmetic of the benchmarks, and what /proc says of a process."""
import math
import os
import pathlib
import re

TICK = os.sysconf("SC_CLK_TCK")

# Threads by the step of an event's way that they do (ARCHITECTURE.md); what is not named here is "other".
STAGES = {"front-loop": "front", "front-worker": "verify, read, match", "committer": "commit", "checkpointer": "checkpoint",
          "delivery": "engine, dialect", "forwarder": "forwarder"}


def quantile(values, part):
    """Nearest rank: the smallest value that at least `part` of them do not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def middle_and_tail(values_ms):
    return f"p50 {quantile(values_ms, 0.5):.2f} ms, p99 {quantile(values_ms, 0.99):.2f} ms"


def ratios_to_neighbours(series):
    """Of A B A B A, each B over the mean of the A before and the A behind it: drift of the machine cancels out."""
    if len(series) % 2 == 0 or len(series) < 3:
        raise ValueError("begins and ends with the baseline")
    return [series[at] / ((series[at - 1] + series[at + 1]) / 2) for at in range(1, len(series), 2)]


def ratios_of_baselines(series):
    """Of A B A B A, each A over the A before it: what the same measurement differs by itself."""
    return [series[at] / series[at - 2] for at in range(2, len(series), 2)]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def cpu_by_thread(pid):
    """Thread name -> nanoseconds on a processor, summed over threads of that name."""
    total = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        total[name] = total.get(name, 0) + int((task / "schedstat").read_text().split()[0])
    return total


def cpu_by_stage(before, after):
    """Nanoseconds between two answers of cpu_by_thread(), by stage, in the order of an event's way."""
    stages = dict.fromkeys(STAGES.values(), 0)
    for name, nanos in after.items():
        stage = STAGES.get(name, "other")
        stages[stage] = stages.get(stage, 0) + nanos - before.get(name, 0)
    return stages


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def switches(pid):
    """Context switches of all threads since they began, by thread name."""
    total = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        total[name] = total.get(name, 0) + sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", (task / "status").read_text())))
    return total


def written_bytes(pid):
    """What the process caused to be written to the storage layer; memory file systems are not counted by the kernel."""
    return int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)[1])
