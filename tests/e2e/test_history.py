"""Do not disturb, the history that outlives its page, calling back and silence: over real SIP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.crm import open_crm, reload_parent
from tests.e2e.gate import Gate, use_urls
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger
from tests.e2e.world import World

STORAGE = "(() => { try { return localStorage.length >= 0 } catch { return 'denied' } })()"
OpenCrm = Callable[[str], Phone]


@pytest.fixture
def crm(world: World, nobody_at_1003: None) -> Iterator[OpenCrm]:
    """Phones in CRM pages that can be loaded anew. Playwright's browser denies their frames storage."""
    opened: list[Phone] = []

    def open(extension: str) -> Phone:
        opened.append(open_crm(world, extension, world.browser))
        return opened[-1]

    yield open
    for phone in opened:
        if phone.state()["do_not_disturb"]:  # kept for the extension, so for other tests as well
            phone.frame.locator("#page-settings").click()
            phone.frame.get_by_role("switch", name="Không làm phiền").click()
            phone.wait_event("do_not_disturb", on=False)
        phone.assert_unharmed()
        phone.close()


def press(phone: Phone, *names: str) -> None:
    for name in names:
        phone.frame.get_by_role("button", name=name, exact=True).click()


def rows(phone: Phone) -> Locator:
    return phone.frame.locator("#history-list .recent")


def open_history(phone: Phone) -> int:
    """How many calls are in it."""
    phone.frame.locator("#page-history").click()
    expect(phone.frame.locator("#history")).to_be_visible()
    expect(phone.frame.locator("#history-note")).not_to_contain_text("Đang tải")
    return rows(phone).count()


def load_anew(phone: Phone) -> None:
    phone.mark()
    reload_parent(phone)
    phone.wait_event("registered", seconds=40)


def call_and_end(caller: Phone, number: str) -> dict[str, str]:
    caller.mark()
    caller.send("call", {"number": number})
    ended: dict[str, str] = caller.wait_event("call_hangup")
    return ended


def test_who_called_while_the_phone_was_away_is_among_the_missed(
    crm: OpenCrm, world: World, gate: Gate
) -> None:
    """Nobody was registered, so the phone has seen nothing of it: the PBX tells the server."""
    with use_urls(world, gate.url):
        phone = crm("1003")
        open_history(phone)
        phone.frame.locator("#page-dialer").click()
        expect(phone.frame.locator("#missed-count")).to_be_hidden()
        gate.refuse()
        gate.cut()
        phone.wait_event("disconnected")
        caller = Stranger(world, "1003", number="0977000035")
        caller.wait_for("ended", seconds=40)
        gate.let_in()
        phone.wait_event("registered", seconds=40)
        expect(phone.frame.locator("#missed-count")).to_have_text("1")
        open_history(phone)
        expect(rows(phone).first).to_contain_text("0977 000 035")


@pytest.mark.slow
def test_do_not_disturb_outlives_the_page_and_the_caller_hears_busy(crm: OpenCrm, alice: Phone) -> None:
    phone = crm("1003")
    assert phone.frame.evaluate(STORAGE) == "denied"
    press(phone, "Cài đặt")
    switch = phone.frame.get_by_role("switch", name="Không làm phiền")
    with phone.page.expect_response(lambda answer: "/api/webphone/memory" in answer.url) as saved:
        switch.click()
    assert saved.value.status == 204
    expect(switch).to_be_checked()
    assert phone.wait_event("do_not_disturb") == {"on": True}
    load_anew(phone)
    assert phone.state()["do_not_disturb"] is True
    expect(phone.frame.locator("#status-text")).to_contain_text("Không làm phiền")
    phone.mark()
    ended = call_and_end(alice, "1003")
    assert ended["reason"] == "busy"
    assert [event for event in phone.types() if event != "response"] == []
    expect(phone.frame.locator("#incoming")).to_be_hidden()
    expect(phone.frame.get_by_role("button", name="1 cuộc gọi nhỡ")).to_be_visible()
    phone.frame.locator("#page-history").click()
    expect(rows(phone).first).to_contain_text("Cuộc gọi nhỡ")
    expect(rows(phone).first).to_contain_text("1001")
    press(phone, "Cài đặt")
    phone.frame.get_by_role("switch", name="Không làm phiền").click()
    assert phone.wait_event("do_not_disturb") == {"on": False}
    alice.mark()
    alice.send("call", {"number": "1003"})
    phone.wait_event("incoming_call")
    alice.send("hangup")
    phone.wait_event("call_hangup")


def test_the_history_is_there_after_a_reload_and_calls_back(crm: OpenCrm, bob: Phone) -> None:
    phone = crm("1004")
    assert phone.frame.evaluate(STORAGE) == "denied"
    before = open_history(phone)  # those of other tests are no news then
    press(phone, "Bàn phím")
    bob.send("call", {"number": "1004"})
    phone.wait_event("incoming_call")
    with phone.page.expect_response(lambda answer: "/api/webphone/memory" in answer.url) as saved:
        bob.send("hangup")
    assert saved.value.status == 204
    phone.wait_event("call_hangup")
    load_anew(phone)
    button = phone.frame.locator("#page-history")
    expect(phone.frame.locator("#missed-count")).to_have_text("1")
    button.click()
    expect(phone.frame.locator("#missed-count")).to_be_hidden()
    expect(phone.frame.get_by_role("heading", name="Hôm nay")).to_be_visible()
    expect(rows(phone)).to_have_count(before + 1)
    bob.mark()
    phone.mark()
    rows(phone).first.click()
    uuid = bob.wait_event("incoming_call")["call"]["uuid"]
    bob.send("answer", {"call_uuid": uuid})
    phone.wait_event("call_answered")
    phone.send("hangup")
    phone.wait_event("call_hangup")
    expect(rows(phone)).to_have_count(before + 2)
    load_anew(phone)
    expect(phone.frame.locator("#missed-count")).to_be_hidden()
    phone.frame.locator("#page-history").click()
    expect(rows(phone)).to_have_count(before + 2)
    expect(rows(phone).first).to_contain_text("Gọi đi")


def test_a_reload_in_the_last_moment_of_a_call_loses_nothing(crm: OpenCrm) -> None:
    """The CRM leaves its page as the agent hangs up: the call is on its way to the server all the same."""
    phone = crm("1004")
    before = open_history(phone)
    phone.mark()
    phone.send("call", {"number": "*43"})
    phone.wait_event("call_answered")
    phone.send("hangup")
    phone.wait_event("call_hangup")
    load_anew(phone)
    phone.frame.locator("#page-history").click()
    expect(rows(phone)).to_have_count(before + 1)


def test_silence_is_heard_here_only(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002"})
    bob.wait_event("incoming_call")
    ring = bob.frame.locator("#sound-ring")
    bob.frame.wait_for_function("(audio) => !audio.paused", arg=ring.element_handle())
    bob.mark()
    press(bob, "Tắt chuông")
    expect(bob.frame.get_by_role("button", name="Tắt chuông")).to_be_hidden()
    assert ring.evaluate("(audio) => audio.paused") is True
    assert bob.types() == []
    assert alice.state()["calls"][0]["state"] == "ringing"
    press(bob, "Nghe")
    alice.wait_event("call_answered")


def test_the_active_call_of_two_has_a_name(alice: Phone) -> None:
    assert alice.state()["active_call_uuid"] is None
    alice.send("call", {"number": "*43"})
    first = alice.wait_event("call_answered")["call"]["uuid"]
    assert alice.state()["active_call_uuid"] == first
    alice.send("hold")
    alice.wait_event("call_updated")
    alice.mark()
    alice.send("call", {"number": "*44"})
    second = alice.wait_event("call_answered")["call"]["uuid"]
    assert alice.state()["active_call_uuid"] == second
