"""A small disk that can be filled."""
import os
import pathlib
import subprocess
import threading


class Disk:
    """A tmpfs of that size at `path`; raises PermissionError where mounting is not allowed."""

    def __init__(self, path, megabytes):
        self.path = pathlib.Path(path)
        self.path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(self.path)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PermissionError(f"mounting a small file system needs root and CAP_SYS_ADMIN: {done.stderr.strip()}")
        for name in ("ballast", "greedy"):
            (self.path / name).touch()  # a full disk has no room for a new file

    def unmount(self):
        subprocess.run(["umount", "-l", str(self.path)], check=False)

    def fill(self):
        """Takes every block that is free now."""
        with open(self.path / "ballast", "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def keep_filling(self):
        """Takes whatever is free or becomes free, also what the server lets go; call the answer to end that."""
        over = threading.Event()

        def eat():
            with open(self.path / "greedy", "ab", buffering=0) as file:
                while not over.wait(0.001):
                    try:
                        file.write(bytes(4096))
                    except OSError:
                        continue  # full: that is the aim
        eater = threading.Thread(target=eat, daemon=True)
        eater.start()

        def end():
            over.set()
            eater.join()
        return end

    def free(self):
        for name in ("ballast", "greedy"):
            os.truncate(self.path / name, 0)
