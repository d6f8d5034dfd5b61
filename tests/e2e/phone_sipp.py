"""Level C: INVITEs by sipp through trunk, rule and the real bridge."""
import itertools

from tests.e2e import sipp
from tests.e2e.lab import BRIDGE_PORT
from tests.e2e.phone import CALLED, TO_CUSTOMER_A, Call, next_caller

_ports = itertools.count(25060, 10)


def provision(api, room=None, **trunk):
    """The trunk and the rule that a test needs, instead of all that is there: each call a room of its own, or all in `room`."""
    api.clear_sip()
    made = api.create_trunk(**{"name": "e2e", "allowed_addresses": ["127.0.0.0/8"], "include_headers": "SIP_ALL_HEADERS", **trunk})
    kind = {"dispatch_rule_direct": {"room_name": room}} if room else {"dispatch_rule_individual": {"room_prefix": "sip-"}}
    api.create_rule(name="e2e", trunk_ids=[made["sip_trunk_id"]], rule=kind)


class SippCall(Call):
    def __init__(self, witness, caller, agent):
        super().__init__(witness, caller)
        self.agent = agent

    def wait_over(self, timeout=60):
        """Until the call has gone as it should."""
        self.agent.wait(timeout)


class SippPhone:
    """`api`: of the LiveKit that gets the trunk and the rule which a call needs; none: they are the test's own business."""

    def __init__(self, witness, answering, api=None, bridge_port=BRIDGE_PORT):
        self.witness, self.answering, self.api, self.bridge_port = witness, answering, api, bridge_port
        self._room = ""  # of the rule that is in LiveKit; "": there is none yet

    def dial(self, to=TO_CUSTOMER_A, x_to_ip=None, talk=0.3, room=None, agent=True):
        """As DoublePhone.dial."""
        return self.invite(sipp.call(self._headers(x_to_ip)), to, talk, room, agent)

    def ring_and_cancel(self, to=TO_CUSTOMER_A, x_to_ip=None, ring=0.5):
        """As DoublePhone.ring_and_cancel."""
        return self.invite(sipp.cancelled(self._headers(x_to_ip)), to, ring, agent=False)

    def invite(self, steps, to=TO_CUSTOMER_A, hold=0.0, room=None, agent=True, ip="127.0.0.1"):
        """A call of those steps."""
        if self.api is not None and self._room != room:
            provision(self.api, room)
            self._room = room
        caller = next_caller()
        if not agent:
            self.answering.leave_alone(caller)
        return SippCall(self.witness, caller, sipp.Sipp(
            steps, next(_ports), f"127.0.0.1:{self.bridge_port}", {"to": to, "from": caller}, CALLED, hold, ip))

    @staticmethod
    def _headers(x_to_ip):
        return [f"X-To-IP: {x_to_ip}"] if x_to_ip else []
