"""Two offers cross (fault 41): the wait after a 491, and a hold that is sent again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.effects import SetHold
from embed_app.core.call.glare import glare_wait
from embed_app.core.call.messages import (
    HoldChanged,
    HoldFailed,
    HoldRequested,
    UnholdRequested,
)
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import (
    CALL,
    answered_inbound,
    answered_outbound,
)
from tests.core.wire import talking


@given(st.floats(0, 1))
def test_the_wait_after_a_491_follows_the_owner_of_the_call_id(chance: float) -> None:
    """RFC 3261 section 14.1."""
    assert 2.1 <= glare_wait(answered_outbound().call, chance) <= 4.0
    assert 0.0 <= glare_wait(answered_inbound().call, chance) <= 2.0


def test_a_hold_that_crossed_is_sent_again_and_nobody_hears_of_it() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
    driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    assert driver.last() == (SetHold(CALL, True),)
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    assert (driver.errors(), driver.call.held) == ([], True)


def test_a_hold_that_always_crosses_is_told_at_last() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    while Timer(TimerKind.HOLD_RETRY, CALL) in driver.phone.timers or driver.errors() == []:
        driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
        if Timer(TimerKind.HOLD_RETRY, CALL) in driver.phone.timers:
            driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    assert driver.errors() == ["hold_failed"]
    assert driver.asked(SetHold) == 6
    assert driver.call.hold_wanted is None


def test_a_wish_that_changed_during_the_wait_is_the_one_that_counts() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
    driver.send(UnholdRequested())
    driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    assert (driver.last(), driver.call.hold_wanted) == ((), None)
