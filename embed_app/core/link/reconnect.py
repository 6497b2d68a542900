"""WAITING: how long until the next attempt, and what cuts the wait short.

`delay` is pure, after livekit's ReconnectPolicy: no clock and no randomness inside.
"""

from __future__ import annotations

from typing import Any

from embed_app.core.link.advance import open_transport
from embed_app.core.link.machine import LinkEvent, move
from embed_app.core.link.messages import WentOffline, WentOnline
from embed_app.core.link.values import LinkState
from embed_app.core.notices import ReconnectScheduled
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

FIRST_DELAY = 0.5
"""Seconds."""
MAX_DELAY = 30.0
"""Seconds."""


def delay(attempt: int, chance: float) -> float:
    """Seconds before attempt 1, 2, …: 0.5 s doubling to 30 s. Raises ValueError for an attempt below 1.

    `chance` (0 to 1) spreads the upper half, so that a thousand phones do not return to a restarted
    PBX in the same instant.
    """
    if attempt < 1:
        raise ValueError("attempts count from 1")
    base = min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(attempt - 1, 16))
    return base / 2 + base / 2 * min(1.0, max(0.0, chance))


def wait(step: Step, event: LinkEvent, code: str, **detail: Any) -> None:
    """Schedule the next attempt. `code`: of the `error`, or "" for none.

    Of several failures in a row each code is told once, the others are only counted.
    """
    attempt = step.link.attempt + 1
    seconds = delay(attempt, step.chance)
    if not move(step, event, attempt=attempt):
        return
    if code and code not in step.link.told_codes:
        step.change_link(told_codes=(*step.link.told_codes, code))
        step.problem(code, **detail)
    step.notice(ReconnectScheduled(attempt=attempt, delay_ms=round(seconds * 1000)))
    step.start_timer(Timer(TimerKind.RECONNECT), seconds)


def retry(step: Step) -> None:
    """The wait is over, or cut short: by `online`, `connect`, or a page that is seen again."""
    step.stop_timers(Timer(TimerKind.RECONNECT))
    if step.link.state is LinkState.WAITING:
        open_transport(step)


def reconnect_due(step: Step, _late: float) -> None:
    retry(step)


def went_online(step: Step, _message: WentOnline) -> None:
    step.change_link(offline=False)
    retry(step)


def went_offline(step: Step, _message: WentOffline) -> None:
    """Nothing is given up: the browser may be wrong."""
    step.change_link(offline=True)
