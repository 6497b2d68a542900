"""Giving a call away (RFC 5589): blind, or attended, which is after having asked the target.

    blind     NONE --REFER--> ASKED --202--> TRYING --NOTIFY 2xx, or BYE--> ENDED transferred
                ^               |               |
                +---- refused --+-- NOTIFY 3xx to 6xx, or nothing for 60 s: the call goes on with us

    attended  the call goes on hold, the agent calls the target and asks; then the two are joined: REFER with
              Replaces (RFC 3891), as above. Meanwhile the call with the target is TARGET; it ends when the
              target has let the transferred peer take our place, or by us when that does not end it.

The far end's NOTIFYs decide. Until the REFER goes out there is always a way back: the target that does not
answer, is busy or refuses leaves the first call on hold, and so does an agent who hangs up on it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core.call import dialling, permission
from embed_app.core.call.colleague import own_hosts
from embed_app.core.call.dial_string import DialStringError, clean_number
from embed_app.core.call.dialog import transfer_target
from embed_app.core.call.effects import SendAttendedRefer, SendRefer
from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.machine import CallEvent, new_call
from embed_app.core.call.messages import ReferAccepted, ReferFailed, ReferProgress, TransferRequested
from embed_app.core.call.two_calls import MAX_CALLS, other_calls
from embed_app.core.call.values import Call, CallState, Direction, Reason, TransferState
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

TRANSFER_TIMEOUT = 60.0
TARGET_LEAVES_WITHIN = 3.0
"""Seconds in which the target's phone ends the call that was replaced; then we do."""
_UNDER_WAY = (TransferState.ASKED, TransferState.TRYING)
_KNOWN_ENDS = (Reason.CANCELLED, Reason.LOCAL_HANGUP, Reason.MIC_DENIED)
"""Ends of a call with a target that the agent knows of already."""


def transfer(step: Step, call: Call, message: TransferRequested) -> None:
    """`call` is answered."""
    if message.attended:
        for waiting, target in _pairs(step, call):
            if message.target in (target.uuid, target.number):
                return join(step, waiting, target)
    try:
        number = clean_number(message.target)
    except DialStringError:
        return step.problem("invalid_number", call_uuid=call.uuid, field="target")
    if message.attended:
        for waiting, target in _pairs(step, call):
            if number == target.number:
                return join(step, waiting, target)
    if call.transfer is not TransferState.NONE:
        return step.problem("invalid_state", call_uuid=call.uuid)
    if step.link.is_revoked:  # either kind begins another call
        return step.problem("token_rejected", call_uuid=call.uuid)
    if step.link.state is not LinkState.REGISTERED:
        return step.problem("not_registered", call_uuid=call.uuid)
    if message.attended and len(step.phone.live_calls) >= MAX_CALLS:
        return step.problem("call_in_progress", call_uuid=call.uuid)
    # A blind transfer makes a call as well: the PBX's, in our place.
    beside = None if message.attended else 0
    refused = permission.refusal(step.phone, number, by_hand=message.by_hand, at=step.at, beside=beside)
    if refused is not None:
        return permission.tell(step, refused, call_uuid=call.uuid)
    if message.attended:
        return _consult(step, call, number, message)
    permission.count(step)
    step.put(replace(call, transfer=TransferState.ASKED, transfer_target=number))
    step.emit(SendRefer(call.uuid, number))
    return step.start_timer(Timer(TimerKind.TRANSFER, call.uuid), TRANSFER_TIMEOUT)


def _pairs(step: Step, call: Call) -> list[tuple[Call, Call]]:
    """(the one that is transferred, the one with the target): `call` may be meant as either."""
    others = other_calls(step.phone, call)
    return [(call, other) for other in others] + [(other, call) for other in others]


def _consult(step: Step, call: Call, number: str, message: TransferRequested) -> None:
    target = new_call(
        Direction.OUTBOUND,
        uuid=message.new_call_uuid,
        number=number,
        started_at=step.at,
        by_hand=message.by_hand,
        consult_for=call.uuid,
        campaign_id=call.campaign_id,
        lead_id=call.lead_id,
    )
    dialling.focus_on(step, target)
    return dialling.send_invite(step, target)


def join(step: Step, waiting: Call, target: Call) -> None:
    """The peer of `waiting` shall take our place in the call with `target`."""
    if step.link.state is not LinkState.REGISTERED:
        return step.problem("not_registered", call_uuid=waiting.uuid)
    ready = all(
        call.state is CallState.ANSWERED and call.transfer is TransferState.NONE for call in (waiting, target)
    )
    if not ready or target.dialog is None:
        return step.problem("invalid_state", call_uuid=waiting.uuid)
    name = target.number or target.display_name
    step.put(replace(waiting, transfer=TransferState.ASKED, transfer_target=name, transfer_to=target.uuid))
    step.put(replace(target, transfer=TransferState.TARGET))
    step.change(panel=Panel.NONE, banner="")
    uri = transfer_target(target.dialog, own_hosts(step.link.config) if step.link.config else frozenset())
    step.emit(SendAttendedRefer(waiting.uuid, uri, target.dialog, name))
    return step.start_timer(Timer(TimerKind.TRANSFER, waiting.uuid), TRANSFER_TIMEOUT)


def refer_accepted(step: Step, call: Call, _message: ReferAccepted) -> None:
    if call.transfer is TransferState.ASKED:
        step.put(replace(call, transfer=TransferState.TRYING))


def refer_progress(step: Step, call: Call, message: ReferProgress) -> None:
    """Judged by the sipfrag: many stacks call every NOTIFY terminated, even the one for 100."""
    if call.transfer not in _UNDER_WAY or message.status < 200:
        return
    if message.status < 300:
        _done(step, call)
    else:
        _failed(step, call, message.status)


def refer_failed(step: Step, call: Call, message: ReferFailed) -> None:
    _failed(step, call, message.status)


def _done(step: Step, call: Call) -> None:
    release_signalling(step, call)
    end_call(step, call, CallEvent.TRANSFERRED, Reason.TRANSFERRED)


def _failed(step: Step, call: Call, status: int) -> None:
    """The call goes on with us; the agent is told and may try another target."""
    if call.transfer not in _UNDER_WAY:
        return
    step.stop_timers(Timer(TimerKind.TRANSFER, call.uuid))
    step.put(replace(call, transfer=TransferState.NONE, transfer_target="", transfer_to=""))
    step.change(panel=Panel.NONE)
    _tell(step, call.uuid, status=status)


def ran_out(step: Step, call: Call) -> None:
    """The timer of a transfer."""
    if call.transfer is TransferState.TARGET:
        _done(step, call)
    else:
        _failed(step, call, 408)


def is_done_by_bye(call: Call) -> bool:
    """Many PBXs release the transferor instead of reporting 200 first. And whoever let itself be replaced
    ends the old call."""
    return call.transfer in (TransferState.TRYING, TransferState.TARGET)


def follow_ends(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: what the end of one call means for the other."""
    for call in step.phone.calls:
        if not call.live and call.consult_for:
            _consultation_ended(step, call)
    for call in step.phone.live_calls:
        if call.transfer is TransferState.TARGET and not step.runs(TimerKind.TRANSFER, call):
            _other_call_ended(step, call)


def _consultation_ended(step: Step, consult: Call) -> None:
    reason = consult.release
    if step.phone.call(consult.consult_for) is None or consult.answered_at is not None:
        return
    if reason is not None and reason not in _KNOWN_ENDS:
        _tell(step, consult.consult_for, status=consult.status or 408, reason=reason.value)


def _other_call_ended(step: Step, target: Call) -> None:
    referred = next((call for call in step.phone.calls if call.transfer_to == target.uuid), None)
    if referred is not None and referred.live:
        return
    if referred is not None and referred.release is Reason.TRANSFERRED:
        step.start_timer(Timer(TimerKind.TRANSFER, target.uuid), TARGET_LEAVES_WITHIN)
    else:
        step.put(replace(target, transfer=TransferState.NONE))


def _tell(step: Step, call_uuid: str, **detail: Any) -> None:
    step.banner("transfer_failed")
    step.problem("transfer_failed", call_uuid=call_uuid, **detail)
