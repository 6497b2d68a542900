"""Which tab of the browser registers: what granting and freezing do in each state of the link."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from embed_app.core.link.effects import FetchConfig, HoldLease, OpenTransport, Register, RequestOwnership
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    LeaseAnswered,
    OwnershipGranted,
    PageFrozen,
    RegisterAccepted,
    Started,
    TakeOverRequested,
    TransportDown,
    TransportUp,
    WokeUp,
)
from embed_app.core.link.values import IN_USE, Lease, Link, LinkState, Ownership, Transport, UnregisterReason
from embed_app.core.phone import Phone
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import GOOD, Driver, config, phone_in, registered

LEASE = {"lease_held": True, "lease_ticket": "ticket"}


def standby() -> Driver:
    return phone_in(LinkState.STANDBY, credentials_expire_in=600.0, **LEASE)


def idle() -> Driver:
    driver = standby()
    driver.send(DisconnectRequested())
    return driver


def configuring() -> Driver:
    driver = idle()
    driver.send(ConnectRequested(), after=700)
    return driver


def waiting() -> Driver:
    driver = configuring()
    driver.send(ConfigFailed(status=503))
    return driver


def refused() -> Driver:
    driver = standby()
    driver.send(LeaseAnswered(held=False))
    return driver


ASKED: list[tuple[LinkState, Callable[[], Driver]]] = [
    (LinkState.IDLE, idle),
    (LinkState.CONFIGURING, configuring),
    (LinkState.STANDBY, standby),
    (LinkState.WAITING, waiting),
    (LinkState.REFUSED, refused),
]
"""Every state in which a tab can wait until it is the owner."""


@pytest.mark.parametrize(("state", "bring"), ASKED)
def test_the_phone_that_was_switched_off_in_another_tab_is_off_here(
    state: LinkState, bring: Callable[[], Driver]
) -> None:
    driver = bring()
    assert (driver.state, driver.phone.link.ownership) == (state, Ownership.ASKED)
    left = Phone(link=Link(wanted=False, unregistered=UnregisterReason.REMOTE))
    driver.send(OwnershipGranted(left=left))
    link = driver.phone.link
    assert (link.state, link.ownership, link.wanted) == (LinkState.IDLE, Ownership.OWNER, False)
    assert link.unregistered is UnregisterReason.REMOTE


def test_an_ownership_that_was_not_asked_for_changes_nothing() -> None:
    driver = registered()
    driver.send(OwnershipGranted(left=Phone()))
    assert (driver.state, driver.phone.link.ownership) == (LinkState.REGISTERED, Ownership.ALONE)


def test_connect_waits_for_the_owner_and_does_not_ask_twice() -> None:
    driver = idle().forget()
    driver.send(ConnectRequested())
    driver.send(LeaseAnswered(held=True))
    assert (driver.state, driver.asked(RequestOwnership)) == (LinkState.STANDBY, 0)


def test_a_tab_without_a_lease_waits_for_the_owner_again_as_well() -> None:
    driver = phone_in(LinkState.STANDBY)
    driver.send(DisconnectRequested())
    driver.forget()
    driver.send(ConnectRequested())
    assert (driver.state, driver.asked(RequestOwnership)) == (LinkState.STANDBY, 0)


def test_who_gets_the_lease_back_still_waits_for_the_owner() -> None:
    driver = refused()
    assert driver.phone.link.refusal == IN_USE
    driver.send(TakeOverRequested())
    driver.send(LeaseAnswered(held=True, taking=True))
    assert (driver.state, driver.asked(OpenTransport)) == (LinkState.STANDBY, 0)


def test_an_owner_whose_credentials_expire_fetches_new_ones_first() -> None:
    driver = standby().forget()
    driver.send(OwnershipGranted(), after=590)
    assert (driver.state, driver.last()[-1]) == (LinkState.CONFIGURING, FetchConfig(GOOD))


def test_an_owner_that_lost_the_lease_leaves_it_lost_for_a_tab_that_was_off() -> None:
    """Also where this tab's own configuration has no ticket to ask with."""
    driver = phone_in(LinkState.STANDBY)
    driver.send(DisconnectRequested())
    driver.send(OwnershipGranted(left=Phone(link=Link(wanted=True, lease=Lease.LOST))))
    assert driver.state is LinkState.IDLE
    driver.send(ConnectRequested())
    assert (driver.state, driver.errors()) == (LinkState.REFUSED, [IN_USE])


# ---- the browser's cache


def test_a_page_that_wakes_before_its_websocket_has_closed_registers_over_it() -> None:
    driver = Driver(Phone(link=Link(ownership=Ownership.NOT_ASKED)))
    for message in (
        Started(token=GOOD),
        ConfigReceived(config=config()),
        OwnershipGranted(),
        TransportUp(),
        RegisterAccepted(),
        PageFrozen(),
        WokeUp(),
    ):
        driver.send(message)
    assert (driver.state, driver.phone.link.transport) == (LinkState.STANDBY, Transport.UP)
    driver.send(OwnershipGranted())
    assert (driver.state, driver.last()) == (LinkState.REGISTERING, (Register(),))


def test_a_frozen_page_that_was_waiting_asks_for_the_lease_anew() -> None:
    driver = registered(**LEASE)
    driver.send(TransportDown(reason="code 1006"))
    driver.send(PageFrozen())
    assert (driver.state, driver.phone.link.lease) == (LinkState.WAITING, Lease.NONE)
    assert Timer(TimerKind.RECONNECT) not in driver.timers
    driver.send(WokeUp())
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    assert HoldLease("ticket", renew=False) in driver.last()
