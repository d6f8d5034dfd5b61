"""Programs that measure one piece each."""
import json
import os
import subprocess

from tests.bench.lab import BIN


def micro(report, _lab):
    """Google Benchmark programs: verify, read and match (bench_micro), a commit of the SQLite store with 1, 8 and 64 events in a
    group (bench_append); the forwarder alone, 64 in flight (bench_forward)."""
    for name in ("bench_micro", "bench_append"):
        out = subprocess.run([str(BIN / name), "--benchmark_format=json", "--benchmark_min_time=0.3"], check=True, capture_output=True, text=True).stdout
        for each in json.loads(out)["benchmarks"]:
            unit = each["time_unit"]
            extra = f", {each['items_per_second']:,.0f}/s" if "items_per_second" in each else ""
            report.row(each["name"], f"{each['cpu_time']:,.2f} {unit} CPU, {each['real_time']:,.2f} {unit} real{extra}")
    said = subprocess.run([str(BIN / "bench_forward")], check=True, capture_output=True, text=True).stdout.strip()
    report.row("forwarder alone", said.removeprefix("forward: "))


def log(report, lab):
    """The log of deliveries on a store of 300 k of them, attempts kept (bench_log): pages of 50 by filter, a requeue job, a backup, memory
    for each queued event after a start, taking over a store of the first schema."""
    said = subprocess.run([str(BIN / "bench_log"), "300000"], check=True, capture_output=True, text=True,
                          env={**os.environ, "SWITCHHOOK_BENCH_DIR": str(lab.folder)}).stdout
    for line in said.splitlines():
        if line.startswith("page "):
            report.row(" ".join(line[:39].split()), " ".join(line[39:].split()))
        else:
            what, _, value = line.partition(": " if ": " in line else " in ")
            report.row(what, value)


def recovery(report, lab):
    """The store alone with 300 k that wait, by a start with its pages in memory (warm) or not (cold): when the first window is handed out, and
    when events are taken again (bench_recovery). The whole program's start with 1 M is in `memory`."""
    said = subprocess.run([str(BIN / "bench_recovery"), "300000"], check=True, capture_output=True, text=True,
                          env={**os.environ, "SWITCHHOOK_BENCH_DIR": str(lab.folder)}).stdout
    for line in said.splitlines():
        what, _, value = line.partition(" ")
        report.row(what, " ".join(value.split()))
