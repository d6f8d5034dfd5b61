"""Writes what pages of docs/ take from the program itself: `./dev docs`.

A page has such a part between `<!-- generated: NAME -->` and `<!-- end -->`; the tests compare every part with what is written here.
"""
import os
import pathlib
import re
import subprocess

from tests.harness.server import BINARY, ROOT, run

DOCS = ROOT / "docs"
PART = re.compile(r"(<!-- generated: ([a-z_]+) -->\n).*?(^<!-- end -->$)", re.MULTILINE | re.DOTALL)
CONTRACT_OF = {"storage": "outbox", "hook_store": "hook store", "matchers[]": "matcher", "forwarder": "forwarder", "provisioner": "provisioner",
               "call_control": "call control"}
GIVEN = {"outbox": {"park", "park_events", "keep", "keep_bytes", "dead_letters", "dead_keep"}, "provisioner": {"url", "api_key", "api_secret"},
         "call control": {"url", "api_key", "api_secret"}}  # core/app/assembly.cpp
DURATIONS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1))
SIZES = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1))


def keys():
    """The declared keys, as dicts, in the order in which people read them."""
    program = pathlib.Path(os.environ.get("SWITCHHOOK_PRINT_KEYS", BINARY.parent / "print_keys"))
    names = ("path", "shape", "type", "item", "default", "variable", "min", "max", "choices", "required", "restart", "help")
    lines = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines()
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def components():
    """{contract: [{"name", "summary", "settings": [{"name", "what", "help"}]}]} of `switchhook plugins`."""
    found = {}
    setting = None
    for line in run("plugins")[1].splitlines():
        if setting is not None and line.startswith(" " * 10):
            setting["help"] = line.strip()
        elif match := re.fullmatch(r"      (\w+): (.*)", line):
            setting = {"name": match[1], "what": re.sub(r"Switchhook/[0-9.]+", "Switchhook/VERSION", match[2])}
            component["settings"].append(setting)
        elif match := re.fullmatch(r"  (config source|outbox|hook store|matcher|dialect|forwarder|provisioner|call control) (\S+): (.*)", line):
            component = {"name": match[2], "summary": match[3], "settings": []}
            found.setdefault(match[1], []).append(component)
    return found


def amount(text, units):
    number = int(text)
    name, factor = next((name, factor) for name, factor in units if number % factor == 0)
    return f"{number // factor}{name}" if number else f"0{units[-1][0]}"


def limits(key):
    kind = key["type"] if key["item"] == "text" else key["item"]
    if kind not in ("integer", "duration", "bytes"):
        return ""
    write = {"integer": str, "duration": lambda text: amount(text, DURATIONS), "bytes": lambda text: amount(text, SIZES)}[kind]
    return f", {write(key['min'])} to {write(key['max'])}" if key["max"] else f", at least {write(key['min'])}"


def type_of(key):
    if key["choices"]:
        return " or ".join(f"`{word}`" for word in key["choices"].split(", "))
    if key["shape"] == "list":
        return "list"
    name = "list of texts" if key["type"] == "text list" and key["item"] == "text" else key["type"]
    if key["type"] == "text list" and key["item"] != "text":
        name = f"list; each {key['item']}"
    return name + limits(key)


def cell(text):
    return text.replace("|", "\\|")


def row(key):
    name = f"`{key['path']}`" + (f" `${key['variable']}`" if key["variable"] else "")
    default = f"`{key['default']}`" if key["default"] else ("**required**" if key["required"] else "")
    return f"| {name} | {type_of(key)} | {default} | {'restart' if key['restart'] else 'reload'} | {cell(key['help'])} |"


HEAD = ["| key | what it takes | default | changes by | |", "| --- | --- | --- | --- | --- |"]


def component_lines(contract, component, path):
    lines = ["", f"`use: {component['name']}`: {component['summary']}"]
    settings = [each for each in component["settings"] if each["name"] not in GIVEN.get(contract, ())]
    # A store for hooks alone keeps no events: the outbox's settings mean nothing to it.
    if contract == "hook store" and component["name"] == "sqlite":
        settings = [each for each in settings if each["name"] not in GIVEN["outbox"]]
    if settings:
        lines += ["", "| setting | what it takes | |", "| --- | --- | --- |"]
        lines += [f"| `{path}.{each['name']}` | {cell(each['what'])} | {cell(each['help'])} |" for each in settings]
    given = [each["name"] for each in component["settings"] if each["name"] in GIVEN.get(contract, ())]
    if given:
        source = "delivery" if contract == "outbox" else "livekit"
        lines += ["", f"It also takes {', '.join(f'`{name}`' for name in given)}; without them those of `{source}` hold."]
    return lines


def settings():
    lines, known, declared = [], components(), keys()
    tops = [key for key in declared if "." not in key["path"] and not key["path"].endswith("[]") and key["shape"] != "foreign"]
    for top in tops:
        name = top["path"]
        lines += ["", f"### `{name}`", "", top["help"], ""]
        inside = [key for key in declared if re.match(rf"{re.escape(name)}(\.|\[\]\.)", key["path"]) and key["shape"] in ("value", "list")]
        if top["shape"] == "value":
            inside = [top]
        lines += HEAD + [row(key) for key in inside]
        path = f"{name}[]" if top["shape"] == "list" else name
        contract = CONTRACT_OF.get(path)
        for component in known.get(contract, []) if contract else []:
            lines += component_lines(contract, component, path)
    foreign = [f"`{key['path']}`" for key in declared if key["shape"] == "foreign"]
    lines += ["", "### Keys of Sayna that mean nothing here", "", f"{', '.join(foreign)}: ignored, with one notice."]
    return "\n".join(lines[1:]) + "\n"


def environment():
    lines = ["| variable | key |", "| --- | --- |"]
    lines += [f"| `{key['variable']}` | `{key['path']}` |" for key in keys() if key["variable"]]
    return "\n".join(lines) + "\n"


def plugins():
    lines = ["| contract | component | |", "| --- | --- | --- |"]
    for contract, found in components().items():
        lines += [f"| {contract} | `{each['name']}` | {cell(each['summary'])} |" for each in found]
    return "\n".join(lines) + "\n"


def declared_metrics():
    """{name: (type, help, label or "")} from the one file that declares them."""
    text = (ROOT / "core" / "metrics" / "metrics.cpp").read_text(encoding="utf-8")
    found = {}
    labels = dict(re.findall(r"return (\w+_)\.Add\(\{\{\"(\w+)\"", text))
    for member, kind, name, help_text in re.findall(r"(\w+)\(\s*(counters?|gauge|histogram)\(\s*\"(\w+)\",\s*((?:\"[^\"]*\"\s*)+)", text):
        found[name] = ("counter" if kind == "counters" else kind, "".join(re.findall(r"\"([^\"]*)\"", help_text)), labels.get(member, ""))
    return found


def metrics():
    lines = ["| metric | type | label | |", "| --- | --- | --- | --- |"]
    for name, (kind, help_text, label) in declared_metrics().items():
        lines.append(f"| `{name}` | {kind} | {f'`{label}`' if label else ''} | {cell(help_text)} |")
    return "\n".join(lines) + "\n"


# In the words of the guide: the rows of tests/bench/RESULTS.md, by part and what they begin with; the first that is there.
MEASURED = {
    "webhooks accepted, each durable before its answer": [("accept", "durable, nothing to deliver")],
    "the same while their events are delivered": [("accept", "1 hook: durable accepted/s while delivering"), ("accept", "durable, delivering to an HTTPS sink meanwhile")],
    "events delivered to one hook meanwhile": [("accept", "1 hook: delivered/s"), ("deliver", "as fast as possible, one hook, concurrency 64")],
    "100 events/s: the way to the tenant": [("latency", "100 events/s"), ("deliver", "open loop, 100 events/s")],
    "1000 events/s: the same": [("latency", "1000 events/s"), ("deliver", "open loop, 1000 events/s")],
    "memory without work": [("memory", "resident, idle after start")],
    "memory for each event that waits": [("memory", "beyond the windows: each event that waits"), ("memory", "resident per queued event, 100 k queued")],
    "start with many events that wait: to listening": [("memory", "start with 1 M queued: to listening"), ("memory", "start to listening with 100 k queued events")],
    "start with 100 000 hooks: to ready": [("start", "100 k hooks, hook store sqlite"), ("start", "to ready with 100 k hooks, hook store sqlite")],
    "without traffic": [("idle", "just started"), ("idle", "over 30 s")],
}


def measured():
    """The machine, and [(part, what, result)]: the part is a column, or the heading above its table."""
    machine, part, rows = "", "", []
    for line in (ROOT / "tests" / "bench" / "RESULTS.md").read_text(encoding="utf-8").splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if line.startswith("Machine: "):
            machine = line.removeprefix("Machine: ").split(" Release tree", 1)[0].rstrip(".")
        elif line.startswith("## "):
            part = line[3:].strip()
        elif line.startswith("| ") and not set(line) <= set("|- "):
            rows.append(tuple(cells[:3]) if not part else (part, *cells[:2]))
    return machine, rows


def sizing():
    machine, rows = measured()
    lines = [f"Measured on {machine}.", "", "| | row | |", "| --- | --- | --- |"]
    for words, candidates in MEASURED.items():
        found = [row for part, what in candidates for row in rows if row[0] == part and row[1].startswith(what)]
        if not found:
            raise LookupError(f"tests/bench/RESULTS.md has no row for {words!r}; mend MEASURED in tests/docs/generate.py")
        part, what, result = found[0]
        lines.append(f"| {words} | {part}: {what.split(', 8 calls')[0]} | {re.sub(r', answers .*| so far', '', result)} |")
    return "\n".join(lines) + "\n"


MAKERS = {maker.__name__: maker for maker in (settings, environment, plugins, metrics, sizing)}


def made(text):
    """The page with every generated part as it should be."""
    return PART.sub(lambda part: part[1] + MAKERS[part[2]]() + part[3], text)


def pages():
    return [page for page in sorted(DOCS.glob("*.md")) if PART.search(page.read_text(encoding="utf-8"))]


def main():
    for page in pages():
        text = page.read_text(encoding="utf-8")
        page.write_text(made(text), encoding="utf-8")


if __name__ == "__main__":
    main()
