"""What the agent and the parent may ask of a call. Illegal wishes are told, never raised."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.call import (
    active_call,
    end_call,
    hang_up,
    next_state,
    release_line,
    ringing_call,
    rings_here,
)
from embed_app.core.dial_string import DialStringError, clean_digits, clean_number
from embed_app.core.model import Call, CallState, LinkState, TransferState
from embed_app.core.release_cause import Reason
from embed_app.core.turn import Turn

TRANSFER_TIMEOUT = 60.0


def wish(turn: Turn, message: msg.CallWish) -> None:
    if message.call_uuid is not None:
        call = turn.phone.call(message.call_uuid)
    elif isinstance(message, msg.AnswerRequested):
        call = ringing_call(turn.phone)
    else:
        call = active_call(turn.phone)
    if call is None:
        return turn.problem("no_call", call_uuid=message.call_uuid)
    match message:
        case msg.AnswerRequested():
            if next_state(call, message) is None:
                return turn.problem("invalid_state", call_uuid=call.uuid)
            return _answer(turn, call)
        case msg.HangupRequested():
            return hang_up(turn, call)
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
            return _transfer(turn, call, message.target)
        case _:
            raise TypeError(type(message).__name__)


def _answer(turn: Turn, call: Call) -> None:
    turn.stop_timers(f"ring:{call.uuid}")
    turn.put(replace(call, state=CallState.ANSWERING))
    turn.emit(do.AcceptInvite(call.uuid))
    for other in turn.phone.live_calls:
        if rings_here(other):
            release_line(turn, other, reject_status=486)
            end_call(turn, other, Reason.BUSY)


def _mute(turn: Turn, call: Call, *, muted: bool) -> None:
    """Allowed from the first moment of a call: an agent mutes while it still rings out."""
    if call.muted is not muted:
        turn.put(replace(call, muted=muted))
        turn.emit(do.SetMute(call.uuid, muted))


def _hold(turn: Turn, call: Call, *, held: bool) -> None:
    """`held` changes when the peer has accepted the re-INVITE, not before (RFC 3264 section 8.4)."""
    if turn.link.state is not LinkState.REGISTERED:
        return turn.problem("not_registered", call_uuid=call.uuid)
    if call.hold_wanted is not None:
        turn.put(replace(call, hold_wanted=held))  # only one re-INVITE at a time (RFC 3261 section 14.1)
    elif call.held is not held:
        turn.put(replace(call, hold_wanted=held))
        turn.emit(do.SetHold(call.uuid, held))
    return None


def _dtmf(turn: Turn, call: Call, digits: str) -> None:
    try:
        turn.emit(do.SendDtmf(call.uuid, clean_digits(digits)))
    except DialStringError as error:
        turn.problem("invalid_digits", call_uuid=call.uuid, field=error.field)


def _transfer(turn: Turn, call: Call, target: str) -> None:
    try:
        number = clean_number(target)
    except DialStringError:
        return turn.problem("invalid_number", call_uuid=call.uuid, field="target")
    if call.transfer is not TransferState.NONE:
        return turn.problem("invalid_state", call_uuid=call.uuid)
    if turn.link.state is not LinkState.REGISTERED:
        return turn.problem("not_registered", call_uuid=call.uuid)
    turn.put(replace(call, transfer=TransferState.ASKED, transfer_target=number))
    turn.emit(do.SendRefer(call.uuid, number))
    return turn.start_timer(f"transfer:{call.uuid}", TRANSFER_TIMEOUT)
