"""How punctual a retry is."""
from tests.bench.journeys import retry_lateness_ms
from tests.bench.measure import middle_and_tail, quantile


def retry(report, lab):
    """Every event's first attempt is answered 503 with "Retry-After: 1", whose time is known exactly; the second is taken. Lateness as the
    receiver sees it: arrival of the second attempt, less the first answer, less 1 s; it contains both ways over TLS. 200 calls begin within
    a second, so that about 200 retries fall due in each second."""
    sink = lab.sink("retry_after")
    profile = {"steps": ["50ms"], "max_age": "10min", "breaker": {"failures": 100_000}}
    server = lab.server([{"url": sink.url(), "retry": "bench"}], delivery={"retries": {"bench": profile}})
    _, ways = lab.travel(server, [sink], 200, arrivals=4000, connections=200, rate=200)
    late = retry_lateness_ms(ways, 1000)
    p99 = quantile(late, 0.99)
    report.row(f"{len(late)} retries", f"{middle_and_tail(late)}, earliest {min(late):.2f} ms, latest {max(late):.2f} ms",
               "p99 <= 10 ms", p99 <= 10)
    lab.end(server)
