"""What the agent tries out before a call: the level of the microphone, and an echo of three seconds.

It stays in this page; no PBX is needed. One trial runs at a time, and each lets go of the microphone
at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from embed_app.core.messages import Message
from embed_app.core.sound_choices import Trial
from embed_app.core.sound_messages import TrialMoved, VoiceHeard

RECORD_MS = 3000
METER_MS = 60
VOICE = 0.04
"""Level from which on it is a voice and no room, of 0 to 1 full scale."""


class SoundTrials:
    def __init__(self, dispatch: Callable[[Message], None]) -> None:
        self._dispatch = dispatch
        self._running: _Trial | None = None

    def run(self, trial: Trial, microphone: str, speaker: str) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None
        if trial in (Trial.LEVEL, Trial.RECORDING):
            self._running = _Trial(trial, speaker, self._dispatch)
            self._running.start(microphone)


class _Trial:
    """From the question for the microphone to `stop`, after which it says nothing any more."""

    def __init__(self, trial: Trial, speaker: str, dispatch: Callable[[Message], None]) -> None:
        self._trial = trial
        self._speaker = speaker
        self._dispatch = dispatch
        self._stopped = False
        self._stream: Any = None
        self._context: Any = None
        self._timer: Any = None
        self._recorder: Any = None
        self._player: Any = None
        self._address = ""
        self._proxies: list[Any] = []
        self._heard = False

    def start(self, microphone: str) -> None:
        """`microphone`: the id of one; "", or one that is gone: the browser's own choice."""
        refused = self._proxy(lambda error: self._end(str(error.name)))
        js.zorioSip.openMicrophone(microphone).then(self._proxy(self._opened), refused)

    def stop(self) -> None:
        self._stopped = True
        js.clearTimeout(self._timer)
        js.clearInterval(self._timer)
        if self._recorder is not None and self._recorder.state != "inactive":
            self._recorder.stop()
        if self._player is not None:
            self._player.pause()
        if self._address:
            js.URL.revokeObjectURL(self._address)
        self._let_go()
        _show_level(0.0)

    def _let_go(self) -> None:
        if self._stream is not None:
            for track in self._stream.getTracks():
                track.stop()
        if self._context is not None:
            self._context.close()
        self._stream = self._context = None

    def _end(self, failure: str = "") -> None:
        if self._stopped:
            return
        self.stop()
        self._dispatch(TrialMoved(trial=Trial.NONE, failure=failure))

    def _opened(self, stream: Any) -> None:
        self._stream = stream
        if self._stopped:
            self._let_go()
            return
        self._dispatch(TrialMoved(trial=self._trial))
        self._measure(stream)
        if self._trial is Trial.RECORDING:
            self._record(stream)

    # ---- the level

    def _measure(self, stream: Any) -> None:
        self._context = js.AudioContext.new()
        analyser = self._context.createAnalyser()
        analyser.fftSize = 1024
        self._context.createMediaStreamSource(stream).connect(analyser)
        samples = js.Uint8Array.new(analyser.fftSize)

        def look() -> None:
            analyser.getByteTimeDomainData(samples)
            level = max(abs(value - 128) for value in samples.to_bytes()) / 128
            _show_level(level)
            if level >= VOICE and not self._heard:
                self._heard = True
                self._dispatch(VoiceHeard())

        self._timer = js.setInterval(self._proxy(look), METER_MS)

    # ---- the echo

    def _record(self, stream: Any) -> None:
        try:
            self._recorder = js.MediaRecorder.new(stream)
        except (JsException, AttributeError):
            self._end("NotSupportedError")
            return
        self._recorder.ondataavailable = self._proxy(self._recorded)
        self._recorder.start()
        js.setTimeout(self._proxy(self._enough), RECORD_MS)

    def _enough(self) -> None:
        if not self._stopped:
            self._recorder.stop()

    def _recorded(self, event: Any) -> None:
        if self._stopped:
            return
        js.clearInterval(self._timer)
        self._let_go()
        _show_level(0.0)
        self._address = str(js.URL.createObjectURL(event.data))
        self._player = js.Audio.new(self._address)
        if self._speaker and hasattr(self._player, "setSinkId"):
            self._player.setSinkId(self._speaker).then(self._proxy(self._play), self._proxy(self._play))
        else:
            self._play()

    def _play(self, _value: Any = None) -> None:
        if self._stopped:
            return
        self._player.onended = self._proxy(lambda _event: self._end())
        self._dispatch(TrialMoved(trial=Trial.PLAYING))
        self._player.play().catch(self._proxy(lambda error: self._end(str(error.name))))

    def _proxy(self, function: Callable[..., Any]) -> Any:
        proxy = create_proxy(function)
        self._proxies.append(proxy)
        return proxy


def _show_level(level: float) -> None:
    """Straight to the page: twenty times a second is nothing for the model."""
    meter = js.document.getElementById("microphone-level")
    if meter:
        meter.style.setProperty("--level", f"{min(1.0, level * 1.6):.2f}")
