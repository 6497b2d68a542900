"""What is missing next on the way to REGISTERED, in the states that `test_machine.py` brings about alone."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import CallAccepted
from embed_app.core.link.effects import FetchConfig, OpenTransport, Register
from embed_app.core.link.messages import (
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    LeaseAnswered,
    LeaseFailed,
    RegisterFailed,
    Started,
    TakeOverRequested,
    TransportDown,
    TransportUp,
    Unregistered,
)
from embed_app.core.link.values import IN_USE, LinkState
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import CALL, GOOD, URLS, Driver, config, dial, phone_in, registered

LEASE = {"lease_held": True, "lease_ticket": "ticket"}


def off(**config_changes: object) -> Driver:
    driver = registered(**config_changes)
    for message in (DisconnectRequested(), Unregistered(), TransportDown(reason="closed")):
        driver.send(message)
    assert driver.state is LinkState.IDLE
    return driver.forget()


def in_use() -> Driver:
    """Refused, because another browser has had the lease from the start."""
    driver = phone_in(LinkState.CONFIGURING)
    driver.send(ConfigReceived(config=config(lease_held=False, lease_ticket="ticket")))
    assert (driver.state, driver.phone.link.refusal) == (LinkState.REFUSED, IN_USE)
    return driver.forget()


# ---- the configuration


def test_credentials_that_expire_while_the_lease_is_awaited_are_fetched_anew() -> None:
    driver = off(credentials_expire_in=600.0, **LEASE)
    driver.send(ConnectRequested())
    assert driver.state is LinkState.CONFIGURING
    driver.send(LeaseAnswered(held=True), after=590)
    assert (driver.state, driver.last()) == (LinkState.CONFIGURING, (FetchConfig(GOOD),))


def test_credentials_that_expire_before_the_first_200_are_fetched_anew() -> None:
    driver = phone_in(LinkState.REGISTERING, credentials_expire_in=600.0)
    driver.send(RegisterFailed(status=403), after=601)
    assert (driver.state, driver.last()) == (LinkState.CONFIGURING, (FetchConfig(GOOD),))
    driver.send(ConfigReceived(config=config(credentials_expire_in=600.0)))
    assert (driver.state, driver.last()[-1]) == (LinkState.REGISTERING, Register())


def test_an_expired_ticket_is_fetched_anew() -> None:
    driver = in_use()
    driver.send(TakeOverRequested())
    driver.send(LeaseFailed(status=401, taking=True))
    assert (driver.state, driver.last()) == (LinkState.CONFIGURING, (FetchConfig(GOOD),))


def test_an_expired_ticket_is_fetched_anew_also_when_the_parent_connects_meanwhile() -> None:
    driver = in_use()
    driver.send(TakeOverRequested())
    driver.send(ConnectRequested())
    assert driver.state is LinkState.CONFIGURING
    driver.send(LeaseFailed(status=401, taking=True))
    assert (driver.state, driver.last()) == (LinkState.CONFIGURING, (FetchConfig(GOOD),))


def test_connect_without_a_token_says_so_each_time() -> None:
    driver = Driver()
    driver.send(Started(token=None))
    driver.send(ConnectRequested())
    assert (driver.state, driver.errors()) == (LinkState.REFUSED, ["token_missing"] * 2)


# ---- the WebSocket


def test_connect_with_a_good_configuration_opens_the_websocket() -> None:
    driver = off()
    driver.send(ConnectRequested())
    assert (driver.state, driver.last()[-1]) == (LinkState.CONNECTING, OpenTransport(URLS[0]))


def test_the_next_attempt_over_a_websocket_that_is_up_is_a_register() -> None:
    driver = phone_in(LinkState.REGISTERING)
    driver.send(RegisterFailed(status=503))
    driver.fire(Timer(TimerKind.RECONNECT))
    assert (driver.state, driver.last()) == (LinkState.REGISTERING, (Register(),))


def test_who_gets_the_lease_back_in_a_call_registers_over_its_websocket() -> None:
    driver = registered(**LEASE)
    driver.send(dial())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(LeaseAnswered(held=False))
    driver.send(Unregistered())
    driver.send(TakeOverRequested())
    driver.send(LeaseAnswered(held=True, taking=True))
    assert (driver.state, driver.last()[-1]) == (LinkState.REGISTERING, Register())


# ---- the lease


@pytest.mark.parametrize("state", [s for s in LinkState if s not in (LinkState.IDLE, LinkState.LEAVING)])
def test_a_lease_that_is_lost_refuses_the_phone_in_every_state(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(LeaseAnswered(held=False))
    assert (driver.state, driver.phone.link.refusal) == (LinkState.REFUSED, IN_USE)
    assert driver.errors() == [IN_USE]
    assert Timer(TimerKind.RECONNECT) not in driver.timers


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.LEAVING])
def test_a_phone_that_is_off_has_no_lease_to_lose(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(LeaseAnswered(held=False))
    assert (driver.state, driver.errors(), driver.last()) == (state, [], ())


def test_the_socket_that_opens_is_registered_over() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(TransportUp())
    assert (driver.state, driver.last()[-1]) == (LinkState.REGISTERING, Register())
