"""Callers without end: they hear busy, and nothing that matters is lost for them."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embed_app.core.call.effects import RejectInvite
from embed_app.core.call.messages import AnswerRequested, CallAccepted, CallEnded, HangupRequested
from embed_app.core.call.ring_flood import (
    MOST_OF_ALL,
    MOST_OF_ONE_CALLER,
    MOST_WITH_ELSEWHERE,
    WINDOW,
)
from embed_app.core.call.values import Reason
from embed_app.core.history.messages import DoNotDisturbChosen
from embed_app.core.history.values import MOST_CALLS, MOST_WANTED, PastCall, newest
from tests.core.driver import CALL, Driver, bye, dial, invite, registered


def uuid(number: int) -> str:
    return str(UUID(int=number))


def ring(
    driver: Driver, number: int, caller: str = "0900000001", *, end: str = "cancel", after: float = 0.01
) -> bool:
    """One INVITE, and its end by the caller. False when it was turned away without a row."""
    rows = len(driver.phone.history.calls)
    driver.send(invite(uuid(number), number=caller), after=after)
    if RejectInvite(uuid(number), 486) in driver.last():
        return len(driver.phone.history.calls) > rows
    reason = 'SIP;cause=200;text="Call completed elsewhere"' if end == "elsewhere" else ""
    driver.send(CallEnded(call_uuid=uuid(number), by_remote=True, kind="cancel", reason=reason))
    return True


def test_one_caller_is_busy_after_some_and_others_ring() -> None:
    driver = registered()
    rung = [ring(driver, n) for n in range(4000)]
    assert sum(rung) == MOST_OF_ONE_CALLER
    assert len(driver.phone.history.calls) == MOST_OF_ONE_CALLER
    assert driver.errors() == ["too_many_calls"]
    assert ring(driver, 5000, caller="0911111111")


def test_changing_callers_are_busy_after_some() -> None:
    driver = registered()
    rung = [ring(driver, n, caller=f"09{n:08}") for n in range(4000)]
    assert sum(rung) == MOST_OF_ALL
    assert driver.errors() == ["too_many_calls"]
    assert len(driver.phone.rings.rung) <= 2 * MOST_OF_ALL


@pytest.mark.parametrize("first", [dial(number="0988888888"), invite(number="0988888888")])
def test_whom_the_agent_knows_gets_through_a_flood_of_strangers(first: object) -> None:
    driver = registered()
    driver.send(first)  # type: ignore[arg-type]
    if driver.call.state == "ringing":
        driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(bye())
    for n in range(200):
        ring(driver, n, caller=f"09{n:08}")
    assert not ring(driver, 900, caller="0977777777")
    known = [ring(driver, n, caller="0988888888") for n in range(1000, 1100)]
    assert sum(known) == MOST_OF_ONE_CALLER


def test_a_flood_is_turned_away_as_long_as_it_lasts_and_no_longer() -> None:
    driver = registered()
    for n in range(600):  # ten minutes
        assert ring(driver, n, after=1.0) is (n < MOST_OF_ONE_CALLER)
    assert ring(driver, 601, after=WINDOW)
    assert driver.errors() == ["too_many_calls"]
    for n in range(700, 720):
        ring(driver, n, after=0.5)
    assert driver.errors() == ["too_many_calls"] * 2


def test_a_caller_who_is_answered_each_time_is_no_flood() -> None:
    driver = registered()
    for n in range(60):
        driver.send(invite(uuid(n)), after=0.2)
        driver.send(AnswerRequested())
        driver.send(CallAccepted(call_uuid=uuid(n)))
        driver.send(bye(uuid(n)))
    assert driver.asked(RejectInvite) == 0


def test_a_queue_whose_calls_others_answer_is_no_flood_until_it_is_one_of_all() -> None:
    driver = registered()
    rung = [ring(driver, n, end="elsewhere") for n in range(300)]
    assert sum(rung) == MOST_WITH_ELSEWHERE


def test_a_large_group_of_phones_that_ring_together_is_no_flood() -> None:
    """Nobody would ring any more, and so nobody would answer: the group would never come out of it."""
    driver = registered()
    for n in range(300):  # 60 calls a minute, each from a number of its own, answered at another phone
        assert ring(driver, n, caller=f"09{n:08}", end="elsewhere", after=1.0)
    assert driver.errors() == []


def test_a_queue_that_asked_a_busy_agent_reaches_a_free_one() -> None:
    """The queue shows one number for all of its callers, and asks again every second."""
    driver = registered()
    driver.send(invite(CALL, number="0900000001"))
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(invite(uuid(1), number="0900000001"))
    for n in range(10, 130):
        assert not ring(driver, n, after=0.4) or n < 10 + MOST_OF_ONE_CALLER
    driver.send(bye(uuid(1)))
    driver.send(bye(CALL))
    driver.send(invite(uuid(500), number="0900000001"), after=0.4)
    assert driver.call.uuid == uuid(500)


def test_a_queue_that_asked_in_the_break_reaches_the_agent_after_it() -> None:
    driver = registered()
    driver.send(DoNotDisturbChosen(on=True))
    for n in range(200):
        driver.send(invite(uuid(n), number="0900000001"), after=0.5)
    driver.send(DoNotDisturbChosen(on=False))
    driver.send(invite(uuid(500), number="0900000001"), after=0.5)
    assert driver.call.uuid == uuid(500)


def test_a_flood_on_a_busy_phone_adds_nothing_to_what_may_ring() -> None:
    driver = registered()
    for n in range(600):  # three at once: two ring, one is one too many
        driver.send(invite(uuid(n)), after=0.05)
        if n % 3 == 2:
            for call in driver.phone.live_calls:
                driver.send(CallEnded(call_uuid=call.uuid, by_remote=True, kind="cancel"))
    asked = driver.asked(RejectInvite)
    assert 600 - asked <= MOST_OF_ONE_CALLER
    assert len(driver.phone.history.calls) <= 2 * MOST_OF_ONE_CALLER


def test_who_is_declined_by_hand_may_not_ring_for_ever_either() -> None:
    driver = registered()
    for n in range(50):
        driver.send(invite(uuid(n)))
        if driver.phone.live_calls:
            driver.send(HangupRequested())
    assert len(driver.phone.history.calls) == MOST_OF_ONE_CALLER


def test_do_not_disturb_and_a_busy_phone_leave_no_more_rows() -> None:
    driver = registered()
    driver.send(DoNotDisturbChosen(on=True))
    for n in range(200):
        driver.send(invite(uuid(n), number=f"09{n:08}"))
    assert len(driver.phone.history.calls) == MOST_OF_ALL


def test_a_clock_that_is_set_back_turns_nobody_away() -> None:
    driver = registered()
    for n in range(MOST_OF_ONE_CALLER):
        ring(driver, n)
    driver.now -= 3600
    assert ring(driver, 99)


def past(n: int, *, wanted: bool, at: int) -> PastCall:
    return PastCall(
        uuid=uuid(n),
        inbound=not wanted,
        number="1",
        started_at=at,
        answered_at=None,
        ended_at=at,
        reason=Reason.CANCELLED,
    )


@settings(max_examples=200)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=400))
def test_unanswered_calls_never_push_out_a_wanted_one(kinds: list[tuple[bool, int]]) -> None:
    calls = [past(n, wanted=wanted, at=at) for n, (wanted, at) in enumerate(kinds)]
    kept = newest(calls)
    assert len(kept) == min(len(calls), MOST_CALLS)
    assert [call.started_at for call in kept] == sorted((call.started_at for call in kept), reverse=True)
    wanted = sorted((call for call in calls if call.wanted), key=lambda call: -call.started_at)
    assert all(call in kept for call in wanted[:MOST_WANTED])
    others = [call for call in calls if not call.wanted]
    assert sum(not call.wanted for call in kept) >= min(len(others), MOST_CALLS - MOST_WANTED)


def test_answered_calls_outlive_a_flood_of_weeks() -> None:
    driver = registered()
    for n in range(MOST_WANTED):
        driver.send(dial(call_uuid=uuid(n)), after=1)
        driver.send(CallAccepted(call_uuid=uuid(n)))
        driver.send(bye(uuid(n)))
    for n in range(1000, 3000):
        ring(driver, n, caller=f"09{n:08}", after=61)
    kept = driver.phone.history.calls
    assert len(kept) == MOST_CALLS
    assert sum(call.wanted for call in kept) == MOST_WANTED
    assert len(driver.phone.history.unsaved) <= MOST_CALLS + 1
