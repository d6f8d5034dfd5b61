#!/usr/bin/env python3
"""What must hold for the packages of one version: check.py FOLDER VERSION. `./dev package` runs it on what it has made."""
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = VERSION = None  # the command line's
COMPLETION = "/usr/share/bash-completion/bash_completion"


def output(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


def deb(name):
    (found,) = FOLDER.glob(f"{name}_{VERSION}_*.deb")
    return found


def rpm(name):
    (found,) = FOLDER.glob(f"{name}-{VERSION}-1.*.rpm")
    return found


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp(prefix="switchhook-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        for name in ("switchhook", "switchhook-dev"):
            output("dpkg-deb", "--extract", deb(name), cls.root)

    def elves(self):
        return [self.root / "usr/bin/switchhook", *sorted((self.root / "usr/lib/switchhook/plugins").glob("*.so"))]

    def test_the_program_says_the_version_and_finds_its_plugins(self):
        program = self.root / "usr/bin/switchhook"
        self.assertEqual(output(program, "version"), f"switchhook {VERSION}\n")
        listed = output(program, "plugins")
        for library in self.elves()[1:]:
            self.assertIn(f"\n{library.stem} {VERSION}  {library}\n", "\n" + listed)

    def test_lintian_has_nothing_to_say(self):
        files = [deb(name) for name in ("switchhook", "switchhook-dev", "switchhook-dbgsym")]
        said = output("lintian", "--fail-on", "error,warning", "--allow-root", *files)
        self.assertEqual(said, "")

    def test_rpmlint_has_nothing_to_say(self):
        files = [rpm(name) for name in ("switchhook", "switchhook-devel", "switchhook-debuginfo")]
        self.assertIn("0 errors, 0 warnings", output("rpmlint", "--config", HERE / "rpm/rpmlint.toml", *files))

    def test_what_runs_is_hardened_and_stripped(self):
        protected = fortified = 0
        for file in self.elves():
            with self.subTest(file=file.name):
                said = output("readelf", "--wide", "--file-header", "--program-headers", "--sections", "--dynamic", "--dyn-syms", file)
                holds = {"is position independent": "DYN (" in said, "has no executable stack": bool(re.search("GNU_STACK .* RW ", said)),
                         "binds at once": bool(re.search(r"FLAGS_1\).*NOW", said)), "relocates read-only": "GNU_RELRO" in said,
                         "has no search path": "RUNPATH" not in said, "is stripped": ".symtab" not in said and ".debug_" not in said}
                self.assertEqual([name for name, held in holds.items() if not held], [])
                protected += "__stack_chk_fail" in said
                fortified += "_chk@GLIBC" in said
        # Both appear only where there is something to guard.
        self.assertGreater(protected, 6)
        self.assertGreater(fortified, 3)

    def test_debug_symbols_are_found_by_build_id(self):
        packed = output("dpkg-deb", "--contents", deb("switchhook-dbgsym"))
        for file in self.elves():
            build_id = re.search("Build ID: ([0-9a-f]+)", output("readelf", "--notes", file))[1]
            self.assertIn(f"./usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug\n", packed)

    def test_nothing_knows_where_it_was_built(self):
        built_in = str(HERE.parent).encode()
        for file in (file for file in self.root.rglob("*") if file.is_file()):
            content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            self.assertNotIn(built_in, content, file)

    def test_files_belong_to_root_and_only_the_configuration_is_hidden(self):
        for name in ("switchhook", "switchhook-dev", "switchhook-dbgsym"):
            for line in output("dpkg-deb", "--contents", deb(name)).splitlines():
                mode, owner, *_, path = line.split()
                with self.subTest(path=path):
                    self.assertEqual(owner, "root/root")
                    if path == "./etc/switchhook/switchhook.yaml":
                        self.assertEqual(mode, "-rw-r-----")
                    else:
                        self.assertIn(mode, ("drwxr-xr-x", "-rwxr-xr-x" if "/bin/" in path else "-rw-r--r--"))

    def test_deb_and_rpm_hold_the_same(self):
        own_ways = {"/lib/systemd/": "/usr/lib/systemd/", "/etc/default/": "/etc/sysconfig/"}
        only_here = re.compile(r"/usr/share/(licenses|lintian)/|/copyright$|/changelog\.gz$")
        for of_deb, of_rpm in (("switchhook", "switchhook"), ("switchhook-dev", "switchhook-devel"), ("switchhook-dbgsym", "switchhook-debuginfo")):
            theirs = {line.split()[-1][1:] for line in output("dpkg-deb", "--contents", deb(of_deb)).splitlines() if line[0] == "-"}
            for ours, other in own_ways.items():
                theirs = {other + path.removeprefix(ours) if path.startswith(ours) else path for path in theirs}
            listed = output("rpm", "--query", "--package", "--queryformat", "[%{FILEMODES:perms} %{FILENAMES}\n]", rpm(of_rpm))
            packed = {line.split()[1] for line in listed.splitlines() if line[0] == "-"}
            self.assertEqual({path for path in theirs ^ packed if not only_here.search(path)}, set())

    def test_man_reads_the_manual_without_a_warning(self):
        pages = sorted((self.root / "usr/share/man").rglob("*.gz"))
        self.assertEqual([page.name for page in pages], ["switchhook.1.gz", "switchhook.yaml.5.gz", "switchhook-plugins.7.gz"])
        for page in pages:
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(page)], check=True, capture_output=True,
                                  env=os.environ | {"LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
            self.assertEqual(done.stderr, b"", page.name)

    def test_the_manual_knows_every_command_and_option_of_the_help(self):
        page = gzip.decompress((self.root / "usr/share/man/man1/switchhook.1.gz").read_bytes()).decode().replace("\\-", "-")
        known = output(self.root / "usr/bin/switchhook", "--help")
        commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?: |$)", known.split("\noptions\n")[0], re.MULTILINE)
        self.assertGreater(len(commands), 15)
        for command in commands:
            self.assertRegex(page, rf"(?m)^\.SS {command}( |$)")
        for option in set(re.findall(r"--[a-z-]+", known)):
            self.assertIn(f"\\fB{option}\\fR", page)

    def completed(self, *words):
        """What bash offers for the last word."""
        line = " ".join(("switchhook", *words)).replace(" : ", ":")  # a colon is a word of its own
        script = f"""source {COMPLETION}; source {self.root}/usr/share/bash-completion/completions/switchhook
            complete -p switchhook >/dev/null || exit
            COMP_LINE=$1 COMP_POINT=${{#1}} COMP_TYPE=9; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            compopt() {{ :; }}  # works only while the line editor runs
            _switchhook; printf '%s\\n' "${{COMPREPLY[@]}}" """
        return output("bash", "--norc", "-c", script, "bash", line, "switchhook", *words, cwd=self.root).split()

    def test_bash_completes_commands(self):
        self.assertIn("serve", self.completed(""))
        self.assertEqual(self.completed("pl"), ["plugins"])
        self.assertEqual(self.completed("hooks", "re"), ["remove", "resume"])
        self.assertEqual(self.completed("--config", "env", "ba"), ["backup"])
        self.assertEqual(self.completed("hooks", "list", ""), [])

    def test_bash_completes_options_of_the_command(self):
        self.assertEqual(self.completed("check", "--s"), ["--show", "--schema"])
        self.assertEqual(self.completed("hooks", "pause", "a.example", "--r"), ["--reason"])
        self.assertEqual(self.completed("hooks", "add", "a", "--tenant", "x", "--di"), ["--dialect"])
        self.assertNotIn("--config", self.completed("hooks", "list", "--"))
        self.assertEqual(self.completed("nonsense", "--"), ["--help"])

    def test_bash_completes_files_where_a_file_stands(self):
        self.assertEqual(self.completed("backup", "et"), ["etc"])
        self.assertEqual(self.completed("explain", "--event", "us"), ["usr"])
        self.assertEqual(self.completed("hooks", "add", "--tenant", "us"), [])
        self.assertEqual(self.completed("serve", "--config", "e"), ["env"])
        self.assertEqual(self.completed("serve", "--config", "file", ":", "et"), ["etc"])

    def test_scripts_and_completion_are_clean_shell(self):
        output("shellcheck", self.root / "usr/share/bash-completion/completions/switchhook")
        with tempfile.TemporaryDirectory() as folder:
            output("dpkg-deb", "--control", deb("switchhook"), folder)
            output("shellcheck", *(Path(folder) / name for name in ("postinst", "prerm", "postrm")))


if __name__ == "__main__":
    FOLDER, VERSION = Path(sys.argv[1]).resolve(), sys.argv[2]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
