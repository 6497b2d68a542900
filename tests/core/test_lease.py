"""The phone is open at two places: one registers, the other says so, and there is no ping-pong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.line_messages import LeaseAnswered, LeaseFailed, LineGranted, PageFrozen, PageLeft
from embed_app.core.model import CallState, Link, Phone, Settings, Transport
from embed_app.core.places import IN_USE, Lease, Line
from embed_app.protocol import events as ev
from tests.core.driver import CALL, GOOD, Driver, config, dial, invite, token

TICKET = "ticket"
OURS = config(lease_held=True, lease_ticket=TICKET)
THEIRS = config(lease_held=False, lease_ticket=TICKET)


def started(answer: object = OURS, line: Line = Line.ALONE) -> Driver:
    driver = Driver(Phone(link=Link(line=line)))
    driver.send(msg.Started(token=GOOD))
    driver.send(msg.ConfigReceived(config=answer))  # type: ignore[arg-type]
    return driver


def registered() -> Driver:
    driver = started()
    driver.send(msg.TransportUp())
    driver.send(msg.RegisterAccepted())
    return driver.forget()


def lost() -> Driver:
    driver = registered()
    driver.send(LeaseAnswered(held=False))
    driver.send(msg.Unregistered())
    driver.send(msg.TransportDown(reason="closed"))
    return driver


def held(driver: Driver) -> list[do.HoldLease]:
    return [effect for effect in driver.last() if isinstance(effect, do.HoldLease)]


def test_the_holder_registers_and_renews() -> None:
    driver = registered()
    for _ in range(3):
        driver.fire("lease")
        assert held(driver) == [do.HoldLease(TICKET, renew=True)]
        driver.send(LeaseAnswered(held=True))
    assert driver.state == "registered"
    assert driver.events == []


def test_without_leases_nothing_is_renewed() -> None:
    driver = started(config())
    assert "lease" not in driver.timers
    assert driver.state == "connecting"


def test_the_second_place_says_so_and_opens_no_line() -> None:
    driver = started(THEIRS)
    assert driver.state == "refused"
    assert driver.errors() == [IN_USE]
    assert driver.told(ev.Error)[0].error.fatal
    assert driver.asked(do.OpenTransport) == 0


def test_it_comes_up_by_itself_when_the_first_is_closed() -> None:
    driver = started(THEIRS)
    driver.fire("lease")
    assert held(driver) == [do.HoldLease(TICKET)]
    driver.send(LeaseAnswered(held=False))
    assert driver.state == "refused"
    assert driver.errors() == [IN_USE], "told once"
    driver.fire("lease")
    driver.send(LeaseAnswered(held=True))
    assert driver.state == "connecting"
    assert driver.phone.link.refusal == ""


def test_a_person_takes_it_over() -> None:
    driver = started(THEIRS)
    driver.send(msg.TakeOverRequested())
    assert held(driver) == [do.HoldLease(TICKET, take_over=True)]
    driver.send(LeaseAnswered(held=True, taking=True))
    assert driver.state == "connecting"


def test_the_other_place_becomes_quiet() -> None:
    driver = registered()
    driver.send(LeaseAnswered(held=False))
    assert driver.state == "refused"
    assert [event.reason for event in driver.told(ev.Unregistered)] == ["remote"]
    assert driver.errors() == [IN_USE]
    assert driver.asked(do.Unregister) == 1
    driver.send(msg.Unregistered())
    assert do.CloseTransport() in driver.last()


def test_a_silent_pbx_does_not_keep_it_on_the_line() -> None:
    driver = registered()
    driver.send(LeaseAnswered(held=False))
    driver.fire("quiet")
    assert do.CloseTransport() in driver.last()


def test_who_lost_it_never_takes_it_back_by_itself() -> None:
    driver = lost().forget()
    assert "lease" not in driver.timers
    for message in (
        LeaseAnswered(held=True),  # a renewal that crossed
        msg.TokenOffered(token=token(jti="fresh")),
        msg.WentOnline(),
        msg.WokeUp(),
    ):
        driver.send(message)
    assert driver.state == "refused"
    assert driver.effects == []
    assert driver.timers.keys() <= {"token", "ended", "banner"}


def test_a_parent_that_connects_gets_it_only_if_it_is_free() -> None:
    driver = lost().forget()
    driver.send(msg.ConnectRequested())
    assert held(driver) == [do.HoldLease(TICKET)]
    driver.send(LeaseAnswered(held=False))
    assert driver.state == "refused"
    assert driver.asked(do.OpenTransport) == 0
    driver.send(msg.ConnectRequested())
    driver.send(LeaseAnswered(held=True))
    assert driver.state == "connecting"


def test_who_lost_it_gets_it_back_by_a_persons_hand() -> None:
    driver = lost()
    driver.send(msg.TakeOverRequested())
    driver.send(LeaseAnswered(held=True, taking=True))
    assert driver.state == "connecting"
    assert driver.phone.link.lease is Lease.HELD


def test_a_running_call_goes_on_and_ends_as_calls_do() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(msg.CallAccepted(call_uuid=CALL))
    driver.forget()
    driver.send(LeaseAnswered(held=False))
    driver.send(msg.Unregistered())
    assert driver.call.state is CallState.ANSWERED
    assert driver.asked(do.CloseTransport) == 0
    driver.send(msg.HangupRequested())
    assert driver.reasons() == ["local_hangup"]
    assert driver.asked(do.SendBye) == 1
    driver.send(msg.TimerFired(name="unknown", generation=1))
    assert do.CloseTransport() in driver.effects


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_a_server_that_is_away_changes_nothing(status: int) -> None:
    driver = registered()
    driver.fire("lease")
    driver.send(LeaseFailed(status=status))
    assert driver.state == "registered"
    assert driver.events == []
    assert "lease" in driver.timers


@pytest.mark.parametrize("status", [401, 404])
def test_a_ticket_that_is_too_old_is_not_shown_again(status: int) -> None:
    driver = registered()
    driver.fire("lease")
    driver.send(LeaseFailed(status=status))
    assert driver.state == "registered"
    assert "lease" not in driver.timers


def test_taking_over_with_a_ticket_that_is_too_old_begins_anew() -> None:
    driver = started(THEIRS)
    driver.send(msg.TakeOverRequested())
    driver.send(LeaseFailed(status=401, taking=True))
    assert driver.asked(do.FetchConfig) == 2


def test_taking_over_without_a_server_says_so() -> None:
    driver = started(THEIRS).forget()
    driver.send(msg.TakeOverRequested())
    driver.send(LeaseFailed(status=0, taking=True))
    assert driver.errors() == ["server_unreachable"]
    assert driver.state == "refused"


def test_disconnect_gives_it_up_and_connect_asks_again_first() -> None:
    driver = registered()
    driver.send(msg.DisconnectRequested())
    driver.send(msg.Unregistered())
    assert held(driver) == [do.HoldLease(TICKET, seconds=0)]
    driver.send(LeaseAnswered(held=True))
    driver.send(msg.TransportDown(reason="closed"))
    driver.forget()
    driver.send(msg.ConnectRequested())
    assert held(driver) == [do.HoldLease(TICKET)]
    assert driver.asked(do.OpenTransport) == 0
    driver.send(LeaseAnswered(held=False))
    assert driver.errors() == [IN_USE]


def test_connect_without_a_server_goes_on() -> None:
    driver = registered()
    driver.send(msg.DisconnectRequested())
    driver.send(msg.Unregistered())
    driver.send(msg.TransportDown(reason="closed"))
    driver.send(msg.ConnectRequested())
    driver.send(LeaseFailed(status=0))
    assert driver.state == "connecting"


def test_a_refresh_that_finds_it_gone_is_told_like_a_renewal() -> None:
    driver = registered()
    driver.send(msg.ConfigReceived(config=replace(THEIRS, auth_password="new")))
    assert driver.state == "refused"
    assert driver.asked(do.Register) == 0


def test_a_phone_that_cannot_register_does_not_keep_others_from_it() -> None:
    driver = started()
    driver.send(msg.TransportUp())
    driver.send(msg.RegisterFailed(status=403))
    driver.fire("lease")
    assert held(driver) == []


@pytest.mark.parametrize(("is_known_again", "seconds"), [(True, 10), (False, 0)])
def test_a_page_that_goes_leaves_it_to_the_next(is_known_again: bool, seconds: int) -> None:
    driver = registered()
    driver.send(PageLeft(is_known_again=is_known_again))
    assert held(driver) == [do.HoldLease(TICKET, seconds=seconds)]
    assert driver.events == []


def test_a_page_that_does_not_have_it_gives_nothing_up() -> None:
    driver = started(THEIRS)
    driver.send(PageLeft(is_known_again=False))
    assert held(driver) == []


# ---- with other frames of the same browser


def test_only_the_frame_with_the_line_asks() -> None:
    driver = started(THEIRS, line=Line.NONE)
    assert driver.state == "standby", "another frame of this browser may know better"
    assert driver.errors() == []
    assert "lease" not in driver.timers
    driver.send(LineGranted())
    assert driver.state == "refused"


def test_the_next_frame_renews_at_once() -> None:
    left = registered().phone
    driver = started(line=Line.NONE)
    driver.send(LineGranted(left=left))
    assert held(driver) == [do.HoldLease(TICKET)]
    assert driver.state == "connecting"


def test_the_next_frame_does_not_take_back_what_was_lost() -> None:
    left = lost().phone
    driver = started(line=Line.NONE)
    driver.send(LineGranted(left=left))
    assert driver.state == "refused"
    assert driver.errors() == [IN_USE]
    assert "lease" not in driver.timers


# ---- the browser's cache


def test_a_page_that_is_frozen_lets_go_and_comes_back_registered_once() -> None:
    driver = Driver(Phone(link=Link(line=Line.NONE)))
    driver.send(msg.Started(token=GOOD))
    driver.send(msg.ConfigReceived(config=OURS))
    driver.send(LineGranted())
    driver.send(msg.TransportUp())
    driver.send(msg.RegisterAccepted())
    driver.forget()
    driver.send(PageLeft(is_known_again=True))
    driver.send(PageFrozen())
    assert driver.last()[-2:] == (do.LeaveLine(), do.CloseTransport())
    driver.send(msg.TransportDown(reason="closed"))
    driver.send(msg.WokeUp())
    assert driver.state == "standby"
    driver.send(LineGranted())
    driver.send(msg.TransportUp())
    driver.send(msg.RegisterAccepted())
    assert driver.types() == ["unregistered", "disconnected", "connected", "registered"]
    assert driver.phone.link.transport is Transport.UP


def test_a_page_with_a_call_is_not_frozen_out_of_it() -> None:
    driver = registered()
    driver.send(invite())
    driver.send(PageFrozen())
    assert driver.state == "registered"


def test_a_frozen_phone_that_was_off_stays_off() -> None:
    driver = Driver(Phone(settings=Settings(auto_register=False)))
    driver.send(msg.Started(token=GOOD))
    driver.send(PageFrozen())
    driver.send(msg.WokeUp())
    assert driver.state == "idle"
