"""Whether the far end of a call may hear the agent: by mute, by hold, and by the focus (`two_calls.py`).

Mute and hold belong to the agent and not to a dialog. A call that takes the place of another one begins as
that one is. As long as both live they are legs of one conversation: the peer may end either of them at any
moment, so what the agent wishes of one is wished of the other. So no peer opens the microphone by changing
the leg, the connection or the offer. It is opened by `unmute` and `unhold`, and by the end of a hold that the
peer has refused, which the agent is told of (`hold_failed`).

The user agent is told of each change, and of a new call before that call can carry sound. It keeps what it
was told for every session, connection and microphone that the call ever has (`public/sip/silence.js`).
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.effects import HoldMicrophone, SetHold, SetMute
from embed_app.core.call.values import Call
from embed_app.core.effect import Effect
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step


def on_hold(call: Call) -> bool:
    """On hold, or about to be: what was wished last."""
    return call.held if call.hold_wanted is None else call.hold_wanted


def held_for_another(call: Call) -> bool:
    """Whether a leg in the place of this one begins on hold.

    A hold counts from the wish on, an unhold once it was accepted.
    """
    return call.held or on_hold(call)


def may_be_heard(call: Call) -> bool:
    """Whether the far end may hear the agent, once there is a connection."""
    return not (call.muted or call.aside or on_hold(call))


def other_legs(phone: Phone, call: Call) -> tuple[Call, ...]:
    """The calls that take its place, or whose place it takes."""
    first = _first_leg(phone, call)
    same = (other for other in phone.live_calls if _first_leg(phone, other) == first)
    return tuple(other for other in same if other.uuid != call.uuid)


def _first_leg(phone: Phone, call: Call) -> str:
    while (old := phone.call(call.in_place_of)) is not None:
        call = old
    return call.uuid


def inherited(new: Call, old: Call) -> Call:
    """`new`, which is about to take the place of `old`."""
    return replace(new, muted=old.muted, held=held_for_another(old))


def to_be_held(call: Call, *, held: bool) -> Call:
    """`call`, which is not answered yet: it is put on hold, or taken off it, as soon as it is."""
    return replace(call, hold_wanted=held if held is not call.held else None)


def of_new_call(call: Call) -> tuple[Effect, ...]:
    """What must be said before it can carry sound."""
    muted = (SetMute(call.uuid, True),) if call.muted else ()
    held = (HoldMicrophone(call.uuid, True),) if on_hold(call) else ()
    return (*muted, *held)


def tell_changes(step: Step, before: Phone, _message: Message) -> None:
    """After every step: what the user agent does not know yet of the calls there are."""
    for call in step.phone.live_calls:
        was, held = before.call(call.uuid), on_hold(call)
        if was is None:
            step.emit(*(effect for effect in of_new_call(call) if effect not in step.effects))
        elif held is not on_hold(was) and SetHold(call.uuid, held) not in step.effects:
            step.emit(HoldMicrophone(call.uuid, held))
