"""Ring, ringback and the call-waiting beep, by looped <audio> elements of the page.

A browser may refuse sound until the agent has touched the frame (HTML, "allowed to play"). Then the ring is
silent but visible, `blocked` is called, and the first touch anywhere in the frame starts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.browser.key_tones import KeyTones
from embed_app.core.sound.values import Ringtone, Sound

READY_MS = 3000
_TOUCHES = ("pointerdown", "keydown")


class AudioRinger:
    def __init__(self) -> None:
        self.tones = KeyTones()
        self._players: dict[Sound, Any] = {
            Sound.RING: js.document.getElementById("sound-ring"),
            Sound.RINGBACK: js.document.getElementById("sound-ringback"),
            Sound.WAITING: js.document.getElementById("sound-waiting"),
        }
        self._ignore = create_proxy(lambda *_: None)
        self._fetch_proxy = create_proxy(self._fetch)
        self._wanted = Sound.NONE
        self._waiting = False
        self._blocked: Callable[[], None] = lambda: None
        self._heard: Callable[[], None] = lambda: None
        self._touched_proxy = create_proxy(self._touched)

    def listen(self, blocked: Callable[[], None], heard: Callable[[], None]) -> None:
        """blocked: the browser refused to play; heard: it plays after all."""
        self._blocked, self._heard = blocked, heard

    def get_ready(self) -> None:
        """Fetch the ring some seconds from now: nothing may compete with the start, and a call that comes
        first fetches it itself. The other sounds come when they are wanted."""
        js.setTimeout(self._fetch_proxy, READY_MS)

    def _fetch(self) -> None:
        self._players[Sound.RING].preload = "auto"

    def tune(self, ringtone: Ringtone, volume: int, ringer: str, speaker: str) -> None:
        ring = self._players[Sound.RING]
        address = f"{str(ring.src).rpartition('/')[0]}/{ringtone.value}.wav"
        if ring.src != address:
            ring.src = address
            if self._wanted is Sound.RING:
                self._start()
        self.tones.use_speaker(speaker)
        for kind, player in self._players.items():
            player.volume = volume / 100 if kind is Sound.RING else 1.0
            device = ringer if kind is Sound.RING else speaker
            if hasattr(player, "setSinkId") and player.sinkId != device:
                player.setSinkId(device).catch(self._ignore)  # gone meanwhile: it rings where it did

    def play(self, sound: Sound) -> None:
        """The one sound to be heard from now on; NONE for silence."""
        self._wanted = sound
        self._wait(False)
        for kind, player in self._players.items():
            if kind is not sound:
                player.pause()
                player.currentTime = 0
        if sound is not Sound.NONE:
            self._start()

    def _start(self) -> None:
        self._players[self._wanted].play().then(self._started, self._refused)

    def _started(self, _value: Any) -> None:
        if self._waiting:
            self._wait(False)
            self._heard()

    def _refused(self, error: Any) -> None:
        """AbortError is our own pause(); a missing file is silence, which is no reason to stop ringing."""
        if str(error.name) == "NotAllowedError" and self._wanted is not Sound.NONE and not self._waiting:
            self._wait(True)
            self._blocked()

    def _touched(self, _event: Any) -> None:
        if self._wanted is not Sound.NONE:
            self._start()

    def _wait(self, waiting: bool) -> None:
        if waiting is self._waiting:
            return
        self._waiting = waiting
        for touch in _TOUCHES:
            if waiting:
                js.document.addEventListener(touch, self._touched_proxy)
            else:
                js.document.removeEventListener(touch, self._touched_proxy)
