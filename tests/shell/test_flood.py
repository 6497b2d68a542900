"""A parent that floods the frame (fault 38): the bucket. Behind the inbox: test_inbox.py."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embed_app.shell.flood import BURST, RATE, Flood, Verdict

T0 = 1_750_000_000.0


def verdicts(flood: Flood, start: float, rate: float, seconds: float) -> list[Verdict]:
    return [flood.judge(start + n / rate) for n in range(round(rate * seconds))]


def test_an_ordinary_parent_never_notices() -> None:
    assert set(verdicts(Flood(T0), T0, RATE, 20)) == {Verdict.TAKE}


def test_a_burst_is_taken_whole() -> None:
    flood = Flood(T0)
    assert {flood.judge(T0) for _ in range(round(BURST))} == {Verdict.TAKE}


def test_a_flood_is_dropped_with_one_error_however_long_it_lasts() -> None:
    found = verdicts(Flood(T0), T0, 10_000, 5)
    assert found.count(Verdict.DROP_AND_TELL) == 1
    assert found.count(Verdict.TAKE) <= BURST * 1.05
    assert set(found[round(BURST * 1.05) :]) <= {Verdict.DROP}


def test_after_a_second_of_peace_the_parent_is_heard_again() -> None:
    flood = Flood(T0)
    verdicts(flood, T0, 10_000, 2)
    assert flood.judge(T0 + 2 + 1.1) is Verdict.TAKE


def test_each_flood_has_its_error() -> None:
    flood = Flood(T0)
    found = verdicts(flood, T0, 10_000, 1) + verdicts(flood, T0 + 10, 10_000, 1)
    assert found.count(Verdict.DROP_AND_TELL) == 2


@given(st.lists(st.floats(-1e6, 1e6), max_size=50))
def test_no_clock_can_break_it(steps: list[float]) -> None:
    flood, now = Flood(T0), T0
    for step in steps:
        now += step
        assert flood.judge(now) in Verdict
