"""How calls begin: dialled here, or received from the PBX."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import permission, ring_flood, two_calls, voice
from embed_app.core.call.colleague import called_us
from embed_app.core.call.dial_string import DialStringError, clean_caller, clean_id, clean_number
from embed_app.core.call.effects import RejectInvite, SendInvite
from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.machine import CallEvent, moved, new_call
from embed_app.core.call.messages import DialRequested, InviteReceived
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.history import history
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step
from embed_app.core.text import clean_name
from embed_app.core.timers import Timer, TimerKind

_COMING_UP = (
    LinkState.CONFIGURING,
    LinkState.STANDBY,
    LinkState.CONNECTING,
    LinkState.REGISTERING,
    LinkState.WAITING,
)
_CONTACT_ID = "x-zorio-contact-id"
QUEUE_TIMEOUT = 20.0
INVITE_TIMEOUT = 90.0
RING_TIMEOUT = 60.0
"""Seconds until a call ends that cannot be sent, that nobody answers there, or nobody answers here."""


def dial(step: Step, message: DialRequested) -> None:
    """A call is announced only when it can be tried: refusals are errors and leave no call behind."""
    if step.phone.call(message.call_uuid) is not None:
        return None  # told twice
    try:
        number = clean_number(message.number)
    except DialStringError as error:
        return step.problem("invalid_number", field=error.field)
    if step.link.is_revoked:
        return step.problem("token_rejected")
    if not _may_dial(step, second=message.second):
        return step.problem("call_in_progress")
    state = step.link.state
    if step.phone.live_calls and state is not LinkState.REGISTERED:
        return step.problem("not_registered")  # a second one does not wait for the registration
    if state is not LinkState.REGISTERED and state not in _COMING_UP:
        return step.problem("not_registered")
    refused = permission.refusal(step.phone, number, by_hand=message.by_hand, at=step.at)
    if refused is not None and step.link.config is not None:
        return permission.tell(step, refused)
    call = new_call(
        Direction.OUTBOUND,
        uuid=message.call_uuid,
        number=number,
        started_at=step.at,
        campaign_id=message.campaign_id,
        lead_id=message.lead_id,
        headers=message.headers,
        by_hand=message.by_hand,
    )
    focus_on(step, call)
    if state is LinkState.REGISTERED:
        send_invite(step, call)
    else:
        # A command that came while the phone was still starting is kept until it can ring out.
        step.start_timer(Timer(TimerKind.QUEUED, call.uuid), QUEUE_TIMEOUT)
    return None


def _may_dial(step: Step, *, second: bool) -> bool:
    """Beside a call that waits on hold. A parent's second `call` is no wish to put anybody on hold: it may be
    a double click."""
    live = step.phone.live_calls
    return len(live) < two_calls.MAX_CALLS and all(
        call.state is CallState.ANSWERED and (second or voice.on_hold(call)) for call in live
    )


def focus_on(step: Step, call: Call) -> None:
    """A new call of the agent's own: nothing of an earlier one is shown any more."""
    step.put(call)
    step.change(focus=call.uuid, panel=Panel.NONE, last_ended=None, banner="")


def send_invite(step: Step, call: Call) -> None:
    """Only of a call that is QUEUED. The rules may not have been known when it was dialled."""
    inviting = moved(call, CallEvent.SENT)
    if inviting is None:
        return
    beside = len(step.phone.live_calls) - 1
    refused = permission.refusal(step.phone, call.number, by_hand=call.by_hand, at=step.at, beside=beside)
    if refused is not None:
        permission.tell(step, refused, call_uuid=call.uuid)
        end_call(step, call, CallEvent.NOT_SENT, Reason.FORBIDDEN)
        return
    permission.count(step)
    step.stop_timers(Timer(TimerKind.QUEUED, call.uuid))
    config = step.link.config
    step.put(replace(inviting, colleague=config is not None and config.rules.is_internal(call.number)))
    step.emit(SendInvite(call.uuid, call.number, call.headers))
    step.start_timer(Timer(TimerKind.INVITING, call.uuid), INVITE_TIMEOUT)


def send_or_end_queued(step: Step, before: Phone, _message: Message) -> None:
    """After every step: what was dialled too early goes out once the phone is registered. It ends when the
    phone will not be registered without somebody's help."""
    state = step.link.state
    if state is LinkState.REGISTERED and before.link.state is not LinkState.REGISTERED:
        for call in step.phone.live_calls:
            send_invite(step, call)
    elif state is LinkState.REFUSED:
        for call in step.phone.live_calls:
            end_call(step, call, CallEvent.NOT_SENT, Reason.UNAVAILABLE)


def invite_received(step: Step, message: InviteReceived) -> None:
    """One that is known already rings again (`resume/ring_again.py`)."""
    if step.phone.call(message.call_uuid) is not None:
        return None
    ended = step.phone.last_ended
    if ended is not None and ended.uuid == message.call_uuid:
        return step.emit(RejectInvite(message.call_uuid, 603))  # declined before it rang here again
    if step.link.is_revoked or step.link.state in (LinkState.IDLE, LinkState.LEAVING):
        return step.emit(RejectInvite(message.call_uuid, 480))  # it crossed our `disconnect`
    number, name = clean_caller(message.number), clean_name(message.display_name)
    busy = step.phone.do_not_disturb or not two_calls.has_room(step.phone)
    if ring_flood.turns_away(step, message.call_uuid, number, busy=busy):
        return step.emit(RejectInvite(message.call_uuid, 486))
    if busy:
        history.turned_away(step, message.call_uuid, number, name)
        return step.emit(RejectInvite(message.call_uuid, 486))
    headers = {name.lower(): value for name, value in message.headers}
    step.put(
        new_call(
            Direction.INBOUND,
            uuid=message.call_uuid,
            number=number,
            display_name=name,
            started_at=step.at,
            sip_call_id=message.sip_call_id,
            campaign_id=clean_id(headers.get("x-zorio-campaign-id")),
            lead_id=clean_id(headers.get("x-zorio-lead-id")),
            external_id=clean_id(headers.get(_CONTACT_ID)),
            colleague=step.link.config is not None and called_us(step.link.config, message.headers),
        )
    )
    if not two_calls.other_calls(step.phone, step.phone.calls[-1]):
        step.change(panel=Panel.NONE, banner="")  # nobody is disturbed in what is typed in another call
    step.change(last_ended=None)
    return step.start_timer(Timer(TimerKind.RINGING, message.call_uuid), RING_TIMEOUT)


# ---- timers


def queued_too_long(step: Step, call: Call) -> None:
    end_call(step, call, CallEvent.TIMED_OUT, Reason.UNAVAILABLE)


def nobody_answers_there(step: Step, call: Call) -> None:
    release_signalling(step, call)
    end_call(step, call, CallEvent.TIMED_OUT, Reason.NO_ANSWER)


def nobody_answers_here(step: Step, call: Call) -> None:
    release_signalling(step, call, reject_status=480)
    end_call(step, call, CallEvent.TIMED_OUT, Reason.NO_ANSWER)
