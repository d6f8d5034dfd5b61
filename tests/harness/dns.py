"""A name server of our own, and a process that asks it: resolv.conf is replaced in a mount namespace of that process alone."""
import random
import socket
import struct
import subprocess
import threading

A, AAAA = 1, 28


class Dns:
    """Answers A and AAAA. `answer(name, kind) -> addresses` may be replaced at any time; an empty list is an empty answer, None is SERVFAIL.
    While `silent` it answers nothing at all; where that is a function, nothing for the names that it says."""

    def __init__(self, answer):
        self.answer, self.questions, self.silent = answer, [], False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for attempt in range(20):  # resolv.conf names no port: each server has an address of its own
            self.address = f"127.{random.randrange(1, 255)}.{random.randrange(255)}.{random.randrange(1, 255)}"
            try:
                self._socket.bind((self.address, 53))
                break
            except OSError:
                if attempt == 19:
                    raise
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._socket.sendto(b"", (self.address, 53))
        self._thread.join()
        self._socket.close()

    def wrapper(self, folder):
        """What a command is put behind to ask this server."""
        path = folder / "resolv.conf"
        path.write_text(f"nameserver {self.address}\noptions timeout:1 attempts:1\n", encoding="ascii")
        return ["unshare", "-m", "--propagation", "private", "sh", "-c", f'mount --bind "{path}" /etc/resolv.conf && exec "$@"', "sh"]

    @staticmethod
    def possible():
        """Why not, or an empty text."""
        done = subprocess.run(["unshare", "-m", "--propagation", "private", "mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"],
                              capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else f"a private mount namespace needs root and CAP_SYS_ADMIN: {done.stderr.strip()}"

    def _serve(self):
        while True:
            query, peer = self._socket.recvfrom(4096)
            if not query:
                return
            end, labels = 12, []
            while query[end]:
                labels.append(query[end + 1:end + 1 + query[end]].decode("latin-1"))
                end += query[end] + 1
            kind = struct.unpack(">H", query[end + 1:end + 3])[0]
            name = ".".join(labels).lower()
            self.questions.append((name, kind))
            if self.silent(name) if callable(self.silent) else self.silent:
                continue
            addresses = self.answer(name, kind) if kind in (A, AAAA) else []
            family = socket.AF_INET if kind == A else socket.AF_INET6
            records = b"".join(struct.pack(">HHHIH", 0xc00c, kind, 1, 0, 4 if kind == A else 16) + socket.inet_pton(family, each)
                               for each in addresses or [])
            head = query[:2] + struct.pack(">HHHHH", 0x8180 | (2 if addresses is None else 0), 1, len(addresses or []), 0, 0)
            self._socket.sendto(head + query[12:end + 5] + records, peer)
