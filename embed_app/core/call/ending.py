"""How a call ends: here at once, on the wire as its state asks for (RFC 3261 sections 9, 15 and 21.6.2)."""

from __future__ import annotations

from embed_app.core.call.effects import CancelInvite, RejectInvite, SendBye
from embed_app.core.call.machine import CallEvent, moved
from embed_app.core.call.selection import rings_here
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.link.messages import DisconnectRequested, TransportDown
from embed_app.core.resume.effects import CancelReplacement, SendFarewell
from embed_app.core.screen.values import Panel
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

ENDED_SHOWN_FOR = 4.0
"""Seconds."""


def end_call(step: Step, call: Call, event: CallEvent, reason: Reason) -> None:
    """Mark the end, if the table has it. What SIP hears is the caller's business (`release_signalling`)."""
    ended = moved(call, event, ended_at=step.at, release=reason)
    if ended is None:
        return
    step.put(ended)
    step.stop_timers_of(call)
    if call.state is CallState.RESUMING and call.dialog is not None:
        # The far end still waits in the dialog of the former page.
        step.emit(SendFarewell(call.dialog))
    panel = step.phone.panel if step.phone.live_calls else Panel.NONE
    step.change(last_ended=ended, panel=panel)
    step.start_timer(Timer(TimerKind.ENDED_SHOWN), ENDED_SHOWN_FOR)


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
    end_call(step, call, CallEvent.HUNG_UP, reason)


# ---- handlers


def disconnect_requested(step: Step, _message: DisconnectRequested) -> None:
    for call in step.phone.live_calls:
        hang_up(step, call)


def transport_down(step: Step, _message: TransportDown) -> None:
    """Nothing can be sent, but the user agent must let go of calls that were not answered. A late 200 on the
    next socket would make a call that nobody knows of."""
    for call in step.phone.live_calls:
        if moved(call, CallEvent.TRANSPORT_LOST) is not None:
            release_signalling(step, call)
            end_call(step, call, CallEvent.TRANSPORT_LOST, Reason.SIGNALING_LOST)


def ended_was_shown(step: Step, _late: float) -> None:
    """The timer of the screen's closing line fired."""
    step.change(last_ended=None)
