"""What should be heard besides the call itself."""

from __future__ import annotations

from embed_app.core.call.messages import AudioUnlockRequested
from embed_app.core.call.values import Call, CallState, Direction
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.sound.effects import PlaySound, UnlockAudio
from embed_app.core.sound.values import Sound, Trial
from embed_app.core.step import Step


def sound_of(phone: Phone) -> Sound:
    """What should be heard besides the call itself."""
    call = sounding_call(phone)
    if call is None:
        return Sound.RING if phone.sounds.trial is Trial.RING else Sound.NONE
    if call.direction is Direction.OUTBOUND:
        return Sound.RINGBACK
    others = (CallState.ANSWERING, CallState.ANSWERED, CallState.RESUMING)
    if not any(other.state in others for other in phone.live_calls):
        return Sound.RING
    return Sound.WAITING if phone.sounds.wanted.waiting_beep else Sound.NONE


def sounding_call(phone: Phone) -> Call | None:
    """The call that rings, here or there, and is to be heard."""
    ringing = (call for call in phone.live_calls if call.state is CallState.RINGING)
    return next((call for call in ringing if not call.silenced), None)


def play(step: Step, before: Phone, _message: Message) -> None:
    """After every step."""
    sound = sound_of(step.phone)
    if sound is not sound_of(before):
        step.emit(PlaySound(sound))


def unlock(step: Step, _message: AudioUnlockRequested) -> None:
    step.emit(UnlockAudio())
