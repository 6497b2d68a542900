"""One call: which message may move it where, and how it ends.

      DialRequested                                   InviteReceived
           |                                                |
           v        registered       180/183                v
        QUEUED ----------> INVITING --------> RINGING (out)  RINGING (in)     Started with a record
           |                  |                 |              | AnswerRequested
           |                  |       200       |              v
           |                  +-------+---------+          ANSWERING
           |                          v                        |
           |                      ANSWERED <-------------------+  200 sent, ACK came   |
           |                          ^------------------------------------------- RESUMING
           |                          |
           +--------> ENDED <---------+   from every state: hang-up, CANCEL, a final status, a lost line

Hold and mute are orthogonal: fields of an ANSWERED call, not states. An ENDED call never moves again
and never causes an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.model import Call, CallState, Direction, Panel, Phone
from embed_app.core.release_cause import Reason
from embed_app.core.turn import Turn

_Q, _I, _R = CallState.QUEUED, CallState.INVITING, CallState.RINGING
_G, _A, _E = CallState.ANSWERING, CallState.ANSWERED, CallState.ENDED
_S = CallState.RESUMING

TRANSITIONS: Mapping[tuple[CallState, Direction, type[msg.Message]], CallState] = {
    **{
        (state, direction, message): _E
        for direction, states in (
            (Direction.OUTBOUND, (_I, _R, _A)),
            (Direction.INBOUND, (_R, _G, _A)),
        )
        for state in states
        for message in (msg.HangupRequested, msg.CallEnded)
    },
    (_Q, Direction.OUTBOUND, msg.HangupRequested): _E,
    (_Q, Direction.OUTBOUND, msg.RegisterAccepted): _I,
    (_I, Direction.OUTBOUND, msg.CallProgress): _R,
    (_R, Direction.OUTBOUND, msg.CallProgress): _R,
    (_I, Direction.OUTBOUND, msg.CallAccepted): _A,
    (_R, Direction.OUTBOUND, msg.CallAccepted): _A,
    (_R, Direction.INBOUND, msg.AnswerRequested): _G,
    (_G, Direction.INBOUND, msg.CallAccepted): _A,
    (_I, Direction.OUTBOUND, msg.MicrophoneFailed): _E,
    (_R, Direction.OUTBOUND, msg.MicrophoneFailed): _E,
    (_G, Direction.INBOUND, msg.MicrophoneFailed): _E,
    **{
        (_S, direction, message): state
        for direction in Direction
        for message, state in (
            (msg.CallAccepted, _A),
            (msg.HangupRequested, _E),
            (msg.MicrophoneFailed, _E),
        )
    },
    # Nothing can be heard about a call that was not answered yet once the line is gone;
    # an answered one goes on without it.
    (_I, Direction.OUTBOUND, msg.TransportDown): _E,
    (_R, Direction.OUTBOUND, msg.TransportDown): _E,
    (_R, Direction.INBOUND, msg.TransportDown): _E,
    (_G, Direction.INBOUND, msg.TransportDown): _E,
}
"""(state, direction, what happened) -> the next state. What is not here is illegal and changes nothing."""

INVITE_TIMEOUT = 90.0
RING_TIMEOUT = 60.0
QUEUE_TIMEOUT = 20.0
ENDED_SHOWN_FOR = 4.0
CALL_TIMERS = ("queue", "invite", "ring", "again", "transfer", "hold", "sample", "silence", "ice", "lost")
RESUME_TIMERS = ("resume", "resume_limit")


def next_state(call: Call, message: msg.Message) -> CallState | None:
    """The state `message` moves the call to; None where it is illegal here."""
    return TRANSITIONS.get((call.state, call.direction, type(message)))


def timer_names(uuid: str) -> tuple[str, ...]:
    """Every timer that belongs to one call."""
    return tuple(f"{kind}:{uuid}" for kind in CALL_TIMERS + RESUME_TIMERS)


def active_call(phone: Phone) -> Call | None:
    """The call a wish without `call_uuid` means and the screen shows: the one the agent is with, else the
    newest."""
    focus = phone.call(phone.focus)
    if focus is not None:
        return focus
    live = [call for call in phone.live_calls if not rings_here(call)] or phone.live_calls
    talking = [call for call in live if call.state is _A and not call.held] or live
    return talking[-1] if talking else None


def rings_here(call: Call) -> bool:
    return call.state is _R and call.direction is Direction.INBOUND


def ringing_call(phone: Phone) -> Call | None:
    return next((call for call in phone.live_calls if rings_here(call)), None)


def end_call(turn: Turn, call: Call, reason: Reason) -> None:
    """Mark the end; the line itself is the caller's business (`release_line`)."""
    ended = replace(call, state=CallState.ENDED, ended_at=turn.at, release=reason)
    turn.put(ended)
    turn.stop_timers(*timer_names(call.uuid))
    if call.state is CallState.RESUMING and call.dialog is not None:
        # The far end still waits in the dialog of the former page.
        turn.change(farewells=(*turn.phone.farewells, call.dialog))
    panel = turn.phone.panel if turn.phone.live_calls else Panel.NONE
    turn.change(last_ended=ended, panel=panel)
    turn.start_timer("ended", ENDED_SHOWN_FOR)


def release_line(turn: Turn, call: Call, *, reject_status: int = 603) -> None:
    """Ask SIP to end the call the way its state asks for (RFC 3261 sections 9, 15 and 21.6.2)."""
    match call.state, call.direction:
        case CallState.INVITING | CallState.RINGING, Direction.OUTBOUND:
            turn.emit(do.CancelInvite(call.uuid))
        case CallState.RINGING, Direction.INBOUND:
            turn.emit(do.RejectInvite(call.uuid, reject_status))
        case ((CallState.ANSWERING | CallState.ANSWERED), _):
            turn.emit(do.SendBye(call.uuid))
        case CallState.RESUMING, _:
            turn.emit(do.CancelReplacement(call.uuid))
        case _:
            pass


def hang_up(turn: Turn, call: Call) -> None:
    """The agent or the parent ends the call: at once here, on the wire as it may. Whoever declines because
    of another call is busy."""
    in_a_call = any(not rings_here(other) for other in turn.phone.live_calls if other.uuid != call.uuid)
    release_line(turn, call, reject_status=486 if in_a_call else 603)
    if call.state in (CallState.ANSWERED, CallState.ANSWERING, CallState.RESUMING):
        reason = Reason.LOCAL_HANGUP
    else:
        reason = Reason.CANCELLED if call.direction is Direction.OUTBOUND else Reason.REJECTED
    end_call(turn, call, reason)
