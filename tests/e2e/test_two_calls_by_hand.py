"""Two calls on the screen: what an agent clicks and reads, over real SIP."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, hangup_of, talk, wait_silent
from tests.e2e.test_screen import press
from tests.e2e.world import World, until


@pytest.fixture
def carol(third: Phone) -> Phone:
    return third


def card(phone: Phone) -> Locator:
    return phone.frame.get_by_role("alertdialog")


def other(phone: Phone) -> Locator:
    return phone.frame.locator("#other-calls")


def name(phone: Phone) -> Locator:
    return phone.frame.locator("#call-name")


def type_into(phone: Phone, field: str, number: str) -> None:
    box = phone.frame.get_by_label(field)
    expect(box).to_be_focused()
    box.fill(number)


def test_hold_and_answer_swap_and_hang_up(alice: Phone, bob: Phone, world: World) -> None:
    ours, theirs = talk(alice, bob)
    alice.mark()
    Stranger(world, "1001", name="Bình")
    second = alice.wait_event("incoming_call")["call"]["uuid"]
    expect(card(alice)).to_contain_text("Bình")
    press(alice, "Giữ máy & nghe")
    expect(card(alice)).to_be_hidden()
    expect(name(alice)).to_have_text("Bình")
    expect(other(alice)).to_contain_text("Đang giữ máy")
    alice.wait_audio(second)
    wait_silent(bob, theirs)
    press(alice, "Đổi máy")
    expect(other(alice)).to_contain_text("Bình")
    expect(other(alice)).to_contain_text("Đang giữ máy")
    bob.wait_audio(theirs)
    press(alice, "Gác máy")
    assert hangup_of(alice)["call"]["uuid"] == ours
    expect(name(alice)).to_have_text("Bình")
    expect(alice.frame.locator("#call-state")).to_have_text("Đang giữ máy")
    press(alice, "Giữ máy")  # one tap back
    expect(alice.frame.locator("#call-state")).to_have_text("Đang đàm thoại")
    alice.wait_audio(second)


def test_decline_and_end_and_answer(alice: Phone, bob: Phone, world: World) -> None:
    ours, _ = talk(alice, bob)
    first = Stranger(world, "1001")
    expect(card(alice)).to_be_visible()
    press(alice, "Từ chối")
    first.wait_for("ended")
    assert first.call.status == 486
    alice.wait_audio(ours)
    alice.mark()
    Stranger(world, "1001", name="Chi")
    second = alice.wait_event("incoming_call")["call"]["uuid"]
    press(alice, "Gác máy & nghe")
    assert hangup_of(bob)["reason"] == "remote_hangup"
    expect(name(alice)).to_have_text("Chi")
    alice.wait_audio(second)
    expect(other(alice)).to_be_hidden()


@pytest.mark.slow
def test_add_a_call_and_come_back_before_it_is_answered(alice: Phone, bob: Phone, carol: Phone) -> None:
    ours, theirs = talk(alice, bob)
    press(alice, "Gọi thêm")
    type_into(alice, "Gọi thêm số", "1003")
    alice.frame.locator("#add-go").click()
    carol.wait_event("incoming_call")
    expect(name(alice)).to_have_text("1003")
    wait_silent(bob, theirs)
    press(alice, "Quay lại")
    assert hangup_of(carol)["reason"] == "cancelled"
    expect(name(alice)).to_have_text("1002")
    expect(alice.frame.locator("#call-state")).to_have_text("Đang đàm thoại")
    alice.wait_audio(ours)
    bob.wait_audio(theirs)


@pytest.mark.slow
def test_ask_first_and_join(alice: Phone, bob: Phone, carol: Phone) -> None:
    talk(alice, bob)
    press(alice, "Chuyển máy")
    type_into(alice, "Chuyển tới số", "1003")
    press(alice, "Hỏi trước")
    at_carol = carol.wait_event("incoming_call")["call"]["uuid"]
    expect(alice.frame.locator("#join")).to_be_disabled()
    press(carol, "Nghe")
    carol.wait_audio(at_carol)
    press(alice, "Nối hai máy")
    until(lambda: alice.types().count("call_hangup") == 2, "both calls are given away")
    expect(alice.frame.locator("#ended-text")).to_have_text("Đã chuyển máy")
    expect(name(carol)).to_have_text("Trần Thị Bình")  # who is 1002
    carol.wait_audio(at_carol)
    until(lambda: [c["number"] for c in bob.state()["calls"]] == ["1003"], "bob talks to carol")


@pytest.mark.slow
def test_ask_first_and_come_back(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.mark()
    press(alice, "Chuyển máy")
    type_into(alice, "Chuyển tới số", "*44")
    press(alice, "Hỏi trước")
    alice.wait_event("call_answered")
    wait_silent(bob, theirs)
    press(alice, "Quay lại")
    assert hangup_of(alice)["reason"] == "local_hangup"
    expect(alice.frame.locator("#call-state")).to_have_text("Đang đàm thoại")
    alice.wait_audio(ours)
    bob.wait_audio(theirs)


@pytest.mark.slow
def test_a_target_that_is_busy_is_said_and_one_tap_leads_back(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    press(alice, "Chuyển máy")
    type_into(alice, "Chuyển tới số", "*46")
    press(alice, "Hỏi trước")
    expect(alice.frame.get_by_role("alert")).to_contain_text("Chưa chuyển được máy")
    expect(name(alice)).to_have_text("1002")
    expect(alice.frame.locator("#call-state")).to_have_text("Đang giữ máy")
    press(alice, "Giữ máy")
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
