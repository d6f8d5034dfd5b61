"""Runs the marked blocks of a page of docs/; CONTRIBUTING.md says how blocks are marked."""
import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import tempfile

FENCE = re.compile(r"^(?:<!-- (?P<mark>run|file|shown)(?:: (?P<words>[^\n]*?))? -->\n)?```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
                   re.MULTILINE | re.DOTALL)


class Untrue(AssertionError):
    """The page says what is not so."""


@dataclasses.dataclass(frozen=True)
class Block:
    mark: str  # run, file or shown; empty: the page forgot to say
    words: tuple  # what follows the colon, split at commas: the path of a file, scenes, `exit N`; of shown the reason
    language: str
    text: str
    line: int

    @property
    def exit_code(self):
        return next((int(word.removeprefix("exit ")) for word in self.words if word.startswith("exit ")), 0)

    @property
    def scenes(self):
        words = self.words[1:] if self.mark == "file" else self.words
        return {word for word in words if not word.startswith("exit ")}

    def plays_in(self, scenes):
        return not self.scenes or bool(self.scenes & set(scenes))

    def examples(self):
        """[(commands, what they print or None)]: of `console` one for each "$ ", of any other language the whole block."""
        if self.language != "console":
            return [(self.text, None)]
        found = []
        for example in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n", example)[0]
            found.append((command, example[len(command):]))
        return found


def blocks(page):
    text = page.read_text(encoding="utf-8")
    return [Block(found["mark"] or "", tuple(word.strip() for word in (found["words"] or "").split(",")) if found["words"] else (),
                  found["language"], found["text"], text.count("\n", 0, found.start("language")) + 1) for found in FENCE.finditer(text)]


def fits(expected, printed):
    """`...` in what is expected stands for anything, over lines too. Line ends at the very end do not count."""
    return re.fullmatch(".*".join(map(re.escape, expected.rstrip("\n").split("..."))), printed.rstrip("\n"), re.DOTALL) is not None


class Runner:
    """Runs blocks in order, each in a shell that goes on in the folder, with the exported variables and the functions of the one before.

    `enter` is put before each shell, such as ("chroot", "/the/root"); `root` is where its "/" is, for the files of the page.
    """

    def __init__(self, folder, enter=(), root="/", environment=None, timeout=60):
        self.enter, self.root, self.timeout = tuple(enter), pathlib.Path(root), timeout
        self.environment = dict(os.environ if environment is None else environment)
        self.state = f"/tmp/.page-{os.getpid()}-{id(self)}"
        self.groups = []
        self.within(self.state).write_text(f"cd '{folder}'\n", encoding="utf-8")

    def within(self, path):
        return self.root / str(path).lstrip("/")

    def run(self, page, *scenes):
        """Every block of that page that names no scene, or one of these; raises Untrue with the line of the page."""
        for block in blocks(page):
            if block.mark == "shown" or not block.plays_in(scenes):
                continue
            where = f"{page.name}:{block.line}"
            if block.mark == "file":
                self.write(block.words[0], block.text)
                continue
            if block.mark != "run":
                raise Untrue(f"{where}: the block is not marked")
            for commands, expected in block.examples():
                code, printed = self.shell(commands)
                if code != block.exit_code:
                    raise Untrue(f"{where}: ended with {code}\n{commands}\n{printed}")
                if expected is not None and not fits(expected, printed):
                    raise Untrue(f"{where}: {commands}\n--- the page says\n{expected}\n--- it printed\n{printed}")

    def write(self, path, text):
        """A file keeps the owner and mode that it has."""
        if not path.startswith("/"):
            path = f"{self.shell('pwd')[1].strip()}/{path}"
        file = self.within(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def shell(self, commands):
        """(exit code, what was printed, errors included)"""
        script = f". {self.state}\ntrap '{{ export -p; declare -f; printf \"cd %q\\n\" \"$PWD\"; }} > {self.state}' EXIT\n{commands}"
        with tempfile.TemporaryFile() as out:  # not a pipe: what goes on in the background would hold it open
            process = subprocess.Popen([*self.enter, "bash", "-e", "-u", "-o", "pipefail", "-c", script], env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
            self.groups.append(process.pid)
            try:
                code = process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                code = process.wait()
            out.seek(0)
            return code, out.read().decode(errors="replace")

    def end(self):
        """Ends everything that was started in the background."""
        for group in reversed(self.groups):
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.within(self.state).unlink(missing_ok=True)
