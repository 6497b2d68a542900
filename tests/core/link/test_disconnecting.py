"""`disconnect`: unregister, close, cancel every timer (contract section 3); and `connect` after it."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import RejectInvite, SendBye
from embed_app.core.link.effects import CloseTransport, FetchConfig, Unregister
from embed_app.core.link.messages import (
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    RegisterAccepted,
    TransportDown,
    TransportUp,
    Unregistered,
)
from embed_app.core.link.values import LinkState
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, answered_outbound, config, invite, phone_in, registered


def test_it_unregisters_then_closes_and_says_manual() -> None:
    driver = registered()
    driver.send(DisconnectRequested())
    assert driver.asked(Unregister) == 1
    assert driver.asked(CloseTransport) == 0
    driver.send(Unregistered())
    assert CloseTransport() in driver.last()
    driver.send(TransportDown(reason="closed"))
    assert driver.types() == ["unregistered", "disconnected"]
    assert [event.reason for event in driver.told(ev.Unregistered)] == ["manual"]
    assert driver.state is LinkState.IDLE


@pytest.mark.parametrize("state", list(LinkState))
def test_no_timer_of_the_line_survives_it(state: LinkState) -> None:
    driver = phone_in(state, credentials_expire_in=600.0)
    driver.send(DisconnectRequested())
    assert set(driver.phone.timers) <= {Timer(TimerKind.LEAVE)}


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_a_pbx_that_never_answers_cannot_keep_the_phone(repeats: int) -> None:
    driver = registered()
    for _ in range(repeats):
        driver.send(DisconnectRequested())
    driver.fire(Timer(TimerKind.LEAVE))
    assert driver.state is LinkState.IDLE
    assert driver.asked(Unregister) == 1


def test_it_ends_the_calls() -> None:
    driver = answered_outbound().forget()
    driver.send(DisconnectRequested(), after=7)
    assert driver.last()[0] == SendBye(CALL)
    assert [(event.reason, event.billsec) for event in driver.told(ev.CallHangup)] == [("local_hangup", 7)]


def test_a_socket_that_comes_up_afterwards_is_closed() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(DisconnectRequested())
    driver.send(TransportUp())
    assert driver.last() == (CloseTransport(),)


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.LEAVING])
def test_nobody_rings_a_phone_that_was_disconnected(state: LinkState) -> None:
    driver = phone_in(state)
    assert driver.send(invite()) == []
    assert driver.last() == (RejectInvite(CALL, 480),)


def test_connect_in_the_same_breath_counts() -> None:
    driver = registered()
    driver.send(DisconnectRequested())
    driver.send(ConnectRequested())
    driver.send(TransportDown(reason="closed"))
    assert driver.types() == ["unregistered", "disconnected"]
    assert driver.state is LinkState.CONFIGURING
    assert driver.asked(FetchConfig) == 1


def test_disconnect_and_connect_again_and_again() -> None:
    driver = registered()
    for _ in range(3):
        driver.send(DisconnectRequested())
        driver.send(Unregistered())
        driver.send(TransportDown(reason="closed"))
        driver.send(ConnectRequested())
        driver.send(ConfigReceived(config=config()))
        driver.send(TransportUp())
        driver.send(RegisterAccepted())
    assert driver.types() == ["unregistered", "disconnected", "connected", "registered"] * 3


@pytest.mark.parametrize("state", [LinkState.CONFIGURING, LinkState.CONNECTING, LinkState.REGISTERED])
def test_connect_on_the_way_or_there_asks_for_nothing_twice(state: LinkState) -> None:
    driver = phone_in(state)
    assert driver.send(ConnectRequested()) == []
    assert driver.effects == []
