"""Being given away: our peer asks us, by REFER, to call somebody else in its place (RFC 3515)."""

from __future__ import annotations

from embed_app.core.call import permission, two_calls, voice
from embed_app.core.call.dial_string import DialStringError, clean_caller, clean_number
from embed_app.core.call.dialling import INVITE_TIMEOUT
from embed_app.core.call.effects import AcceptRefer, RejectRefer
from embed_app.core.call.machine import CallEvent, moved, new_call
from embed_app.core.call.messages import Referred
from embed_app.core.call.values import CallState, Direction
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind


def referred(step: Step, message: Referred) -> None:
    """Our peer transfers us (RFC 3515): follow it, if the target is something we would dial ourselves, or
    somebody our peer talks to already. The new call is as silent as the old one, and has the focus from its
    answer on if the old one had it."""
    call = step.phone.call(message.call_uuid)
    dialled = True
    try:
        number = clean_number(message.number)
    except DialStringError:
        dialled = False
        number = clean_caller(message.number) if message.attended else ""
    live = step.phone.live_calls
    full = len(live) > two_calls.MAX_CALLS or any(c.in_place_of == message.call_uuid for c in live)
    unusable = not number and not message.attended
    known = step.phone.call(message.new_call_uuid) is not None
    if call is None or known or call.state is not CallState.ANSWERED or unusable or full:
        return step.emit(RejectRefer(message.call_uuid))
    # The new call takes the place of the one with the peer.
    refused = permission.refusal(step.phone, number, by_hand=False, at=step.at, beside=len(live) - 1)
    if dialled and refused is not None:
        return step.emit(RejectRefer(message.call_uuid))
    permission.count(step)
    new = new_call(
        Direction.OUTBOUND,
        uuid=message.new_call_uuid,
        number=number,
        started_at=step.at,
        in_place_of=call.uuid,
        campaign_id=call.campaign_id,
        lead_id=call.lead_id,
    )
    new = voice.inherited(new, call)
    step.emit(*voice.of_new_call(new), AcceptRefer(message.call_uuid, message.new_call_uuid))
    step.put(moved(new, CallEvent.SENT) or new)  # the user agent sends the INVITE as it accepts the REFER
    return step.start_timer(Timer(TimerKind.INVITING, message.new_call_uuid), INVITE_TIMEOUT)
