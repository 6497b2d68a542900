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
(`line.py`); one that was dialled is cancelled by the page that goes, and its end told by the next. What is
left behind for the next page is a projection of the phone as well (`record_of`), so no change of a call can
be forgotten in it.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import line, media, registration
from embed_app.core import messages as msg
from embed_app.core.call import ENDED_SHOWN_FOR, end_call, hang_up, release_line, rings_here
from embed_app.core.dial_string import clean_caller, clean_name
from embed_app.core.dialog import replacement_targets
from embed_app.core.media_watch import begun_anew
from embed_app.core.model import Call, CallState, Direction, LinkState, Phone, Transport
from embed_app.core.release_cause import Reason
from embed_app.core.resume_record import MOST_OTHERS, ResumeRecord
from embed_app.core.turn import Turn

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
    early = [call for call in phone.live_calls if line.may_ring_again(call) or _is_dialled(call)]
    calls = [*calls[:1], *waiting, *early]
    if not calls:
        return None
    first, *others = calls[: 1 + MOST_OTHERS]
    return ResumeRecord(extension=token.extension, customer=token.customer, call=first, others=tuple(others))


def started(turn: Turn, message: msg.Started | msg.RecordFound) -> None:
    """The first step of a page that found a record, or the first with a token."""
    record, token = message.record, turn.link.token
    if record is None or token is None or not turn.phone.settings.resume:
        return
    if (record.extension, record.customer) != (token.extension, token.customer):
        return
    if not _owner_has_left(record, message.owner_gone, turn.at):
        return
    too_late = turn.at - record.alive_at > RECORD_LIVES
    for call in reversed(record.calls):
        if turn.phone.call(call.uuid) is not None:
            continue  # the page that has it came first
        if too_late or _is_dialled(call):
            _told_late(turn, call, record)
        else:
            _go_on(turn, call)
    if turn.phone.live_calls and turn.link.state is LinkState.IDLE:
        registration.connect(turn)


def _go_on(turn: Turn, call: Call) -> None:
    turn.put(call)
    if call.state is not CallState.RESUMING:
        return line.await_ring(turn, call)
    turn.change(focus=call.uuid)  # the one the agent was with comes last
    return turn.start_timer(f"resume_limit:{call.uuid}", GIVE_UP_AFTER)


def page_left(turn: Turn) -> None:
    """What is dialled ends on the wire, and the next page tells of it: what this one says may get lost, and
    nothing may be said twice. With `resume=0` no other page could. What rings here is not declined: it rings
    again."""
    live = turn.phone.live_calls
    if turn.phone.settings.resume:
        if live:
            turn.emit(do.KeepEvents())
        for call in filter(_is_dialled, live):
            release_line(turn, call)
        return
    for call in live:
        if rings_here(call):
            end_call(turn, call, Reason.SIGNALING_LOST)
        else:
            hang_up(turn, call)


def _is_dialled(call: Call) -> bool:
    dialled = (CallState.QUEUED, CallState.INVITING, CallState.RINGING)
    return call.direction is Direction.OUTBOUND and call.state in dialled


def _owner_has_left(record: ResumeRecord, owner_gone: bool | None, now: float) -> bool:
    """A duplicated tab finds a copy of the record of a call that is alive in the other tab."""
    if record.released or owner_gone:
        return True
    return owner_gone is None and now - record.alive_at > SILENT_FOR


def _told_late(turn: Turn, call: Call, record: ResumeRecord) -> None:
    """It ended with its page, or the far end has hung up long ago; the parent of then never heard of it."""
    cancelled = record.released and _is_dialled(call)
    reason = Reason.CANCELLED if cancelled else Reason.SIGNALING_LOST
    ended = replace(call, state=CallState.ENDED, ended_at=record.alive_at, release=reason)
    turn.put(ended)
    turn.change(last_ended=ended)
    turn.start_timer("ended", ENDED_SHOWN_FOR)


def follow(turn: Turn) -> None:
    """After every step: whatever waits for the line goes out once it is there."""
    up = turn.link.transport is Transport.UP
    for call in turn.phone.live_calls:
        if call.state is not CallState.RESUMING:
            continue
        if not up:
            turn.stop_timers(f"resume:{call.uuid}")  # the next line is tried at once
        elif f"resume:{call.uuid}" not in turn.phone.timers:
            _try(turn, call)
    if not turn.phone.farewells:
        return
    if up:
        turn.emit(*(do.SendFarewell(dialog) for dialog in turn.phone.farewells))
    if up or turn.link.state is LinkState.IDLE:
        turn.change(farewells=())


def _try(turn: Turn, call: Call) -> None:
    """The timer runs for as long as no other try may be made."""
    if call.dialog is None:
        raise TypeError("a call is resumed from its dialog")
    targets = replacement_targets(call.dialog)
    target = targets[call.resume_tries % len(targets)]
    if call.resume_in_dialog:
        target = call.dialog.remote_target
    turn.put(replace(call, resume_tries=call.resume_tries + 1))
    turn.emit(
        do.SendReplacement(call.uuid, target, call.dialog, call.muted, call.held, call.resume_in_dialog)
    )
    turn.start_timer(f"resume:{call.uuid}", TRY_FOR)


def far_end_rings(turn: Turn, call: Call) -> None:
    """180: it is at work and will answer."""
    turn.start_timer(f"resume:{call.uuid}", GIVE_UP_AFTER)


def replacement_failed(turn: Turn, call: Call, status: int) -> None:
    if call.state is not CallState.RESUMING or call.dialog is None:
        return
    if status == _NO_REPLACES and not call.resume_in_dialog:
        turn.put(replace(call, resume_in_dialog=True))
        turn.stop_timers(f"resume:{call.uuid}")  # at once
        return
    # A proxy may refuse an address it does not know (403, 404); the far end itself knows best (481).
    untried = not call.resume_in_dialog and call.resume_tries < len(replacement_targets(call.dialog))
    another = untried and status != _GONE
    if status in _NOT_YET or another:
        turn.start_timer(f"resume:{call.uuid}", TRY_AGAIN_AFTER)
    else:
        end_call(turn, call, Reason.SIGNALING_LOST)


def resumed(turn: Turn, call: Call) -> None:
    turn.stop_timers(f"resume:{call.uuid}", f"resume_limit:{call.uuid}")
    call = replace(call, state=CallState.ANSWERED, resume_tries=0, resume_in_dialog=False)
    turn.put(call)
    media.watch(turn, call)
    turn.emit(do.SetMute(call.uuid, call.muted))  # what was wished for since the try began


def ran_out(turn: Turn, call: Call) -> None:
    release_line(turn, call)
    end_call(turn, call, Reason.SIGNALING_LOST)


def dialog_known(turn: Turn, call: Call, message: msg.DialogKnown) -> None:
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
            turn.emit(do.SetHold(call.uuid, call.hold_wanted))
        else:
            call = replace(call, hold_wanted=None)
        call = replace(call, glares=0, media=begun_anew(call.media))
        turn.stop_timers(f"hold:{call.uuid}")
    turn.put(call)
