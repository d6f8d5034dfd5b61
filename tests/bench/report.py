"""What was measured, on the terminal while it is measured and in RESULTS.md at the end."""
import os
import pathlib
import platform
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


class Report:
    def __init__(self):
        self._parts = []  # (name, how it is measured, [(what, value, aim, met)])
        self.missed = []

    def part(self, name, how):
        self._parts.append((name, " ".join(how.split()), []))
        print(f"== {name}", flush=True)

    def row(self, what, value, aim="", met=None):
        """`aim`: what was promised, in words; `met`: whether it is kept."""
        mark = "" if met is None else "kept" if met else "missed"
        self._parts[-1][2].append((what, value, f"{aim}: {mark}" if mark else aim))
        if met is False:
            self.missed.append(f"{self._parts[-1][0]}: {what}: {value} (aim {aim})")
        print(f"  {what:<76} {value}" + (f"   [{aim}: {mark}]" if mark else ""), flush=True)

    def write(self):
        lines = ["# Benchmark results", "",
                 "The last run of `./dev bench`. Load generator and HTTPS sink run on the same cores as the server: read ratios, not absolutes.", "",
                 f"Machine: {machine()}. Release tree.", "",
                 "Events: the ten of the recorded simple call, 0.6 to 1.7 KB each, with fresh ids, signed before the clock starts."]
        for name, how, rows in self._parts:
            aims = any(aim for _, _, aim in rows)
            lines += ["", f"## {name}", "", how, "", "| what | result |" + (" aim |" if aims else ""), "| --- | --- |" + (" --- |" if aims else "")]
            lines += [f"| {what} | {value} |" + (f" {aim} |" if aims else "") for what, value, aim in rows]
        lines += ["", (HERE / "notes.md").read_text(encoding="utf-8").strip()]
        (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    kind = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", tempfile.gettempdir()], capture_output=True, text=True, check=True).stdout.strip()
    return f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {memory} GiB, Linux {platform.release()}, store on {kind}"
