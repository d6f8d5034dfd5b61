"""`./dev bench [PART ...]`: without PART all of them, and tests/bench/RESULTS.md is written from it.

Each part is a function of tests/bench/parts; its description is what RESULTS.md says of how it measures. A part that fails is said and
the others run on. notes.md, which is written by hand, ends RESULTS.md.
"""
import signal
import sys
import time
import traceback

from tests.bench.lab import BIN, Lab
from tests.bench.parts import backlog, isolation, latency, micro, resources, retry, throughput
from tests.bench.report import Report

PARTS = [micro.micro, micro.log, throughput.accept, latency.latency, isolation.isolation, retry.retry, backlog.memory, backlog.drain,
         resources.start, resources.idle, resources.disk]
if (BIN / "bench_recovery").exists():
    PARTS.insert(2, micro.recovery)


def main(wanted):
    parts = {part.__name__: part for part in PARTS}
    if unknown := [name for name in wanted if name not in parts]:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(parts)}", file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(70))  # what was started is ended
    report, failed, began = Report(), [], time.monotonic()
    for name in wanted or parts:
        lab, part_began = Lab(), time.monotonic()
        report.part(name, parts[name].__doc__)
        try:
            parts[name](report, lab)
        except Exception as error:  # the others are worth having
            traceback.print_exc()
            report.row("failed", f"{type(error).__name__}: {error}")
            failed.append(name)
        finally:
            lab.close()
        print(f"  ({time.monotonic() - part_began:.0f} s)", flush=True)
    if not wanted:
        report.write()
    print(f"== {time.monotonic() - began:.0f} s in all" + (f"; failed: {', '.join(failed)}" if failed else ""))
    for line in report.missed:
        print(f"  missed: {line}")
    return 70 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
