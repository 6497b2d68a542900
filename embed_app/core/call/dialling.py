"""How calls begin: dialled here, received from the PBX, or asked for by a transferring peer."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import two_calls
from embed_app.core.call.dial_string import DialStringError, clean_caller, clean_number
from embed_app.core.call.effects import AcceptRefer, RejectInvite, RejectRefer, SendInvite
from embed_app.core.call.ending import INVITE_TIMEOUT, QUEUE_TIMEOUT, RING_TIMEOUT
from embed_app.core.call.messages import DialRequested, InviteReceived, Referred
from embed_app.core.call.values import Call, CallState, Direction
from embed_app.core.history import history
from embed_app.core.link import ownership
from embed_app.core.link.values import LinkState
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step
from embed_app.core.text import clean_name

_COMING_UP = (
    LinkState.CONFIGURING,
    LinkState.STANDBY,
    LinkState.CONNECTING,
    LinkState.REGISTERING,
    LinkState.WAITING,
)
_CONTACT_ID = "x-zorio-contact-id"


def dial(step: Step, message: DialRequested) -> None:
    """A call is announced only when it can be tried: refusals are errors and leave no call behind."""
    if step.phone.call(message.call_uuid) is not None:
        return None  # told twice
    try:
        number = clean_number(message.number)
    except DialStringError as error:
        return step.problem("invalid_number", field=error.field)
    if not _may_dial(step, second=message.second):
        return step.problem("call_in_progress")
    state = step.link.state
    if step.phone.live_calls and state is not LinkState.REGISTERED:
        return step.problem("not_registered")  # a second one does not wait for the line
    if state is not LinkState.REGISTERED and state not in _COMING_UP:
        return step.problem("not_registered")
    call = Call(
        uuid=message.call_uuid,
        direction=Direction.OUTBOUND,
        number=number,
        state=CallState.QUEUED,
        started_at=step.at,
        campaign_id=message.campaign_id,
        lead_id=message.lead_id,
        headers=message.headers,
    )
    focus_on(step, call)
    if state is LinkState.REGISTERED:
        send_invite(step, call)
    else:
        # A command that came while the phone was still starting is kept until it can ring out.
        step.start_timer(f"queue:{call.uuid}", QUEUE_TIMEOUT)
    return None


def _may_dial(step: Step, *, second: bool) -> bool:
    """Beside a call that waits on hold. A parent's second `call` is no wish to put anybody on hold: it may be
    a double click."""
    live = step.phone.live_calls
    return len(live) < two_calls.MAX_CALLS and all(
        call.state is CallState.ANSWERED and (second or two_calls.on_hold(call)) for call in live
    )


def focus_on(step: Step, call: Call) -> None:
    """A new call of the agent's own: nothing of an earlier one is shown any more."""
    step.put(call)
    step.change(focus=call.uuid, panel=Panel.NONE, last_ended=None, banner="")


def send_invite(step: Step, call: Call) -> None:
    step.stop_timers(f"queue:{call.uuid}")
    step.put(replace(call, state=CallState.INVITING))
    step.emit(SendInvite(call.uuid, call.number, call.headers))
    step.start_timer(f"invite:{call.uuid}", INVITE_TIMEOUT)


def invite_received(step: Step, message: InviteReceived) -> None:
    known = step.phone.call(message.call_uuid)
    if known is not None:
        return ownership.rings_again(step, known)
    ended = step.phone.last_ended
    if ended is not None and ended.uuid == message.call_uuid:
        return step.emit(RejectInvite(message.call_uuid, 603))  # declined before it rang here again
    if step.link.state in (LinkState.IDLE, LinkState.LEAVING):
        return step.emit(RejectInvite(message.call_uuid, 480))  # it crossed our `disconnect`
    if step.phone.do_not_disturb or not two_calls.has_room(step.phone):
        history.turned_away(step, message.call_uuid, message.number, message.display_name)
        return step.emit(RejectInvite(message.call_uuid, 486))
    headers = {name.lower(): value for name, value in message.headers}
    step.put(
        Call(
            uuid=message.call_uuid,
            direction=Direction.INBOUND,
            number=clean_caller(message.number),
            display_name=clean_name(message.display_name),
            state=CallState.RINGING,
            started_at=step.at,
            sip_call_id=message.sip_call_id,
            campaign_id=_text(headers.get("x-zorio-campaign-id")),
            lead_id=_text(headers.get("x-zorio-lead-id")),
            external_id=_text(headers.get(_CONTACT_ID)),
        )
    )
    if not two_calls.other_calls(step.phone, step.phone.calls[-1]):
        step.change(panel=Panel.NONE, banner="")  # nobody is disturbed in what is typed in another call
    step.change(last_ended=None)
    return step.start_timer(f"ring:{message.call_uuid}", RING_TIMEOUT)


def referred(step: Step, message: Referred) -> None:
    """Our peer transfers us (RFC 3515): follow it, if the target is something we would dial ourselves, or
    somebody our peer talks to already. The focus moves when the target has answered."""
    call = step.phone.call(message.call_uuid)
    try:
        number = clean_number(message.number)
    except DialStringError:
        number = clean_caller(message.number) if message.attended else ""
    live = step.phone.live_calls
    full = len(live) > two_calls.MAX_CALLS or any(c.in_place_of == message.call_uuid for c in live)
    unusable = not number and not message.attended
    if call is None or call.state is not CallState.ANSWERED or unusable or full:
        return step.emit(RejectRefer(message.call_uuid))
    step.emit(AcceptRefer(message.call_uuid, message.new_call_uuid))
    step.put(
        Call(
            uuid=message.new_call_uuid,
            direction=Direction.OUTBOUND,
            number=number,
            state=CallState.INVITING,
            started_at=step.at,
            in_place_of=call.uuid,
            campaign_id=call.campaign_id,
            lead_id=call.lead_id,
        )
    )
    return step.start_timer(f"invite:{message.new_call_uuid}", INVITE_TIMEOUT)


def _text(value: str | None) -> str | None:
    return clean_name(value)[:200] or None if value else None
