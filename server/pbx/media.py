"""Audio of one call, by aiortc: an ICE, DTLS and SRTP peer with one audio section.

Imported only when a service needs media, because aiortc is an optional extra. What aiortc cannot do:
restart ICE (such an offer is refused with 488, RFC 3264 section 8.3.1, and the call goes on as it was).
What it does not know is added: telephone-events. For that, three of its private attributes are used,
all in this file: `RTCRtpTransceiver._codecs`, `RTCRtpReceiver._handle_rtp_packet` and
`RTCDtlsTransport._send_rtp`.
"""

import asyncio
import fractions
import logging
import re
import time
from collections.abc import Callable
from typing import Any, Literal

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import SessionDescription
from av import AudioFrame

from server.pbx import sounds
from server.pbx.telephone_event import EventReceiver, EventSender

log = logging.getLogger(__name__)

Sound = Literal["tone", "echo", "silence", "goodbye"]

_UFRAG = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)
_EVENT_LINES = (
    "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-15\r\n"
)


class Unacceptable(Exception):
    """A session description that cannot be used: answer 488."""


class Track(MediaStreamTrack):
    """What the remote party hears: `sound`, in frames of 20 ms by the clock (echo: as they come)."""

    kind = "audio"

    def __init__(self, sound: Sound) -> None:
        super().__init__()
        self.remote: MediaStreamTrack | None = None
        self.finished = asyncio.Event()
        self._echo = sound == "echo"
        self._repeat = sound != "goodbye"
        make = {"tone": sounds.tone, "goodbye": sounds.goodbye}.get(sound)
        self._samples = make() if make else sounds.SILENCE
        self._sent = 0
        self._started = 0.0

    async def recv(self) -> AudioFrame:
        """The next frame; MediaStreamError once the track has been stopped or the remote one ended."""
        if self.readyState != "live":
            raise MediaStreamError
        if self._echo and self.remote is not None:
            frame = await self.remote.recv()
            if not isinstance(frame, AudioFrame):
                raise MediaStreamError
        else:
            frame = await self._next()
        # Own timestamps: those of the remote party jump when it mutes, holds or sends digits.
        frame.pts = self._sent
        frame.time_base = fractions.Fraction(1, frame.sample_rate)
        self._sent += frame.samples
        return frame

    async def _next(self) -> AudioFrame:
        self._started = self._started or time.monotonic()
        ahead = self._started + self._sent / sounds.RATE - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
        at = self._sent % len(self._samples) if self._repeat else self._sent
        samples = self._samples[at : at + sounds.FRAME]
        if len(samples) < sounds.FRAME:
            self.finished.set()
            samples = sounds.SILENCE
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = sounds.RATE
        return frame


class Media:
    """One peer connection. `on_digit(digit)` for received telephone-events, `on_lost()` when it dies.

    Hold needs nothing here: aiortc stops sending when the negotiated direction says so.
    """

    def __init__(self, sound: Sound, on_digit: Callable[[str], None], on_lost: Callable[[], None]) -> None:
        # No ICE servers: aiortc's default would ask a public STUN server.
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._track = Track(sound)
        self._on_digit = on_digit
        self._on_lost = on_lost
        self._events = EventSender()
        self._received = EventReceiver()
        self._event_types: set[int] = set()
        self._remote_ufrag = ""
        self._sender = self._peer.addTrack(self._track)
        self._tap()
        self._peer.on("track", self._on_track)
        self._peer.on("connectionstatechange", self._on_state)

    async def answer(self, offer: str) -> str:
        """The SDP answer. Also for a later offer in the same call; raises Unacceptable."""
        ufrag = _UFRAG.search(offer)
        if self._remote_ufrag and (ufrag is None or ufrag[1] != self._remote_ufrag):
            raise Unacceptable("ICE restart")
        await self._remote(offer, "offer")
        try:
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except Exception as error:  # noqa: BLE001 - as in _remote
            raise Unacceptable(type(error).__name__) from None
        return self._peer.localDescription.sdp

    async def offer(self) -> str:
        """The SDP offer of a call we make."""
        made = await self._peer.createOffer()
        text = re.sub(r"^(m=audio .*?)\r?$", r"\1 110 126\r", made.sdp, count=1, flags=re.MULTILINE)
        made = RTCSessionDescription(text.rstrip("\r\n") + "\r\n" + _EVENT_LINES, "offer")
        await self._peer.setLocalDescription(made)
        return self._peer.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Raises Unacceptable."""
        await self._remote(answer, "answer")

    def send_digit(self, digit: str) -> bool:
        """Send a telephone-event; False when the remote party takes none."""
        return self._events.send(digit)

    async def played(self) -> None:
        """Wait until a sound that has an end has been played."""
        await self._track.finished.wait()

    async def close(self) -> None:
        self._on_lost = lambda: None
        self._track.stop()
        await self._peer.close()

    async def _remote(self, text: str, kind: str) -> None:
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(text, kind))
            self._add_telephone_events(text)
        except Exception as error:  # noqa: BLE001
            # aiortc's parser raises whatever its first wrong index or attribute gives.
            raise Unacceptable(type(error).__name__) from None
        found = _UFRAG.search(text)
        self._remote_ufrag = found[1] if found else ""

    def _add_telephone_events(self, text: str) -> None:
        """Take over the telephone-events of the remote description, which aiortc leaves out."""
        audio = next(m for m in SessionDescription.parse(text).media if m.kind == "audio")
        events = [c for c in audio.rtp.codecs if c.mimeType.lower() == "audio/telephone-event"]
        transceiver = next(t for t in self._peer.getTransceivers() if t.kind == "audio")
        rate = transceiver._codecs[0].clockRate
        transceiver._codecs = [*transceiver._codecs, *events]
        self._event_types = {event.payloadType for event in events if event.payloadType is not None}
        # The timestamps of both have to run at one rate (RFC 4733 section 2.6.1.3).
        fitting = [event for event in events if event.clockRate == rate] or events
        self._events.negotiated(fitting[0].payloadType if fitting else None, rate)

    def _tap(self) -> None:
        """Put ourselves between aiortc's receiver and sender and their transport."""
        transport: Any = self._sender.transport
        receiver: Any = self._peer.getReceivers()[0]
        send, handle = transport._send_rtp, receiver._handle_rtp_packet

        async def send_rtp(data: bytes) -> None:
            await send(self._events.rewrite(data))

        async def handle_rtp_packet(packet: Any, arrival_time_ms: int) -> None:
            if packet.payload_type not in self._event_types:
                await handle(packet, arrival_time_ms=arrival_time_ms)
            elif digit := self._received.feed(packet.timestamp, packet.payload):
                self._on_digit(digit)

        transport._send_rtp = send_rtp
        receiver._handle_rtp_packet = handle_rtp_packet

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._track.remote = track

    def _on_state(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._on_lost()
