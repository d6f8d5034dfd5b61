"""A second receiver of LiveKit's webhooks: it notes what LiveKit really sent, beside what switchhook made of it.

LiveKit sends each event to every URL on its own, with its own retries, so the witness sees all of it also while switchhook is down.
"""
import http.server
import json
import threading
import time

from tests.e2e.lab import WITNESS_PORT


class Sighting:
    def __init__(self, number, body):
        self.number, self.body, self.at = number, body, time.monotonic()
        self.event = json.loads(body)
        self.name = self.event["event"]
        self.room = self.event.get("room", {}).get("name", "")
        self.participant = self.event.get("participant", {})
        self.attributes = self.participant.get("attributes", {})

    def line(self):
        """As the model of the golden files reads it."""
        return {"n": self.number, "event": self.name, "body": self.body.decode()}


class Witness:
    """`listeners` are called with each sighting, on the thread of its connection; they must not block."""

    def __init__(self, port=WITNESS_PORT):
        self.listeners = []
        self._sightings = []
        self._changed = threading.Condition()
        witness = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with witness._changed:
                    sighting = Sighting(len(witness._sightings) + 1, body)
                    witness._sightings.append(sighting)
                    witness._changed.notify_all()
                for listener in list(witness.listeners):
                    listener(sighting)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # a LiveKit that was killed

        self._server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def snapshot(self, room=None):
        with self._changed:
            return [sighting for sighting in self._sightings if room in (None, sighting.room)]

    def forget(self):
        """Begins a new test."""
        with self._changed:
            self._sightings = []

    def wait(self, condition, what, timeout=30):
        """Waits until condition(sightings) is true, and returns what it returned."""
        with self._changed:
            result = self._changed.wait_for(lambda: condition(self._sightings), timeout)
            if not result:
                raise TimeoutError(f"{what}: not within {timeout} s; seen: {[(s.name, s.room) for s in self._sightings]}")
            return result

    def wait_for(self, name, room=None, count=1, timeout=30, **participant):
        """The count-th sighting of that event (in that room, with those fields of the participant)."""
        def nth(sightings):
            hits = [s for s in sightings if s.name == name and room in (None, s.room)
                    and all(s.participant.get(key) == value for key, value in participant.items())]
            return hits[count - 1] if len(hits) >= count else None
        return self.wait(nth, f"{name} number {count} in {room or 'any room'}", timeout)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
