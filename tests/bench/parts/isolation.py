"""Three hooks that are well while the fourth is not."""
from statistics import median

from tests.bench.journeys import end_to_end_ms
from tests.bench.measure import quantile, ratios_of_baselines, ratios_to_neighbours
from tests.bench.parts.latency import WARM_UP
from tests.bench.parts.throughput import HOSTS

RATE = 800    # events per second, a quarter of them for each hook
SECONDS = 5
ROUNDS = 3
FAULTS = ("hang", "trickle", "status_500", "flood")


def phase(lab, behaviour):
    """p99 of the three healthy hooks, ms. A server and sinks of their own; the fourth hook's sink yields to everything else, because a
    customer's machine would not take our cores."""
    well, fourth = lab.sink(), lab.sink(behaviour, yields=True)
    hooks = [{"host": host, "auth_id": host, "url": (fourth if at == 3 else well).url(f"/{host}")} for at, host in enumerate(HOSTS)]
    server = lab.server(hooks, delivery={"timeout": "2s", "max_age": "10min"})
    warm = lab.load(server.port, WARM_UP, hosts=HOSTS[:3])["requests"]
    well.wait(warm)
    calls = RATE * SECONDS // 10
    _, ways = lab.travel(server, [well, fourth], calls, arrivals=warm + calls * 10 * 3 // 4, rate=RATE, hosts=HOSTS)
    lab.end(server)
    return quantile(end_to_end_ms(ways, hosts={0, 1, 2})[0], 0.99)


def isolation(report, lab):
    """Four hooks, 800 events/s in all, open loop. A: all four are well. B: the fourth hangs (never answers), trickles (a byte of a head each
    100 ms), answers 500, floods (200 and a body without end); delivery.timeout is 2 s, so that its time-outs, retries and breaker are in
    the figure. A B A B A ..., three times through, a server of its own for each; each B is compared with the A before and behind it. A over
    A before it says how much the same measurement differs by itself. p99 of the three healthy hooks, end to end as in `latency`."""
    plan = ["well"] + [behaviour for fault in FAULTS * ROUNDS for behaviour in (fault, "well")]
    series = [phase(lab, behaviour) for behaviour in plan]
    noise = ratios_of_baselines(series)
    report.row("all four well", f"p99 {median(series[::2]):.2f} ms (from {min(series[::2]):.2f} to {max(series[::2]):.2f}); over the one before: "
               + ", ".join(f"{ratio:.2f}" for ratio in noise))
    ratios = ratios_to_neighbours(series)
    for at, fault in enumerate(FAULTS):
        mine = ratios[at::len(FAULTS)]
        p99 = series[1 + 2 * at::2 * len(FAULTS)]
        report.row(f"the fourth: {fault}", "p99 of the healthy " + ", ".join(f"{each:.2f}" for each in p99) + " ms; over its neighbours: "
                   + ", ".join(f"{ratio:.2f}" for ratio in mine), "median <= 1.10", median(mine) <= 1.10)
