"""End to end at a given pace."""
from tests.bench.journeys import end_to_end_ms, overtaken
from tests.bench.measure import middle_and_tail, quantile

SECONDS = 10
# Calls. The connections are open afterwards, and the store's write-ahead log has its size (32 MiB): syncing a file that grows takes the
# file system's journal as well.
WARM_UP = 1200
NEW_STORE = 64


def at_pace(report, lab, rate, warm_up, what, aim=None):
    disk = lab.syncs_ms()
    sink = lab.sink()
    server = lab.server([{"url": sink.url()}])
    warm = lab.load(server.port, warm_up)["requests"]
    sink.wait(warm)
    done, ways = lab.travel(server, [sink], rate * SECONDS // 10, arrivals=warm + rate * SECONDS, rate=rate, connections=max(8, rate * 64 // 1000))
    lab.end(server)
    usual, first = end_to_end_ms(ways)
    if late := overtaken(ways):
        raise RuntimeError(f"{late} events overtook another of their call")
    report.row(what, f"{middle_and_tail(usual)}, slowest {max(usual):.1f} ms; answer {done['answers']}; disk alone {middle_and_tail(disk)}",
               *((f"p99 <= {aim} ms", quantile(usual, 0.99) <= aim) if aim else ()))
    report.row(f"{what}: each call's first, from its join", middle_and_tail(first))


def latency(report, lab):
    """Open loop: events leave when they are due, whatever was answered; calls whose events are about 60 ms apart, one hook, after a warm-up of 12 000 events. From
    when an event was due at the sender to when its request was complete at the HTTPS sink, one clock, no buckets. Before it leaves, an event
    waits for a sync of the disk, and for that of the group before it; what the disk alone takes (4 KiB in place) just before is said with each.
    By design each call's first event (room_started, without a call id) is kept until the participant_joined that tells whose call it is:
    these are the second figure, counted from when that join was due. The join, which leaves behind the event that it releases, is in the first
    figure like all others. A new store: nearly without the warm-up, so that its write-ahead log still grows."""
    for rate in (100, 500, 1000, 2000):
        at_pace(report, lab, rate, WARM_UP, f"{rate} events/s", 5 if rate == 1000 else None)
    at_pace(report, lab, 1000, NEW_STORE, "1000 events/s, a new store")
