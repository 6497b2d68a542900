"""What is tried out before a call: the microphone, its echo, the ring.

A trial never runs beside a call: it would be heard there, or take its microphone.
"""

from __future__ import annotations

from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.sound.devices import is_open
from embed_app.core.sound.effects import (
    ListDevices,
    RunTrial,
)
from embed_app.core.sound.messages import (
    TrialMoved,
    TrialRequested,
    VoiceHeard,
)
from embed_app.core.sound.values import (
    DeviceKind,
    Trial,
    microphone_code,
)
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

TRIED_FOR = {Trial.LEVEL: 30.0, Trial.RING: 6.0}
"""Seconds: a microphone that was forgotten is not left open. The echo ends by itself."""


def _try_out(step: Step, trial: Trial) -> None:
    """Not beside a call: it would be heard there, or take its microphone."""
    sounds = step.phone.sounds
    running = sounds.trial in (Trial.RECORDING, Trial.PLAYING) and trial is Trial.RECORDING
    if trial is sounds.trial or running or step.phone.live_calls:
        trial = Trial.NONE
    if trial is sounds.trial:
        return
    step.change_sounds(trial=trial, heard=False)
    step.stop_timers(Timer(TimerKind.TRIAL))
    if trial in TRIED_FOR:
        step.start_timer(Timer(TimerKind.TRIAL), TRIED_FOR[trial])
    step.emit(RunTrial(trial, sounds.in_use(DeviceKind.MICROPHONE), sounds.in_use(DeviceKind.SPEAKER)))


def trial_took_too_long(step: Step, _late: float) -> None:
    _try_out(step, Trial.NONE)


def voice_heard(step: Step, _message: VoiceHeard) -> None:
    step.change_sounds(heard=step.phone.sounds.trial is Trial.LEVEL)


def trial_requested(step: Step, message: TrialRequested) -> None:
    _try_out(step, message.trial)


def trial_moved(step: Step, message: TrialMoved) -> None:
    if step.phone.sounds.trial is Trial.NONE:
        return
    step.change_sounds(trial=message.trial)
    if message.trial is Trial.NONE:
        step.stop_timers(Timer(TimerKind.TRIAL))
    if message.failure:
        step.banner(microphone_code(message.failure))
    elif message.trial is not Trial.NONE and not step.phone.sounds.named:
        step.emit(ListDevices())  # the browser lets us use a microphone: now it tells their names


def end_unwanted(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: a trial ends with the list of devices, and with the first call."""
    phone = step.phone
    if phone.sounds.trial is not Trial.NONE and (phone.live_calls or not is_open(phone)):
        _try_out(step, Trial.NONE)
