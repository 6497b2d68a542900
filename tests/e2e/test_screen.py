"""The whole phone by hand: what an agent clicks and reads, over real SIP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.phone import Phone
from tests.e2e.world import World

OpenPhone = Callable[..., Phone]


def press(phone: Phone, *names: str) -> None:
    for name in names:
        phone.frame.get_by_role("button", name=name, exact=True).click()


def test_dial_with_the_keys_talk_and_hang_up(alice: Phone) -> None:
    for key in ("*", "4", "3"):
        alice.frame.locator(f'#dial-keys [data-value="{key}"]').click()
    expect(alice.frame.locator("#dial-number")).to_have_value("*43")
    press(alice, "Gọi")
    call = alice.wait_event("call_answered")["call"]
    expect(alice.frame.locator("#call-name")).to_have_text("*43")
    expect(alice.frame.locator("#call-timer")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    alice.wait_audio(call["uuid"])
    press(alice, "Gác máy")
    assert alice.wait_event("call_hangup")["reason"] == "local_hangup"
    expect(alice.frame.locator("#dialer")).to_be_visible()
    expect(alice.frame.locator("#ended-text")).not_to_be_empty()


def test_a_typed_number_dials_on_enter_and_is_cleaned(alice: Phone) -> None:
    field = alice.frame.locator("#dial-number")
    field.fill("(*4-6) ")
    field.press("Enter")
    ended = alice.wait_event("call_hangup")
    assert (ended["call"]["number"], ended["reason"]) == ("*46", "busy")


def test_a_wrong_number_is_said_in_words_and_nothing_is_dialled(alice: Phone) -> None:
    field = alice.frame.locator("#dial-number")
    field.fill("1002@evil.example")
    field.press("Enter")
    assert alice.wait_event("error")["code"] == "invalid_number"
    expect(alice.frame.get_by_role("alert")).to_contain_text(re.compile(r"\w+ \w+"))
    assert alice.state()["calls"] == []
    field.fill("")


def test_answer_mute_hold_keypad_on_the_screen(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002"})
    bob.wait_event("incoming_call")
    popup = bob.frame.get_by_role("alertdialog")
    expect(popup).to_be_visible()
    expect(popup).to_contain_text("Nguyễn Văn An")
    press(bob, "Nghe")
    uuid = bob.wait_event("call_answered")["call"]["uuid"]
    press(bob, "Tắt tiếng")
    assert bob.wait_event("call_updated")["call"]["muted"] is True
    expect(bob.frame.locator("#mute")).to_have_attribute("aria-pressed", "true")
    bob.mark()
    bob.frame.locator("#mute").click()
    assert bob.wait_event("call_updated")["call"]["muted"] is False
    bob.mark()
    press(bob, "Giữ máy")
    assert bob.wait_event("call_updated")["call"]["state"] == "held"
    bob.mark()
    bob.frame.locator("#hold").click()
    assert bob.wait_event("call_updated")["call"]["state"] == "answered"
    press(bob, "Bàn phím")
    bob.frame.locator('#keypad-panel [data-value="7"]').click()
    assert alice.wait_event("dtmf")["digit"] == "7"
    assert [call["uuid"] for call in bob.state()["calls"]] == [uuid]
    press(bob, "Gác máy")
    assert alice.wait_event("call_hangup")["reason"] == "remote_hangup"


def test_decline_on_the_screen(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002"})
    bob.wait_event("incoming_call")
    press(bob, "Từ chối")
    assert bob.wait_event("call_hangup")["reason"] == "rejected"
    assert alice.wait_event("call_hangup")["reason"] == "rejected"
    expect(bob.frame.get_by_role("alertdialog")).to_be_hidden()


def test_transfer_on_the_screen(alice: Phone) -> None:
    alice.send("call", {"number": "*43"})
    alice.wait_event("call_answered")
    press(alice, "Chuyển máy")
    target = alice.frame.locator("#transfer-target")
    target.fill("*44")
    alice.frame.locator("#transfer-go").click()
    # The echo follows the REFER or refuses it; either way the agent hears of it and has one call or none.
    ended = alice.page.wait_for_function(
        """() => events.find((e) => e.type === 'call_hangup' && e.payload.reason === 'transferred' ||
                                    e.type === 'error' && e.payload.code === 'transfer_failed')"""
    ).json_value()
    assert ended["type"] in ("call_hangup", "error")


def test_an_incoming_call_never_takes_the_keyboard_from_the_crm(alice: Phone, bob: Phone) -> None:
    bob.page.evaluate(
        """() => { const note = document.createElement("input"); note.id = "note";
                   document.body.prepend(note); note.focus() }"""
    )
    alice.send("call", {"number": "1002"})
    bob.wait_event("incoming_call")
    expect(bob.frame.get_by_role("alertdialog")).to_be_visible()
    bob.page.keyboard.type("ghi chú")
    assert (
        bob.page.evaluate("document.activeElement.id + ':' + document.activeElement.value") == "note:ghi chú"
    )


@pytest.mark.parametrize(
    ("locale", "word"), [("vi", "Sẵn sàng"), pytest.param("en", "Ready", marks=pytest.mark.slow)]
)
def test_both_languages_and_the_theme(open_phone: OpenPhone, locale: str, word: str) -> None:
    phone = open_phone("1003", locale=locale, theme="dark")
    expect(phone.frame.locator("#status-text")).to_contain_text(word)
    expect(phone.frame.locator("#status-text")).to_contain_text("1003")
    assert phone.frame.evaluate("document.documentElement.lang") == locale
    dark = phone.frame.evaluate("getComputedStyle(document.querySelector('#phone')).backgroundColor")
    assert sum(int(part) for part in re.findall(r"\d+", dark)[:3]) < 150


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "N" * 200, "‮1002 drow", "🙂 Ngữ"])
def test_a_strange_name_is_shown_as_text(alice: Phone, world: World, name: str) -> None:
    handle = world.on_loop(lambda: world.pbx.call("1001", "0912345678", name))
    incoming = alice.wait_event("incoming_call")
    shown = incoming["call"]["display_name"]
    assert "\u202e" not in shown
    expect(alice.frame.get_by_role("alertdialog")).to_contain_text(shown[:20])
    assert alice.frame.locator("img").count() == 0
    box = alice.frame.get_by_role("button", name="Nghe").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    world.on_loop(handle.cancel)
    assert alice.wait_event("call_hangup")["reason"] == "cancelled"
    assert alice.console == []
