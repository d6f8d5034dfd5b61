"""LiveKit's webhook sender: one room's events strictly one after the other, repeated by its rule (protocol's
webhook/resource_url_notifier.go over go-retryablehttp's defaults)."""
import http.client
import threading

from tests.harness.livekit import Sender, sign

WAITS = (1, 2, 4, 8)  # seconds after the first, second, ... attempt; the fifth is the last


def repeated(status):
    """Whether LiveKit tries again; None stands for a connection that failed. Every other answer counts as taken."""
    return status is None or status == 429 or (status >= 500 and status != 501)


class Notifier:
    """One room's queue and its kept connection. `port()` is asked at each attempt: a restarted server may have another.
    `scale` shortens LiveKit's waits, Retry-After included, so that a test sees many of them."""

    def __init__(self, port, scale=1.0, waits=WAITS, timeout=30):
        self._port, self._scale, self._waits, self._timeout = port, scale, waits, timeout
        self._sender = None
        self._ended = threading.Event()

    def notify(self, body, attempted=lambda status: None):
        """The last attempt's status, None when that was a failed connection. `attempted` hears of each attempt."""
        token = sign(body)  # made once, before the first attempt, as LiveKit does
        for number in range(len(self._waits) + 1):
            status, headers = self._post(body, token)
            attempted(status)
            if not repeated(status) or number == len(self._waits):
                return status
            wait = self._waits[number]
            if status in (429, 503) and headers.get("Retry-After", "").isdigit():
                wait = int(headers["Retry-After"])
            if self._ended.wait(wait * self._scale):
                return status
        raise AssertionError("unreachable")

    def _post(self, body, token):
        port = self._port()
        if self._sender is None or self._sender.port != port:
            self.close()
            self._sender = Sender(port)
        try:
            status, headers, _ = self._sender.post(body, token, self._timeout)
            return status, headers
        except (OSError, http.client.HTTPException):
            return None, {}

    def close(self):
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def end(self):
        """Wakes a wait; safe from any thread."""
        self._ended.set()
