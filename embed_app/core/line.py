"""The line: of all frames of one browser that share an extension, one registers and holds the calls.

    ALONE      no other frame can be seen from here: this one registers, as if it were the only one
    NONE --the configuration is there--> ASKED --LineGranted--> OURS --its token is no good--> NONE
                                         STANDBY: another frame has the line, and this one shows what that one
                                         does (`tabs.py`)

When a frame dies, the line goes to the next, which knows the calls of the dead one from having shown them.
What rang, rings on: the PBX offers a call to whoever registers for it, and it keeps its uuid. What was
answered is taken back as after a reload (`resume.py`). What was on its way out has died with its frame.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import memory, registration
from embed_app.core.call import RING_TIMEOUT, end_call
from embed_app.core.line_messages import LineFollowed, LineGranted
from embed_app.core.model import (
    Call,
    CallState,
    Direction,
    LinkState,
    Phone,
    TransferState,
    Transport,
    UnregisterReason,
)
from embed_app.core.places import Lease, Line
from embed_app.core.release_cause import Reason
from embed_app.core.turn import Turn

RINGS_AGAIN_WITHIN = 6.0
"""Seconds for the PBX to ring us with a call that rang at the frame before."""
RESUMED_WITHIN = 25.0
_ON_LINE = (LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED)
_TOKEN_REFUSED = frozenset(
    {"token_missing", "token_malformed", "token_expired", "token_rejected", "token_foreign"}
)
"""Only this frame cannot go on: another one may have a better token."""


def granted(turn: Turn, message: LineGranted) -> None:
    if turn.link.line is not Line.ASKED:
        return
    turn.change_link(line=Line.OURS)
    if message.left is not None:
        _take_over(turn, message.left)
    if turn.link.state is LinkState.STANDBY:
        registration.open_line(turn)


def _take_over(turn: Turn, left: Phone) -> None:
    """`left`: the phone as the frame that is gone has left it."""
    if not left.link.wanted:  # somebody had switched the phone off, in whichever frame
        turn.change_link(state=LinkState.IDLE, wanted=False, unregistered=left.link.unregistered)
        return
    config = turn.link.config
    turn.change_link(lease=left.link.lease)
    if left.link.lease is Lease.HELD and config is not None and config.lease_ticket:
        turn.emit(do.HoldLease(config.lease_ticket))  # the page that went has shortened it
    if left.link.state is LinkState.REGISTERED:
        turn.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    turn.change(focus=left.focus)
    memory.taken_over(turn, left)
    for call in left.live_calls:
        turn.put(call)
        if call.state in (CallState.ANSWERED, CallState.RESUMING) and call.dialog is not None:
            turn.put(_left_behind(call))
            turn.start_timer(f"resume_limit:{call.uuid}", RESUMED_WITHIN)
        elif may_ring_again(call):
            await_ring(turn, call)
        else:
            end_call(turn, call, Reason.SIGNALING_LOST)


def _left_behind(call: Call) -> Call:
    """What a peer has to say of a transfer or a hold goes to the frame that asked, and nobody is there."""
    return replace(
        call,
        state=CallState.RESUMING,
        hold_wanted=None,
        resume_tries=0,
        transfer=TransferState.NONE,
        transfer_target="",
        transfer_to="",
    )


def may_ring_again(call: Call) -> bool:
    """Whether the PBX keeps it for the next frame that registers."""
    return call.direction is Direction.INBOUND and call.state in (CallState.RINGING, CallState.ANSWERING)


def await_ring(turn: Turn, call: Call) -> None:
    """One that rang at the frame before, when that went away."""
    turn.emit(do.ExpectInvite(call.uuid, call.sip_call_id))
    turn.start_timer(f"again:{call.uuid}", RINGS_AGAIN_WITHIN)


def rings_again(turn: Turn, call: Call) -> None:
    """The PBX told us of a call we know."""
    if f"again:{call.uuid}" not in turn.phone.timers:
        return
    turn.stop_timers(f"again:{call.uuid}")
    if call.state is CallState.ANSWERING:  # the agent was quicker than the PBX
        turn.emit(do.AcceptInvite(call.uuid))
    else:
        turn.start_timer(f"ring:{call.uuid}", max(1.0, call.started_at + RING_TIMEOUT - turn.at))


def never_rang_again(turn: Turn, call: Call) -> None:
    turn.emit(do.ExpectInvite("", call.sip_call_id))
    end_call(turn, call, Reason.SIGNALING_LOST)


def followed(turn: Turn, message: LineFollowed) -> None:
    """Another frame has the line and these calls. What this one thought of its own, it forgets."""
    if turn.link.state is not LinkState.STANDBY:
        return
    memory.followed(turn, message.saves)
    for call in turn.phone.live_calls:
        if call.uuid in message.calls:
            turn.drop(call)
        elif f"queue:{call.uuid}" in turn.phone.timers:
            turn.stop_timers(f"queue:{call.uuid}")
            turn.emit(do.PassOn(call.uuid, call))
        elif call.state is CallState.RESUMING:
            end_call(turn, call, Reason.SIGNALING_LOST)
        elif f"again:{call.uuid}" in turn.phone.timers:
            never_rang_again(turn, call)


def frozen(turn: Turn) -> None:
    """The page may come back as it is, so it must not stand in the way of others meanwhile."""
    link = turn.link
    if turn.phone.live_calls or link.state not in (*_ON_LINE, LinkState.STANDBY, LinkState.WAITING):
        return
    turn.stop_timers("reconnect")
    if link.state is LinkState.REGISTERED:
        turn.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    turn.change_link(state=LinkState.WAITING, lease=Lease.NONE)
    if link.line in (Line.ASKED, Line.OURS):
        turn.change_link(line=Line.NONE)
        turn.emit(do.LeaveLine())
    if link.state in _ON_LINE:
        turn.emit(do.CloseTransport())


def settle(turn: Turn) -> None:
    """After every step: nobody keeps a line that only another frame could use."""
    link = turn.link
    if link.line not in (Line.ASKED, Line.OURS) or turn.phone.live_calls:
        return
    if link.state is LinkState.REFUSED and link.refusal in _TOKEN_REFUSED:
        turn.change_link(line=Line.NONE)
        turn.emit(do.LeaveLine())
        if link.transport is Transport.UP:
            turn.emit(do.CloseTransport())
