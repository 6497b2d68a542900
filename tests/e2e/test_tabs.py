"""One phone, many tabs (faults 29, 30, 33, 35), in Chromium as users have it: locks work in its frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, expect

from tests.e2e.crm import open_crm, plain_browser, reload_parent, wait_resumed
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, requests, ring, wait_silent
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

EXTENSION = "1003"
Tab = Callable[..., Phone]
Die = Callable[[Phone], float]


@pytest.fixture(scope="module")
def chromium(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with plain_browser(world, tmp_path_factory.mktemp("chromium")) as plain:
        yield plain


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser of one agent."""
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def tab(world: World, context: BrowserContext, nobody_at_1003: None) -> Iterator[Tab]:
    """Another tab of the CRM with the phone in it, as it is once its parent knows that it is registered."""
    opened: list[Phone] = []

    def open_tab(**options: str) -> Phone:
        phone = Phone.open(world, EXTENSION, context=context, **options)
        opened.append(phone)
        return phone

    yield open_tab
    for phone in opened:
        phone.assert_unharmed()
    context.close()
    until(lambda: EXTENSION not in world.pbx.bindings, "the tabs are gone")


def registers(world: World, since: int = 0) -> int:
    """New registrations of the extension: those with a challenge answered, without the refreshes."""
    accepted = [
        text
        for text in requests(world, "REGISTER", since)
        if f"sip:{EXTENSION}@" in text and "\r\nAuthorization:" in text
    ]
    return len(accepted)


def close(phone: Phone) -> float:
    """Close the tab as a user does. When that began, by the clock of `time.monotonic`."""
    begun = time.monotonic()
    phone.page.close()
    return begun


def crash(phone: Phone) -> float:
    """The tab's process dies and takes the frame with it: no page of it can say or give up anything."""
    begun = time.monotonic()
    with phone.page.expect_event("crash", timeout=5000), suppress(Error):  # it dies before it can answer
        phone.page.goto("chrome://crash", timeout=5000)
    return begun


def one_hangup(phone: Phone, uuid: str) -> dict[str, Any]:
    told = [
        e["payload"]
        for e in phone.events
        if e["type"] == "call_hangup" and e["payload"]["call"]["uuid"] == uuid
    ]
    assert len(told) == 1, told
    found: dict[str, Any] = told[0]
    return found


def test_three_tabs_register_once_and_all_know_it(world: World, tab: Tab) -> None:
    since = len(world.wire)
    tabs = [tab(), tab(), tab()]
    assert world.pbx.bindings[EXTENSION] == 1
    assert registers(world, since) == 1
    for phone in tabs:
        assert [e["type"] for e in phone.events] == ["ready", "connected", "registered"]
        assert phone.state()["state"] == "registered"
        expect(phone.frame.locator("#status-text")).to_contain_text(EXTENSION)


def test_click_to_call_in_any_tab(world: World, tab: Tab) -> None:
    first, second, third = tab(), tab(), tab()
    answer = second.ask("call", {"number": "*43", "options": {"campaignId": 7}})
    assert answer["ok"] is True
    uuid = answer["payload"]["calls"][0]["uuid"]
    for phone in (first, second, third):
        assert phone.wait_event("call_answered")["call"]["uuid"] == uuid
        expect(phone.frame.locator("#call")).to_be_visible()
    first.wait_audio(uuid)
    third.frame.locator("#hangup").click()
    for phone in (first, second, third):
        phone.wait_event("call_hangup")
        assert one_hangup(phone, uuid)["reason"] == "local_hangup"
    refused = second.ask("hangup")
    assert refused["error"]["code"] == "no_call"
    assert not [e for e in first.events + third.events if e["type"] == "error"]


def test_an_incoming_call_is_seen_in_all_tabs_and_answered_in_any(
    world: World, tab: Tab, alice: Phone
) -> None:
    first, second, third = tab(), tab(), tab()
    _, uuid = ring(alice, first)
    for phone in (first, second, third):
        assert phone.wait_event("incoming_call")["contact"]["number"] == "1001"
        expect(phone.frame.locator("#incoming")).to_be_visible()
    sounds = "[...document.querySelectorAll('audio')].filter((each) => !each.paused).length"
    until(lambda: first.frame.evaluate(sounds) == 1, "the ring in the owning tab")
    assert second.frame.evaluate(sounds) == third.frame.evaluate(sounds) == 0
    third.frame.locator('[data-action="answer"]').click()
    for phone in (first, second, third):
        assert phone.wait_event("call_answered")["call"]["uuid"] == uuid
    first.wait_audio(uuid)
    alice.send("hangup")
    for phone in (first, second, third):
        phone.wait_event("call_hangup")
        assert one_hangup(phone, uuid)["reason"] == "remote_hangup"


@pytest.mark.parametrize("die", [close, crash])
def test_fault_29_another_tab_takes_over_when_the_registered_one_dies(
    world: World, tab: Tab, die: Die
) -> None:
    first, second, third = tab(), tab(), tab()
    since = len(world.wire)
    for phone in (second, third):
        phone.mark()
    with fault(29, f"the registered one of three tabs dies ({die.__name__})", "another within 2 s") as row:
        died = die(first)
        second.wait_event("registered", seconds=5)
        took = time.monotonic() - died
        third.wait_event("registered", seconds=5)
        assert took < 2
        assert registers(world, since) == 1
        assert world.pbx.bindings[EXTENSION] == 1
        assert second.types() == third.types() == ["disconnected", "unregistered", "connected", "registered"]
        third.send("call", {"number": "*43"})
        uuid = second.wait_event("call_answered")["call"]["uuid"]
        second.wait_audio(uuid)
        third.send("hangup")
        second.wait_event("call_hangup")
        row.seen(f"registered after {took:.2f} s, one binding, a call from a third tab")


@pytest.mark.parametrize("die", [close, crash])
def test_fault_29_a_tab_that_dies_while_it_rings_leaves_the_call_ringing_in_another(
    world: World, tab: Tab, die: Die
) -> None:
    first, second, third = tab(), tab(), tab()
    caller = Stranger(world, EXTENSION)
    uuid = first.wait_event("incoming_call")["call"]["uuid"]
    for phone in (second, third):
        phone.wait_event("incoming_call")
        phone.mark()
    invited = len(requests(world, "INVITE", direction="out"))
    expected = "another rings within 2 s; one call_hangup each"
    with fault(29, f"the registered tab dies ({die.__name__}) while it rings", expected) as row:
        died = die(first)
        until(
            lambda: len(requests(world, "INVITE", direction="out")) > invited, "the PBX rings the next tab", 5
        )
        rings = time.monotonic() - died
        assert rings < 2
        third.frame.locator('[data-action="answer"]').click()
        for phone in (second, third):
            assert phone.wait_event("call_answered")["call"]["uuid"] == uuid
            assert not phone.since("incoming_call", "call_ringing", "call_hangup")
        caller.wait_for("answered")
        second.wait_audio(uuid)
        caller.do("bye")
        for phone in (second, third):
            phone.wait_event("call_hangup")
            assert one_hangup(phone, uuid)["reason"] == "remote_hangup"
        row.seen(f"rings again after {rings:.2f} s, same uuid, answered in a third")


def test_an_answered_call_goes_on_in_another_tab(world: World, tab: Tab, alice: Phone) -> None:
    first, second = tab(), tab()
    _, uuid = ring(alice, first)
    first.send("answer")
    second.wait_event("call_answered")
    first.wait_audio(uuid)
    second.mark()
    close(first)
    assert second.wait_event("call_updated", resumed=True)["call"]["uuid"] == uuid
    second.wait_audio(uuid)
    assert not second.since("call_hangup")
    assert not alice.since("call_hangup")
    second.send("hangup")
    second.wait_event("call_hangup")
    alice.wait_event("call_hangup")
    assert one_hangup(second, uuid)["reason"] == "local_hangup"


def test_two_calls_go_on_in_another_tab(world: World, tab: Tab, alice: Phone) -> None:
    first, second = tab(), tab()
    theirs, waiting = ring(alice, first)
    first.send("answer")
    second.wait_event("call_answered")
    Stranger(world, EXTENSION)
    until(lambda: len(second.since("incoming_call")) == 2, "the waiting caller in both tabs")
    talking = second.since("incoming_call")[-1]["payload"]["call"]["uuid"]
    second.send("answer")
    both = {waiting: "held", talking: "answered"}
    until(lambda: {c["uuid"]: c["state"] for c in second.state()["calls"]} == both, "two calls")
    second.mark()
    close(first)

    def resumed() -> set[str]:
        told = [e["payload"] for e in second.since("call_updated")]
        return {update["call"]["uuid"] for update in told if update.get("resumed")}

    until(lambda: resumed() == set(both), "both in the other tab", 20)
    assert {c["uuid"]: c["state"] for c in second.state()["calls"]} == both
    second.wait_audio(talking)
    wait_silent(alice, theirs)
    second.send("unhold", {"call_uuid": waiting})
    second.wait_audio(waiting)
    alice.wait_audio(theirs)
    assert not second.since("call_hangup")


def test_a_call_on_its_way_out_dies_with_its_tab_and_is_told_once(world: World, tab: Tab) -> None:
    first, second, third = tab(), tab(), tab()
    first.send("call", {"number": "*47"})
    uuid = second.wait_event("call_ringing")["call"]["uuid"]
    third.wait_event("call_ringing")
    close(first)
    for phone in (second, third):
        phone.wait_event("call_hangup")
        phone.wait_event("connected")
        assert one_hangup(phone, uuid)["reason"] == "cancelled"  # by the tab, as the last it did


def test_a_reloaded_tab_beside_the_one_with_the_call_does_not_hear_it_answered_again(
    world: World, tab: Tab, chromium: Browser, context: BrowserContext
) -> None:
    first = tab()
    second = open_crm(world, EXTENSION, chromium, context=context)
    first.send("call", {"number": "*43"})
    uuid = second.wait_event("call_answered")["call"]["uuid"]
    first.wait_audio(uuid)
    for _ in range(2):
        second.mark()
        reload_parent(second)
        wait_resumed(second, uuid)
    first.wait_audio(uuid)
    assert first.types() == ["ready", "connected", "registered", "call_answered"]
    second.send("hangup")
    second.wait_event("call_hangup")
    assert one_hangup(second, uuid)["reason"] == "local_hangup"
    second.assert_unharmed()


def test_fault_29_ten_tabs_of_one_crm_register_once(world: World, tab: Tab) -> None:
    with fault(29, "ten tabs of one CRM", "one registration") as row:
        since = len(world.wire)
        tabs = [tab() for _ in range(10)]
        assert registers(world, since) == 1
        assert world.pbx.bindings[EXTENSION] == 1
        tabs[7].send("call", {"number": "*43"})
        uuids = {phone.wait_event("call_answered")["call"]["uuid"] for phone in tabs}
        assert len(uuids) == 1
        tabs[9].send("hangup")
        for phone in tabs:
            phone.wait_event("call_hangup")
        row.seen(f"{registers(world, since)} REGISTER for {len(tabs)} tabs; all see one call")
