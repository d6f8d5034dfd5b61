"""A tenant that is away: what its queue costs, how fast it goes, how soon after a start."""
import time

from tests.bench import journeys
from tests.bench.measure import middle_and_tail, resident_bytes

CHUNK = 10_000  # calls, of 10 events each
PATIENT = {"max_age": "6h"}
OTHER = "customer-b.com"


def grown(report, lab, server, what):
    """Resident bytes of the server after 100 k and after 1 M events."""
    seen = []
    for chunk in range(1, 11):
        lab.load(server.port, CHUNK)
        if chunk in (1, 10):
            seen.append(resident_bytes(server.process.pid))
            report.row(f"resident after {chunk * CHUNK / 100:,.0f} k events, {what}", f"{seen[-1] / 1e6:.1f} MB")
    return seen


def memory(report, lab):
    """One hook whose endpoint refuses connections; calls as fast as they are accepted. The same events for a hook that wants none of them show
    what is remembered of ids (10 minutes) and of calls (an hour after their end), whether anything waits or not; the difference is what waiting
    costs, and from 100 k to 1 M what it costs beyond the windows. Then kill -9, the endpoint comes up, start: from the start of the process to
    the first arrival at the sink, and the memory of the new process."""
    server = lab.server([{"url": "https://localhost:9/", "events": ["no_such_event"]}])
    idle = resident_bytes(server.process.pid)
    report.row("resident, idle after start", f"{idle / 1e6:.1f} MB")
    seen_only = grown(report, lab, server, "none of which waits")
    lab.end(server)
    port = lab.free_port()
    server = lab.server([{"url": f"https://localhost:{port}/"}], delivery=PATIENT)
    queued = grown(report, lab, server, "all of which wait")
    depth = server.metric("switchhook_queue_depth")
    if depth != 100 * CHUNK:
        raise RuntimeError(f"{depth} are queued")
    each = ((queued[1] - queued[0]) - (seen_only[1] - seen_only[0])) / (90 * CHUNK)
    report.row("beyond the windows: each event that waits", f"{each:.0f} bytes; ids and calls, waiting or not: "
               f"{(seen_only[1] - seen_only[0]) / (90 * CHUNK):.0f} bytes", "<= 100 bytes", each <= 100)
    report.row("store with 1 M queued", f"{server.metric('switchhook_outbox_bytes') / 1e6:,.0f} MB")
    server.kill()
    sink = lab.sink(port=port)
    began = time.monotonic_ns()
    server.start()
    listening = time.monotonic_ns()
    taken = lab.load(server.port, 1, connections=1, hosts=["nobody.example"])["ended_ns"]
    lab.wait_delivered(server, 1)
    after = resident_bytes(server.process.pid)
    server.kill()
    first = min(int(line.split()[2]) for line in sink.stop().read_text().splitlines())
    report.row("start with 1 M queued: to listening", f"{(listening - began) / 1e6:.0f} ms, resident {after / 1e6:.1f} MB, {(after - idle) / depth:.0f} bytes each")
    report.row("start with 1 M queued: to ten new events answered", f"{(taken - began) / 1e6:.0f} ms")
    report.row("start with 1 M queued: to the first redelivery at the sink", f"{(first - began) / 1e6:.0f} ms", "<= 100 ms", first - began <= 100e6)
    lab.end(server)


def drain(report, lab):
    """100 k events wait for a hook; then its endpoint comes up. Rate from the first to the last arrival at the sink. Meanwhile another hook's
    calls arrive at 500 events/s, open loop: their answers and their way end to end, before (the backlog stands still) and while it drains."""
    port = lab.free_port()
    other = lab.sink()
    server = lab.server([{"url": f"https://localhost:{port}/"}, {"host": OTHER, "auth_id": OTHER, "url": other.url()}], delivery=PATIENT)
    backlog = lab.load(server.port, CHUNK)["requests"]

    def meanwhile(delivered_before):
        notes = lab.file("load")
        done = lab.load(server.port, 300, rate=500, hosts=[OTHER], notes=notes)
        return done, notes

    before, before_notes = meanwhile(0)
    lab.wait_delivered(server, before["requests"])
    sink = lab.sink(port=port)
    lab.wait_delivered(server, before["requests"] + 1)
    during, during_notes = meanwhile(before["requests"])
    left = server.metric("switchhook_queue_depth")
    lab.wait_delivered(server, before["requests"] + backlog + during["requests"])
    arrivals = [int(line.split()[2]) for line in sink.stop().read_text().splitlines()]
    report.row("drain of 100 k", f"{(len(arrivals) - 1) / (max(arrivals) - min(arrivals)) * 1e9:,.0f}/s"
               + (f"; {left:,.0f} were left when the other hook's calls ended" if left else "; it was over before the other hook's calls ended"))
    other_notes = other.stop()
    for what, done, notes in (("standing", before, before_notes), ("draining", during, during_notes)):
        usual, _ = journeys.end_to_end_ms(journeys.read(notes, [other_notes]))
        report.row(f"another hook at 500 events/s, backlog {what}", f"answer {done['answers']}; end to end {middle_and_tail(usual)}")
    lab.end(server)
