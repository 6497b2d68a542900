"""What the services play: mono PCM, 48 kHz, 16 bit, made here from sines so that nothing is downloaded."""

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
FRAME = 960
"""Samples in the 20 ms of one RTP packet."""

Samples = NDArray[np.int16]

SILENCE: Samples = np.zeros(FRAME, dtype=np.int16)


def tone(hertz: int = 440, seconds: int = 1) -> Samples:
    """A steady sine. Whole seconds hold whole periods, so that it can be repeated without a click."""
    moments = np.arange(RATE * seconds) / RATE
    return _pcm(np.sin(2 * np.pi * hertz * moments) * 0.25)


def goodbye() -> Samples:
    """About 1.4 s, a falling phrase of four syllables: three vowels' overtones and a soft envelope."""
    syllables = [(392.0, 0.22), (349.2, 0.22), (329.6, 0.3), (261.6, 0.6)]
    parts = []
    for hertz, seconds in syllables:
        moments = np.arange(round(RATE * seconds)) / RATE
        voice = sum(
            (
                weight * np.sin(2 * np.pi * hertz * n * moments)
                for n, weight in ((1, 0.6), (2, 0.3), (3, 0.1))
            ),
            start=np.zeros_like(moments),
        )
        envelope = np.minimum(1.0, moments * 50) * np.exp(-2.5 * moments / seconds)
        parts.append(voice * envelope)
    wave = np.concatenate(parts) * 0.5
    return _pcm(np.pad(wave, (0, -len(wave) % FRAME)))


def _pcm(wave: NDArray[np.float64]) -> Samples:
    return (np.clip(wave, -1, 1) * 32_000).astype(np.int16)
