"""The whole phone without a mouse, by the names the accessibility tree gives to what is on the screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.ui.conftest import run, wishes
from tests.ui.gallery import SHOWN, SUGGESTING, show, still_page
from tests.ui.states import OWN_SIZES

MOST_STOPS = 40

STOP = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    name: element.id || [element.dataset.action, element.dataset.value, element.dataset.call].join(" "),
    seen: element.contains(top),
    ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || style.boxShadow !== "none",
  };
}"""

REACHABLE = """() => [...document.querySelectorAll("button:enabled, input:enabled, select:enabled")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .map((element) => element.id
    || [element.dataset.action, element.dataset.value, element.dataset.call].join(" "))"""


def named(page: Page, role: Any, name: str) -> Locator:
    return page.get_by_role(role, name=name, exact=True)


def tab_to(page: Page, name: str) -> None:
    """Tab until the button of that name has the focus, and shows it."""
    button = named(page, "button", name)
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if button.evaluate("(element) => element === document.activeElement"):
            assert page.evaluate(STOP)["ring"], name
            return
    pytest.fail(f"Tab never came to {name}")


def asked(page: Page) -> list[str]:
    return [name for name, _ in wishes(page)]


@pytest.mark.slow
def test_tab_comes_to_everything_in_sight_and_shows_where_it_is(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 560}, reduced_motion="reduce")
    faults = {}
    for state in SHOWN.keys() - set(SUGGESTING):  # they go when Tab leaves the field
        width, height = OWN_SIZES.get(state, (320, 560))
        page.set_viewport_size({"width": width, "height": height})
        still_page(page)  # a new page, so that Tab begins at its top
        show(page, state, "vi", "light")
        reachable = page.evaluate(REACHABLE)
        stops = []
        for _ in reachable:
            page.keyboard.press("Tab")
            stops.append(page.evaluate(STOP))
        bad = [stop for stop in stops if stop is None or not stop["seen"] or not stop["ring"]]
        if bad or [stop["name"] for stop in stops] != reachable:
            faults[state] = bad or [stop["name"] for stop in stops]
    page.close()
    assert faults == {}


def test_dial_and_hang_up(page: Page) -> None:
    run(page, "then['DialRequested'] = 'inviting'; then['HangupRequested'] = 'ended'")
    page.keyboard.type("+1003")
    page.keyboard.press("Backspace")
    page.keyboard.type("2")
    expect(named(page, "combobox", "Số điện thoại")).to_have_value("+1 002")
    page.keyboard.press("Enter")
    tab_to(page, "Gác máy")
    page.keyboard.press("Enter")
    assert [(name, fields.get("number")) for name, fields in wishes(page)] == [
        ("DialRequested", "+1 002"),
        ("HangupRequested", None),
    ]
    expect(page.locator("#dialer")).to_be_focused()


def test_dial_with_the_keys_of_the_screen(page: Page) -> None:
    for name in ("1", "sao", "thăng"):
        tab_to(page, name)
        page.keyboard.press("Space")
    tab_to(page, "Gọi")
    page.keyboard.press("Enter")
    assert [fields["number"] for _, fields in wishes(page)] == ["1*#"]


def test_answer(page: Page) -> None:
    run(page, "then['AnswerRequested'] = 'answered'")
    named(page, "combobox", "Số điện thoại").focus()
    run(page, "show('incoming')")
    tab_to(page, "Nghe")
    page.keyboard.press("Enter")
    assert asked(page) == ["AnswerRequested"]
    expect(page.locator("#call")).to_be_focused()  # the card is gone, and took its button along


def test_decline_and_answer_beside_a_call(page: Page) -> None:
    run(page, "show('incoming_over_call')")
    for name in ("Giữ máy & nghe", "Gác máy & nghe", "Từ chối"):
        tab_to(page, name)
        page.keyboard.press("Enter")
    assert asked(page) == ["AnswerRequested", "AnswerRequested", "HangupRequested"]


def test_hold_and_take_back(page: Page) -> None:
    run(page, "show('answered'); then['HoldRequested'] = 'held'; then['UnholdRequested'] = 'answered'")
    tab_to(page, "Giữ máy")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Giữ máy", pressed=True)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Giữ máy", pressed=False)).to_be_focused()
    assert asked(page) == ["HoldRequested", "UnholdRequested"]


def test_tones(page: Page) -> None:
    run(page, "show('answered'); then['PanelChosen'] = 'keypad'")
    tab_to(page, "Bàn phím")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Bàn phím", expanded=True)).to_be_focused()
    page.keyboard.press("5")
    tab_to(page, "thăng")
    page.keyboard.press("Space")
    page.keyboard.press("+")  # no tone
    run(page, "then['PanelChosen'] = 'answered'")
    page.keyboard.press("Escape")
    assert [fields.get("digits") for _, fields in wishes(page)] == [None, "5", "#", None]
    expect(page.locator("#call")).to_be_focused()


@pytest.mark.parametrize(("way", "attended"), [("Chuyển", "False"), ("Hỏi trước", "True")])
def test_transfer(page: Page, way: str, attended: str) -> None:
    run(
        page, "show('answered'); then['PanelChosen'] = 'transfer'; then['TransferRequested'] = 'transferring'"
    )
    tab_to(page, "Chuyển máy")
    page.keyboard.press("Enter")
    expect(named(page, "textbox", "Chuyển tới số")).to_be_focused()
    page.keyboard.type("1002")
    tab_to(page, way)
    page.keyboard.press("Enter")
    name, fields = wishes(page)[-1]
    assert (name, fields["target"], fields["attended"]) == ("TransferRequested", "1002", attended)
    expect(page.locator("#call")).to_be_focused()


def test_add_a_call(page: Page) -> None:
    run(
        page,
        "show('answered'); then['PanelChosen'] = 'add_call'; then['DialRequested'] = 'two_calls_dialling'",
    )
    tab_to(page, "Gọi thêm")
    page.keyboard.press("Enter")
    expect(page.locator("#add-number")).to_be_focused()
    page.keyboard.type("1002")
    page.keyboard.press("Enter")
    name, fields = wishes(page)[-1]
    assert (name, fields["number"], fields["second"]) == ("DialRequested", "1002", "True")
    tab_to(page, "Gác máy")


def test_call_back_who_hung_up(page: Page) -> None:
    run(page, "show('ended')")
    tab_to(page, "Gọi lại")
    page.keyboard.press("Enter")
    assert [fields["number"] for _, fields in wishes(page)] == ["0912345678"]


def test_two_calls(page: Page) -> None:
    run(page, "show('two_calls_asking')")
    for name in ("Đổi máy", "Quay lại", "Nối hai máy", "Gác máy"):
        tab_to(page, name)
        page.keyboard.press("Enter")
    assert asked(page) == ["UnholdRequested", "ReturnRequested", "JoinRequested", "HangupRequested"]


# What a screen reader is told: whole controls and their order; the rest may grow around them.
TREES = {
    ("incoming_two", "en"): """
      - status: Incoming call from Nguyễn Thị Ngọc Quỳnh
      - alertdialog "Incoming call":
        - heading "Incoming call" [level=1]
        - list:
          - listitem "Incoming call from Khách hàng thử":
            - button "Decline"
            - button "Answer"
          - listitem "Incoming call from Nguyễn Thị Ngọc Quỳnh":
            - button "Decline"
            - button "Answer"
    """,
    ("keypad", "vi"): """
      - status: Đang đàm thoại Nguyễn Thị Ngọc Quỳnh
      - alert
      - region "Cuộc gọi":
        - heading "Cuộc gọi" [level=1]
        - group "Phím số":
          - button "1"
          - button "sao"
          - button "thăng"
        - button "Tắt tiếng"
        - button "Giữ máy"
        - button "Bàn phím" [expanded]
        - button "Chuyển máy"
        - button "Gọi thêm"
        - button "Gác máy"
    """,
    ("muted", "en"): """
      - region "Call":
        - paragraph: Nguyễn Thị Ngọc Quỳnh
        - paragraph:
          - text: In call
          - timer
        - button "Mute" [pressed]
        - button "Hold"
        - button "Hang up"
    """,
    ("flash", "vi"): """
      - alert:
        - paragraph: Số không đúng
      - region "Quay số":
        - combobox "Số điện thoại"
        - group "Phím số"
        - button "Gọi"
    """,
}


@pytest.mark.parametrize(("state", "locale"), TREES)
def test_what_a_screen_reader_is_told(page: Page, state: str, locale: str) -> None:
    run(page, f"show({state!r}, {locale!r})")
    expect(page.locator("body")).to_match_aria_snapshot(TREES[state, locale])
