"""How long a call may last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.effects import SendBye
from embed_app.core.call.messages import AnswerRequested, CallAccepted, CallProgress, HangupRequested
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import ConfigReceived, RegisterAccepted, Started, TransportUp
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    GOOD,
    OPEN_RULES,
    T0,
    Driver,
    config,
    dial,
    invite,
    record,
    registered,
)

TWO_MINUTES = replace(OPEN_RULES, longest_call_s=120)
LIMIT = Timer(TimerKind.LONGEST_CALL, CALL)


def answered(**changes: object) -> Driver:
    driver = registered(rules=TWO_MINUTES, **changes)
    for step in (dial(), CallProgress(call_uuid=CALL, status=180)):
        driver.send(step)
    assert LIMIT not in driver.timers
    driver.send(CallAccepted(call_uuid=CALL), after=10)
    return driver


def test_the_phone_ends_a_call_that_has_lasted_long_enough_and_says_why() -> None:
    driver = answered()
    assert driver.due_in(LIMIT) == 120
    driver.fire(LIMIT)
    assert driver.asked(SendBye) == 1
    assert driver.reasons() == ["time_limit"]
    assert driver.told(ev.CallHangup)[-1].billsec == 120


def test_without_a_limit_there_is_no_timer() -> None:
    driver = registered()
    for step in (dial(), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    assert LIMIT not in driver.timers


def test_a_call_that_ends_before_stops_its_timer() -> None:
    driver = answered()
    driver.send(HangupRequested(call_uuid=CALL), after=5)
    assert LIMIT not in driver.timers
    assert driver.reasons() == ["local_hangup"]


def test_new_rules_hold_for_the_call_that_goes_on() -> None:
    driver = registered()
    for step in (dial(), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    driver.now += 30
    driver.send(ConfigReceived(config=config(rules=TWO_MINUTES)))
    assert driver.due_in(LIMIT) == 90
    driver.send(ConfigReceived(config=config(rules=replace(OPEN_RULES, longest_call_s=60))))
    assert driver.due_in(LIMIT) == 30
    driver.send(ConfigReceived(config=config()))
    assert LIMIT not in driver.timers


@pytest.mark.parametrize("answered_at", [T0 - 30, T0 - 500, T0 + 10_000])
def test_a_reload_gives_a_call_no_more_time(answered_at: float) -> None:
    found = record()
    found = replace(found, call=replace(found.call, answered_at=answered_at))
    driver = Driver()
    driver.send(Started(token=GOOD, record=found))
    for step in (ConfigReceived(config=config(rules=TWO_MINUTES)), TransportUp(), RegisterAccepted()):
        driver.send(step)
    assert driver.call.state is CallState.RESUMING
    assert driver.due_in(LIMIT) == max(0.0, 120 - max(0.0, T0 - answered_at))
    driver.fire(LIMIT)
    assert driver.reasons() == ["time_limit"]


def test_an_incoming_call_has_the_same_limit() -> None:
    driver = registered(rules=TWO_MINUTES)
    for step in (invite(), AnswerRequested(), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    assert driver.due_in(LIMIT) == 120


def test_a_token_of_its_own_changes_nothing() -> None:
    driver = answered()
    generation = driver.timers[LIMIT][1]
    driver.send(ConfigReceived(config=config(rules=TWO_MINUTES, display_name="B")), after=1)
    assert driver.timers[LIMIT][1] == generation
