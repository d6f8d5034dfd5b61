"""LiveKit's API as its own clients call it: Twirp with JSON, a token per call."""
import http.client
import json
import time

from tests.harness.livekit import jwt

KEY, SECRET = "devkey", "secret"
SIP_ADMIN, SIP_CALL, ROOM_CREATE, ROOM_LIST = {"sip": {"admin": True}}, {"sip": {"call": True}}, {"video": {"roomCreate": True}}, {"video": {"roomList": True}}


def room_admin(room):
    return {"video": {"roomAdmin": True, "room": room}}


def token(claims, key=KEY, secret=SECRET, ttl=600):
    now = int(time.time())
    return jwt({"iss": key, "nbf": now, "exp": now + ttl, **claims}, secret)


class Refused(Exception):
    def __init__(self, method, status, text):
        super().__init__(f"{method}: {status} {text}")
        self.status, self.text = status, text


class Twirp:
    """One LiveKit server's API. Every call raises Refused unless it is answered 200."""

    def __init__(self, port, host="127.0.0.1"):
        self.host, self.port = host, port

    def call(self, method, body, claims, timeout=90):
        service, name = method.split(".")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request("POST", f"/twirp/livekit.{service}/{name}", json.dumps(body).encode(),
                               {"Content-Type": "application/json", "Authorization": "Bearer " + token(claims)})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(method, answer.status, text)
        return json.loads(text)

    def trunks(self):
        return self.call("SIP.ListSIPInboundTrunk", {}, SIP_ADMIN)["items"]

    def rules(self):
        return self.call("SIP.ListSIPDispatchRule", {}, SIP_ADMIN)["items"]

    def create_trunk(self, **fields):
        return self.call("SIP.CreateSIPInboundTrunk", {"trunk": fields}, SIP_ADMIN)

    def create_rule(self, **fields):
        return self.call("SIP.CreateSIPDispatchRule", {"dispatch_rule": fields}, SIP_ADMIN)

    def clear_sip(self):
        """Deletes every inbound and outbound trunk and every rule."""
        for trunk in self.trunks() + self.call("SIP.ListSIPOutboundTrunk", {}, SIP_ADMIN)["items"]:
            self.call("SIP.DeleteSIPTrunk", {"sip_trunk_id": trunk["sip_trunk_id"]}, SIP_ADMIN)
        for rule in self.rules():
            self.call("SIP.DeleteSIPDispatchRule", {"sip_dispatch_rule_id": rule["sip_dispatch_rule_id"]}, SIP_ADMIN)

    def room(self, name):
        """The live room of that name, or None."""
        rooms = self.call("RoomService.ListRooms", {"names": [name]}, ROOM_LIST)["rooms"]
        return rooms[0] if rooms else None
