"""What a plugin that was built earlier relies on: sizes of the SDK's classes as the compiler lays them out, and their members, virtual
functions and enumerators in the order of the headers. Compares them with sdk/abi.txt, or writes it: abi.py COMPILER [--write]."""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = ROOT / "sdk" / "include"
SNAPSHOT = ROOT / "sdk" / "abi.txt"


def sdk_number():
    text = (INCLUDE / "switchhook" / "plugin.hpp").read_text(encoding="utf-8")
    return ".".join(re.search(rf"SWITCHHOOK_SDK_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR"))


def sizes(compiler, headers):
    """{class: (bytes, alignment)}; the listing is gcc's."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "all.cpp")
        source.write_text("".join(f"#include <{header.relative_to(INCLUDE)}>\n" for header in headers), encoding="utf-8")
        subprocess.run([compiler, "-std=c++20", f"-I{INCLUDE}", "-fdump-lang-class=classes.txt", "-fsyntax-only", str(source)], cwd=folder, check=True)
        dump = pathlib.Path(folder, "classes.txt").read_text(encoding="utf-8")
    return {name: size for name, *size in re.findall(r"^Class switchhook::abi\d+::([\w:]+)\n +size=(\d+) align=(\d+)", dump, re.MULTILINE)}


def members(header):
    """(class or enumeration, what it holds) of a header, in its order."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/|^\s*#(?:.*\\\n)*.*$", "", header.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = re.sub(r"\b(public|private|protected):", "", text)
    scopes, begun = [], ""
    for piece in re.split(r"([{};,])", text):
        statement = " ".join(begun.split())
        top = scopes[-1] if scopes else None
        holds = top is not None and top[0] in ("class", "struct")
        plain = "(" not in statement.split("=")[0] and not re.match(r"(using|friend|static|template|typedef|enum|class|struct)\b|$", statement)
        said = re.sub(r"\s*=(?!\s*0$).*|\s*override.*", "", statement) if holds and (plain or "virtual" in statement) else None
        if piece == "{":
            scope = re.search(r"\b(enum class|enum|class|struct) (\w+)(?: final)?(?: ?:[^()]*)?$", statement)
            if scope is None and said:
                yield top[1], said
            outer = next((f"{name}::" for kind, name in reversed(scopes) if kind in ("class", "struct")), "")
            scopes.append((scope[1], outer + scope[2]) if scope else ("other", ""))
            begun = ""
        elif piece == "}":
            if top and top[0].startswith("enum") and statement:
                yield top[1], statement
            scopes.pop()
            begun = ""
        elif piece == ";":
            if said:
                yield top[1], said
            begun = ""
        elif piece == "," and top and top[0].startswith("enum"):
            yield top[1], statement
            begun = ""
        else:
            begun += piece


def layouts(compiler):
    headers = sorted(INCLUDE.rglob("*.hpp"))
    found = {name: [f"{name}: {size} bytes, aligned to {align}"] for name, (size, align) in sizes(compiler, headers).items()}
    for header in headers:
        for name, what in members(header):
            found.setdefault(name, [name]).append("    " + what)
    return found


def as_text(number, found):
    return f"SDK {number}\n\n" + "\n\n".join("\n".join(found[name]) for name in sorted(found)) + "\n"


def main():
    compiler, *rest = sys.argv[1:]
    found = layouts(compiler)
    assert {"Outbox", "Hook", "Event", "Matcher", "Manifest"} <= found.keys(), "the compiler's listing was not understood"
    text = as_text(sdk_number(), found)
    if rest == ["--write"]:
        SNAPSHOT.write_text(text, encoding="utf-8")
        return 0
    if SNAPSHOT.read_text(encoding="utf-8") == text:
        return 0
    subprocess.run(["diff", "-u", "--label", "sdk/abi.txt", "--label", "the headers", str(SNAPSHOT), "-"], input=text, text=True, check=False)
    print("\nThe layout of the SDK has changed: a plugin that was built before would be loaded and misread it. Raise SWITCHHOOK_SDK_MAJOR\n"
          "(a line changed or went) or SWITCHHOOK_SDK_MINOR (classes came, nothing else) in sdk/include/switchhook/plugin.hpp, unless this\n"
          f"number was never released, and write it down: python3 tests/sdk_abi/abi.py {compiler} --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
