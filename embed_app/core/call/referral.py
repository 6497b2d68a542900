"""Being given away: our peer asks us, by REFER, to call somebody else in its place (RFC 3515).

    Referred ---- not ours, not allowed, one too many, `never` ----> 603
        |
        +-- `always`, or `colleagues` and both are extensions of our PBX --> FOLLOWED: 202, INVITE, NOTIFY
        |
        +-- else ASKED: `Call.question` ----- yes ---------------------------> FOLLOWED
                           |
                           +-- no, nobody in 20 s, the call or the line ends --> 603

The peer chooses a number and, for an attended transfer, the call there that we take over. Nothing else of
what it sent is used: the INVITE goes to that number at our own SIP domain, as one the agent has dialled.
"""

from __future__ import annotations

import re
from dataclasses import replace

from embed_app.core.call import permission, two_calls, voice
from embed_app.core.call.colleague import own_hosts
from embed_app.core.call.dial_string import DialStringError, clean_number
from embed_app.core.call.dialling import INVITE_TIMEOUT
from embed_app.core.call.effects import AcceptRefer, RejectRefer
from embed_app.core.call.machine import CallEvent, moved, new_call
from embed_app.core.call.messages import Referred, TransferAccepted, TransferDeclined
from embed_app.core.call.values import Call, CallState, Direction, TransferQuestion, TransferState
from embed_app.core.link.call_rules import FollowTransfers
from embed_app.core.link.messages import PageLeft
from embed_app.core.link.values import LinkState, SipConfig
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

ANSWER_WITHIN = 20.0
"""Seconds. A REFER must have its final response after 32 s (RFC 3261 section 17.1.2.2, timer F)."""
READ_FIRST = 0.5
"""Seconds in which a press on Accept was meant for what stood there before."""
MOST_TRANSFERS = 3
TRANSFERS_WITHIN = 60.0
"""So many of one peer may be followed or asked about in so many seconds. All calls together are bounded by
the account's rules."""
_BAD_REQUEST = 400
_DECLINE = 603
_REPLACES = re.compile(
    r"(?P<id>[^\s;,\"<>\x00-\x20\x7f-\uffff]{1,256})(?P<rest>(?:\s*;\s*[a-z-]+(?:\s*=\s*[\w.!%*+`'~-]{1,128})?)+)",
    re.ASCII | re.IGNORECASE,
)
_TAG = re.compile(
    r"\s*;\s*(to-tag|from-tag|early-only)(?:\s*=\s*([\w.!%*+`'~-]{1,128}))?\s*", re.ASCII | re.IGNORECASE
)
_REFERRED_BY = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,511}")


class _Refused(Exception):
    """`status`: the final response to the REFER."""

    def __init__(self, status: int = _DECLINE) -> None:
        super().__init__(status)
        self.status = status


def referred(step: Step, message: Referred) -> None:
    """Our peer transfers us: refuse, follow or ask."""
    try:
        call, question = _checked(step, message)
    except _Refused as refused:
        return step.emit(RejectRefer(message.call_uuid, message.new_call_uuid, refused.status))
    call = replace(call, transfers_at=(*_recent(step, call), step.at))
    step.put(call)
    if _unasked(step, call, question.number):
        return _follow(step, call, question)
    step.put(replace(call, question=question))
    return step.start_timer(Timer(TimerKind.QUESTION, call.uuid), ANSWER_WITHIN)


def _checked(step: Step, message: Referred) -> tuple[Call, TransferQuestion]:
    """The call and what may be asked or done. Raises _Refused."""
    headers: list[tuple[str, str]] = []
    if not message.scheme:
        raise _Refused(_BAD_REQUEST)
    if message.replaces is not None:
        headers.append(("Replaces", read_replaces(message.replaces)))
    call, config = step.phone.call(message.call_uuid), step.link.config
    if call is None or config is None or not _may_be_transferred(step, call):
        raise _Refused
    if step.phone.call(message.new_call_uuid) is not None:
        raise _Refused
    if message.scheme != "sip" or message.host.lower() not in own_hosts(config):
        raise _Refused
    if message.method.upper() not in ("", "INVITE"):
        raise _Refused
    try:
        number = clean_number(message.number)
    except DialStringError:
        raise _Refused from None
    if not _may_be_called(step, config, number):
        raise _Refused
    if _REFERRED_BY.fullmatch(message.referred_by):
        headers.append(("Referred-By", message.referred_by))
    return call, TransferQuestion(
        new_call_uuid=message.new_call_uuid,
        number=number,
        attended=message.replaces is not None,
        headers=tuple(headers),
        asked_at=step.at,
    )


def read_replaces(text: str) -> str:
    """A Replaces as it may stand in our INVITE: one dialog and nothing more (RFC 3891 section 6.1).

    Raises _Refused."""
    found = _REPLACES.fullmatch(text.strip())
    if found is None or _TAG.sub("", found["rest"]):
        raise _Refused(_BAD_REQUEST)
    parts = {name.lower(): value for name, value in _TAG.findall(found["rest"])}
    if len(parts) != len(_TAG.findall(found["rest"])) or not (parts.get("to-tag") and parts.get("from-tag")):
        raise _Refused(_BAD_REQUEST)
    early = ";early-only" if "early-only" in parts else ""
    return f"{found['id']};to-tag={parts['to-tag']};from-tag={parts['from-tag']}{early}"


def _may_be_transferred(step: Step, call: Call) -> bool:
    """An answered call that nobody is transferring yet; one transfer at a time, and not too many of them."""
    live = step.phone.live_calls
    busy = len(live) > two_calls.MAX_CALLS or any(other.question or _is_followed(other) for other in live)
    return _is_up(step, call) and not busy and len(_recent(step, call)) < MOST_TRANSFERS


def _recent(step: Step, call: Call) -> list[float]:
    return [at for at in call.transfers_at if at > step.at - TRANSFERS_WITHIN]


def _is_up(step: Step, call: Call) -> bool:
    registered = step.link.state is LinkState.REGISTERED and not step.link.is_revoked
    return registered and call.state is CallState.ANSWERED and call.transfer is TransferState.NONE


def _is_followed(call: Call) -> bool:
    """A transfer of before that has not come to an end."""
    return call.in_place_of != "" and call.state is not CallState.ANSWERED


def _may_be_called(step: Step, config: SipConfig, number: str) -> bool:
    """The new call takes the place of the one with the peer."""
    if config.rules.follow_transfers is FollowTransfers.NEVER:
        return False
    beside = len(step.phone.live_calls) - 1
    return permission.refusal(step.phone, number, by_hand=False, at=step.at, beside=beside) is None


def _unasked(step: Step, call: Call, number: str) -> bool:
    config = step.link.config
    if config is None:
        return False
    if config.rules.follow_transfers is FollowTransfers.COLLEAGUES:
        return call.colleague and config.rules.is_internal(number)
    return config.rules.follow_transfers is FollowTransfers.ALWAYS


def _follow(step: Step, call: Call, question: TransferQuestion) -> None:
    """The new call is as silent as the old one, and has the focus from its answer on if that one had it."""
    uuid, number = question.new_call_uuid, question.number
    permission.count(step)
    new = new_call(
        Direction.OUTBOUND,
        uuid=uuid,
        number=number,
        started_at=step.at,
        in_place_of=call.uuid,
        campaign_id=call.campaign_id,
        lead_id=call.lead_id,
        colleague=step.link.config is not None and step.link.config.rules.is_internal(number),
    )
    new = voice.inherited(new, call)
    step.emit(*voice.of_new_call(new), AcceptRefer(call.uuid, uuid, number, question.headers))
    step.put(moved(new, CallEvent.SENT) or new)  # the user agent sends the INVITE as it accepts the REFER
    step.start_timer(Timer(TimerKind.INVITING, uuid), INVITE_TIMEOUT)


# ---- the answer


def accept(step: Step, call: Call, message: TransferAccepted) -> None:
    """The agent or the parent says yes: to the number that was shown and to no other one."""
    question, config = call.question, step.link.config
    if question is None or message.number != question.number:
        return step.problem("invalid_state", call_uuid=call.uuid)
    if message.by_hand and step.at - question.asked_at < READ_FIRST:
        return None
    _close(step, call)
    if config is None or not _may_be_called(step, config, question.number):
        return step.emit(RejectRefer(call.uuid, question.new_call_uuid))
    return _follow(step, call, question)


def decline(step: Step, call: Call, _message: TransferDeclined) -> None:
    if call.question is None:
        return step.problem("invalid_state", call_uuid=call.uuid)
    return nobody_answered(step, call)


def nobody_answered(step: Step, call: Call) -> None:
    """The timer of the question; and whatever means no."""
    if call.question is not None:
        _close(step, call)
        step.emit(RejectRefer(call.uuid, call.question.new_call_uuid))


def page_left(step: Step, _message: PageLeft) -> None:
    """The next page knows nothing of it."""
    for call in step.phone.live_calls:
        nobody_answered(step, call)


def withdraw(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: a question that cannot be answered any more goes away. The user agent refuses the
    REFER of a call that ends by itself."""
    for call in step.phone.calls:
        if call.question is not None and not _is_up(step, call):
            _close(step, call)
            if call.live:
                step.emit(RejectRefer(call.uuid, call.question.new_call_uuid))


def _close(step: Step, call: Call) -> None:
    step.stop_timers(Timer(TimerKind.QUESTION, call.uuid))
    step.put(replace(call, question=None))
