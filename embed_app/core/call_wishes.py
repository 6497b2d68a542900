"""What the agent and the parent may ask of a call. Illegal wishes are told, never raised."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core import transfers
from embed_app.core.call import (
    active_call,
    hang_up,
    next_state,
    ringing_call,
    rings_here,
)
from embed_app.core.dial_string import DialStringError, clean_digits
from embed_app.core.model import Call, CallState, LinkState, Panel
from embed_app.core.turn import Turn
from embed_app.core.two_calls import ask_hold, other_calls


def wish(turn: Turn, message: msg.CallWish) -> None:
    if message.call_uuid is not None:
        call = turn.phone.call(message.call_uuid)
    elif isinstance(message, msg.AnswerRequested | msg.SilenceRequested):
        call = ringing_call(turn.phone)
    else:
        call = active_call(turn.phone)
    if call is None:
        return turn.problem("no_call", call_uuid=message.call_uuid)
    match message:
        case msg.AnswerRequested():
            if next_state(call, message) is None:
                return turn.problem("invalid_state", call_uuid=call.uuid)
            return _answer(turn, call, instead=message.instead)
        case msg.HangupRequested():
            return hang_up(turn, call)
        case msg.SilenceRequested():
            if rings_here(call):
                turn.put(replace(call, silenced=True))
            return None
        case msg.MuteRequested():
            return _mute(turn, call, muted=True)
        case msg.UnmuteRequested():
            return _mute(turn, call, muted=False)
    if call.state is not CallState.ANSWERED:
        return turn.problem("invalid_state", call_uuid=call.uuid)
    match message:
        case msg.HoldRequested():
            return _hold(turn, call, held=True)
        case msg.UnholdRequested():
            return _hold(turn, call, held=False)
        case msg.DtmfRequested():
            return _dtmf(turn, call, message.digits)
        case msg.TransferRequested():
            return transfers.transfer(turn, call, message)
        case msg.JoinRequested():
            return _join(turn, call, meant=message.call_uuid is not None)
        case msg.ReturnRequested():
            return _return(turn, call)
        case _:
            raise TypeError(type(message).__name__)


def _answer(turn: Turn, call: Call, *, instead: bool) -> None:
    """Whoever the agent talks to now goes on hold (`two_calls.py`) or is hung up on; others ring on."""
    turn.stop_timers(f"ring:{call.uuid}")
    if instead:
        for other in other_calls(turn.phone, call):
            hang_up(turn, other)
    turn.put(replace(call, state=CallState.ANSWERING))
    turn.change(focus=call.uuid, panel=Panel.NONE)
    turn.emit(do.AcceptInvite(call.uuid))


def _mute(turn: Turn, call: Call, *, muted: bool) -> None:
    """Allowed from the first moment of a call: an agent mutes while it still rings out."""
    if call.muted is not muted:
        turn.put(replace(call, muted=muted))
        turn.emit(do.SetMute(call.uuid, muted))


def _hold(turn: Turn, call: Call, *, held: bool) -> None:
    """Who is taken off hold is who the agent talks to from now on."""
    if turn.link.state is not LinkState.REGISTERED:
        return turn.problem("not_registered", call_uuid=call.uuid)
    ask_hold(turn, call, held=held)
    if not held:
        turn.change(focus=call.uuid, panel=Panel.NONE)
    return None


def _join(turn: Turn, call: Call, *, meant: bool) -> None:
    """Without a uuid the active call is the one with the target."""
    others = other_calls(turn.phone, call)
    if len(others) != 1:
        return turn.problem("invalid_state", call_uuid=call.uuid)
    waiting, target = (call, others[0]) if meant else (others[0], call)
    return transfers.join(turn, waiting, target)


def _return(turn: Turn, call: Call) -> None:
    if turn.link.state is not LinkState.REGISTERED:
        return turn.problem("not_registered", call_uuid=call.uuid)
    for other in other_calls(turn.phone, call):
        hang_up(turn, other)
    return _hold(turn, call, held=False)


def _dtmf(turn: Turn, call: Call, digits: str) -> None:
    try:
        turn.emit(do.SendDtmf(call.uuid, clean_digits(digits)))
    except DialStringError as error:
        turn.problem("invalid_digits", call_uuid=call.uuid, field=error.field)
