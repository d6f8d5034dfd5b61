"""What a server takes when little happens, and of the disk when much does."""
import json
import os
import pathlib
import signal
import time

from tests.bench.measure import cpu_by_thread, quantile, resident_bytes, switches, written_bytes

IDLE_SECONDS = 20


def idle(report, lab):
    """CPU time and context switches of all threads over 20 s, of a server that has just started, and of one that delivered 5000 events and
    keeps its connections."""
    for what, calls in (("just started", 0), ("after 5000 deliveries", 500)):
        sink = lab.sink()
        server = lab.server([{"url": sink.url()}])
        if calls:
            done = lab.load(server.port, calls)
            lab.wait_delivered(server, done["requests"])
        time.sleep(3)  # what the last work left behind is finished
        pid = server.process.pid
        before, woken = cpu_by_thread(pid), switches(pid)
        time.sleep(IDLE_SECONDS)
        woke = {name: count - woken.get(name, 0) for name, count in switches(pid).items() if count > woken.get(name, 0)}
        spent = sum(cpu_by_thread(pid).values()) - sum(before.values())
        who = f" ({', '.join(f'{name} {count}' for name, count in woke.items())})" if woke else ""
        report.row(what, f"{spent / 1e6:.2f} ms CPU, {sum(woke.values())} wake-ups{who}; resident {resident_bytes(pid) / 1e6:.1f} MB")
        sink.stop()
        lab.end(server)


def traced_work(lab, calls, rate):
    """(events, syncs, bytes written) of a server from its start to its end."""
    sink, trace = lab.sink(), lab.file("strace")
    server = lab.server([{"url": sink.url()}], wrapper=["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o", str(trace)])
    traced = int(pathlib.Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()[0])
    try:
        before, events = written_bytes(traced), 0
        if calls:
            events = lab.load(server.port, calls, rate=rate)["requests"]
            lab.wait_delivered(server, events)
        time.sleep(0.5)  # the last settlement's group
        written = written_bytes(traced) - before
    finally:
        os.kill(traced, signal.SIGTERM)  # strace itself holds signals back
        server.process.wait(30)
    sink.stop()
    lab.end(server)
    lines = trace.read_text(errors="replace").splitlines()
    return events, sum("sync(" in line and "resumed" not in line for line in lines), written


def disk(report, lab):
    """fsync and fdatasync calls from strace (--seccomp-bpf: only these calls stop the server), less those of a start and stop without events;
    bytes that the kernel was caused to write, from /proc/PID/io. Both until everything is delivered and settled; per event, each delivered
    once."""
    _, base, _ = traced_work(lab, 0, None)
    for what, calls, rate in (("100 events/s", 100, 100), ("1000 events/s", 500, 1000), ("as fast as possible", 2000, None)):
        events, syncs, written = traced_work(lab, calls, rate)
        report.row(what, f"{(syncs - base) / events:.3f} syncs and {written / events:,.0f} bytes written per event")


def start(report, lab):
    """Time from the start of the process to ready (/readyz 200) with 100 k hooks, median of five."""
    hooks = [{"host": f"h{number}.example", "url": f"https://h{number}.example/hook", "auth_id": f"tenant-{number}"} for number in range(100_000)]
    file = lab.file("hooks.json")
    file.write_text(json.dumps(hooks, indent=2), encoding="utf-8")
    for store in ("file", "sqlite"):
        server = lab.server(launch=False, **({"hook_store": {"use": "file", "path": str(file)}} if store == "file" else {}))
        if store == "sqlite":
            server.start()
            for first in range(0, len(hooks), 1000):
                status, _, body = server.request("POST", "/sip/hooks", {"hooks": hooks[first:first + 1000]}, timeout=60)
                assert status == 200, body[:300]
            server.stop()
        times = []
        for _ in range(5):
            began = time.monotonic()
            server.start()
            while server.request("GET", "/readyz", admin=True)[0] != 200:
                pass
            times.append((time.monotonic() - began) * 1e3)
            resident = resident_bytes(server.process.pid)
            server.stop()
        report.row(f"100 k hooks, hook store {store}", f"median {quantile(times, 0.5):.0f} ms, resident {resident / 1e6:.1f} MB",
                   "<= 150 ms", quantile(times, 0.5) <= 150)
        lab.end(server)
