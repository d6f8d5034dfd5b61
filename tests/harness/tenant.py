"""A tenant's HTTPS endpoint that notes what arrives and answers as told."""
import http.server
import json
import socket
import ssl
import threading
import time


class Arrival:
    def __init__(self, path, headers, body, at):
        self.path, self.headers, self.body, self.at = path, headers, body, at

    @property
    def event(self):
        return json.loads(self.body)


class Tenant:
    """`answer(arrival) -> (status, headers, body)` may be replaced at any time; it runs on the connection's thread.
    keep=False: `arrivals` stays empty, for long runs whose `answer` notes what it needs."""

    def __init__(self, authority, port=0, keep=True):
        self.arrivals = []
        self.connections = 0
        self.answer = lambda arrival: (200, {}, b"")
        self._changed = threading.Condition()
        self._open = set()
        certificate, key = authority.certificate()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        tenant = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                self.request.settimeout(60)
                self.request.do_handshake()
                with tenant._changed:
                    tenant.connections += 1
                    tenant._open.add(self.request)
                super().setup()

            def finish(self):
                with tenant._changed:
                    tenant._open.discard(self.request)
                super().finish()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                arrival = Arrival(self.path, dict(self.headers.items()), body, time.monotonic())
                if keep:
                    with tenant._changed:
                        tenant.arrivals.append(arrival)
                        tenant._changed.notify_all()
                status, headers, answer = tenant.answer(arrival)
                if status is None:  # cut the connection
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def get_request(self):
                connection, address = super().get_request()
                return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request, client_address):
                pass  # a peer that went away is no news to a test

        self.port = port
        self._listen = lambda: Server(("127.0.0.1", self.port), Handler)
        self._server = None
        self.up()

    def up(self):
        """Listens, on the same port as before."""
        self._server = self._listen()
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def down(self):
        """Refuses connections and cuts those that are open."""
        self.close()
        with self._changed:
            cut = list(self._open)
        for connection in cut:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had gone already

    def url(self, path="/events"):
        return f"https://localhost:{self.port}{path}"

    def wait(self, condition, timeout=20):
        """Waits until condition(arrivals) is true; answers whether it became so."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.arrivals), timeout)

    def wait_count(self, count, timeout=20):
        return self.wait(lambda arrivals: len(arrivals) >= count, timeout)

    def snapshot(self):
        with self._changed:
            return list(self.arrivals)

    def close(self):
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None
