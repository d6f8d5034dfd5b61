"""What LiveKit does: signs a webhook and posts it. And the recorded calls, with fresh ids."""
import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import time
import uuid

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"


def _b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(claims, secret):
    """An HS256 token, claims in the order given."""
    signed = _b64u(b'{"alg":"HS256","typ":"JWT"}') + "." + _b64u(json.dumps(claims, separators=(",", ":")).encode())
    return signed + "." + _b64u(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def sign(body, key="devkey", secret="secret", now=None, ttl=300):
    """The value of Authorization as LiveKit sends it: a bare HS256 JWT, claims in LiveKit's order."""
    now = int(time.time() if now is None else now)
    return jwt({"iss": key, "exp": now + ttl, "nbf": now, "iat": now,
                "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}, secret)


def verify(authorization, body, key, secret):
    """Raises ValueError unless LiveKit's own receivers would accept it (webhook/verifier.go)."""
    def decode(part):
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    head, claims, signature = authorization.split(".")
    expected = hmac.new(secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    if json.loads(decode(head))["alg"] != "HS256" or not hmac.compare_digest(decode(signature), expected):
        raise ValueError("signature differs")
    claims = json.loads(decode(claims))
    if claims["iss"] != key or not claims["nbf"] - 10 <= time.time() <= claims["exp"] + 10:
        raise ValueError(f"claims do not fit: {claims}")
    if claims["sha256"] != base64.b64encode(hashlib.sha256(body).digest()).decode():
        raise ValueError("digest differs")


def recording(name):
    """The recorded requests of a scenario, parsed lines in order of arrival."""
    text = (DATA / "recordings" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def scenarios():
    return sorted(path.stem for path in (DATA / "recordings").glob("*.jsonl"))


class FreshIds:
    """Gives recorded events new ids, the same one to a repeat: replayed recordings would be duplicates of each other."""

    def __init__(self):
        self._tag = uuid.uuid4().hex[:8]

    def body(self, line):
        old = json.loads(line["body"])["id"]
        return line["body"].replace(f'"id":"{old}"', f'"id":"{old}-{self._tag}"').encode()


def event(name, room="sip-room", sid="RM_1", event_id=None, attributes=None, participant=None, **more):
    """A body like LiveKit's, for what no recording shows."""
    body = {"event": name, "room": {"sid": sid, "name": room}, "id": event_id or "EV_" + uuid.uuid4().hex[:12],
            "createdAt": str(int(time.time()))}
    if participant or attributes:
        body["participant"] = {"sid": "PA_1", "identity": "sip_1", "kind": "SIP", "attributes": attributes or {}, **(participant or {})}
    body.update(more)
    return json.dumps(body).encode()


def joined(host="customer-a.com", call="SCL_1", **more):
    return event("participant_joined", attributes={"sip.callID": call, "sip.h.to": f"<sip:100@{host}>;tag={call}"}, **more)


class Sender:
    """One kept-alive connection to the webhook endpoint, as LiveKit holds it."""

    def __init__(self, port, key="devkey", secret="secret"):
        self.port, self.key, self.secret = port, key, secret
        self._connection = None

    def post(self, body, authorization=None, timeout=10):
        """(status, headers, body) of one attempt."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Authorization": authorization or sign(body, self.key, self.secret),
                   "Content-Type": "application/webhook+json", "User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
        try:
            self._connection.request("POST", "/livekit/webhook", body=body, headers=headers)
            answer = self._connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None
