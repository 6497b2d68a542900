"""What a parent is told: (the phone before a step, the phone after it) -> events, and the objects in them.

Contract section 3. No event is sent by hand: each follows from what changed, so none is forgotten and none
is sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from embed_app.core.call.referral import ANSWER_WITHIN
from embed_app.core.call.selection import active_call
from embed_app.core.call.values import Call, CallState, Direction
from embed_app.core.link.values import LinkState, Transport
from embed_app.core.notices import AutoplayBlocked, DigitHeard, Problem, ReconnectScheduled, TokenExpiring
from embed_app.core.phone import Phone
from embed_app.core.screen.folding import wanted_size
from embed_app.protocol import events as ev
from embed_app.protocol.errors import ERRORS

Describe = Callable[[str], str]
"""Error code, or the key of one of its texts -> text in the frame's locale."""


def announce(before: Phone, after: Phone, describe: Describe) -> Iterator[ev.Event]:
    """Every event of one step, in the order a parent wants to hear them."""
    yield from _announce_size(before, after)
    yield from _announce_link(before, after)
    if after.do_not_disturb is not before.do_not_disturb:
        yield ev.DoNotDisturb(on=after.do_not_disturb)
    for call in after.calls:
        yield from _announce_call(before.call(call.uuid), call)
    for notice in after.notices:
        match notice:
            case Problem():
                yield ev.Error(error=error_object(notice, after, describe))
            case ReconnectScheduled(attempt=attempt, delay_ms=delay_ms):
                yield ev.AutoReconnect(attempt=attempt, delay_ms=delay_ms)
            case TokenExpiring(expires_in=expires_in):
                yield ev.TokenExpiring(expires_in=expires_in)
            case DigitHeard() | AutoplayBlocked():
                call_now = after.call(notice.call_uuid)
                if call_now is not None and isinstance(notice, DigitHeard):
                    yield ev.Dtmf(call=call_object(call_now), digit=notice.digit)
                elif call_now is not None:
                    yield ev.AudioAutoplayBlocked(call=call_object(call_now))


def _announce_size(before: Phone, after: Phone) -> Iterator[ev.Event]:
    size = wanted_size(after)
    if size is not None and size != wanted_size(before):
        yield ev.Resize(width=size.width, height=size.height)


def _announce_link(before: Phone, after: Phone) -> Iterator[ev.Event]:
    old, new = before.link, after.link
    if old.transport is Transport.UP and new.transport is Transport.DOWN:
        yield ev.Disconnected(reason=new.down_reason or None)
    if new.unregistered is not None and new.unregistered is not old.unregistered:
        yield ev.Unregistered(reason=new.unregistered.value)
    if old.transport is Transport.DOWN and new.transport is Transport.UP:
        yield ev.Connected()
    if new.state is LinkState.REGISTERED and old.state is not LinkState.REGISTERED:
        yield ev.Registered()


def _announce_call(old: Call | None, new: Call) -> Iterator[ev.Event]:
    now = call_object(new)
    if old is None and new.direction is Direction.INBOUND and new.state is CallState.RINGING:
        contact = ev.Contact(
            number=new.number, display_name=new.display_name or None, external_id=new.external_id
        )
        yield ev.IncomingCall(call=now, contact=contact)
    if new.state is CallState.RINGING and (old is None or old.state is not CallState.RINGING):
        yield ev.CallRinging(call=now)
    if new.state is CallState.ANSWERED and old is not None and old.state is CallState.RESUMING:
        # Whoever was told before the reload knows that it rang and was answered.
        yield ev.CallUpdated(call=now, resumed=True)
        return
    if new.state is CallState.ANSWERED and (old is None or old.state is not CallState.ANSWERED):
        yield ev.CallAnswered(call=now)
    if new.state is CallState.ENDED and new.release is not None:
        yield ev.CallHangup(call=now, reason=new.release.value, billsec=new.billsec)
    elif old is not None and (_visible(old) != _visible(new) or (old.question and not new.question)):
        yield ev.CallUpdated(call=now)
    if new.question is not None and (old is None or old.question != new.question):
        yield ev.TransferRequested(
            call=now,
            number=new.question.number,
            attended=new.question.attended,
            expires_in=int(ANSWER_WITHIN),
        )


def _visible(call: Call) -> tuple[object, ...]:
    return (call.muted, call.held, call.transfer, call.quality, call.number, call.display_name)


def state_payload(phone: Phone) -> dict[str, Any]:
    """The answer to `get_state`: a parent that attached late loses nothing."""
    active = active_call(phone)
    size = wanted_size(phone)
    return {
        "state": phone.link.state.value,
        "extension": phone.link.config.extension if phone.link.config else None,
        "calls": [ev.payload_of(ev.CallUpdated(call=call_object(c)))["call"] for c in phone.live_calls],
        "active_call_uuid": active.uuid if active else None,
        "do_not_disturb": phone.do_not_disturb,
        "attempt": phone.link.attempt,
        "size": None if size is None else {"width": size.width, "height": size.height},
    }


def error_object(problem: Problem, phone: Phone, describe: Describe) -> ev.ErrorObject:
    """Fatal only where it stopped the phone: a bad token beside a good one is a mistake, not an end."""
    return ev.ErrorObject(
        code=problem.code,
        message=describe(problem.text or problem.code),
        fatal=ERRORS[problem.code].fatal and phone.link.state is LinkState.REFUSED,
        detail=problem.detail,
        call_uuid=problem.call_uuid,
    )


def call_object(call: Call) -> ev.CallObject:
    return ev.CallObject(
        uuid=call.uuid,
        direction=call.direction.value,
        number=call.number,
        display_name=call.display_name,
        state=_public_state(call),
        muted=call.muted,
        held=call.held,
        started_at=iso_time(call.started_at) or "",
        answered_at=iso_time(call.answered_at),
        ended_at=iso_time(call.ended_at),
        campaignId=call.campaign_id,
        leadId=call.lead_id,
        sip_call_id=call.sip_call_id,
        quality=call.quality.value,
        transfer_request=None
        if call.question is None
        else ev.TransferRequest(number=call.question.number, attended=call.question.attended),
    )


def _public_state(call: Call) -> Any:
    match call.state:
        case CallState.QUEUED | CallState.INVITING:
            return "inviting"
        case CallState.RINGING | CallState.ANSWERING:
            return "ringing"
        case CallState.ANSWERED | CallState.RESUMING:
            return "held" if call.held else "answered"
        case CallState.ENDED:
            return "ended"


def iso_time(seconds: float | None) -> str | None:
    """Epoch seconds -> ISO 8601 with the machine's offset (contract section 3)."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds")
