"""The line that tells how far the bench is: `[ 7/40] run 2, ours, cold, about 3 min left`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO


class Progress:
    """On a terminal one line that changes, elsewhere a line for each step."""

    def __init__(self, steps: int, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._steps = steps
        self._out = out
        self._clock = clock
        self._began = clock()
        self._step = 0

    def next(self, what: str) -> None:
        """A step begins."""
        self._step += 1
        width = len(str(self._steps))
        self._write(f"[{self._step:{width}}/{self._steps}] {what}{self._left()}")

    def done(self) -> None:
        took = round(self._clock() - self._began)
        self._write(f"measured in {took // 60} min {took % 60} s")
        if self._out.isatty():
            self._out.write("\n")

    def _left(self) -> str:
        made = self._step - 1
        if not made:
            return ""
        seconds = (self._clock() - self._began) / made * (self._steps - made)
        if seconds < 90:
            return f", about {round(seconds)} s left"
        return f", about {round(seconds / 60)} min left"

    def _write(self, text: str) -> None:
        self._out.write(f"\r\x1b[K{text}" if self._out.isatty() else f"{text}\n")
        self._out.flush()
