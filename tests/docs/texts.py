"""The texts of errors in the sources, for docs/errors.md.

What counts is the place: the argument of one of CALLS, or the text beside a `Code::`. A text is written as a pattern, with … where a value
stands; a choice between texts (`a ? "x" : "y"`) is two. A place without any text of its own passes on what was made elsewhere.
"""
import dataclasses
import re

from tests.harness.server import ROOT

# Name of the function: which argument is the text.
CALLS = {"warning": 0, "error": 0, "problem": 1, "Stop": 1, "error_response": 2, "unauthorized": 1, "Unfit": 0}
# Functions of one file alone that make an error of the text that they are given.
IN_FILES = {
    "core/api/deliveries_api.cpp": {"bad": 1}, "core/api/hooks_api.cpp": {"invalid": 3}, "core/cli/hooks_transfer.cpp": {"invalid": 0},
    "core/cli/recording.cpp": {"wrong": 1}, "core/cli/server_url.cpp": {"wrong": 0}, "core/http/loop.cpp": {"warn": 0},
    "core/http/reply.cpp": {"Words": 2}, "core/livekit/reader.cpp": {"invalid": 0}, "core/plugin/catalog.cpp": {"complain": 0},
    "core/plugin/settings_check.cpp": {"complain": 1, "invalid": 0}, "plugins/config_file/file_source.cpp": {"failure": 1},
    "plugins/forwarder_https/target.cpp": {"bad": 0}, "plugins/livekit/failure.cpp": {"as": 2, "passing": 0, "refused": 0},
    "plugins/livekit/provisioning.cpp": {"refuse": 0, "strange_answer": 1}, "plugins/livekit/server_url.cpp": {"bad": 0},
    "plugins/livekit/source_address.cpp": {"refuse": 0}, "plugins/store_file/hook_file.cpp": {"corrupt": 0},
}
# Files whose functions return the text of a fault, or build it in a variable that is called so.
RETURNS = {"core/plugin/door.cpp", "core/plugin/elf_check.cpp", "core/plugin/catalog.cpp", "plugins/livekit/failure.cpp"}
VARIABLES = {"core/config/check.cpp": ("text",), "core/config/values.cpp": ("message",), "core/plugin/catalog.cpp": ("text",),
             "core/plugin/settings_check.cpp": ("text",), "plugins/livekit/source_address.cpp": ("kForms",)}
LEFT_OUT = {"core/app/command_line.cpp"}  # wrong command lines: they are answered with the usage
READING = ("reading", "reading_")  # their `warning` takes the place first
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|R"\((?:.|\n)*?\)"|//[^\n]*|/\*(?:.|\n)*?\*/|[A-Za-z_]\w*|::|->|[0-9][\w\']*|\S')
GAP = "…"
OPEN, CLOSE = "([{", ")]}"


@dataclasses.dataclass(frozen=True)
class Site:
    file: str
    line: int
    kind: str  # the function, or Code
    texts: tuple


def tokens(source):
    """[(text, line)] without comments."""
    found = []
    for match in TOKEN.finditer(source):
        if not match[0].startswith(("//", "/*")):
            found.append((match[0], source.count("\n", 0, match.start()) + 1))
    return found


def arguments(stream, at):
    """The token lists between the bracket at `at` and its end, split at top-level commas, and where it ends."""
    depth, found, current = 0, [], []
    for i in range(at, len(stream)):
        word = stream[i][0]
        depth += word in OPEN
        depth -= word in CLOSE
        if depth == 0:
            return (found + [current] if current or found else []), i
        if word == "," and depth == 1:
            found.append(current)
            current = []
        elif i != at:
            current.append(word)
    raise ValueError("a bracket is not closed")


def literal(word):
    return re.sub(r"\\(.)", lambda escape: {"n": " ", "t": " "}.get(escape[1], escape[1]), word[1:-1])


def top_level(words, symbol):
    depth = 0
    for i, word in enumerate(words):
        depth += word in OPEN
        depth -= word in CLOSE
        if depth == 0 and word == symbol:
            return i
    return None


def alternatives(words):
    """Patterns of an expression that makes a text."""
    question = top_level(words, "?")
    if question is not None:
        colon = question + 1 + top_level(words[question + 1:], ":")
        return alternatives(words[question + 1:colon]) + alternatives(words[colon + 1:])
    patterns, i = [""], 0
    while i < len(words):
        word = words[i]
        if word[0] == '"':
            made = [literal(word)]
        elif word in OPEN:
            called = i > 0 and re.fullmatch(r"\w+", words[i - 1]) and words[i - 1] not in ("string", "string_view", "append", "move", "text")
            depth, end = 1, i + 1
            while depth:
                depth += words[end] in OPEN
                depth -= words[end] in CLOSE
                end += 1
            inner = words[i + 1:end - 1]
            made = alternatives(inner) if not called and any(each[0] == '"' for each in inner) else [GAP]
            i = end - 1
        elif word in ("+", ".", "->", "::", "std", "string", "string_view", "append", "move", ","):
            made = [""]
        else:
            made = [GAP]
        patterns = [pattern + each for pattern in patterns for each in made]
        i += 1
    return [re.sub(f"{GAP}+", GAP, pattern) for pattern in patterns]


def texts_of(words):
    return tuple(dict.fromkeys(text for text in alternatives(words) if re.search(r"[A-Za-z]{2}", text)))


def sites_of(file, source):
    stream = tokens(source)
    calls = {**CALLS, **IN_FILES.get(file, {})}
    found = []
    for i, (word, line) in enumerate(stream[:-1]):
        following = stream[i + 1][0]
        if word in calls and following in "({" and (word not in ("error", "warning") or stream[i - 1][0] in (".", "->")):
            given, _ = arguments(stream, i + 1)
            which = calls[word]
            if word == "warning" and i >= 2 and stream[i - 2][0] in READING:
                which = 1
            if which < len(given):
                found.append(Site(file, line, word, texts_of(given[which])))
        elif word == "Code" and following == "::" and i >= 1 and stream[i - 1][0] in OPEN:
            given, _ = arguments(stream, i - 1)
            if len(given) > 1 and given[0][:2] == ["Code", "::"]:
                found.append(Site(file, line, "Code", texts_of(given[1])))
        elif word == "push_back" and following == "(" and stream[i - 2][0] in ("problems", "problems_", "notices", "warnings", "document_", "document"):
            given, _ = arguments(stream, i + 1)
            inner = given[0] if given and given[0] and given[0][0] == "{" else None
            if inner:
                parts, _ = arguments([(each, 0) for each in inner], 0)
                found.append(Site(file, line, "push_back", texts_of(parts[-1])))
        elif word == "return" and file in RETURNS or (word in VARIABLES.get(file, ()) and following == "=" and stream[i - 1][0] in ("string", "string_view")):
            end, depth = i + 1, 0
            while stream[end][0] != ";" or depth:
                depth += (stream[end][0] in OPEN) - (stream[end][0] in CLOSE)
                end += 1
            words = [each for each, _ in stream[i + 1 + (following == "="):end]]
            made = tuple(text for text in texts_of(words) if " " in text.strip()) if not any(each in calls or each == "Code" for each in words) else ()
            if made:
                found.append(Site(file, line, word, made if word in ("return", "kForms") else tuple(text.rstrip(GAP) + GAP for text in made)))
    return found


def sources():
    for folder in ("core", "plugins", "sdk/include"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp") and str(path.relative_to(ROOT)) not in LEFT_OUT:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def sites():
    return [site for file, source in sources() for site in sites_of(file, source)]


if __name__ == "__main__":
    for site in sites():
        for text in site.texts or ("-",):
            print(f"{site.file}:{site.line}\t{site.kind}\t{text}")
