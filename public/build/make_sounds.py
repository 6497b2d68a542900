"""Makes public/sounds/: ring, ringback and call waiting, each one period long and looped by the page.

    python public/build/make_sounds.py [OUT]

Ringback is what a caller in Việt Nam hears: 425 Hz, 1 s on, 4 s off (ITU-T E.180, supplement 2).
The ring is ours: two soft notes twice, then a rest. So is call waiting: two short soft beeps every 4 s,
beside somebody who speaks.
"""

from __future__ import annotations

import math
import struct
import sys
import wave
from pathlib import Path

RATE = 8000
SOUNDS = Path(__file__).parents[1] / "sounds"


def fade(at: float, length: float, edge: float = 0.012) -> float:
    """0 to 1: rises and falls over `edge` seconds, because a tone cut hard clicks."""
    return max(0.0, min(1.0, at / edge, (length - at) / edge))


def ringback() -> list[float]:
    tone = [0.25 * fade(n / RATE, 1.0) * math.sin(2 * math.pi * 425 * n / RATE) for n in range(RATE)]
    return tone + [0.0] * (4 * RATE)


def note(hertz: float, length: float) -> list[float]:
    samples = []
    for n in range(round(length * RATE)):
        at = n / RATE
        wave_form = math.sin(2 * math.pi * hertz * at) + 0.35 * math.sin(4 * math.pi * hertz * at)
        samples.append(0.36 * wave_form * math.exp(-3.2 * at) * fade(at, length))
    return samples


def ring() -> list[float]:
    pair = note(784.0, 0.22) + note(987.8, 0.5)
    return pair + pair + [0.0] * round(1.36 * RATE)


def waiting() -> list[float]:
    beep = [0.12 * fade(n / RATE, 0.15) * math.sin(2 * math.pi * 425 * n / RATE) for n in range(1200)]
    return beep + [0.0] * 1200 + beep + [0.0] * (4 * RATE - 3600)


def write(path: Path, samples: list[float]) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", round(32767 * sample)) for sample in samples))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "ring.wav", ring())
    write(folder / "ringback.wav", ringback())
    write(folder / "waiting.wav", waiting())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SOUNDS)
