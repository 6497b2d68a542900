"""A call that rang on a page or tab which has gone: the PBX rings us with it again, and it keeps its uuid."""

from __future__ import annotations

from embed_app.core.call.dialling import RING_TIMEOUT
from embed_app.core.call.effects import AcceptInvite
from embed_app.core.call.ending import end_call
from embed_app.core.call.machine import CallEvent
from embed_app.core.call.messages import InviteReceived
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.resume.effects import ExpectInvite
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

RINGS_AGAIN_WITHIN = 6.0
"""Seconds for the PBX to ring us with it."""


def may_ring_again(call: Call) -> bool:
    """Whether the PBX keeps it for the next page or tab that registers."""
    return call.direction is Direction.INBOUND and call.state in (CallState.RINGING, CallState.ANSWERING)


def await_ring(step: Step, call: Call) -> None:
    """`call` rang on the page or tab that has gone."""
    step.emit(ExpectInvite(call.uuid, call.sip_call_id))
    step.start_timer(Timer(TimerKind.RING_AGAIN, call.uuid), RINGS_AGAIN_WITHIN)


def invite_received(step: Step, message: InviteReceived) -> None:
    """An INVITE of a call that we know and wait for."""
    call = step.phone.call(message.call_uuid)
    if call is None or not step.runs(TimerKind.RING_AGAIN, call):
        return
    step.stop_timers(Timer(TimerKind.RING_AGAIN, call.uuid))
    if call.state is CallState.ANSWERING:  # the agent was quicker than the PBX
        step.emit(AcceptInvite(call.uuid))
    else:
        step.start_timer(
            Timer(TimerKind.RINGING, call.uuid), max(1.0, call.started_at + RING_TIMEOUT - step.at)
        )


def never_rang_again(step: Step, call: Call) -> None:
    step.emit(ExpectInvite("", call.sip_call_id))
    end_call(step, call, CallEvent.TIMED_OUT, Reason.SIGNALING_LOST)
