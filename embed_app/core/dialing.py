"""How calls begin: dialled here, received from the PBX, or asked for by a transferring peer."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import line, memory, two_calls
from embed_app.core import messages as msg
from embed_app.core.call import INVITE_TIMEOUT, QUEUE_TIMEOUT, RING_TIMEOUT
from embed_app.core.dial_string import DialStringError, clean_caller, clean_name, clean_number
from embed_app.core.model import Call, CallState, Direction, LinkState, Panel
from embed_app.core.turn import Turn

_COMING_UP = (
    LinkState.CONFIGURING,
    LinkState.STANDBY,
    LinkState.CONNECTING,
    LinkState.REGISTERING,
    LinkState.WAITING,
)
_CONTACT_ID = "x-zorio-contact-id"


def dial(turn: Turn, message: msg.DialRequested) -> None:
    """A call is announced only when it can be tried: refusals are errors and leave no call behind."""
    if turn.phone.call(message.call_uuid) is not None:
        return None  # told twice
    try:
        number = clean_number(message.number)
    except DialStringError as error:
        return turn.problem("invalid_number", field=error.field)
    if not _may_dial(turn, second=message.second):
        return turn.problem("call_in_progress")
    state = turn.link.state
    if turn.phone.live_calls and state is not LinkState.REGISTERED:
        return turn.problem("not_registered")  # a second one does not wait for the line
    if state is not LinkState.REGISTERED and state not in _COMING_UP:
        return turn.problem("not_registered")
    call = Call(
        uuid=message.call_uuid,
        direction=Direction.OUTBOUND,
        number=number,
        state=CallState.QUEUED,
        started_at=turn.at,
        campaign_id=message.campaign_id,
        lead_id=message.lead_id,
        headers=message.headers,
    )
    focus_on(turn, call)
    if state is LinkState.REGISTERED:
        send_invite(turn, call)
    else:
        # A command that came while the phone was still starting is kept until it can ring out.
        turn.start_timer(f"queue:{call.uuid}", QUEUE_TIMEOUT)
    return None


def _may_dial(turn: Turn, *, second: bool) -> bool:
    """Beside a call that waits on hold. A parent's second `call` is no wish to put anybody on hold: it may be
    a double click."""
    live = turn.phone.live_calls
    return len(live) < two_calls.MAX_CALLS and all(
        call.state is CallState.ANSWERED and (second or two_calls.on_hold(call)) for call in live
    )


def focus_on(turn: Turn, call: Call) -> None:
    """A new call of the agent's own: nothing of an earlier one is shown any more."""
    turn.put(call)
    turn.change(focus=call.uuid, panel=Panel.NONE, last_ended=None, banner="")


def send_invite(turn: Turn, call: Call) -> None:
    turn.stop_timers(f"queue:{call.uuid}")
    turn.put(replace(call, state=CallState.INVITING))
    turn.emit(do.SendInvite(call.uuid, call.number, call.headers))
    turn.start_timer(f"invite:{call.uuid}", INVITE_TIMEOUT)


def invite_received(turn: Turn, message: msg.InviteReceived) -> None:
    known = turn.phone.call(message.call_uuid)
    if known is not None:
        return line.rings_again(turn, known)
    ended = turn.phone.last_ended
    if ended is not None and ended.uuid == message.call_uuid:
        return turn.emit(do.RejectInvite(message.call_uuid, 603))  # declined before it rang here again
    if turn.link.state in (LinkState.IDLE, LinkState.LEAVING):
        return turn.emit(do.RejectInvite(message.call_uuid, 480))  # it crossed our `disconnect`
    if turn.phone.do_not_disturb or not two_calls.has_room(turn.phone):
        memory.turned_away(turn, message.call_uuid, message.number, message.display_name)
        return turn.emit(do.RejectInvite(message.call_uuid, 486))
    headers = {name.lower(): value for name, value in message.headers}
    turn.put(
        Call(
            uuid=message.call_uuid,
            direction=Direction.INBOUND,
            number=clean_caller(message.number),
            display_name=clean_name(message.display_name),
            state=CallState.RINGING,
            started_at=turn.at,
            sip_call_id=message.sip_call_id,
            campaign_id=_text(headers.get("x-zorio-campaign-id")),
            lead_id=_text(headers.get("x-zorio-lead-id")),
            external_id=_text(headers.get(_CONTACT_ID)),
        )
    )
    if not two_calls.other_calls(turn.phone, turn.phone.calls[-1]):
        turn.change(panel=Panel.NONE, banner="")  # nobody is disturbed in what is typed in another call
    turn.change(last_ended=None)
    return turn.start_timer(f"ring:{message.call_uuid}", RING_TIMEOUT)


def referred(turn: Turn, message: msg.Referred) -> None:
    """Our peer transfers us (RFC 3515): follow it, if the target is something we would dial ourselves, or
    somebody our peer talks to already. The focus moves when the target has answered."""
    call = turn.phone.call(message.call_uuid)
    try:
        number = clean_number(message.number)
    except DialStringError:
        number = clean_caller(message.number) if message.attended else ""
    live = turn.phone.live_calls
    full = len(live) > two_calls.MAX_CALLS or any(c.in_place_of == message.call_uuid for c in live)
    unusable = not number and not message.attended
    if call is None or call.state is not CallState.ANSWERED or unusable or full:
        return turn.emit(do.RejectRefer(message.call_uuid))
    turn.emit(do.AcceptRefer(message.call_uuid, message.new_call_uuid))
    turn.put(
        Call(
            uuid=message.new_call_uuid,
            direction=Direction.OUTBOUND,
            number=number,
            state=CallState.INVITING,
            started_at=turn.at,
            in_place_of=call.uuid,
            campaign_id=call.campaign_id,
            lead_id=call.lead_id,
        )
    )
    return turn.start_timer(f"invite:{message.new_call_uuid}", INVITE_TIMEOUT)


def _text(value: str | None) -> str | None:
    return clean_name(value)[:200] or None if value else None
