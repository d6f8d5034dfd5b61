"""Plays a page in a private root that looks as after an installation: `play.py PAGE [SCENE...]`, started by in-a-private-root."""
import os
import pathlib
import shutil
import subprocess
import sys

from tests.docs.page import Runner, Untrue
from tests.harness.server import BINARY, ROOT, SHORT


def install():
    """What the packages leave, but for the program."""
    subprocess.run(["useradd", "--system", "--home-dir", "/var/lib/switchhook", "--no-create-home", "--shell", "/usr/sbin/nologin", "switchhook"], check=True)
    for folder, owner in (("/etc/switchhook", "root"), ("/var/lib/switchhook", "switchhook")):
        pathlib.Path(folder).mkdir(mode=0o750)
        shutil.chown(folder, owner, "switchhook")
    shutil.copy(ROOT / "config" / "switchhook.yaml", "/etc/switchhook/switchhook.yaml")
    shutil.chown("/etc/switchhook/switchhook.yaml", "root", "switchhook")
    os.chmod("/etc/switchhook/switchhook.yaml", 0o640)


def main(page, *scenes):
    install()
    environment = {**SHORT, "HOME": "/root", "LANG": "C.UTF-8", "PATH": f"{BINARY.parent}:/usr/sbin:/usr/bin:/sbin:/bin"}
    runner = Runner("/root", environment=environment)
    try:
        runner.run(ROOT / "docs" / page, *scenes)
    except Untrue as fault:
        sys.exit(str(fault))
    finally:
        runner.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
