"""The line: of all frames of one browser that share an extension, one registers and holds the calls.

    ALONE      no other frame can be seen from here: this one registers, as if it were the only one
    NONE --the configuration is there--> ASKED --LineGranted--> OURS --its token is no good--> NONE
                                         STANDBY: another frame has the line, and this one shows what that one
                                         does (`tabs/sharing.py`)

When a frame dies, the line goes to the next, which knows the calls of the dead one from having shown them.
What rang, rings on: the PBX offers a call to whoever registers for it, and it keeps its uuid. What was
answered is taken back as after a reload (`resume.py`). What was on its way out has died with its frame.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.effects import AcceptInvite
from embed_app.core.call.ending import RING_TIMEOUT, end_call
from embed_app.core.call.values import Call, CallState, Direction, Reason, TransferState
from embed_app.core.history import history
from embed_app.core.link import registration
from embed_app.core.link.effects import CloseTransport, HoldLease, ReleaseOwnership
from embed_app.core.link.messages import OwnershipGranted, OwnerShown
from embed_app.core.link.values import Lease, LinkState, Ownership, Transport, UnregisterReason
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import ExpectInvite, PassOn
from embed_app.core.step import Step

RINGS_AGAIN_WITHIN = 6.0
"""Seconds for the PBX to ring us with a call that rang at the frame before."""
RESUMED_WITHIN = 25.0
_ON_LINE = (LinkState.CONNECTING, LinkState.REGISTERING, LinkState.REGISTERED)
_TOKEN_REFUSED = frozenset(
    {"token_missing", "token_malformed", "token_expired", "token_rejected", "token_foreign"}
)
"""Only this frame cannot go on: another one may have a better token."""


def granted(step: Step, message: OwnershipGranted) -> None:
    if step.link.ownership is not Ownership.ASKED:
        return
    step.change_link(ownership=Ownership.OWNER)
    if message.left is not None:
        _take_over(step, message.left)
    if step.link.state is LinkState.STANDBY:
        registration.open_line(step)


def _take_over(step: Step, left: Phone) -> None:
    """`left`: the phone as the frame that is gone has left it."""
    if not left.link.wanted:  # somebody had switched the phone off, in whichever frame
        step.change_link(state=LinkState.IDLE, wanted=False, unregistered=left.link.unregistered)
        return
    config = step.link.config
    step.change_link(lease=left.link.lease)
    if left.link.lease is Lease.HELD and config is not None and config.lease_ticket:
        step.emit(HoldLease(config.lease_ticket))  # the page that went has shortened it
    if left.link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    step.change(focus=left.focus)
    history.taken_over(step, left)
    for call in left.live_calls:
        step.put(call)
        if call.state in (CallState.ANSWERED, CallState.RESUMING) and call.dialog is not None:
            step.put(_left_behind(call))
            step.start_timer(f"resume_limit:{call.uuid}", RESUMED_WITHIN)
        elif may_ring_again(call):
            await_ring(step, call)
        else:
            end_call(step, call, Reason.SIGNALING_LOST)


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


def await_ring(step: Step, call: Call) -> None:
    """One that rang at the frame before, when that went away."""
    step.emit(ExpectInvite(call.uuid, call.sip_call_id))
    step.start_timer(f"again:{call.uuid}", RINGS_AGAIN_WITHIN)


def rings_again(step: Step, call: Call) -> None:
    """The PBX told us of a call we know."""
    if f"again:{call.uuid}" not in step.phone.timers:
        return
    step.stop_timers(f"again:{call.uuid}")
    if call.state is CallState.ANSWERING:  # the agent was quicker than the PBX
        step.emit(AcceptInvite(call.uuid))
    else:
        step.start_timer(f"ring:{call.uuid}", max(1.0, call.started_at + RING_TIMEOUT - step.at))


def never_rang_again(step: Step, call: Call) -> None:
    step.emit(ExpectInvite("", call.sip_call_id))
    end_call(step, call, Reason.SIGNALING_LOST)


def followed(step: Step, message: OwnerShown) -> None:
    """Another frame has the line and these calls. What this one thought of its own, it forgets."""
    if step.link.state is not LinkState.STANDBY:
        return
    history.followed(step, message.saves)
    for call in step.phone.live_calls:
        if call.uuid in message.calls:
            step.drop(call)
        elif f"queue:{call.uuid}" in step.phone.timers:
            step.stop_timers(f"queue:{call.uuid}")
            step.emit(PassOn(call.uuid, call))
        elif call.state is CallState.RESUMING:
            end_call(step, call, Reason.SIGNALING_LOST)
        elif f"again:{call.uuid}" in step.phone.timers:
            never_rang_again(step, call)


def frozen(step: Step) -> None:
    """The page may come back as it is, so it must not stand in the way of others meanwhile."""
    link = step.link
    if step.phone.live_calls or link.state not in (*_ON_LINE, LinkState.STANDBY, LinkState.WAITING):
        return
    step.stop_timers("reconnect")
    if link.state is LinkState.REGISTERED:
        step.change_link(unregistered=UnregisterReason.TRANSPORT_DISCONNECT)
    step.change_link(state=LinkState.WAITING, lease=Lease.NONE)
    if link.ownership in (Ownership.ASKED, Ownership.OWNER):
        step.change_link(ownership=Ownership.NOT_ASKED)
        step.emit(ReleaseOwnership())
    if link.state in _ON_LINE:
        step.emit(CloseTransport())


def settle(step: Step) -> None:
    """After every step: nobody keeps a line that only another frame could use."""
    link = step.link
    if link.ownership not in (Ownership.ASKED, Ownership.OWNER) or step.phone.live_calls:
        return
    if link.state is LinkState.REFUSED and link.refusal in _TOKEN_REFUSED:
        step.change_link(ownership=Ownership.NOT_ASKED)
        step.emit(ReleaseOwnership())
        if link.transport is Transport.UP:
            step.emit(CloseTransport())
