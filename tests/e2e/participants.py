"""Participants of rooms, by LiveKit's own client library (PyPI `livekit`): whoever answers a call, and the bridge's double.

One thread runs all of them on one event loop.
"""
import asyncio
import logging
import threading

from livekit import rtc

from tests.e2e.lab import LIVEKIT_PORT
from tests.e2e.twirp import KEY, SECRET, token

logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of its own handles and of every lost connection


class Participants:
    def __init__(self, url=f"ws://127.0.0.1:{LIVEKIT_PORT}", key=KEY, secret=SECRET):
        self.url, self.key, self.secret = url, key, secret
        self._rooms = {}  # (room, identity) -> what must live as long as the participant
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def begin(self, coroutine):
        """A future of the coroutine, which runs on the participants' thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def do(self, coroutine, timeout=30):
        return self.begin(coroutine).result(timeout)

    async def join(self, room, identity, kind=None, name=None, attributes=None, publish=True, leaves_with_caller=False):
        """`kind`: agent, sip or None for an ordinary participant. Publishes a silent audio track: the bridge answers a call
        only when somebody does."""
        claims = {"sub": identity, "name": name or identity, "video": {"roomJoin": True, "room": room, "canUpdateOwnMetadata": kind == "sip"}}
        if kind:
            claims["kind"] = kind
        if attributes:
            claims["attributes"] = attributes
        joined = rtc.Room(loop=self.loop)
        kept = self._rooms[(room, identity)] = [joined]
        if leaves_with_caller:
            @joined.on("participant_disconnected")
            def gone(participant):
                if participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP:
                    asyncio.ensure_future(self.leave(room, identity), loop=self.loop)
        await joined.connect(self.url, token(claims, self.key, self.secret))
        if publish:
            source = rtc.AudioSource(48000, 1)
            track = rtc.LocalAudioTrack.create_audio_track("voice", source)
            kept += [source, track]
            await joined.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
        return joined

    async def leave(self, room, identity):
        kept = self._rooms.pop((room, identity), None)
        if kept is not None:
            await kept[0].disconnect()

    async def _leave_all(self):
        await asyncio.gather(*(self.leave(*who) for who in list(self._rooms)), return_exceptions=True)

    def close(self):
        self.do(self._leave_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


class Answering:
    """Answers every call as an agent does: joins the room when the caller's track is there, leaves when the caller leaves."""

    def __init__(self, participants, witness):
        self.participants, self.witness, self.faults = participants, witness, []
        self._callers, self._answered, self._left_alone = {}, set(), set()
        witness.listeners.append(self._saw)

    def leave_alone(self, caller):
        """That number's calls are not answered."""
        self._left_alone.add(caller)

    def _saw(self, sighting):
        caller = sighting.attributes.get("sip.phoneNumber")
        if sighting.name == "participant_joined" and sighting.participant.get("kind") == "SIP":
            self._callers[sighting.participant["sid"]] = caller
        elif sighting.name == "track_published" and sighting.participant.get("sid") in self._callers:
            caller = self._callers[sighting.participant["sid"]]
            if sighting.room not in self._answered and caller not in self._left_alone:
                self._answered.add(sighting.room)
                self.participants.begin(self._answer(sighting.room))

    async def _answer(self, room):
        try:
            await self.participants.join(room, "agent-1", kind="agent", leaves_with_caller=True)
        except Exception as fault:  # pylint: disable=broad-except; told to the test, which sees no answer
            self.faults.append(fault)

    def close(self):
        self.witness.listeners.remove(self._saw)
