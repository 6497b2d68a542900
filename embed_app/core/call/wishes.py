"""What the agent and the parent may ask of a call. Illegal wishes are told, never raised."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import transfer
from embed_app.core.call.dial_string import DialStringError, clean_digits
from embed_app.core.call.effects import AcceptInvite, SendDtmf, SetMute
from embed_app.core.call.ending import hang_up
from embed_app.core.call.machine import next_state
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
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.selection import active_call, ringing_call, rings_here
from embed_app.core.call.two_calls import ask_hold, other_calls
from embed_app.core.call.values import Call, CallState
from embed_app.core.link.values import LinkState
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step


def wish(step: Step, message: CallWish) -> None:
    if message.call_uuid is not None:
        call = step.phone.call(message.call_uuid)
    elif isinstance(message, AnswerRequested | SilenceRequested):
        call = ringing_call(step.phone)
    else:
        call = active_call(step.phone)
    if call is None:
        return step.problem("no_call", call_uuid=message.call_uuid)
    match message:
        case AnswerRequested():
            if next_state(call, message) is None:
                return step.problem("invalid_state", call_uuid=call.uuid)
            return _answer(step, call, instead=message.instead)
        case HangupRequested():
            return hang_up(step, call)
        case SilenceRequested():
            if rings_here(call):
                step.put(replace(call, silenced=True))
            return None
        case MuteRequested():
            return _mute(step, call, muted=True)
        case UnmuteRequested():
            return _mute(step, call, muted=False)
    if call.state is not CallState.ANSWERED:
        return step.problem("invalid_state", call_uuid=call.uuid)
    match message:
        case HoldRequested():
            return _hold(step, call, held=True)
        case UnholdRequested():
            return _hold(step, call, held=False)
        case DtmfRequested():
            return _dtmf(step, call, message.digits)
        case TransferRequested():
            return transfer.transfer(step, call, message)
        case JoinRequested():
            return _join(step, call, meant=message.call_uuid is not None)
        case ReturnRequested():
            return _return(step, call)
        case _:
            raise TypeError(type(message).__name__)


def _answer(step: Step, call: Call, *, instead: bool) -> None:
    """Whoever the agent talks to now goes on hold (`two_calls.py`) or is hung up on; others ring on."""
    step.stop_timers(f"ring:{call.uuid}")
    if instead:
        for other in other_calls(step.phone, call):
            hang_up(step, other)
    step.put(replace(call, state=CallState.ANSWERING))
    step.change(focus=call.uuid, panel=Panel.NONE)
    step.emit(AcceptInvite(call.uuid))


def _mute(step: Step, call: Call, *, muted: bool) -> None:
    """Allowed from the first moment of a call: an agent mutes while it still rings out."""
    if call.muted is not muted:
        step.put(replace(call, muted=muted))
        step.emit(SetMute(call.uuid, muted))


def _hold(step: Step, call: Call, *, held: bool) -> None:
    """Who is taken off hold is who the agent talks to from now on."""
    if step.link.state is not LinkState.REGISTERED:
        return step.problem("not_registered", call_uuid=call.uuid)
    ask_hold(step, call, held=held)
    if not held:
        step.change(focus=call.uuid, panel=Panel.NONE)
    return None


def _join(step: Step, call: Call, *, meant: bool) -> None:
    """Without a uuid the active call is the one with the target."""
    others = other_calls(step.phone, call)
    if len(others) != 1:
        return step.problem("invalid_state", call_uuid=call.uuid)
    waiting, target = (call, others[0]) if meant else (others[0], call)
    return transfer.join(step, waiting, target)


def _return(step: Step, call: Call) -> None:
    if step.link.state is not LinkState.REGISTERED:
        return step.problem("not_registered", call_uuid=call.uuid)
    for other in other_calls(step.phone, call):
        hang_up(step, other)
    return _hold(step, call, held=False)


def _dtmf(step: Step, call: Call, digits: str) -> None:
    try:
        step.emit(SendDtmf(call.uuid, clean_digits(digits)))
    except DialStringError as error:
        step.problem("invalid_digits", call_uuid=call.uuid, field=error.field)
