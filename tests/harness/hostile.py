"""A receiver that misbehaves as told, below HTTP where it must: each connection is given to `behave` on a thread of its own."""
import json
import socket
import ssl
import struct
import threading

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def head(status, *lines):
    return "\r\n".join((f"HTTP/1.1 {status} Whatever", *lines, "", "")).encode()


def server_context(certificate, key, protocols=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


class Connection:
    """One accepted connection; plain until tls()."""

    def __init__(self, hostile, raw):
        self._hostile, self.socket, self._ahead = hostile, raw, b""

    def tls(self):
        self.socket = self._hostile.context.wrap_socket(self.socket, server_side=True)
        return self

    def read(self, count):
        """At least one byte, at most `count`; raises ConnectionError when the peer closes."""
        got = self.socket.recv(count)
        if not got:
            raise ConnectionError("closed")
        return got

    def exactly(self, count):
        while len(self._ahead) < count:
            self._ahead += self.read(65536)
        got, self._ahead = self._ahead[:count], self._ahead[count:]
        return got

    def request(self):
        """The next request's event id; its body has been read."""
        while b"\r\n\r\n" not in self._ahead:
            self._ahead += self.read(65536)
        head, self._ahead = self._ahead.split(b"\r\n\r\n", 1)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])}
        self.exactly(int(headers["content-length"]))
        self._hostile.note_request(headers["webhook-id"])
        return headers["webhook-id"]

    def send(self, data):
        self.socket.sendall(data)

    def accept(self, event_id, answer=OK):
        """The event counts as taken from now on."""
        self._hostile.note_taken(event_id)
        self.send(answer)

    def hold(self):
        """Says nothing until the peer has had enough, or the test is over."""
        self.socket.settimeout(0.1)
        while not self._hostile.over.is_set():
            try:
                if not self.socket.recv(65536):
                    return
            except TimeoutError:
                continue

    def reset(self):
        """RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def good(connection):
    """How every receiver should be."""
    connection.tls()
    while True:
        connection.accept(connection.request())


class Hostile:
    """Listens on `address`. `behave(connection)` may be replaced at any time; it holds for connections accepted later."""

    def __init__(self, context, behave, address="127.0.0.1", port=0, backlog=256, accepting=True):
        self.context, self.behave = context, behave
        self.connections, self.requests, self.taken = 0, [], []
        self.over = threading.Event()
        self._changed = threading.Condition()
        self._open = set()
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, port))
        self._listener.listen(backlog)
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Event()
        if accepting:
            self._accepting.set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def url(self, host="localhost", path="/events"):
        return f"https://{host}:{self.port}{path}"

    def heal(self):
        """Well from now on; connections that misbehave are cut."""
        self.behave = good
        self._accepting.set()
        self.cut()

    def cut(self):
        with self._changed:
            cut = list(self._open)
        for connection in cut:
            try:
                connection.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had gone already

    def note_request(self, event_id):
        with self._changed:
            self.requests.append(event_id)
            self._changed.notify_all()

    def note_taken(self, event_id):
        with self._changed:
            self.taken.append(event_id)
            self._changed.notify_all()

    def wait(self, condition, timeout=60):
        with self._changed:
            return self._changed.wait_for(lambda: condition(self), timeout)

    def close(self):
        self.over.set()
        self._accepting.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self.cut()
        self._thread.join()

    def _accept(self):
        while not self.over.is_set():
            self._accepting.wait()
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, raw)
            with self._changed:
                self.connections += 1
                self._open.add(connection)
                self._changed.notify_all()
            threading.Thread(target=self._serve, args=(connection, self.behave), daemon=True).start()

    def _serve(self, connection, behave):
        try:
            behave(connection)
        except (OSError, ssl.SSLError, ValueError):
            pass  # the peer had enough: the test sees it from the other side
        finally:
            with self._changed:
                self._open.discard(connection)
            connection.socket.close()


class Http2:
    """The server's side of one HTTP/2 connection, no more of RFC 9113 than a webhook needs. Events are known by their bodies."""

    PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
    REFUSED_STREAM = 7

    def __init__(self, connection):
        self.connection, self._bodies = connection.tls(), {}
        if connection.socket.selected_alpn_protocol() != "h2":
            raise ConnectionError("HTTP/2 was not offered")
        if connection.exactly(len(self.PREFACE)) != self.PREFACE:
            raise ConnectionError("no preface")
        self._frame(self.SETTINGS, 0, 0, b"")

    def request(self):
        """(stream, event id) of the next complete request."""
        while True:
            head = self.connection.exactly(9)
            kind, flags = head[3], head[4]
            stream = int.from_bytes(head[5:9], "big") & 0x7fffffff
            payload = self.connection.exactly(int.from_bytes(head[:3], "big"))
            if kind == self.SETTINGS and not flags & 1:
                self._frame(self.SETTINGS, 1, 0, b"")
            elif kind == self.PING and not flags & 1:
                self._frame(self.PING, 1, 0, payload)
            elif kind == self.DATA:
                if payload:
                    self._frame(self.WINDOW_UPDATE, 0, 0, len(payload).to_bytes(4, "big"))
                    self._frame(self.WINDOW_UPDATE, 0, stream, len(payload).to_bytes(4, "big"))
                self._bodies[stream] = self._bodies.get(stream, b"") + payload
                if flags & 1:
                    event_id = json.loads(self._bodies.pop(stream))["id"]
                    self.connection._hostile.note_request(event_id)
                    return stream, event_id

    def accept(self, stream, event_id):
        self.connection._hostile.note_taken(event_id)
        self._frame(self.HEADERS, 0x4 | 0x1, stream, b"\x88")  # :status 200 (RFC 7541 appendix A, entry 8)

    def refuse(self, stream):
        self._frame(self.RST_STREAM, 0, stream, self.REFUSED_STREAM.to_bytes(4, "big"))

    def go_away(self, last_stream, code=0):
        self._frame(self.GOAWAY, 0, 0, last_stream.to_bytes(4, "big") + code.to_bytes(4, "big"))

    def _frame(self, kind, flags, stream, payload):
        self.connection.send(len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload)


def good_http2(connection):
    peer = Http2(connection)
    while True:
        peer.accept(*peer.request())
