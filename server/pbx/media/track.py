"""What the remote party of a service hears, as an aiortc track."""

import asyncio
import fractions
import time
from typing import Literal

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from server.pbx.media import sounds

Sound = Literal["tone", "echo", "silence", "goodbye"]


class Track(MediaStreamTrack):
    """`sound`, in frames of 20 ms by the clock; an echo in the frames that come from `remote`."""

    kind = "audio"

    def __init__(self, sound: Sound) -> None:
        super().__init__()
        self.remote: MediaStreamTrack | None = None
        self.finished = asyncio.Event()
        """Set when a sound that has an end has been played."""
        self.echoes = sound == "echo"
        self._repeat = sound != "goodbye"
        make = {"tone": sounds.tone, "goodbye": sounds.goodbye}.get(sound)
        self._samples = make() if make else sounds.SILENCE
        self._sent = 0
        self._started = 0.0

    async def recv(self) -> AudioFrame:
        """The next frame; MediaStreamError once the track has been stopped or the remote one ended."""
        if self.readyState != "live":
            raise MediaStreamError
        if self.echoes and self.remote is not None:
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
