"""A call outlives its page: what the page that goes leaves, and what the next one makes of it.

An answered call becomes RESUMING and is taken back (`replacement.py`). Of two calls each is taken back for
itself, the one that waits on hold. A call that rang here is rung again by the PBX (`ring_again.py`). A call
that was dialled is cancelled by the page that goes, and its end is told by the next one. The parent hears one
`call_updated` with `resumed` of each, or one `call_hangup`.

What is left for the next page is a projection of the phone (`record_of`), so no change of a call can be
forgotten in it.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.ending import ENDED_SHOWN_FOR, end_call, hang_up, release_signalling
from embed_app.core.call.machine import CallEvent, moved
from embed_app.core.call.selection import rings_here
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.call.voice import held_for_another
from embed_app.core.link import connecting
from embed_app.core.link.messages import PageLeft, Started
from embed_app.core.link.values import LinkState
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import KeepEvents
from embed_app.core.resume.messages import RecordFound
from embed_app.core.resume.record import MOST_OTHERS
from embed_app.core.resume.replacement import GIVE_UP_AFTER
from embed_app.core.resume.ring_again import await_ring, may_ring_again
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.shared import SHARED
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

SILENT_FOR = 5.0
"""An owner that was not seen alive this long is gone, where the browser has no better way to tell."""


def record_of(phone: Phone) -> ResumeRecord | None:
    """What the next page should find; None where there is nothing to take back. Times are the keeper's."""
    token = phone.link.token
    if token is None or not phone.settings.resume:
        return None
    up = (CallState.ANSWERED, CallState.RESUMING)
    calls = [c for c in phone.live_calls if c.state in up and c.dialog is not None]
    calls = [replace(call, held=held_for_another(call)) for call in calls]
    calls.sort(key=lambda call: call.uuid != phone.focus)
    waiting = [replace(call, held=True) for call in calls[1:]]
    early = [call for call in phone.live_calls if may_ring_again(call) or _is_dialled(call)]
    calls = [*calls[:1], *waiting, *early]
    if not calls:
        return None
    first, *others = calls[: 1 + MOST_OTHERS]
    return ResumeRecord(extension=token.extension, customer=token.customer, call=first, others=tuple(others))


def take_back(step: Step, message: Started | RecordFound) -> None:
    """The first step of a page that found a record, or the first with a token."""
    record, token = message.record, step.link.token
    if record is None or token is None or not step.phone.settings.resume:
        return
    if (record.extension, record.customer) != (token.extension, token.customer):
        return
    if not _owner_has_left(record, message.owner_gone, step.at):
        return
    record = _not_in_the_future(record, step.at)
    too_late = step.at - record.alive_at > SHARED.record_lives_s
    for call in reversed(record.calls):
        if step.phone.call(call.uuid) is not None:
            continue  # the page that has it came first
        if too_late or _is_dialled(call):
            _told_late(step, call, record)
        else:
            _go_on(step, call)
    if step.phone.live_calls and step.link.state is LinkState.IDLE:
        connecting.connect(step)


def _not_in_the_future(record: ResumeRecord, now: float) -> ResumeRecord:
    """A clock may have been set back by a little; a record may be made up."""

    def past(call: Call) -> Call:
        answered_at = None if call.answered_at is None else min(call.answered_at, now)
        return replace(call, started_at=min(call.started_at, now), answered_at=answered_at)

    return replace(
        record,
        call=past(record.call),
        others=tuple(map(past, record.others)),
        alive_at=min(record.alive_at, now),
    )


def _go_on(step: Step, call: Call) -> None:
    step.put(call)
    if call.state is not CallState.RESUMING:
        return await_ring(step, call)
    step.change(focus=call.uuid)  # the one the agent was with comes last
    return step.start_timer(Timer(TimerKind.RESUME_LIMIT, call.uuid), GIVE_UP_AFTER)


def page_left(step: Step, _message: PageLeft) -> None:
    """What is dialled ends on the wire, and the next page tells of it: what this one says may get lost, and
    nothing may be said twice. With `resume=0` no other page could. What rings here is not declined: it rings
    again."""
    live = step.phone.live_calls
    if step.phone.settings.resume:
        if live:
            step.emit(KeepEvents())
        for call in filter(_is_dialled, live):
            release_signalling(step, call)
        return
    for call in live:
        if rings_here(call):
            end_call(step, call, CallEvent.ABANDONED, Reason.SIGNALING_LOST)
        else:
            hang_up(step, call)


def _is_dialled(call: Call) -> bool:
    dialled = (CallState.QUEUED, CallState.INVITING, CallState.RINGING)
    return call.direction is Direction.OUTBOUND and call.state in dialled


def _owner_has_left(record: ResumeRecord, owner_gone: bool | None, now: float) -> bool:
    """A duplicated tab finds a copy of the record of a call that is alive in the other tab."""
    if record.released or owner_gone:
        return True
    return owner_gone is None and now - record.alive_at > SILENT_FOR


def _told_late(step: Step, call: Call, record: ResumeRecord) -> None:
    """It ended with its page, or the far end has hung up long ago; the parent of then never heard of it."""
    cancelled = record.released and _is_dialled(call)
    reason = Reason.CANCELLED if cancelled else Reason.SIGNALING_LOST
    ended = moved(call, CallEvent.ABANDONED, ended_at=record.alive_at, release=reason)
    if ended is None:
        return
    step.put(ended)
    step.change(last_ended=ended)
    step.start_timer(Timer(TimerKind.ENDED_SHOWN), ENDED_SHOWN_FOR)
