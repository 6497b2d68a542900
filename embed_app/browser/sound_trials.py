"""What the agent tries out before a call: the level of the microphone, and an echo of three seconds.

It stays in this page; no PBX is needed. One trial runs at a time, and each lets go of the microphone
at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from embed_app.browser.tasks import Tasks
from embed_app.core.message import Message
from embed_app.core.sound.messages import TrialMoved, VoiceHeard
from embed_app.core.sound.values import Trial

RECORD_MS = 3000
METER_MS = 60
VOICE = 0.04
"""Level from which on it is a voice and no room, of 0 to 1 full scale."""


class SoundTrials:
    def __init__(self, dispatch: Callable[[Message], None]) -> None:
        self._dispatch = dispatch
        self._tasks = Tasks()
        self._running: _Trial | None = None

    def run(self, trial: Trial, microphone: str, speaker: str) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None
        if trial in (Trial.LEVEL, Trial.RECORDING):
            self._running = _Trial(trial, speaker, self._dispatch)
            self._tasks.run(self._running.run(microphone))


class _Trial:
    """From the question for the microphone to `stop`, after which it says nothing any more."""

    def __init__(self, trial: Trial, speaker: str, dispatch: Callable[[Message], None]) -> None:
        self._trial = trial
        self._speaker = speaker
        self._dispatch = dispatch
        self._stopped = asyncio.Event()
        self._tasks = Tasks()
        self._stream: Any = None
        self._context: Any = None
        self._meter: Any = None
        self._limit: Any = None
        self._recorder: Any = None
        self._player: Any = None
        self._address = ""
        self._proxies: list[Any] = []
        self._heard = False

    async def run(self, microphone: str) -> None:
        """As long as the trial lasts. `microphone`: the id of one; "", or one that is gone: the browser's own
        choice."""
        try:
            self._opened(await js.zorioSip.openMicrophone(microphone))
        except JsException as error:
            self._end(str(error.name))
        await self._stopped.wait()
        # Here, and not in `stop`: a trial may be stopped out of a call of one of them.
        for proxy in self._proxies:
            proxy.destroy()

    def stop(self) -> None:
        """Nothing calls a proxy any more after this."""
        self._stopped.set()
        js.clearTimeout(self._limit)
        js.clearInterval(self._meter)
        if self._recorder is not None:
            self._recorder.ondataavailable = None
            if self._recorder.state != "inactive":
                self._recorder.stop()
        if self._player is not None:
            self._player.onended = None
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
        if self._stopped.is_set():
            return
        self.stop()
        self._dispatch(TrialMoved(trial=Trial.NONE, failure=failure))

    def _opened(self, stream: Any) -> None:
        self._stream = stream
        if self._stopped.is_set():
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

        self._meter = js.setInterval(self._proxy(look), METER_MS)

    # ---- the echo

    def _record(self, stream: Any) -> None:
        try:
            self._recorder = js.MediaRecorder.new(stream)
        except (JsException, AttributeError):
            self._end("NotSupportedError")
            return
        self._recorder.ondataavailable = self._proxy(self._recorded)
        self._recorder.start()
        self._limit = js.setTimeout(self._proxy(self._enough), RECORD_MS)

    def _enough(self) -> None:
        self._recorder.stop()

    def _recorded(self, event: Any) -> None:
        js.clearTimeout(self._limit)  # a microphone that is unplugged ends it earlier
        js.clearInterval(self._meter)
        self._let_go()
        _show_level(0.0)
        self._address = str(js.URL.createObjectURL(event.data))
        self._player = js.Audio.new(self._address)
        self._tasks.run(self._play())

    async def _play(self) -> None:
        if self._speaker:
            with suppress(JsException, AttributeError):  # it plays where it can
                await self._player.setSinkId(self._speaker)
        if self._stopped.is_set():
            return
        self._player.onended = self._proxy(lambda _event: self._end())
        self._dispatch(TrialMoved(trial=Trial.PLAYING))
        try:
            await self._player.play()
        except JsException as error:
            self._end(str(error.name))

    def _proxy(self, function: Callable[..., Any]) -> Any:
        proxy = create_proxy(function)
        self._proxies.append(proxy)
        return proxy


def _show_level(level: float) -> None:
    """Straight to the page: twenty times a second is nothing for the model."""
    meter = js.document.getElementById("microphone-level")
    if meter:
        meter.style.setProperty("--level", f"{min(1.0, level * 1.6):.2f}")
