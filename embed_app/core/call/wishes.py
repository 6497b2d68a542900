"""What the agent and the parent may ask of a call. Each function handles one wish. Illegal wishes are told,
never raised."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import transfer, voice
from embed_app.core.call.dial_string import DialStringError, clean_digits
from embed_app.core.call.effects import AcceptInvite, SendDtmf, SetMute
from embed_app.core.call.ending import hang_up
from embed_app.core.call.machine import CallEvent, moved
from embed_app.core.call.messages import (
    AnswerRequested,
    CallWish,
    DtmfRequested,
    HangupRequested,
    HoldRequested,
    JoinRequested,
    MuteRequested,
    ReturnRequested,
    SilenceRequested,
    TransferAccepted,
    TransferDeclined,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.selection import active_call, ringing_call, rings_here
from embed_app.core.call.two_calls import ask_hold, other_calls
from embed_app.core.call.values import Call
from embed_app.core.link.values import LinkState
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind


def call_meant(phone: Phone, message: CallWish) -> Call | None:
    """The call with the given uuid. Without one: the ringing call for answer and silence, the one there is a
    question about for its answer, else the active."""
    if message.call_uuid is not None:
        return phone.call(message.call_uuid)
    if isinstance(message, TransferAccepted | TransferDeclined):
        return next((call for call in phone.live_calls if call.question is not None), active_call(phone))
    if isinstance(message, AnswerRequested | SilenceRequested):
        return ringing_call(phone)
    return active_call(phone)


# ---- of a call in any state


def answer(step: Step, call: Call, message: AnswerRequested) -> None:
    """Whoever the agent talks to now goes on hold (`two_calls.py`) or is hung up on; others ring on."""
    answering = moved(call, CallEvent.PICKED_UP)
    if answering is None:
        return step.problem("invalid_state", call_uuid=call.uuid)
    step.stop_timers(Timer(TimerKind.RINGING, call.uuid))
    if message.instead:
        for other in other_calls(step.phone, call):
            hang_up(step, other)
    step.put(answering)
    step.change(focus=call.uuid, panel=Panel.NONE)
    return step.emit(AcceptInvite(call.uuid))


def hangup(step: Step, call: Call, _message: HangupRequested) -> None:
    hang_up(step, call)


def silence(step: Step, call: Call, _message: SilenceRequested) -> None:
    if rings_here(call):
        step.put(replace(call, silenced=True))


def mute(step: Step, call: Call, _message: MuteRequested) -> None:
    _mute(step, call, muted=True)


def unmute(step: Step, call: Call, _message: UnmuteRequested) -> None:
    _mute(step, call, muted=False)


def _mute(step: Step, call: Call, *, muted: bool) -> None:
    """Allowed from the first moment of a call: an agent mutes while it still rings out."""
    for each in (call, *voice.other_legs(step.phone, call)):
        if each.muted is not muted:
            step.put(replace(each, muted=muted))
            step.emit(SetMute(each.uuid, muted))


# ---- of an answered call


def hold(step: Step, call: Call, _message: HoldRequested) -> None:
    _hold(step, call, held=True)


def unhold(step: Step, call: Call, _message: UnholdRequested) -> None:
    _hold(step, call, held=False)


def _hold(step: Step, call: Call, *, held: bool) -> None:
    """Who is taken off hold is who the agent talks to from now on."""
    if step.link.state is not LinkState.REGISTERED:
        return step.problem("not_registered", call_uuid=call.uuid)
    ask_hold(step, call, held=held)
    if not held:
        step.change(focus=call.uuid, panel=Panel.NONE)
    return None


def join(step: Step, call: Call, message: JoinRequested) -> None:
    """Without a uuid the active call is the one with the target."""
    others = other_calls(step.phone, call)
    if len(others) != 1:
        return step.problem("invalid_state", call_uuid=call.uuid)
    waiting, target = (call, others[0]) if message.call_uuid is not None else (others[0], call)
    return transfer.join(step, waiting, target)


def go_back(step: Step, call: Call, _message: ReturnRequested) -> None:
    """To this call: the other one ends."""
    if step.link.state is not LinkState.REGISTERED:
        return step.problem("not_registered", call_uuid=call.uuid)
    for other in other_calls(step.phone, call):
        hang_up(step, other)
    return _hold(step, call, held=False)


def send_digits(step: Step, call: Call, message: DtmfRequested) -> None:
    try:
        step.emit(SendDtmf(call.uuid, clean_digits(message.digits)))
    except DialStringError as error:
        step.problem("invalid_digits", call_uuid=call.uuid, field=error.field)
