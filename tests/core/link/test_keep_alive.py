"""Half-open sockets (faults 3, 6, 34): pings, their deadline, sleep, and servers that answer no CRLF."""

from __future__ import annotations

import pytest

from embed_app.core.link.effects import CloseTransport, FetchConfig, Ping
from embed_app.core.link.keep_alive import PING_EVERY, PONG_WITHIN
from embed_app.core.link.messages import (
    DisconnectRequested,
    Pong,
    RegisterAccepted,
    RegisterFailed,
    TransportDown,
    TransportUp,
    WentOffline,
    WentOnline,
    WokeUp,
)
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, Driver, answered_outbound, config, phone_in, registered

CRLF, OPTIONS = Ping(by_options=False), Ping(by_options=True)


def pings(driver: Driver) -> list[Ping]:
    return [effect for effect in driver.effects if isinstance(effect, Ping)]


def answers_crlf() -> Driver:
    """A registered phone whose server has answered a CRLF before."""
    driver = registered()
    driver.fire(Timer(TimerKind.PING))
    driver.send(Pong(crlf=True))
    return driver.forget()


def test_an_open_socket_is_asked_every_fifteen_seconds() -> None:
    driver = registered()
    for _ in range(3):
        assert driver.due_in(Timer(TimerKind.PING)) == PING_EVERY
        driver.fire(Timer(TimerKind.PING))
        assert driver.last()[0] == CRLF
        assert driver.due_in(Timer(TimerKind.PONG)) == PONG_WITHIN
        driver.send(Pong(crlf=True), after=0.1)
    assert driver.events == []


def test_no_answer_closes_the_socket_and_the_ordinary_reconnect_runs() -> None:
    driver = answers_crlf()
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    assert driver.last()[-1] == CloseTransport()
    assert driver.state is LinkState.REGISTERED, "until the socket says that it is down"
    driver.send(TransportDown(reason="closed"))
    assert driver.types() == ["disconnected", "unregistered", "auto_reconnect"]
    assert {Timer(TimerKind.PING), Timer(TimerKind.PONG)}.isdisjoint(driver.phone.timers)


def test_a_dead_socket_costs_no_call() -> None:
    driver = answered_outbound()
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    driver.fire(Timer(TimerKind.PONG))
    driver.send(TransportDown(reason="closed"))
    assert driver.call.live


def test_a_server_that_answers_no_crlf_is_asked_by_options_before_it_is_given_up() -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    assert driver.last()[0] == OPTIONS
    driver.send(Pong(crlf=False))
    driver.fire(Timer(TimerKind.PING))
    assert pings(driver) == [CRLF, OPTIONS, OPTIONS]
    driver.fire(Timer(TimerKind.PONG))
    assert driver.last()[-1] == CloseTransport()


def test_what_a_server_answers_is_remembered_over_a_reconnect() -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    driver.send(Pong(crlf=False))
    driver.send(TransportDown())
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    driver.fire(Timer(TimerKind.PING))
    assert driver.last()[0] == OPTIONS


def test_other_data_right_after_a_ping_proves_nothing_about_crlf() -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.PING))
    driver.send(Pong(crlf=False))
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    assert driver.last()[0] == OPTIONS


def test_a_silent_server_is_given_up_after_both_questions() -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    driver.fire(Timer(TimerKind.PONG))
    assert pings(driver) == [CRLF, OPTIONS]
    assert driver.last()[-1] == CloseTransport()


@pytest.mark.parametrize("message", [WentOnline(), WokeUp()])
def test_the_socket_is_asked_at_once_when_the_network_or_the_page_comes_back(message: Message) -> None:
    driver = registered()
    driver.send(message)
    assert CRLF in driver.last()
    assert driver.send(message) == []
    assert pings(driver) == [CRLF], "one question at a time"


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.CONNECTING, LinkState.WAITING])
def test_nobody_is_asked_where_no_socket_is_open(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(WentOnline())
    driver.send(WokeUp())
    assert pings(driver) == []


def test_a_deadline_that_fires_late_says_that_this_machine_slept() -> None:
    driver = answers_crlf()
    driver.fire(Timer(TimerKind.PING))
    driver.now += 300
    driver.fire(Timer(TimerKind.PONG))
    assert (driver.last()[0], driver.asked(CloseTransport)) == (CRLF, 0)
    driver.now += 300
    driver.fire(Timer(TimerKind.PONG))
    assert driver.asked(CloseTransport) == 1, "a page whose timers are always late must not wait for ever"


def test_a_ping_that_fires_late_finds_what_was_slept_through() -> None:
    """Fault 34: five minutes of sleep; the monotonic clock of the timers stood still."""
    driver = registered(token_expires_in=300.0, credentials_expire_in=3600.0)
    driver.now += 280
    driver.fire(Timer(TimerKind.PING))
    assert [event.expires_in for event in driver.told(ev.TokenExpiring)] == [20]
    assert Timer(TimerKind.TOKEN_EXPIRY) not in driver.phone.timers
    assert pings(driver) == [CRLF]


def test_waking_up_cuts_the_wait_for_the_reconnect() -> None:
    driver = phone_in(LinkState.WAITING)
    driver.send(WokeUp())
    assert driver.state is LinkState.CONNECTING


def test_waking_up_does_what_is_overdue_once_and_nothing_that_is_not() -> None:
    driver = registered(credentials_expire_in=600.0)
    driver.send(WokeUp(), after=550)
    assert driver.asked(FetchConfig) == 1
    assert len(driver.told(ev.TokenExpiring)) == 1
    driver.send(WokeUp(), after=1)
    assert driver.asked(FetchConfig) == 1
    assert len(driver.told(ev.TokenExpiring)) == 1


def test_offline_is_shown_and_nothing_else_happens() -> None:
    driver = answered_outbound().forget()
    driver.send(WentOffline())
    assert (driver.last(), driver.events, driver.phone.link.offline) == ((), [], True)
    driver.send(WentOnline())
    assert not driver.phone.link.offline


def test_a_closed_socket_is_not_asked_again() -> None:
    driver = registered()
    driver.send(DisconnectRequested())
    assert {Timer(TimerKind.PING), Timer(TimerKind.PONG)}.isdisjoint(driver.phone.timers)


def test_a_pbx_that_refuses_the_phone_is_still_watched() -> None:
    driver = registered()
    driver.send(RegisterFailed(status=403))
    driver.fire(Timer(TimerKind.PING))
    driver.fire(Timer(TimerKind.PONG))
    driver.fire(Timer(TimerKind.PONG))
    assert driver.asked(CloseTransport) == 1
    driver.send(TransportDown(reason="closed"))
    assert driver.state is LinkState.REFUSED


def test_a_socket_lost_before_it_was_registered_leads_to_the_other_address() -> None:
    """Fault 6: the kernel of a frozen PBX still takes connections."""
    driver = phone_in(LinkState.REGISTERING)
    first = driver.phone.link.wss_index
    for _ in range(3):
        ping, pong = Timer(TimerKind.PING), Timer(TimerKind.PONG)
        driver.fire(ping if ping in driver.phone.timers else pong)
    driver.send(TransportDown(reason="closed"))
    assert driver.phone.link.wss_index == first + 1


def test_the_count_of_calls_and_links_is_untouched_by_strange_pongs() -> None:
    driver = phone_in(LinkState.CONNECTING)
    before = driver.phone
    driver.send(Pong(crlf=True))
    assert (driver.phone.link, driver.last()) == (before.link, ())
    assert driver.phone.link.config == config()
    assert driver.phone.call(CALL) is None
