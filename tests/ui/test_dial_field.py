"""The dialer's field and the history on the real page: numbers as people write them, suggestions, redial."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import press_keys, run, wishes

CARET = "document.getElementById('dial-number').selectionStart"


@pytest.fixture
def low_page(page: Page) -> Iterator[Page]:
    """A frame with nothing between its status line and the field."""
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": 320, "height": 420})
    yield page
    page.set_viewport_size(size)


def type_among_people(page: Page, text: str) -> None:
    """Into the field, by the keyboard, where there is somebody to suggest."""
    run(page, "show('missed')")
    page.focus("#dial-number")
    page.keyboard.type(text)


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", text);
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true });
            document.activeElement.dispatchEvent(event);
        }""",
        text,
    )


def test_a_number_is_written_as_people_write_it_while_it_is_typed(page: Page) -> None:
    page.focus("#dial-number")
    page.keyboard.type("0912345678")
    expect(page.locator("#dial-number")).to_have_value("0912 345 678")
    assert page.evaluate(CARET) == 12


def test_the_caret_stays_where_it_types(page: Page) -> None:
    page.focus("#dial-number")
    page.keyboard.type("0912345")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.keyboard.type("88")
    expect(page.locator("#dial-number")).to_have_value("0912 883 45")


def test_backspace_and_delete_take_a_digit_and_not_only_the_space(page: Page) -> None:
    field = page.locator("#dial-number")
    page.focus("#dial-number")
    page.keyboard.type("091234")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    expect(field).to_have_value("0913 4")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(CARET) == 4
    page.keyboard.press("Delete")
    expect(field).to_have_value("0913")


def test_the_keys_on_the_screen_write_the_same_way(page: Page) -> None:
    press_keys(page, "09123")
    expect(page.locator("#dial-number")).to_have_value("0912 3")
    page.click('[data-action="backspace"]')
    page.click('[data-action="backspace"]')
    expect(page.locator("#dial-number")).to_have_value("091")


def test_a_number_is_pasted_anywhere(page: Page) -> None:
    paste(page, "Di động: (028) 3822-1234 (Hoa)")
    expect(page.locator("#dial-number")).to_have_value("028 3822 1234")
    expect(page.locator("#dial-number")).to_be_focused()
    page.keyboard.press("Enter")
    assert wishes(page)[0][0] == "DialRequested"


def test_what_has_no_number_in_it_is_not_pasted(page: Page) -> None:
    paste(page, "chị Hoa")
    expect(page.locator("#dial-number")).to_have_value("")


def test_suggestions_are_chosen_by_keyboard_and_then_called(page: Page) -> None:
    type_among_people(page, "028")
    field = page.locator("#dial-number")
    expect(field).to_have_attribute("role", "combobox")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", str(options.nth(1).get_attribute("id")))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(field).to_have_value("028 3822 1234")
    expect(page.locator("#dial-suggestions")).to_be_hidden()
    assert wishes(page) == []
    page.keyboard.press("Enter")
    assert wishes(page)[0][1]["number"] == "028 3822 1234"


def test_escape_closes_the_suggestions_and_enter_calls_what_was_typed(page: Page) -> None:
    type_among_people(page, "028")
    page.keyboard.press("Escape")
    expect(page.locator("#dial-suggestions")).to_be_hidden()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    assert wishes(page)[0][1]["number"] == "0283"


def test_a_name_without_marks_finds_the_number_and_a_click_takes_it(page: Page) -> None:
    type_among_people(page, "quynh")
    page.get_by_role("option").click()
    expect(page.locator("#dial-number")).to_have_value("0912 345 678")
    expect(page.locator("#dial-number")).to_be_focused()


def test_the_keys_on_the_screen_suggest_one_above_them(page: Page) -> None:
    run(page, "show('missed')")
    press_keys(page, "028")
    expect(page.get_by_role("option")).to_have_count(1)
    suggestion, keys = (
        page.locator("#dial-suggestions").bounding_box(),
        page.locator("#dial-keys").bounding_box(),
    )
    assert suggestion is not None
    assert keys is not None
    assert suggestion["y"] + suggestion["height"] <= keys["y"]
    page.get_by_role("option").click()
    expect(page.locator("#dial-number")).to_have_value("028 3822 1234")


def test_the_keys_on_the_screen_suggest_nothing_where_it_would_hide_the_status(low_page: Page) -> None:
    run(low_page, "show('missed')")
    press_keys(low_page, "028")
    expect(low_page.get_by_role("option")).to_have_count(0)
    low_page.focus("#dial-number")
    low_page.keyboard.type("3")
    expect(low_page.get_by_role("option")).to_have_count(2)


def test_call_on_an_empty_field_brings_the_last_number_of_the_history(page: Page) -> None:
    run(page, "show('missed')")
    page.click("#dial")
    expect(page.locator("#dial-number")).to_have_value("028 3822 1234")
    assert wishes(page) == []
    page.click("#dial")
    assert wishes(page)[0][1]["number"] == "028 3822 1234"


def test_the_history_calls_back_with_one_press(page: Page) -> None:
    run(page, "show('history')")
    rows = page.locator("#history-list .recent")
    expect(rows).to_have_count(8)
    rows.nth(1).focus()
    page.keyboard.press("Enter")
    assert wishes(page)[0][1]["number"] == "02838221234"
    expect(rows.nth(4)).to_be_disabled()


def test_a_new_call_stands_at_the_top_and_the_others_stay_the_same_nodes(page: Page) -> None:
    run(page, "show('history')")
    page.evaluate("window.known = [...document.querySelectorAll('#history-list > li')]")
    run(
        page,
        "from states import LOADED, NUMBER, past; from embed_app.core.call.values import Reason\n"
        "new = past(NUMBER, 1, Reason.CANCELLED)\n"
        "show('history', history=replace(LOADED, calls=(new, *LOADED.calls)))",
    )
    expect(page.locator("#history-list > li")).to_have_count(9)
    assert page.evaluate(
        "known.every((node, at) => node === document.querySelectorAll('#history-list > li')[at + 1])"
    )


def test_retry_silence_and_do_not_disturb_are_one_press(page: Page) -> None:
    run(page, "show('history_failed')")
    page.click("#history-retry")
    run(page, "show('settings')")
    page.click("#do-not-disturb")
    run(page, "show('incoming')")
    page.click('[data-part="silence"]')
    run(page, "show('incoming_silenced')")
    expect(page.locator('[data-part="silence"]')).to_be_hidden()
    assert [name for name, _ in wishes(page)] == [
        "HistoryRequested",
        "DoNotDisturbChosen",
        "SilenceRequested",
    ]
