"""Numbers as people write them, and the caret that stays where it was."""

from __future__ import annotations

import pytest

from embed_app.core.call.dial_string import clean_number
from embed_app.ui.numbers import number_in, retyped, shown, significant, to_call_back, without_one


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0912345678", "0912 345 678"),
        ("0389123456", "0389 123 456"),
        ("02838221234", "028 3822 1234"),
        ("02438221234", "024 3822 1234"),
        ("02363822123", "0236 3822 123"),
        ("19001234", "1900 1234"),
        ("1900123456", "1900 123 456"),
        ("18006001", "1800 6001"),
        ("+84912345678", "+84 912 345 678"),
        ("+842838221234", "+84 28 3822 1234"),
        ("+842363822123", "+84 236 3822 123"),
        ("+442079460958", "+44 207 946 0958"),
        ("+12025550123", "+1 202 555 0123"),
        ("+85512345678", "+855 123 456 78"),
        ("1001", "1001"),
        ("113", "113"),
        ("123456", "123456"),
        ("1234567", "123 4567"),
        ("*43", "*43"),
        ("*21*0912345678#", "*21*0912345678#"),
        ("+", "+"),
        ("+8", "+8"),
        ("+84", "+84"),
        ("", ""),
        ("anonymous", "anonymous"),
        ("sip:x@y", "sip:x@y"),
        ("٠٩١٢٣٤٥٦٧٨", "٠٩١٢٣٤٥٦٧٨"),
    ],
)
def test_a_number_is_shown_as_people_write_it(number: str, text: str) -> None:
    assert shown(number) == text


@pytest.mark.parametrize(
    "number", ["0912345678", "02838221234", "+84912345678", "19001234", "1001", "09", "+14155550123456"]
)
def test_nothing_is_lost_on_the_way_to_the_pbx(number: str) -> None:
    """While it is typed, digit by digit, as well."""
    for length in range(1, len(number) + 1):
        assert significant(shown(number[:length])) == number[:length]
        if number[:length] != "+":
            assert clean_number(shown(number[:length])) == number[:length]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("(028) 3822-1234", "028 3822 1234"),
        ("0912.345.678", "0912 345 678"),
        ("+84 (28) 3822 1234", "+84 28 3822 1234"),
        ("*43", "*43"),
        ("+1 0*", "+10*"),
        ("(*4-6) ", "*46"),
        ("0912x", "0912x"),
        ("Hoa", "Hoa"),
    ],
)
def test_what_is_typed_or_pasted_is_written_the_same_way(typed: str, text: str) -> None:
    assert retyped(typed, len(typed)) == (text, len(text))


@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ("09123|", "0912 3|"),
        ("0912 3|45 678", "0912 3|45 678"),
        ("09|1 2345 678", "09|12 345 678"),
        ("|0912 345 678", "|0912 345 678"),
        ("0912345| 678", "0912 345| 678"),
        ("0912|", "0912|"),
    ],
)
def test_the_caret_stays_behind_its_digit(typed: str, stands: str) -> None:
    text, caret = retyped(typed.replace("|", ""), typed.index("|"))
    assert text[:caret] + "|" + text[caret:] == stands


def test_typing_digit_by_digit_never_moves_the_caret_from_the_end() -> None:
    text = ""
    for digit in "0912345678":
        text, caret = retyped(text + digit, len(text) + 1)
        assert caret == len(text)
    assert text == "0912 345 678"


@pytest.mark.parametrize(
    ("before", "after"),
    [("0912 3|", "0912 |"), ("0912 |3", "091|3"), ("|0912", "|0912"), ("0|", "|"), ("|", "|")],
)
def test_backspace_takes_a_digit_and_not_a_space(before: str, after: str) -> None:
    text, caret = without_one(before.replace("|", ""), before.index("|"))
    assert text[:caret] + "|" + text[caret:] == after


@pytest.mark.parametrize(
    ("copied", "number"),
    [
        ("0912 345 678", "0912 345 678"),
        ("tel:+84912345678", "+84912345678"),
        ("Di động: 0912.345.678 (chị Hoa)\n", "0912.345.678"),
        ("(028) 3822-1234", "(028) 3822-1234"),
        ("+84 (28) 3822 1234", "+84 (28) 3822 1234"),
        ("*43", "*43"),
        ("1001", "1001"),
        ("chị Hoa", ""),
        ("", ""),
    ],
)
def test_a_number_is_found_in_what_was_copied(copied: str, number: str) -> None:
    assert number_in(copied) == number


@pytest.mark.parametrize("number", ["*72", "*7219001234", "#31#0912345678", "**101"])
def test_a_caller_that_calls_itself_a_feature_code_is_not_called_back_by_one_press(number: str) -> None:
    assert to_call_back(number, inbound=True) == ""
    assert to_call_back(number, inbound=False) == number
    assert to_call_back("+84912345678", inbound=True) == "+84912345678"
