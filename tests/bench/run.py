#!/usr/bin/env python3
"""`./dev bench [NAME]`: micro benchmarks and the whole path with the real process; without NAME also writes RESULTS.md.

Parts: micro (Google Benchmark programs), accept, deliver, memory, start, idle.
"""
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))
from tests.harness.server import Server, config  # noqa: E402
from tests.harness.tls import Authority  # noqa: E402

BIN = ROOT / "build" / "release" / "bin"
RECORDING = ROOT / "tests" / "data" / "recordings" / "simple_call.jsonl"
TICK = os.sysconf("SC_CLK_TCK")
results = []


def row(part, what, value):
    results.append((part, what, value))
    print(f"  {part:<8} {what:<70} {value}", flush=True)


def load(port, calls, connections=64, rate=None):
    command = [str(BIN / "bench_load"), str(port), str(connections), str(calls), str(RECORDING)] + ([str(rate)] if rate else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def switches(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", (task / "status").read_text())))
    return total


class Nginx:
    """A plain listener that answers 200 and a TLS one that answers 204: the baseline in front and the sink behind."""

    def __init__(self, folder, authority):
        self.plain, self.tls = 18991, 18992
        certificate, key = authority.certificate()
        (folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{self.plain}; location / {{ return 200; }} }}
  server {{ listen 127.0.0.1:{self.tls} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; location / {{ return 200; }} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def with_server(folder, hooks, authority, **blocks):
    folder.mkdir()
    server = Server(folder, config(folder, hooks, authority, **blocks))
    return server.start()


def wait_metric(server, name, at_least, timeout=600):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if (server.metric(name) or 0) >= at_least:
            return time.monotonic()
        time.sleep(0.02)
    raise RuntimeError(f"{name} never reached {at_least}: {server.metric(name)}")


def micro():
    for name in ("bench_micro", "bench_append"):
        if not (BIN / name).exists():
            continue
        out = subprocess.run([str(BIN / name), "--benchmark_format=json", "--benchmark_min_time=0.3"], check=True, capture_output=True, text=True).stdout
        for each in json.loads(out)["benchmarks"]:
            unit = each["time_unit"]
            extra = f", {each['items_per_second']:,.0f}/s" if "items_per_second" in each else ""
            row("micro", each["name"], f"{each['cpu_time']:,.2f} {unit} CPU, {each['real_time']:,.2f} {unit} real{extra}")


def accept(folder, authority, nginx):
    calls = 6400
    hook = {"host": "customer-a.com", "url": f"https://localhost:{nginx.tls}/", "auth_id": "tenant-a"}
    row("accept", "nginx `return 200`, same load", f"{load(nginx.plain, calls)['per_second']:,}/s")
    if (BIN / "bench_front").exists():
        front = subprocess.Popen([str(BIN / "bench_front")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        port = int(re.search(r"\d+", front.stdout.readline())[0])
        before = cpu_seconds(front.pid)
        done = load(port, calls)
        row("accept", "our front answering 200 with nothing done, same load",
            f"{done['per_second']:,}/s, {(cpu_seconds(front.pid) - before) / done['requests'] * 1e6:.1f} us CPU each")
        front.stdin.close()
        front.wait()
    for what, events in (("durable, nothing to deliver", ["no_such_event"]), ("durable, delivering to an HTTPS sink meanwhile", None)):
        server = with_server(folder / ("accept-" + ("plain" if events else "deliver")), [{**hook, **({"events": events} if events else {})}], authority)
        before = cpu_seconds(server.process.pid)
        done = load(server.port, calls)
        used = cpu_seconds(server.process.pid) - before
        row("accept", what, f"{done['per_second']:,}/s, p50 {done['p50_us']} us, p99 {done['p99_us']} us, {used / done['requests'] * 1e6:.1f} us CPU each so far, "
            f"answers {done['statuses']}")
        groups = server.metric("switchhook_commit_groups_total")
        row("accept", what + ": appends in a durable group", f"{done['requests'] / max(groups, 1):.1f}")
        server.stop(60)


def deliver(folder, authority, nginx):
    hook = {"host": "customer-a.com", "url": f"https://localhost:{nginx.tls}/", "auth_id": "tenant-a"}
    for concurrency in (8, 64):
        server = with_server(folder / f"deliver-{concurrency}", [hook], authority, delivery={"concurrency": concurrency})
        before, began = cpu_seconds(server.process.pid), time.monotonic()
        done = load(server.port, 4000)
        end = wait_metric(server, "switchhook_deliveries_delivered_total", done["requests"])
        used = cpu_seconds(server.process.pid) - before
        row("deliver", f"as fast as possible, one hook, concurrency {concurrency}",
            f"{done['requests'] / (end - began):,.0f} delivered/s, {used / done['requests'] * 1e3:.3f} ms CPU per delivered event")
        server.stop(60)
    for rate in (100, 1000):
        server = with_server(folder / f"rate-{rate}", [hook], authority)
        calls = rate // 2
        done = load(server.port, calls, connections=8, rate=rate)
        wait_metric(server, "switchhook_deliveries_delivered_total", done["requests"])
        text = server.request("GET", "/metrics", admin=True)[2].decode()
        buckets = [(float(le), float(count)) for le, count in re.findall(r'switchhook_end_to_end_seconds_bucket{le="([^"]+)"} (\S+)', text)]
        quantile = {part: next(le for le, count in buckets if count >= part * buckets[-1][1]) for part in (0.5, 0.99)}
        row("deliver", f"open loop, {rate} events/s, 8 calls at a time: append to delivered, upper bucket bound; the first event of each ten waits for its call's join",
            f"p50 <= {quantile[0.5] * 1e3:.1f} ms, p99 <= {quantile[0.99] * 1e3:.1f} ms; answer p50 {done['p50_us']} us, p99 {done['p99_us']} us")
        server.stop(60)


def memory(folder, authority, nginx):
    hook = {"host": "customer-a.com", "url": "https://localhost:9/", "auth_id": "tenant-a"}
    server = with_server(folder / "memory", [hook], authority, delivery={"max_age": "1h"})
    idle = resident_mb(server.process.pid)
    row("memory", "resident, idle after start", f"{idle:.1f} MB")
    load(server.port, 10_000)
    wait_metric(server, "switchhook_events_appended_total", 1)
    row("memory", "resident per queued event, 100 k queued", f"{(resident_mb(server.process.pid) - idle) * 1024 * 1024 / 100_000:.0f} bytes "
        f"({resident_mb(server.process.pid):.1f} MB in all)")
    server.kill()
    before = time.monotonic()
    server.start()
    row("memory", "start to listening with 100 k queued events", f"{(time.monotonic() - before) * 1e3:.0f} ms")
    server.kill()


def start(folder, authority, nginx):
    home = folder / "start"
    home.mkdir()
    hooks = [{"host": f"h{number}.example", "url": f"https://h{number}.example/hook", "auth_id": f"tenant-{number}"} for number in range(100_000)]
    (home / "sip_hooks.json").write_text(json.dumps(hooks, indent=2))
    for what, store in (("file", {"use": "file", "path": str(home / "sip_hooks.json")}), ("sqlite", None)):
        server = Server(home, config(home, [], authority, **({"hook_store": store} if store else {})))
        if store is None:
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
            rss = resident_mb(server.process.pid)
            server.stop()
        row("start", f"to ready with 100 k hooks, hook store {what}", f"median {sorted(times)[2]:.0f} ms, resident {rss:.1f} MB")


def idle(folder, authority, nginx):
    server = with_server(folder / "idle", [], authority)
    time.sleep(2)
    before, woken = cpu_seconds(server.process.pid), switches(server.process.pid)
    time.sleep(30)
    row("idle", "over 30 s", f"{(cpu_seconds(server.process.pid) - before) * 1e3:.0f} ms CPU, {switches(server.process.pid) - woken} context switches of all threads")
    server.stop()


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') >> 30} GiB, Linux {platform.release()}"


def write():
    lines = ["# Benchmark results", "", "The last run of `./dev bench`. Load generator and HTTPS sink run on the same two cores; read ratios, not absolutes.", "",
             f"Machine: {machine()}. Release tree. Events: the ten of the recorded simple call, 0.3 to 1.9 KB each, fresh ids, 64 kept-alive connections.", "",
             "| part | what | result |", "| --- | --- | --- |"]
    lines += [f"| {part} | {what} | {value} |" for part, what, value in results]
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    wanted = sys.argv[1:] or ["micro", "accept", "deliver", "memory", "start", "idle"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchhook-bench-"))
    authority = Authority(folder / "tls")
    nginx = Nginx(folder, authority)
    try:
        if "micro" in wanted:
            micro()
        for part in (accept, deliver, memory, start, idle):
            if part.__name__ in wanted:
                part(folder, authority, nginx)
    finally:
        nginx.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if not sys.argv[1:]:
        write()


if __name__ == "__main__":
    main()
