"""How a call ends: here at once, on the wire as its state asks for (RFC 3261 sections 9, 15 and 21.6.2)."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.effects import CancelInvite, RejectInvite, SendBye
from embed_app.core.call.selection import rings_here
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.resume.effects import CancelReplacement
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step

INVITE_TIMEOUT = 90.0
RING_TIMEOUT = 60.0
QUEUE_TIMEOUT = 20.0
ENDED_SHOWN_FOR = 4.0
CALL_TIMERS = ("queue", "invite", "ring", "again", "transfer", "hold", "sample", "silence", "ice", "lost")
RESUME_TIMERS = ("resume", "resume_limit")


def timer_names(uuid: str) -> tuple[str, ...]:
    """Every timer that belongs to one call."""
    return tuple(f"{kind}:{uuid}" for kind in CALL_TIMERS + RESUME_TIMERS)


def end_call(step: Step, call: Call, reason: Reason) -> None:
    """Mark the end; the line itself is the caller's business (`release_line`)."""
    ended = replace(call, state=CallState.ENDED, ended_at=step.at, release=reason)
    step.put(ended)
    step.stop_timers(*timer_names(call.uuid))
    if call.state is CallState.RESUMING and call.dialog is not None:
        # The far end still waits in the dialog of the former page.
        step.change(farewells=(*step.phone.farewells, call.dialog))
    panel = step.phone.panel if step.phone.live_calls else Panel.NONE
    step.change(last_ended=ended, panel=panel)
    step.start_timer("ended", ENDED_SHOWN_FOR)


def release_signalling(step: Step, call: Call, *, reject_status: int = 603) -> None:
    """Ask SIP to end the call the way its state asks for (RFC 3261 sections 9, 15 and 21.6.2)."""
    match call.state, call.direction:
        case CallState.INVITING | CallState.RINGING, Direction.OUTBOUND:
            step.emit(CancelInvite(call.uuid))
        case CallState.RINGING, Direction.INBOUND:
            step.emit(RejectInvite(call.uuid, reject_status))
        case ((CallState.ANSWERING | CallState.ANSWERED), _):
            step.emit(SendBye(call.uuid))
        case CallState.RESUMING, _:
            step.emit(CancelReplacement(call.uuid))
        case _:
            pass


def hang_up(step: Step, call: Call) -> None:
    """The agent or the parent ends the call: at once here, on the wire as it may. Whoever declines because
    of another call is busy."""
    in_a_call = any(not rings_here(other) for other in step.phone.live_calls if other.uuid != call.uuid)
    release_signalling(step, call, reject_status=486 if in_a_call else 603)
    if call.state in (CallState.ANSWERED, CallState.ANSWERING, CallState.RESUMING):
        reason = Reason.LOCAL_HANGUP
    else:
        reason = Reason.CANCELLED if call.direction is Direction.OUTBOUND else Reason.REJECTED
    end_call(step, call, reason)
