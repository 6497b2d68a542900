"""One phone, many tabs, in front of Kamailio (fault 29)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import hangup_of
from tests.e2e.world import until
from tests.real.bindings import bindings
from tests.real.kamailio import Kamailio
from tests.real.wire import Wire
from tests.real.world import RealWorld

EXTENSION = "1004"
Tab = Callable[[], Phone]


@pytest.fixture
def tab(plain: Browser, one_place: RealWorld, kamailio: Kamailio) -> Iterator[Tab]:
    """Another tab of the CRM in the same browser, once its parent knows that it is registered."""
    context = plain.new_context()
    opened: list[Phone] = []

    def open_tab() -> Phone:
        opened.append(Phone.open(one_place, EXTENSION, context=context))
        return opened[-1]

    yield open_tab
    for phone in opened:
        phone.assert_unharmed()
    context.close()
    until(lambda: not bindings(kamailio, EXTENSION), "the tabs are gone")


def test_fault_29_ten_tabs_of_one_crm_are_one_binding(tab: Tab, wire: Wire, kamailio: Kamailio) -> None:
    with fault(29, "ten tabs of one CRM in front of Kamailio", "one registration") as row:
        tabs = [tab() for _ in range(10)]
        assert all(phone.state()["state"] == "registered" for phone in tabs)
        assert len(bindings(kamailio, EXTENSION)) == 1
        accepted = [said for said in wire.tap.requests("REGISTER", "up") if "\r\nAuthorization:" in said.text]
        assert len(accepted) == 1
        row.seen(f"{len(accepted)} REGISTER, one binding in its location table")


def test_fault_29_a_tab_closed_while_it_rings_leaves_the_call_ringing_in_another(
    tab: Tab, wire: Wire, kamailio: Kamailio, bob: Phone
) -> None:
    injected = "the registered one of three tabs is closed while a call of Kamailio rings"
    with fault(29, injected, "another takes over within 2 s, ringing included") as row:
        first, second, third = tab(), tab(), tab()
        bob.send("call", {"number": EXTENSION})
        uuid = first.wait_event("incoming_call")["call"]["uuid"]
        for phone in (second, third):
            assert phone.wait_event("incoming_call")["call"]["uuid"] == uuid
            phone.mark()
        invited = len(wire.tap.said)
        first.page.close()
        closed = time.monotonic()
        rings = wire.tap.wait_request("INVITE", "down", invited).at - closed
        assert rings < 2
        third.send("answer")
        for phone in (second, third):
            assert phone.wait_event("call_answered")["call"]["uuid"] == uuid
            assert not phone.since("incoming_call", "call_ringing", "call_hangup")
        theirs = bob.wait_event("call_answered")["call"]["uuid"]
        second.wait_audio(uuid)
        bob.wait_audio(theirs)
        heard = time.monotonic() - closed
        until(lambda: len(bindings(kamailio, EXTENSION)) == 1, "the closed tab's binding is gone")
        bob.send("hangup")
        for phone in (second, third):
            assert hangup_of(phone)["reason"] == "remote_hangup"
        hangup_of(bob)
        row.seen(f"rings again after {rings:.2f} s under the same uuid, audio both ways after {heard:.1f} s")
