"""The phone is open at two places: one registers, the other says so, and there is no ping-pong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.effects import SendBye
from embed_app.core.call.messages import CallAccepted, HangupRequested
from embed_app.core.call.values import CallState
from embed_app.core.link.effects import (
    CloseTransport,
    FetchConfig,
    HoldLease,
    OpenTransport,
    Register,
    ReleaseOwnership,
    Unregister,
)
from embed_app.core.link.messages import (
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    LeaseAnswered,
    LeaseFailed,
    OwnershipGranted,
    PageFrozen,
    PageLeft,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TakeOverRequested,
    TokenOffered,
    TransportDown,
    TransportUp,
    Unregistered,
    WentOnline,
    WokeUp,
)
from embed_app.core.link.values import IN_USE, Lease, Link, Ownership, Transport
from embed_app.core.message import Message
from embed_app.core.phone import Phone, Settings
from embed_app.core.timers import Timer, TimerFired, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, GOOD, Driver, config, dial, invite, token

TICKET = "ticket"
OURS = config(lease_held=True, lease_ticket=TICKET)
THEIRS = config(lease_held=False, lease_ticket=TICKET)


def started(answer: object = OURS, ownership: Ownership = Ownership.ALONE) -> Driver:
    driver = Driver(Phone(link=Link(ownership=ownership)))
    driver.send(Started(token=GOOD))
    driver.send(ConfigReceived(config=answer))  # type: ignore[arg-type]
    return driver


def registered() -> Driver:
    driver = started()
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    return driver.forget()


def lost() -> Driver:
    driver = registered()
    driver.send(LeaseAnswered(held=False))
    driver.send(Unregistered())
    driver.send(TransportDown(reason="closed"))
    return driver


def held(driver: Driver) -> list[HoldLease]:
    return [effect for effect in driver.last() if isinstance(effect, HoldLease)]


def test_the_holder_registers_and_renews() -> None:
    driver = registered()
    for _ in range(3):
        driver.fire(Timer(TimerKind.LEASE_RENEWAL))
        assert held(driver) == [HoldLease(TICKET, renew=True)]
        driver.send(LeaseAnswered(held=True))
    assert driver.state == "registered"
    assert driver.events == []


def test_without_leases_nothing_is_renewed() -> None:
    driver = started(config())
    assert Timer(TimerKind.LEASE_RENEWAL) not in driver.timers
    assert driver.state == "connecting"


def test_the_second_place_says_so_and_opens_no_line() -> None:
    driver = started(THEIRS)
    assert driver.state == "refused"
    assert driver.errors() == [IN_USE]
    assert driver.told(ev.Error)[0].error.fatal
    assert driver.asked(OpenTransport) == 0


def test_it_comes_up_by_itself_when_the_first_is_closed() -> None:
    driver = started(THEIRS)
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    assert held(driver) == [HoldLease(TICKET)]
    driver.send(LeaseAnswered(held=False))
    assert driver.state == "refused"
    assert driver.errors() == [IN_USE], "told once"
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    driver.send(LeaseAnswered(held=True))
    assert driver.state == "connecting"
    assert driver.phone.link.refusal == ""


def test_a_person_takes_it_over() -> None:
    driver = started(THEIRS)
    driver.send(TakeOverRequested())
    assert held(driver) == [HoldLease(TICKET, take_over=True)]
    driver.send(LeaseAnswered(held=True, taking=True))
    assert driver.state == "connecting"


def test_the_other_place_becomes_quiet() -> None:
    driver = registered()
    driver.send(LeaseAnswered(held=False))
    assert driver.state == "refused"
    assert [event.reason for event in driver.told(ev.Unregistered)] == ["remote"]
    assert driver.errors() == [IN_USE]
    assert driver.asked(Unregister) == 1
    driver.send(Unregistered())
    assert CloseTransport() in driver.last()


def test_a_silent_pbx_does_not_keep_it_on_the_line() -> None:
    driver = registered()
    driver.send(LeaseAnswered(held=False))
    driver.fire(Timer(TimerKind.UNREGISTERING))
    assert CloseTransport() in driver.last()


def test_who_lost_it_never_takes_it_back_by_itself() -> None:
    driver = lost().forget()
    assert Timer(TimerKind.LEASE_RENEWAL) not in driver.timers
    for message in (
        LeaseAnswered(held=True),  # a renewal that crossed
        TokenOffered(token=token(jti="fresh")),
        WentOnline(),
        WokeUp(),
    ):
        driver.send(message)
    assert driver.state == "refused"
    assert driver.effects == []
    assert driver.timers.keys() <= {
        Timer(TimerKind.TOKEN_EXPIRY),
        Timer(TimerKind.ENDED_SHOWN),
        Timer(TimerKind.BANNER_SHOWN),
    }


def test_a_parent_that_connects_gets_it_only_if_it_is_free() -> None:
    driver = lost().forget()
    driver.send(ConnectRequested())
    assert held(driver) == [HoldLease(TICKET)]
    driver.send(LeaseAnswered(held=False))
    assert driver.state == "refused"
    assert driver.asked(OpenTransport) == 0
    driver.send(ConnectRequested())
    driver.send(LeaseAnswered(held=True))
    assert driver.state == "connecting"


def test_who_lost_it_gets_it_back_by_a_persons_hand() -> None:
    driver = lost()
    driver.send(TakeOverRequested())
    driver.send(LeaseAnswered(held=True, taking=True))
    assert driver.state == "connecting"
    assert driver.phone.link.lease is Lease.HELD


def test_a_running_call_goes_on_and_ends_as_calls_do() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.forget()
    driver.send(LeaseAnswered(held=False))
    driver.send(Unregistered())
    assert driver.call.state is CallState.ANSWERED
    assert driver.asked(CloseTransport) == 0
    driver.send(HangupRequested())
    assert driver.reasons() == ["local_hangup"]
    assert driver.asked(SendBye) == 1
    driver.send(TimerFired(timer=Timer(TimerKind.RINGING, "unknown"), generation=1))
    assert CloseTransport() in driver.effects


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_a_server_that_is_away_changes_nothing(status: int) -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    driver.send(LeaseFailed(status=status))
    assert driver.state == "registered"
    assert driver.events == []
    assert Timer(TimerKind.LEASE_RENEWAL) in driver.timers


@pytest.mark.parametrize("status", [401, 404])
def test_a_ticket_that_is_too_old_is_not_shown_again(status: int) -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    driver.send(LeaseFailed(status=status))
    assert driver.state == "registered"
    assert Timer(TimerKind.LEASE_RENEWAL) not in driver.timers


def test_taking_over_with_a_ticket_that_is_too_old_begins_anew() -> None:
    driver = started(THEIRS)
    driver.send(TakeOverRequested())
    driver.send(LeaseFailed(status=401, taking=True))
    assert driver.asked(FetchConfig) == 2


@pytest.mark.parametrize("meanwhile", [DisconnectRequested(), ConnectRequested()])
def test_a_late_answer_to_taking_over_changes_nothing(meanwhile: Message) -> None:
    driver = started(THEIRS)
    driver.send(TakeOverRequested())
    driver.send(meanwhile)
    if isinstance(meanwhile, ConnectRequested):
        driver.send(LeaseAnswered(held=True))
    state = driver.state
    driver.forget()
    driver.send(LeaseFailed(status=401, taking=True))
    assert (driver.state, driver.effects, driver.events) == (state, [], [])


def test_taking_over_without_a_server_says_so() -> None:
    driver = started(THEIRS).forget()
    driver.send(TakeOverRequested())
    driver.send(LeaseFailed(status=0, taking=True))
    assert driver.errors() == ["server_unreachable"]
    assert driver.state == "refused"


def test_disconnect_gives_it_up_and_connect_asks_again_first() -> None:
    driver = registered()
    driver.send(DisconnectRequested())
    driver.send(Unregistered())
    assert held(driver) == [HoldLease(TICKET, seconds=0)]
    driver.send(LeaseAnswered(held=True))
    driver.send(TransportDown(reason="closed"))
    driver.forget()
    driver.send(ConnectRequested())
    assert held(driver) == [HoldLease(TICKET)]
    assert driver.asked(OpenTransport) == 0
    driver.send(LeaseAnswered(held=False))
    assert driver.errors() == [IN_USE]


def test_connect_without_a_server_goes_on() -> None:
    driver = registered()
    driver.send(DisconnectRequested())
    driver.send(Unregistered())
    driver.send(TransportDown(reason="closed"))
    driver.send(ConnectRequested())
    driver.send(LeaseFailed(status=0))
    assert driver.state == "connecting"


def test_a_refresh_that_finds_it_gone_is_told_like_a_renewal() -> None:
    driver = registered()
    driver.send(ConfigReceived(config=replace(THEIRS, auth_password="new")))
    assert driver.state == "refused"
    assert driver.asked(Register) == 0


def test_a_phone_that_cannot_register_does_not_keep_others_from_it() -> None:
    driver = started()
    driver.send(TransportUp())
    driver.send(RegisterFailed(status=403))
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    assert held(driver) == []


@pytest.mark.parametrize(("is_known_again", "seconds"), [(True, 10), (False, 0)])
def test_a_page_that_goes_leaves_it_to_the_next(is_known_again: bool, seconds: int) -> None:
    driver = registered()
    driver.send(PageLeft(is_known_again=is_known_again))
    assert held(driver) == [HoldLease(TICKET, seconds=seconds)]
    assert driver.events == []


def test_a_page_that_does_not_have_it_gives_nothing_up() -> None:
    driver = started(THEIRS)
    driver.send(PageLeft(is_known_again=False))
    assert held(driver) == []


# ---- with other frames of the same browser


def test_only_the_frame_with_the_line_asks() -> None:
    driver = started(THEIRS, ownership=Ownership.NOT_ASKED)
    assert driver.state == "standby", "another frame of this browser may know better"
    assert driver.errors() == []
    assert Timer(TimerKind.LEASE_RENEWAL) not in driver.timers
    driver.send(OwnershipGranted())
    assert driver.state == "refused"


def test_the_next_frame_renews_at_once() -> None:
    left = registered().phone
    driver = started(ownership=Ownership.NOT_ASKED)
    driver.send(OwnershipGranted(left=left))
    assert held(driver) == [HoldLease(TICKET)]
    assert driver.state == "connecting"


def test_the_next_frame_does_not_take_back_what_was_lost() -> None:
    left = lost().phone
    driver = started(ownership=Ownership.NOT_ASKED)
    driver.send(OwnershipGranted(left=left))
    assert driver.state == "refused"
    assert driver.errors() == [IN_USE]
    assert Timer(TimerKind.LEASE_RENEWAL) not in driver.timers


# ---- the browser's cache


def test_a_page_that_is_frozen_lets_go_and_comes_back_registered_once() -> None:
    driver = Driver(Phone(link=Link(ownership=Ownership.NOT_ASKED)))
    driver.send(Started(token=GOOD))
    driver.send(ConfigReceived(config=OURS))
    driver.send(OwnershipGranted())
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    driver.forget()
    driver.send(PageLeft(is_known_again=True))
    driver.send(PageFrozen())
    assert driver.last()[-2:] == (ReleaseOwnership(), CloseTransport())
    driver.send(TransportDown(reason="closed"))
    driver.send(WokeUp())
    assert driver.state == "standby"
    driver.send(OwnershipGranted())
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    assert driver.types() == ["unregistered", "disconnected", "connected", "registered"]
    assert driver.phone.link.transport is Transport.UP


def test_a_page_with_a_call_is_not_frozen_out_of_it() -> None:
    driver = registered()
    driver.send(invite())
    driver.send(PageFrozen())
    assert driver.state == "registered"


def test_a_frozen_phone_that_was_off_stays_off() -> None:
    driver = Driver(Phone(settings=Settings(auto_register=False)))
    driver.send(Started(token=GOOD))
    driver.send(PageFrozen())
    driver.send(WokeUp())
    assert driver.state == "idle"
