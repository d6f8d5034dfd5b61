"""Makes the two clean Debian 12 roots that the package tests copy; the only part of them that needs a network.

    python3 -m tests.packages.base PACKAGE.deb...

`bare` is what mmdebstrap calls minbase, with apt's lists and every package that a test may install in apt's cache, so that apt in a
copy works without a network. `machine` is `bare` with systemd as its init, curl, rpm and whatever the packages depend on. Both are
kept under .cache/packages until this file, or what the packages depend on, changes. apt's sources and proxy are the host's.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from tests.harness.server import ROOT

CACHE = ROOT / ".cache" / "packages"
MACHINE = ("systemd", "systemd-sysv", "curl", "ca-certificates", "rpm")
ON_DEMAND = ("g++", "cmake", "make", "libgtest-dev")  # what the author of a plugin installs
QUIET = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sources():
    """Lines of the host's sources that lead to Debian itself."""
    wanted = "$(ORIGIN)|$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = [line.split("|") for line in output("apt-get", "indextargets", "--format", wanted, "Identifier: Packages").splitlines()]
    found = [line[2] for line in lines if line[0] == "Debian" and line[1].split("-")[0] == "bookworm"]
    if not found:
        raise SystemExit("apt-get on this machine names no source of Debian 12 (bookworm); the package tests make their roots from it: apt-get update")
    return sorted(set(found))


def proxy():
    """The host's proxy for apt, as the environment that apt in the root understands."""
    found = {}
    for scheme in ("http", "https"):
        said = output("apt-config", "shell", "proxy", f"Acquire::{scheme}::Proxy").strip()
        its = said.removeprefix("proxy=").strip("'")
        if its and its != "DIRECT":
            found[f"{scheme}_proxy"] = its
        elif f"{scheme}_proxy" in os.environ:
            found[f"{scheme}_proxy"] = os.environ[f"{scheme}_proxy"]
    return found


def found(folder, version, kind):
    """{name of the package: file} of a folder's packages of that version; kind: deb or rpm."""
    files = {}
    for file in sorted(pathlib.Path(folder).resolve().glob(f"*.{kind}")):
        about = {"deb": ("dpkg-deb", "--show", "--showformat=${Package} ${Version}"),
                 "rpm": ("rpm", "--query", "--queryformat=%{NAME} %{VERSION}", "--package")}[kind]
        name, its = output(*about, str(file)).split()
        if its.split("-")[0] == version:
            files[name] = file
    return files


def depends(packages):
    return [output("dpkg-deb", "--field", str(package), "Package", "Depends", "Recommends") for package in packages]


def key(packages):
    digest = hashlib.sha256(pathlib.Path(__file__).read_bytes())
    for text in sorted(depends(packages)):
        digest.update(text.encode())
    return digest.hexdigest()[:12]


def within(root, *command, network=False):
    """Runs a command of apt's in a root that is not being tested."""
    if network:
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc", "chroot", str(root), *command],
                          env={**QUIET, **(proxy() if network else {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if network:
        (root / "etc" / "resolv.conf").write_text("", encoding="ascii")
        (root / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", encoding="ascii")
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} in {root} ended with {done.returncode}:\n{done.stdout}")


def make_bare(folder, packages):
    lists = pathlib.Path(f"{folder}.list")
    lists.write_text("\n".join(sources()) + "\n", encoding="utf-8")
    done = subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory", "--dpkgopt=force-unsafe-io",
                           '--aptopt=Acquire::Languages "none"', '--aptopt=APT::Install-Recommends "false"',
                           '--aptopt=Binary::apt::APT::Keep-Downloaded-Packages "true"', "--skip=cleanup/apt/lists",
                           "bookworm", str(folder), str(lists)],
                          env={**os.environ, **proxy()}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    lists.unlink()
    if done.returncode:
        raise SystemExit(f"mmdebstrap ended with {done.returncode}:\n{done.stdout}")
    for package in packages:
        shutil.copy(package, folder / "tmp")
    within(folder, "apt-get", "install", "--yes", "--quiet", "--download-only", *MACHINE, *ON_DEMAND, *(f"/tmp/{package.name}" for package in packages),
           network=True)
    for package in packages:
        (folder / "tmp" / package.name).unlink()


def make_machine(folder, bare, packages):
    subprocess.run(["cp", "-a", "--reflink=auto", str(bare), str(folder)], check=True)
    needed = []
    for package in packages:
        text = output("dpkg-deb", "--field", str(package), "Depends")
        needed += [name.strip().split()[0].split(":")[0] for name in text.split(",") if name.strip() and "|" not in name]
    within(folder, "apt-get", "install", "--yes", "--quiet", *MACHINE, *needed)


def prepare(packages):
    """(bare, machine); packages: the .debs of the server alone and of what authors need, whose dependencies are fetched."""
    CACHE.mkdir(parents=True, exist_ok=True)
    name = key(packages)
    bare, machine = CACHE / f"bare-{name}", CACHE / f"machine-{name}"
    server = [package for package in packages if output("dpkg-deb", "--field", str(package), "Package").strip() == "switchhook"]
    for folder, make in ((bare, lambda at: make_bare(at, packages)), (machine, lambda at: make_machine(at, bare, server))):
        if folder.is_dir():
            continue
        print(f"== making the root {folder.relative_to(ROOT)} (once)", flush=True)
        making = CACHE / f"making-{os.getpid()}"
        shutil.rmtree(making, ignore_errors=True)
        try:
            make(making)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    for old in CACHE.iterdir():  # of packages that depended on something else
        if old.name.startswith(("bare-", "machine-")) and not old.name.endswith(name):
            shutil.rmtree(old)
    return bare, machine


def main():
    prepare([pathlib.Path(name) for name in sys.argv[1:]])
    return 0


if __name__ == "__main__":
    sys.exit(main())
