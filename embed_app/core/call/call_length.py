"""How long a call may last, where the account says so (`CallRules.longest_call_s`).

The timer is derived: after every step each answered call has the one it should have. So a call that is taken
back after a reload has what is left, and new rules of the account hold for calls that are going on.
"""

from __future__ import annotations

from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.machine import CallEvent
from embed_app.core.call.permission import rules_of
from embed_app.core.call.values import Call, CallState, Reason
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

_UP = (CallState.ANSWERED, CallState.RESUMING)


def follow(step: Step, _before: Phone, _message: Message) -> None:
    """After every step."""
    limit = rules_of(step.phone).longest_call_s
    for call in step.phone.live_calls:
        timer = Timer(TimerKind.LONGEST_CALL, call.uuid)
        if limit is None or call.answered_at is None or call.state not in _UP:
            step.stop_timers(timer)
            continue
        end = min(call.answered_at, step.at) + limit  # a record, or a clock, may name a time to come
        running = step.phone.due.get(timer)
        if running is None or (running > step.at and abs(running - end) > 1.0):
            step.start_timer(timer, max(0.0, end - step.at))


def reached(step: Step, call: Call) -> None:
    """The timer of the longest call."""
    release_signalling(step, call)
    end_call(step, call, CallEvent.TOO_LONG, Reason.TIME_LIMIT)
