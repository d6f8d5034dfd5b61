#!/usr/bin/env python3
"""CHANGELOG.md as the packages want it: changelog.py deb|rpm VERSION MAINTAINER, on standard output.

A version's date stands behind its number, "## 1.2.0 (2026-11-30)"; one that is not released has the date of
$SOURCE_DATE_EPOCH, or today's. A package of another version takes over what is not released, or says what it was built from.
"""
import datetime
import os
import re
import sys
import textwrap
import time
from pathlib import Path

UTC = datetime.timezone.utc


def entries(text):
    """(version, date or None, [what changed]), the newest first."""
    found = []
    for line in text.splitlines():
        if head := re.fullmatch(r"## (\S+) \((\S+)\)", line):
            date = None if head[2] == "unreleased" else datetime.datetime.fromisoformat(head[2]).replace(tzinfo=UTC)
            found.append((head[1], date, []))
        elif line.startswith("- "):
            found[-1][2].append(line[2:])
        elif line.startswith("  "):
            found[-1][2][-1] += " " + line.strip()
    return found


def deb(version, date, changes, maintainer):
    lines = [f"switchhook ({version}) unstable; urgency=medium", ""]
    for change in changes:
        lines += textwrap.wrap(change, 76, initial_indent="  * ", subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join([*lines, "", f" -- {maintainer}  {date:%a, %d %b %Y %H:%M:%S} +0000", ""])


def rpm(version, date, changes, maintainer):
    lines = [f"* {date:%a %b %d %Y} {maintainer} - {version}-1"]
    for change in changes:
        # rpm expands macros in changelogs.
        lines += textwrap.wrap(change.replace("%", "%%"), 76, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join([*lines, ""])


def main():
    form, version, maintainer = sys.argv[1:]
    now = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), UTC)
    known = entries((Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8"))
    if known[0][1] is None:
        known[0] = (version, now, known[0][2])
    elif known[0][0] != version:
        known.insert(0, (version, now, [f"Built from the sources of {known[0][0]}."]))
    write = {"deb": deb, "rpm": rpm}[form]
    print("\n".join(write(number, date, changes, maintainer) for number, date, changes in known), end="")


main()
