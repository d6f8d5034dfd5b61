"""Level B: the bridge's double. What differs from the real bridge: tests/data/recordings, bridge_double against simple_call."""
import asyncio
import concurrent.futures
import secrets

from tests.e2e.phone import CALLED, TO_CUSTOMER_A, Call, answer_in, next_caller


def attributes_of(caller, to, x_to_ip, call_id, called=CALLED):
    """What the bridge sets for an INVITE (recorded: simple_call, x_to_ip)."""
    result = {
        "sip.callID": call_id, "sip.callIDFull": f"1-{call_id}@127.0.0.1", "sip.callStatus": "ringing", "sip.callTag": "1t1",
        "sip.h.to": f"{to};tag={call_id}", "sip.h.from": f'"Caller" <sip:{caller}@pbx.example.net:5060>;tag=1t1',
        "sip.hostname": "pbx.example.net", "sip.phoneNumber": caller, "sip.trunkPhoneNumber": called,
        "sip.ruleID": "SDR_doubledouble", "sip.trunkID": "ST_doubledouble",
    }
    if x_to_ip:
        result["sip.h.x-to-ip"] = x_to_ip
    return result


class DoubledCall(Call):
    def __init__(self, witness, caller, running):
        super().__init__(witness, caller)
        self._running = running

    def _first(self, timeout=30):
        try:
            return super()._first(timeout)
        except TimeoutError:
            if self._running.done():
                self._running.result()  # raises what went wrong
            raise

    def wait_over(self, timeout=60):
        """Until the caller has hung up."""
        self._running.result(timeout)


class DoublePhone:
    def __init__(self, witness, participants, answering):
        self.witness, self.participants, self.answering = witness, participants, answering
        self._waiting = concurrent.futures.ThreadPoolExecutor(64)  # one thread for each call that rings

    def dial(self, to=TO_CUSTOMER_A, x_to_ip=None, talk=0.3, room=None, agent=True):
        """A call that somebody answers, and that the caller hangs up after `talk` seconds. `agent`: an agent answers, else
        the test lets somebody join who publishes. `room`: all such calls meet in that room, else each has its own."""
        return self._call(to, x_to_ip, room, agent, lambda name, identity: self._talk(name, identity, talk))

    def ring_and_cancel(self, to=TO_CUSTOMER_A, x_to_ip=None, ring=0.5):
        """A call that nobody answers; the caller gives up after `ring` seconds of ringing."""
        return self._call(to, x_to_ip, None, False, lambda *_: asyncio.sleep(ring))

    def _call(self, to, x_to_ip, room, agent, in_between):
        caller, tail = next_caller(), secrets.token_hex(6)
        if not agent:
            self.answering.leave_alone(caller)
        name = room or f"sip-_{caller}_{tail}"
        attributes = attributes_of(caller, to, x_to_ip, f"SCL_{tail}")
        return DoubledCall(self.witness, caller, self.participants.begin(self._live(name, caller, attributes, in_between)))

    async def _live(self, room, caller, attributes, in_between):
        identity = f"sip_{caller}"
        double = await self.participants.join(room, identity, kind="sip", name=f"Phone {caller}", attributes=attributes)
        await in_between(room, identity)
        if double.isconnected():
            await double.local_participant.set_attributes({"sip.callStatus": "hangup"})
        await self.participants.leave(room, identity)

    async def _talk(self, room, identity, seconds):
        """The bridge answers when somebody else publishes; the talk begins there."""
        await asyncio.get_running_loop().run_in_executor(self._waiting, lambda: answer_in(self.witness, room, identity))
        await asyncio.sleep(seconds)
