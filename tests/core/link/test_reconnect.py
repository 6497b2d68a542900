"""How fast the phone comes back: 0.5 s doubling to 30 s with jitter, and what cuts the wait short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.link.effects import FetchConfig, OpenTransport, Register
from embed_app.core.link.messages import (
    ConfigFailed,
    RegisterAccepted,
    RegisterFailed,
    TransportDown,
    TransportUp,
    WentOnline,
)
from embed_app.core.link.reconnect import delay
from embed_app.core.link.values import LinkState
from embed_app.core.timers import StopTimer, Timer, TimerFired, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import URLS, phone_in, registered


def test_it_doubles_from_half_a_second_to_thirty() -> None:
    assert [delay(n, 1.0) for n in range(1, 10)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


@given(st.integers(1, 10**6), st.floats(allow_nan=True, allow_infinity=True))
def test_jitter_spreads_the_upper_half(attempt: int, chance: float) -> None:
    assert delay(attempt, 1.0) / 2 <= delay(attempt, chance) <= delay(attempt, 1.0) <= 30


def test_jitter_is_no_constant() -> None:
    assert len({delay(7, chance / 10) for chance in range(11)}) == 11


def test_attempts_count_from_one() -> None:
    with pytest.raises(ValueError, match="count from 1"):
        delay(0, 0.5)


def test_each_attempt_is_told_as_it_is_scheduled() -> None:
    driver = registered()
    driver.send(TransportDown(reason="code 1006"), chance=1.0)
    for _ in range(8):
        driver.fire(Timer(TimerKind.RECONNECT))
        driver.send(TransportDown(reason="code 1006"), chance=1.0)
    told = [(event.attempt, event.delay_ms) for event in driver.told(ev.AutoReconnect)]
    assert told == list(enumerate((500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000), start=1))
    assert driver.due_in(Timer(TimerKind.RECONNECT)) == 30
    assert driver.types().count("disconnected") == 1


def test_an_accepted_register_starts_the_count_anew() -> None:
    driver = registered()
    for _ in range(2):
        driver.send(TransportDown(), chance=1.0)
        driver.fire(Timer(TimerKind.RECONNECT))
        driver.send(TransportUp())
        driver.send(RegisterAccepted())
    assert [event.attempt for event in driver.told(ev.AutoReconnect)] == [1, 1]


def test_the_second_address_is_used_where_the_first_refuses() -> None:
    driver = phone_in(LinkState.CONNECTING)
    for _ in range(4):
        driver.send(TransportDown(reason="code 1006"))
        driver.fire(Timer(TimerKind.RECONNECT))
    opened = [effect.url for effect in driver.effects if isinstance(effect, OpenTransport)]
    assert opened == [URLS[1], URLS[0], URLS[1], URLS[0]]


def test_an_address_that_worked_is_tried_first_again() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(TransportDown())
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    driver.send(TransportDown())
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last() == (OpenTransport(URLS[1]),)


def test_a_row_of_failures_is_one_error() -> None:
    driver = phone_in(LinkState.CONNECTING)
    for _ in range(5):
        driver.send(TransportDown(reason="code 1006"))
        driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.errors() == ["network_unreachable"]


def test_online_cuts_the_wait_and_its_timer_is_stale_then() -> None:
    driver = registered()
    driver.send(TransportDown())
    _, generation = driver.timers[Timer(TimerKind.RECONNECT)]
    driver.send(WentOnline())
    assert StopTimer(Timer(TimerKind.RECONNECT)) in driver.last()
    assert driver.last()[-1] == OpenTransport(URLS[0])
    driver.send(TransportDown())
    driver.send(TimerFired(timer=Timer(TimerKind.RECONNECT), generation=generation))
    assert driver.state is LinkState.WAITING
    assert driver.last() == ()


def test_a_pbx_that_is_unwell_is_asked_again_on_the_same_socket() -> None:
    driver = phone_in(LinkState.REGISTERING)
    driver.send(RegisterFailed(status=503))
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last() == (Register(),)
    assert driver.errors() == ["registration_failed"]


@pytest.mark.parametrize(
    ("status", "code"), [(0, "server_unreachable"), (429, "rate_limited"), (503, "server_unreachable")]
)
def test_a_server_that_does_not_answer_is_asked_again(status: int, code: str) -> None:
    driver = phone_in(LinkState.CONFIGURING)
    driver.send(ConfigFailed(status=status))
    assert driver.types() == ["error", "auto_reconnect"]
    assert driver.errors() == [code]
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.asked(FetchConfig) == 1


def test_a_pbx_that_refuses_is_told_once_and_not_asked_again() -> None:
    driver = registered()
    driver.send(RegisterFailed(status=403))
    assert driver.types() == ["unregistered", "error"]
    assert [event.reason for event in driver.told(ev.Unregistered)] == ["remote"]
    assert driver.errors() == ["registration_refused"]
    assert Timer(TimerKind.RECONNECT) not in driver.phone.timers
    driver.send(WentOnline())
    assert (driver.state, driver.asked(OpenTransport)) == (LinkState.REFUSED, 0)


def test_a_pbx_that_stays_away_after_a_drop_is_told_once() -> None:
    """Faults 8 and 9: the first loss is no error, the refused attempts after it are one."""
    driver = registered()
    for reason in ("code 1006", "code 1006", "timeout", "code 1006"):
        driver.send(TransportDown(reason=reason))
        driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.errors() == ["network_unreachable"]
    assert driver.told(ev.Error)[0].error.detail == {"reason": "code 1006"}
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    for _ in range(2):
        driver.send(TransportDown(reason="code 1006"))
        driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.errors() == ["network_unreachable"] * 2, "another row, another error"


def test_a_socket_that_opens_and_drops_before_register_does_not_start_the_count_anew() -> None:
    driver = registered()
    for _ in range(4):
        driver.send(TransportDown(), chance=1.0)
        driver.fire(Timer(TimerKind.RECONNECT))
        driver.send(TransportUp())
    assert [event.attempt for event in driver.told(ev.AutoReconnect)] == [1, 2, 3, 4]
