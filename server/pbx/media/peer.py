"""One ICE, DTLS and SRTP session with one audio section, by aiortc.

aiortc knows no telephone-events, so they are added here. For that and for the silence of the other side,
four of its private attributes are used, all in this file: `RTCRtpTransceiver._codecs`,
`RTCRtpReceiver._handle_rtp_packet`, `RTCDtlsTransport._send_rtp` and `RTCIceTransport._connection`.
"""

import re
from collections.abc import Callable
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.sdp import SessionDescription

from server.pbx.media.silence import Silence
from server.pbx.media.telephone_event import EventReceiver, EventSender
from server.pbx.media.track import Sound, Track

_EVENT_LINES = (
    "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-15\r\n"
)


class Unacceptable(Exception):
    """A session description that cannot be used: answer 488."""


class Peer:
    """Hold needs nothing here: aiortc stops sending when the negotiated direction says so."""

    def __init__(
        self,
        sound: Sound,
        on_digit: Callable[[str], None],
        on_lost: Callable[[], None],
        on_back: Callable[[], None],
    ) -> None:
        """`on_digit(digit)` for received telephone-events, `on_lost()` when the session dies by itself or the
        other side is silent, `on_back()` when it was only silent.
        """
        self.track = Track(sound)
        self._on_digit = on_digit
        self._on_lost = on_lost
        self._silence = Silence(on_lost, on_back)
        # No ICE servers: aiortc's default would ask a public STUN server.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._events = EventSender()
        self._received = EventReceiver()
        self._unheard = MediaBlackhole()
        self._event_types: set[int] = set()
        self._dtls = self._connection.addTrack(self.track).transport
        self._tap(self._dtls)
        self._connection.on("track", self._send_back if self.track.echoes else self._ignore)
        self._connection.on("connectionstatechange", self._on_state)
        self._dtls.on("statechange", self._on_dtls_state)

    async def answer(self, offer: str) -> str:
        """The SDP answer. Also for later offers of the same ICE session; raises Unacceptable."""
        await self._remote(offer, "offer")
        try:
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except Exception as error:  # noqa: BLE001 - as in _remote
            raise Unacceptable(type(error).__name__) from None
        return self._connection.localDescription.sdp

    async def offer(self) -> str:
        """The SDP offer of a call we make."""
        made = await self._connection.createOffer()
        text = re.sub(r"^(m=audio .*?)\r?$", r"\1 110 126\r", made.sdp, count=1, flags=re.MULTILINE)
        made = RTCSessionDescription(text.rstrip("\r\n") + "\r\n" + _EVENT_LINES, "offer")
        await self._connection.setLocalDescription(made)
        return self._connection.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Raises Unacceptable."""
        await self._remote(answer, "answer")

    def send_digit(self, digit: str) -> bool:
        """Send a telephone-event; False when the remote party takes none."""
        return self._events.send(digit)

    @property
    def silent_for(self) -> int:
        """Seconds since the other side sent anything, of a session that was connected."""
        return self._silence.seconds

    async def close(self) -> None:
        """End the session. `on_lost` is not called for it."""
        self._on_lost = lambda: None
        self._silence.stop()
        self.track.stop()
        await self._connection.close()
        await self._unheard.stop()  # of a session that was never connected it would wait for ever

    async def _remote(self, text: str, kind: str) -> None:
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(text, kind))
            self._add_telephone_events(text)
        except Exception as error:  # noqa: BLE001
            # aiortc's parser raises whatever its first wrong index or attribute gives.
            raise Unacceptable(type(error).__name__) from None

    def _add_telephone_events(self, text: str) -> None:
        """Take over the telephone-events of the remote description, which aiortc leaves out."""
        audio = next(m for m in SessionDescription.parse(text).media if m.kind == "audio")
        events = [c for c in audio.rtp.codecs if c.mimeType.lower() == "audio/telephone-event"]
        transceiver = next(t for t in self._connection.getTransceivers() if t.kind == "audio")
        rate = transceiver._codecs[0].clockRate
        transceiver._codecs = [*transceiver._codecs, *events]
        self._event_types = {event.payloadType for event in events if event.payloadType is not None}
        # The timestamps of both have to run at one rate (RFC 4733 section 2.6.1.3).
        fitting = [event for event in events if event.clockRate == rate] or events
        self._events.negotiated(fitting[0].payloadType if fitting else None, rate)

    def _tap(self, transport: Any) -> None:
        """Put ourselves between aiortc's receiver and sender and their transport."""
        receiver: Any = self._connection.getReceivers()[0]
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

    def _send_back(self, track: MediaStreamTrack) -> None:
        self.track.remote = track

    async def _ignore(self, track: MediaStreamTrack) -> None:
        """aiortc keeps all sound until somebody takes it."""
        self._unheard.addTrack(track)
        await self._unheard.start()

    def _on_state(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._silence.listen_to(self._dtls.transport._connection)
        elif state in ("failed", "closed"):
            self._on_lost()

    def _on_dtls_state(self) -> None:
        """The other side said goodbye; aiortc's connection state does not follow."""
        if self._dtls.state == "closed":
            self._on_lost()
