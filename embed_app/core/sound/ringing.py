"""What should be heard besides the call itself."""

from __future__ import annotations

from embed_app.core.call.values import Call, CallState, Direction
from embed_app.core.phone import Phone
from embed_app.core.sound.values import Sound, Trial


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
