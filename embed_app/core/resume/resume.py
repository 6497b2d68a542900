"""An answered call outlives its page: the next one takes it back with INVITE and Replaces (RFC 3891).

    record found, ours, its owner gone
        |
        v         line up: SendReplacement to one target after the other        200
    RESUMING ------------------------------------------------------------------------> ANSWERED
        |     480 and its like, or no sign of life for 8 s: once more; the line drops: when it is back
        |     420, it knows no Replaces: from now on by re-INVITE in the old dialog (RFC 3261 section 14)
        |
        +--> ENDED signaling_lost: 481, 403 …, or nothing worked for GIVE_UP_AFTER

Of two calls each is taken back for itself, the one that waits on hold. The parent hears one `call_updated`
with `resumed` of each, or one `call_hangup`. A call that rang here is rung again by the PBX, and known then
(`ownership.py`); one that was dialled is cancelled by the page that goes, and its end told by the next. What
is left behind for the next page is a projection of the phone as well (`record_of`), so no change of a call can
be forgotten in it.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.dial_string import clean_caller
from embed_app.core.call.dialog import replacement_targets
from embed_app.core.call.effects import SetHold, SetMute
from embed_app.core.call.ending import ENDED_SHOWN_FOR, end_call, hang_up, release_signalling
from embed_app.core.call.messages import DialogKnown
from embed_app.core.call.selection import rings_here
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.link import ownership, registration
from embed_app.core.link.messages import Started
from embed_app.core.link.values import LinkState, Transport
from embed_app.core.media import repair
from embed_app.core.media.judge import begun_anew
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import KeepEvents, SendFarewell, SendReplacement
from embed_app.core.resume.messages import RecordFound
from embed_app.core.resume.record import MOST_OTHERS, ResumeRecord
from embed_app.core.step import Step
from embed_app.core.text import clean_name

RECORD_LIVES = 60.0
"""Seconds. A far end of ours has given the call up after 30."""
SILENT_FOR = 5.0
"""An owner that was not seen alive this long is gone, where the browser has no better way to tell."""
TRY_FOR = 8.0
"""Seconds for a sign of life. Long: a try that is given up while its 200 is on the way costs the call."""
TRY_AGAIN_AFTER = 0.5
GIVE_UP_AFTER = 25.0
_GONE = 481
_NO_REPLACES = 420
_NOT_YET = frozenset({0, 404, 408, 410, 480, 491, 500, 502, 503, 504})
"""The far end's own connection may be on its way back, or this was the wrong one of its addresses."""


def record_of(phone: Phone) -> ResumeRecord | None:
    """What the next page should find; None where there is nothing to take back. Times are the keeper's."""
    token = phone.link.token
    if token is None or not phone.settings.resume:
        return None
    up = (CallState.ANSWERED, CallState.RESUMING)
    calls = [c for c in phone.live_calls if c.state in up and c.dialog is not None]
    calls.sort(key=lambda call: call.uuid != phone.focus)
    waiting = [replace(call, held=True) for call in calls[1:]]
    early = [call for call in phone.live_calls if ownership.may_ring_again(call) or _is_dialled(call)]
    calls = [*calls[:1], *waiting, *early]
    if not calls:
        return None
    first, *others = calls[: 1 + MOST_OTHERS]
    return ResumeRecord(extension=token.extension, customer=token.customer, call=first, others=tuple(others))


def started(step: Step, message: Started | RecordFound) -> None:
    """The first step of a page that found a record, or the first with a token."""
    record, token = message.record, step.link.token
    if record is None or token is None or not step.phone.settings.resume:
        return
    if (record.extension, record.customer) != (token.extension, token.customer):
        return
    if not _owner_has_left(record, message.owner_gone, step.at):
        return
    too_late = step.at - record.alive_at > RECORD_LIVES
    for call in reversed(record.calls):
        if step.phone.call(call.uuid) is not None:
            continue  # the page that has it came first
        if too_late or _is_dialled(call):
            _told_late(step, call, record)
        else:
            _go_on(step, call)
    if step.phone.live_calls and step.link.state is LinkState.IDLE:
        registration.connect(step)


def _go_on(step: Step, call: Call) -> None:
    step.put(call)
    if call.state is not CallState.RESUMING:
        return ownership.await_ring(step, call)
    step.change(focus=call.uuid)  # the one the agent was with comes last
    return step.start_timer(f"resume_limit:{call.uuid}", GIVE_UP_AFTER)


def page_left(step: Step) -> None:
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
            end_call(step, call, Reason.SIGNALING_LOST)
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
    ended = replace(call, state=CallState.ENDED, ended_at=record.alive_at, release=reason)
    step.put(ended)
    step.change(last_ended=ended)
    step.start_timer("ended", ENDED_SHOWN_FOR)


def follow(step: Step) -> None:
    """After every step: whatever waits for the line goes out once it is there."""
    up = step.link.transport is Transport.UP
    for call in step.phone.live_calls:
        if call.state is not CallState.RESUMING:
            continue
        if not up:
            step.stop_timers(f"resume:{call.uuid}")  # the next line is tried at once
        elif f"resume:{call.uuid}" not in step.phone.timers:
            _try(step, call)
    if not step.phone.farewells:
        return
    if up:
        step.emit(*(SendFarewell(dialog) for dialog in step.phone.farewells))
    if up or step.link.state is LinkState.IDLE:
        step.change(farewells=())


def _try(step: Step, call: Call) -> None:
    """The timer runs for as long as no other try may be made."""
    if call.dialog is None:
        raise TypeError("a call is resumed from its dialog")
    targets = replacement_targets(call.dialog)
    target = targets[call.resume_tries % len(targets)]
    if call.resume_in_dialog:
        target = call.dialog.remote_target
    step.put(replace(call, resume_tries=call.resume_tries + 1))
    step.emit(SendReplacement(call.uuid, target, call.dialog, call.muted, call.held, call.resume_in_dialog))
    step.start_timer(f"resume:{call.uuid}", TRY_FOR)


def far_end_rings(step: Step, call: Call) -> None:
    """180: it is at work and will answer."""
    step.start_timer(f"resume:{call.uuid}", GIVE_UP_AFTER)


def replacement_failed(step: Step, call: Call, status: int) -> None:
    if call.state is not CallState.RESUMING or call.dialog is None:
        return
    if status == _NO_REPLACES and not call.resume_in_dialog:
        step.put(replace(call, resume_in_dialog=True))
        step.stop_timers(f"resume:{call.uuid}")  # at once
        return
    # A proxy may refuse an address it does not know (403, 404); the far end itself knows best (481).
    untried = not call.resume_in_dialog and call.resume_tries < len(replacement_targets(call.dialog))
    another = untried and status != _GONE
    if status in _NOT_YET or another:
        step.start_timer(f"resume:{call.uuid}", TRY_AGAIN_AFTER)
    else:
        end_call(step, call, Reason.SIGNALING_LOST)


def resumed(step: Step, call: Call) -> None:
    step.stop_timers(f"resume:{call.uuid}", f"resume_limit:{call.uuid}")
    call = replace(call, state=CallState.ANSWERED, resume_tries=0, resume_in_dialog=False)
    step.put(call)
    repair.watch(step, call)
    step.emit(SetMute(call.uuid, call.muted))  # what was wished for since the try began


def ran_out(step: Step, call: Call) -> None:
    release_signalling(step, call)
    end_call(step, call, Reason.SIGNALING_LOST)


def dialog_known(step: Step, call: Call, message: DialogKnown) -> None:
    """With another Call-ID: the far end's page took its call back, or our peer has given us to another party
    that took its place. Offers that were under way are void."""
    if call.state is not CallState.ANSWERED:
        return
    before = call.dialog
    call = replace(call, dialog=message.dialog)
    if before is not None and before.call_id != message.dialog.call_id:
        if before.remote_uri != message.dialog.remote_uri:
            call = replace(
                call, number=clean_caller(message.number), display_name=clean_name(message.display_name)
            )
        if call.hold_wanted is not None and call.hold_wanted is not call.held:
            step.emit(SetHold(call.uuid, call.hold_wanted))
        else:
            call = replace(call, hold_wanted=None)
        call = replace(call, glares=0, media=begun_anew(call.media))
        step.stop_timers(f"hold:{call.uuid}")
    step.put(call)
