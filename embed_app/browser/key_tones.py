"""The tone of a key under the agent's finger (ITU-T Q.23), quiet and short; the far end gets its own."""

from __future__ import annotations

from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

SECONDS = 0.12
LOUDNESS = 0.05
EDGE = 0.008
"""Seconds of rise and fall: a tone cut hard clicks."""
_ROWS = ("123A", "456B", "789C", "*0#D")
_LOW, _HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PAIRS = {key: (_LOW[r], _HIGH[c]) for r, row in enumerate(_ROWS) for c, key in enumerate(row)}


class KeyTones:
    def __init__(self) -> None:
        self._context: Any = None
        self._speaker = ""
        self._sent_to = ""
        self._ignore: Any = None

    def use_speaker(self, speaker: str) -> None:
        """Where the calls are heard; "" for the browser's own choice."""
        self._speaker = speaker

    def play(self, key: str) -> None:
        """Nothing for what is no key, and where the browser has no Web Audio."""
        if key not in PAIRS:
            return
        try:
            self._play(key)
        except (JsException, AttributeError):
            return

    def _play(self, key: str) -> None:
        if self._context is None:
            self._context = js.AudioContext.new()  # at the first key: a browser lets us because of it
            self._ignore = create_proxy(lambda *_: None)
        context = self._context
        if context.state == "suspended":
            context.resume().catch(self._ignore)
        if self._speaker != self._sent_to and hasattr(context, "setSinkId"):
            self._sent_to = self._speaker
            context.setSinkId(self._speaker).catch(self._ignore)
        start = context.currentTime
        gain = context.createGain()
        gain.gain.setValueAtTime(0, start)
        gain.gain.linearRampToValueAtTime(LOUDNESS, start + EDGE)
        gain.gain.setValueAtTime(LOUDNESS, start + SECONDS - EDGE)
        gain.gain.linearRampToValueAtTime(0, start + SECONDS)
        gain.connect(context.destination)
        for hertz in PAIRS[key]:
            tone = context.createOscillator()
            tone.frequency.value = hertz
            tone.connect(gain)
            tone.start(start)
            tone.stop(start + SECONDS)
