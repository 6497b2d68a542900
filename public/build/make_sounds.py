"""Makes public/sounds/: the ringtones, ringback and call waiting, each one period long; the page loops it.

    python public/build/make_sounds.py [OUT]

Ringback is what a caller in Việt Nam hears: 425 Hz, 1 s on, 4 s off (ITU-T E.180, supplement 2).
The ringtones are ours: `soft`, two soft notes twice; `bell`, the warble of an old telephone; `bright`, a
climbing chord; `short`, three quick beeps for a loud room. So is call waiting: two short soft beeps every
4 s, beside somebody who speaks.

Each sample is one byte of µ-law (ITU-T G.711), which every browser plays: half the size, and the rests
between the notes are nothing once the server has compressed them.
"""

from __future__ import annotations

import math
import struct
import sys
from pathlib import Path

RATE = 8000
SOUNDS = Path(__file__).parents[1] / "sounds"
MU_LAW = 7
"""Its number as a WAVE format."""


def fade(at: float, length: float, edge: float = 0.012) -> float:
    """0 to 1: rises and falls over `edge` seconds, because a tone cut hard clicks."""
    return max(0.0, min(1.0, at / edge, (length - at) / edge))


def rest(seconds: float) -> list[float]:
    return [0.0] * round(seconds * RATE)


def tone(hertz: float, seconds: float, loudness: float) -> list[float]:
    times = [n / RATE for n in range(round(seconds * RATE))]
    return [loudness * fade(at, seconds) * math.sin(2 * math.pi * hertz * at) for at in times]


def note(hertz: float, length: float, decay: float = 3.2) -> list[float]:
    samples = []
    for n in range(round(length * RATE)):
        at = n / RATE
        wave_form = math.sin(2 * math.pi * hertz * at) + 0.35 * math.sin(4 * math.pi * hertz * at)
        samples.append(0.36 * wave_form * math.exp(-decay * at) * fade(at, length))
    return samples


def ringback() -> list[float]:
    return tone(425, 1.0, 0.25) + rest(4)


def soft() -> list[float]:
    pair = note(784.0, 0.22) + note(987.8, 0.5)
    return pair + pair + rest(1.36)


def bell() -> list[float]:
    """Two bells struck in turn, twenty times a second."""
    struck = [note(hertz, 0.05, 9.0) for _ in range(9) for hertz in (1320.0, 1056.0)]
    once = [sample for strike in struck for sample in strike]
    return once + rest(0.3) + once + rest(1.2)


def bright() -> list[float]:
    climb = [sample for hertz in (523.3, 659.3, 784.0) for sample in note(hertz, 0.16)]
    return climb + note(1046.5, 0.6) + rest(1.52)


def short() -> list[float]:
    beep = tone(1046.5, 0.09, 0.4) + rest(0.06)
    return beep * 3 + rest(1.35)


def waiting() -> list[float]:
    beep = tone(425, 0.15, 0.12)
    return beep + rest(0.15) + beep + rest(3.55)


def mu_law(sample: float) -> int:
    """G.711: 14 bits of magnitude and sign as 8, finer where it is quiet."""
    whole = min(32635, abs(round(32767 * sample))) + 132
    segment = whole.bit_length() - 8
    byte = segment << 4 | (whole >> (segment + 3)) & 0x0F
    return ~(byte | (0x80 if sample < 0 else 0)) & 0xFF


def write(path: Path, samples: list[float]) -> None:
    data = bytes(mu_law(sample) for sample in samples)
    form = struct.pack("<HHIIHHH", MU_LAW, 1, RATE, RATE, 1, 8, 0)
    chunks = (b"fmt ", form), (b"fact", struct.pack("<I", len(samples))), (b"data", data)
    body = b"".join(name + struct.pack("<I", len(chunk)) + chunk for name, chunk in chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for make in (soft, bell, bright, short, ringback, waiting):
        write(folder / f"{make.__name__}.wav", make())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SOUNDS)
