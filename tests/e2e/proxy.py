"""A proxy before LiveKit's API, for faults that LiveKit cannot be made to show: it is away, hangs, or its answer is lost."""
import http.client
import http.server
import socket
import threading

from tests.e2e.lab import LIVEKIT_PORT


class Proxy:
    """`away`: answers 503 as a proxy does whose server is gone; `hangs`: answers nothing until that is over; `lose`: names of
    methods whose next call is done, but whose answer is cut off. `calls`: the methods that arrived. `keep_alive`: a connection
    takes more than one request."""

    def __init__(self, keep_alive=True):
        self.away, self.calls, self.lose = False, [], []
        self._may_pass = threading.Event()
        self._may_pass.set()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                method, body = self.path.rsplit("/", 1)[1], self.rfile.read(int(self.headers["Content-Length"]))
                proxy.calls.append(method)
                proxy._may_pass.wait(60)
                if proxy.away:
                    return self._say(503, b"no server is available")
                status, answer = self._forwarded(body)
                if method in proxy.lose:
                    proxy.lose.remove(method)
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                return self._say(status, answer)

            def _forwarded(self, body):
                connection = http.client.HTTPConnection("127.0.0.1", LIVEKIT_PORT, timeout=30)
                try:
                    connection.request("POST", self.path, body, {name: self.headers[name] for name in ("Content-Type", "Authorization")})
                    answer = connection.getresponse()
                    return answer.status, answer.read()
                finally:
                    connection.close()

            def _say(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if not keep_alive:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a caller that did not wait

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def hangs(self):
        return not self._may_pass.is_set()

    @hangs.setter
    def hangs(self, value):
        if value:
            self._may_pass.clear()
        else:
            self._may_pass.set()

    def close(self):
        self.hangs = False
        self._server.shutdown()
        self._server.server_close()
