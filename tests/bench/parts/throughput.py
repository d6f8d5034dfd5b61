"""As fast as it goes: accepted, delivered, and which thread spends the time."""
import re
import subprocess

from tests.bench.lab import BIN, HOST
from tests.bench.measure import cpu_by_stage, cpu_by_thread, cpu_seconds
from tests.bench.parts.latency import WARM_UP

CALLS = 6400
HOSTS = ["customer-0.com", "customer-1.com", "customer-2.com", "customer-3.com"]


def baselines(report, lab):
    report.row("nginx `return 200`, same load", f"{lab.load(lab.nginx().port, CALLS)['per_second']:,}/s")
    front = subprocess.Popen([str(BIN / "bench_front")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(re.search(r"\d+", front.stdout.readline())[0])
    done = lab.load(port, CALLS)
    report.row("our front answering 200 with nothing done, same load",
               f"{done['per_second']:,}/s, {cpu_seconds(front.pid) / done['requests'] * 1e6:.1f} us CPU each")
    front.stdin.close()
    front.wait()
    front.stdout.close()


def stages(report, what, before, after, count):
    spent = cpu_by_stage(before, after)
    report.row(f"{what}: CPU per delivered event",
               f"{sum(spent.values()) / count / 1e6:.4f} ms: " + ", ".join(f"{stage} {nanos / count / 1e3:.1f} us" for stage, nanos in spent.items()))


def accept(report, lab):
    """64 kept-alive connections, each playing call after call, the next event when the last one is answered; the log of attempts is on (it
    cannot be switched off). Accepted: answered 200, hence durable. Delivered: arrived at the sink, counted from the first event sent to the
    last arrival. CPU by stage: the clocks of the server's threads (/proc/PID/task/TID/schedstat). nginx and our front alone are the baseline."""
    baselines(report, lab)
    server = lab.server([{"url": "https://localhost:9/", "events": ["no_such_event"]}])
    before = cpu_seconds(server.process.pid)
    done = lab.load(server.port, CALLS)
    report.row("durable, nothing to deliver", f"{done['per_second']:,} accepted/s, {done['answers']}, "
               f"{(cpu_seconds(server.process.pid) - before) / done['requests'] * 1e6:.1f} us CPU each")
    lab.end(server)
    for count in (1, 4):
        saturate(report, lab, [HOST] if count == 1 else HOSTS, f"{count} hook" + "s" * (count > 1))
    at_pace(report, lab)


def saturate(report, lab, hosts, what):
    sink = lab.sink()
    server = lab.server([{"host": host, "auth_id": host, "url": sink.url(f"/{host}")} for host in hosts])
    before = cpu_by_thread(server.process.pid)
    done, ways = lab.travel(server, [sink], CALLS, arrivals=CALLS * 10, hosts=hosts)
    after = cpu_by_thread(server.process.pid)
    arrivals = [way.arrivals[0] for way in ways.values()]
    meanwhile = sum(at <= done["ended_ns"] for at in arrivals)
    groups = server.metric("switchhook_commit_groups_total")
    report.row(f"{what}: durable accepted/s while delivering", f"{done['per_second']:,}/s, {done['answers']}",
               ">= 10,000/s", done["per_second"] >= 10_000)
    report.row(f"{what}: delivered/s", f"{len(arrivals) / (max(arrivals) - done['began_ns']) * 1e9:,.0f}/s in all, "
               f"{meanwhile / done['seconds']:,.0f}/s while accepting; {done['requests'] / groups:.1f} events in a durable group")
    stages(report, what, before, after, len(arrivals))
    lab.end(server)


def at_pace(report, lab):
    sink = lab.sink()
    server = lab.server([{"url": sink.url()}])
    warm = lab.load(server.port, WARM_UP)["requests"]
    lab.wait_delivered(server, warm)
    before = cpu_by_thread(server.process.pid)
    done = lab.load(server.port, 500, rate=1000)
    lab.wait_delivered(server, warm + done["requests"], pause=0.5)
    stages(report, "1 hook, open loop at 1000 events/s", before, cpu_by_thread(server.process.pid), done["requests"])
    lab.end(server)
