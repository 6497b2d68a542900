"""What becomes of calls when another tab becomes the owner of the phone, or this one does.

When the owner dies, the next tab knows its calls from having shown them. What rang, rings on
(`ring_again.py`). What was answered is taken back as after a reload (`replacement.py`). What was on its way
out has died with its tab.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.ending import end_call
from embed_app.core.call.machine import CallEvent, moved
from embed_app.core.call.values import Call, Reason, TransferState
from embed_app.core.call.voice import held_for_another
from embed_app.core.link.messages import OwnershipGranted, OwnerShown
from embed_app.core.link.values import LinkState, Ownership
from embed_app.core.resume.effects import PassOn
from embed_app.core.resume.replacement import GIVE_UP_AFTER
from embed_app.core.resume.ring_again import await_ring, may_ring_again, never_rang_again
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind


def ownership_granted(step: Step, message: OwnershipGranted) -> None:
    """Take over the calls of the owner that has gone. Before `ownership.granted`, which accepts the rest."""
    left = message.left
    if step.link.ownership is not Ownership.ASKED or left is None or not left.link.wanted:
        return
    step.change(focus=left.focus, dialled_at=left.dialled_at)
    for shown in left.live_calls:
        call = replace(shown, aside=False)  # the user agent of this tab does not know of it yet
        step.put(call)
        resuming = _left_behind(call) if call.dialog is not None else None
        if resuming is not None:
            step.put(resuming)
            step.start_timer(Timer(TimerKind.RESUME_LIMIT, call.uuid), GIVE_UP_AFTER)
        elif may_ring_again(call):
            await_ring(step, call)
        else:
            end_call(step, call, CallEvent.ABANDONED, Reason.SIGNALING_LOST)


def _left_behind(call: Call) -> Call | None:
    """What a peer has to say of a transfer or a hold goes to the tab that asked, and nobody is there. None
    for a call that was not answered."""
    return moved(
        call,
        CallEvent.LEFT_BEHIND,
        held=held_for_another(call),
        hold_wanted=None,
        resume_tries=0,
        transfer=TransferState.NONE,
        transfer_target="",
        transfer_to="",
        question=None,
    )


def owner_shown(step: Step, message: OwnerShown) -> None:
    """Another tab is the owner and has these calls. What this one thought of its own, it forgets."""
    if step.link.state is not LinkState.STANDBY:
        return
    for call in step.phone.live_calls:
        if call.uuid in message.calls:
            step.drop(call)
        elif step.runs(TimerKind.QUEUED, call):
            step.stop_timers(Timer(TimerKind.QUEUED, call.uuid))
            step.emit(PassOn(call.uuid, call))
        elif step.runs(TimerKind.RING_AGAIN, call):
            never_rang_again(step, call)
        else:
            end_call(step, call, CallEvent.NOT_RESUMED, Reason.SIGNALING_LOST)
