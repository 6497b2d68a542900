"""A browser's ear and mouth for tests: an aiortc peer that sends a tone and measures what it hears."""

import asyncio
import fractions
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import SessionDescription
from av import AudioFrame

from server.pbx.media.telephone_event import EventReceiver, EventSender

RATE = 48_000
SHORTEST = 0.01
"""Seconds of a packet that is sound. A browser that changes from Opus to PCMU may send a packet of one with
the other's payload type: 35 bytes of muted Opus are a click of 4 ms then, the same one each time."""


class Mouth(MediaStreamTrack):
    """A tone of `hertz`; 0 is silence."""

    kind = "audio"

    def __init__(self, hertz: int) -> None:
        super().__init__()
        self.hertz = hertz
        self._at = 0
        self._start = time.monotonic()

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(max(0.0, self._start + self._at / RATE - time.monotonic()))
        moments = (np.arange(960) + self._at) / RATE
        samples = (np.sin(2 * np.pi * self.hertz * moments) * 8000).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, fractions.Fraction(1, RATE)
        self._at += 960
        return frame


class Ear:
    """`packets`: audio frames heard; `loudness`: RMS of the last 10; `hertz`: their strongest frequency.

    `energy`: of all that was heard, as W3C webrtc-stats has it in `totalAudioEnergy`.
    """

    def __init__(self, says: int = 0) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.mouth = Mouth(says)
        self.peer.addTrack(self.mouth)
        self.packets = 0
        self.energy = 0.0
        self.digits: list[str] = []
        self.events = EventSender()
        self._arrived = 0
        self._last: list[Any] = []
        self._event_types: set[int] = set()
        self._listening: asyncio.Task[None] | None = None
        self._intercept()

        @self.peer.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            self._listening = asyncio.create_task(self._listen(track))

    async def __aenter__(self) -> "Ear":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self.mouth.stop()
        await self.peer.close()
        if self._listening:
            self._listening.cancel()  # a track that was never connected does not end by itself
            await asyncio.wait([self._listening])

    def vanish(self) -> Callable[[], None]:
        """Send nothing any more, not even a goodbye, as a process that was killed; what it returns undoes it.

        There is nothing to pull on the loopback without root, so aioice's sockets are kept from sending.
        """
        ice = self.peer.getSenders()[0].transport.transport._connection
        sockets: list[Any] = [each.transport for each in ice._protocols]
        for socket in sockets:
            socket.sendto = lambda *_: None

        def back() -> None:
            for socket in sockets:
                del socket.sendto

        return back

    async def offer(self) -> str:
        await self.peer.setLocalDescription(await self.peer.createOffer())
        text = self.peer.localDescription.sdp
        if "telephone-event" not in text:
            text = re.sub(r"^(m=audio .*?)\r$", r"\1 110 126\r", text, flags=re.MULTILINE)
            text += "a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n"
        return text

    async def accept(self, answer: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._take_events(answer)

    async def answer(self, offer: str) -> str:
        await self.peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        self._take_events(offer)
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return self.peer.localDescription.sdp

    def direction(self, direction: str) -> None:
        self.peer.getTransceivers()[0].direction = direction

    @property
    def loudness(self) -> float:
        if not self._last:
            return 0.0
        return float(np.sqrt(np.mean(np.concatenate(self._last).astype(float) ** 2)))

    @property
    def hertz(self) -> float:
        if not self._last:
            return 0.0
        wave = np.concatenate(self._last).astype(float)
        return float(np.argmax(np.abs(np.fft.rfft(wave))) * RATE / len(wave))

    def forget(self) -> None:
        """Judge only what comes from now on."""
        self._last = []

    def sent_to_us(self) -> int:
        """RTP packets that have arrived, whether we want them or not."""
        return self._arrived

    def hears(self, hertz: int) -> bool:
        """A clear tone of about this frequency."""
        return len(self._last) == 10 and self.loudness > 1000 and abs(self.hertz - hertz) < 15

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0]
                self.packets += 1
                if len(samples) < SHORTEST * frame.sample_rate:
                    continue
                level = samples.astype(float) / 32_768
                self.energy += float(np.mean(level**2)) * len(samples) / frame.sample_rate
                self._last = [*self._last[-9:], samples]
        except MediaStreamError:
            pass

    def _take_events(self, text: str) -> None:
        codecs = SessionDescription.parse(text).media[0].rtp.codecs
        found = [c for c in codecs if c.mimeType.lower() == "audio/telephone-event"]
        transceiver: Any = self.peer.getTransceivers()[0]
        transceiver._codecs = [*transceiver._codecs, *found]
        self._event_types = {c.payloadType for c in found if c.payloadType is not None}
        self.events.negotiated(found[0].payloadType if found else None, RATE)

    def _intercept(self) -> None:
        transport: Any = self.peer.getSenders()[0].transport
        receiver: Any = self.peer.getReceivers()[0]
        send, handle, heard = transport._send_rtp, receiver._handle_rtp_packet, EventReceiver()

        async def send_rtp(data: bytes) -> None:
            await send(self.events.rewrite(data))

        async def handle_rtp(packet: Any, arrival_time_ms: int) -> None:
            self._arrived += 1
            if packet.payload_type not in self._event_types:
                await handle(packet, arrival_time_ms=arrival_time_ms)
            elif digit := heard.feed(packet.timestamp, packet.payload):
                self.digits.append(digit)

        transport._send_rtp, receiver._handle_rtp_packet = send_rtp, handle_rtp
