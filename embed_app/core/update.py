"""`update(phone, message) -> (phone, effects)`: the whole phone, pure. Never raises for any message.

Who handles what stands in `routes.py`; this module only spreads.
"""

from __future__ import annotations

from embed_app.core.call.messages import CallReport, CallWish
from embed_app.core.call.values import CallState
from embed_app.core.call.wishes import call_meant
from embed_app.core.effect import Effect
from embed_app.core.link import keep_alive, reconnect
from embed_app.core.link.messages import WokeUp
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.routes import (
    CALL_TIMERS,
    FOLLOWERS,
    MESSAGES,
    PHONE_TIMERS,
    REPORTS,
    WISHES,
    WISHES_IN_CALL,
)
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerFired, TimerKind


def update(phone: Phone, message: Message) -> tuple[Phone, tuple[Effect, ...]]:
    """One step. `phone.notices` and ended calls of the step before are gone in the result."""
    step = Step(phone, message.at, message.chance)
    _spread(step, message)
    for follow in FOLLOWERS:
        follow(step, phone, message)
    return step.phone, tuple(step.effects)


def _spread(step: Step, message: Message) -> None:
    handlers = MESSAGES.get(type(message))
    if handlers is not None:
        for handle in handlers:
            handle(step, message)
    elif isinstance(message, CallReport):
        _report(step, message)
    elif isinstance(message, CallWish):
        _wish(step, message)
    elif isinstance(message, TimerFired):
        if step.phone.timers.get(message.timer) == message.generation:
            late = step.at - step.phone.due.get(message.timer, step.at)
            _fire(step, message.timer, late)
    elif isinstance(message, WokeUp):
        _wake_up(step)
    else:
        raise TypeError(f"no handler for {type(message).__name__}")


def _report(step: Step, message: CallReport) -> None:
    for handle in REPORTS[type(message)]:
        call = step.phone.call(message.call_uuid)
        if call is not None:
            handle(step, call, message)


def _wish(step: Step, message: CallWish) -> None:
    call = call_meant(step.phone, message)
    if call is None:
        step.problem("no_call", call_uuid=message.call_uuid)
    elif type(message) in WISHES:
        WISHES[type(message)](step, call, message)
    elif call.state is CallState.ANSWERED:
        WISHES_IN_CALL[type(message)](step, call, message)
    else:
        step.problem("invalid_state", call_uuid=call.uuid)


def _fire(step: Step, timer: Timer, late: float) -> None:
    """`late`: seconds after it was due."""
    step.forget_timers(timer)
    if timer.kind in CALL_TIMERS:
        call = step.phone.call(timer.call_uuid)
        if call is not None:
            CALL_TIMERS[timer.kind](step, call)
        return
    if timer.kind is TimerKind.PING and late >= keep_alive.LATE:
        _wake_up(step)  # this machine slept, or the page was frozen
    PHONE_TIMERS[timer.kind](step, late)


def _wake_up(step: Step) -> None:
    """Do what a sleeping machine has missed, then see whether the WebSocket still lives."""
    overdue = sorted((at, timer) for timer, at in step.phone.due.items() if at <= step.at)
    for at, timer in overdue:
        if step.phone.due.get(timer) == at:  # none of those before has changed it
            step.stop_timers(timer)
            _fire(step, timer, step.at - at)
    reconnect.retry(step)
    keep_alive.ping(step)
