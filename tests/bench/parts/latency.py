"""End to end at a given pace."""
from tests.bench.journeys import end_to_end_ms, overtaken
from tests.bench.measure import middle_and_tail, quantile

SECONDS = 10
WARM_UP = 200  # calls: the connections are open, and the store's write-ahead log has its size


def latency(report, lab):
    """Open loop: events leave when they are due, whatever was answered; 64 calls at a time, one hook, after a warm-up of 2000 events. From when
    an event was due at the sender to when its request was complete at the HTTPS sink, one clock, no buckets. Before it leaves, an event waits
    for one sync of the disk, and for those of the group before it; what the disk alone takes, in the same minute, is said with each pace.
    By design each call's first event (room_started, without a call id) is kept until the participant_joined that tells whose call it is:
    these are the second figure, counted from when that join was due. The join, which leaves behind the event that it releases, is in the first
    figure like all others."""
    for rate in (100, 500, 1000, 2000):
        disk = lab.syncs_ms()
        sink = lab.sink()
        server = lab.server([{"url": sink.url()}])
        warm = lab.load(server.port, WARM_UP)["requests"]
        lab.wait_delivered(server, warm)
        done, ways = lab.travel(server, [sink], rate * SECONDS // 10, rate=rate, delivered_before=warm)
        usual, first = end_to_end_ms(ways)
        if late := overtaken(ways):
            raise RuntimeError(f"{late} events overtook another of their call")
        p99 = quantile(usual, 0.99)
        report.row(f"{rate} events/s", f"{middle_and_tail(usual)}, slowest {max(usual):.1f} ms; answer {done['answers']}; disk {middle_and_tail(disk)}",
                   *(("p99 <= 5 ms", p99 <= 5) if rate == 1000 else ()))
        report.row(f"{rate} events/s: each call's first, from its join", middle_and_tail(first))
        lab.end(server)
