"""A call that nobody has answered yet, and its frame goes: reloaded alone, with its page, or put in anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.e2e.crm import navigate_parent, open_crm, reload_frame, reload_parent
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, hangup_of
from tests.e2e.world import World

Leave = Callable[[Phone], None]


def slow(how: Leave) -> Any:
    """The whole of `make test` has twelve minutes."""
    return pytest.param(how, marks=pytest.mark.slow)


def put_in_again(phone: Phone) -> None:
    phone.page.evaluate("take_out()")
    phone.page.evaluate("put_in()")


@pytest.fixture(params=["allowed", pytest.param("denied", marks=pytest.mark.slow)])
def phone(
    request: pytest.FixtureRequest, world: World, plain: Browser, nobody_at_1003: None
) -> Iterator[Phone]:
    """`request.param`: whether the frame has a storage."""
    opened = open_crm(world, "1003", plain if request.param == "allowed" else world.browser)
    yield opened
    opened.assert_unharmed()
    opened.close()


@pytest.fixture
def other(world: World, plain: Browser) -> Iterator[Phone]:
    opened = open_crm(world, "1004", plain)
    yield opened
    opened.close()


def leave_while_it_rings(phone: Phone, world: World, leave: Leave) -> tuple[Stranger, str]:
    customer = Stranger(world, "1003")
    uuid = phone.wait_event("incoming_call")["call"]["uuid"]
    phone.mark()  # and goes at once: a frame that is reloaded alone has its address by now
    leave(phone)
    return customer, uuid


@pytest.mark.parametrize(
    "leave", [reload_frame, *(slow(how) for how in (reload_parent, put_in_again, navigate_parent))]
)
def test_what_rings_goes_on_ringing_and_is_the_same_call(phone: Phone, world: World, leave: Leave) -> None:
    customer, uuid = leave_while_it_rings(phone, world, leave)
    assert phone.wait_event("incoming_call", seconds=40)["call"]["uuid"] == uuid
    phone.wait_event("registered", seconds=40)
    phone.send("answer")
    assert phone.wait_event("call_answered")["call"]["uuid"] == uuid
    phone.wait_audio(uuid)
    assert phone.types().count("incoming_call") == 1
    assert phone.since("error", "call_hangup") == []
    customer.do("bye")
    assert hangup_of(phone)["reason"] == "remote_hangup"


@pytest.mark.slow
def test_a_caller_who_gives_up_meanwhile_is_told(phone: Phone, world: World) -> None:
    given_up: list[str] = []

    def give_up(route: Route) -> None:
        """The new page asks, and so the old one is gone."""
        customer.do("cancel")
        given_up.append(customer.call.state)
        route.continue_()

    phone.context.route("**/sip-config", give_up)
    customer, uuid = leave_while_it_rings(phone, world, reload_frame)
    ended = hangup_of(phone, seconds=40)
    assert given_up
    assert (ended["call"]["uuid"], ended["reason"], ended["billsec"]) == (uuid, "signaling_lost", 0)
    assert phone.state()["calls"] == []


@pytest.mark.parametrize("leave", [reload_frame, slow(put_in_again)])
def test_what_is_dialled_ends_at_both_ends(phone: Phone, other: Phone, leave: Leave) -> None:
    phone.send("call", {"number": "1004"})
    uuid = phone.wait_event("call_ringing")["call"]["uuid"]
    phone.mark()
    leave(phone)
    ended = phone.wait_event("call_hangup", seconds=40)
    assert (ended["call"]["uuid"], ended["reason"]) == (uuid, "cancelled")
    assert hangup_of(other)["reason"] == "cancelled"
    phone.wait_event("ready", seconds=40)
    assert phone.state()["calls"] == []


def test_with_resume_0_the_far_end_is_hung_up_on(
    world: World, plain: Browser, other: Phone, nobody_at_1003: None
) -> None:
    phone = open_crm(world, "1003", plain, resume="0")
    phone.send("call", {"number": "1004"})
    other.wait_event("incoming_call")
    other.send("answer")
    uuid = phone.wait_event("call_answered")["call"]["uuid"]
    phone.mark()
    reload_frame(phone)
    assert hangup_of(other)["reason"] == "remote_hangup"
    ended = phone.wait_event("call_hangup")
    assert (ended["call"]["uuid"], ended["reason"]) == (uuid, "local_hangup")
    phone.close()
