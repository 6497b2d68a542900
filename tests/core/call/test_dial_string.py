"""What may reach SIP (contract section 4). The tables of bad input are in tests/protocol."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.dial_string import (
    DialStringError,
    call_headers,
    clean_caller,
    clean_digits,
    clean_number,
)
from embed_app.core.text import clean_name


@given(st.text(alphabet="+0123456789*# .-()[]@?;\r\n\x00aé１", max_size=60))
def test_a_number_is_of_its_alphabet_or_refused(text: str) -> None:
    wanted = re.sub(r"[ .\-()\[\]]", "", text)
    good = re.fullmatch(r"[+0-9*#]{1,32}", wanted, re.ASCII) is not None
    if good:
        assert clean_number(text) == wanted
    else:
        with pytest.raises(DialStringError) as caught:
            clean_number(text)
        assert caught.value.field == "number"


@given(st.text(alphabet="0123456789*#ABCDabcd,Ee;\n１", max_size=70))
def test_digits_are_of_their_alphabet_or_refused(text: str) -> None:
    good = re.fullmatch(r"[0-9*#A-Da-d,]{1,64}", text, re.ASCII) is not None
    if good:
        assert clean_digits(text) == text.upper()
    else:
        with pytest.raises(DialStringError):
            clean_digits(text)


@given(
    st.none() | st.text(max_size=4),
    st.none() | st.text(max_size=4),
    st.dictionaries(st.text(max_size=5), st.text()),
)
def test_no_header_can_break_a_line(campaign: str | None, lead: str | None, extra: dict[str, str]) -> None:
    try:
        headers = call_headers(campaign, lead, extra)
    except DialStringError:
        return
    for name, value in headers:
        assert re.fullmatch(r"X-[A-Za-z0-9-]{1,32}", name, re.ASCII)
        assert re.fullmatch(r"[\x20-\x7e]{0,200}", value)
    assert len({name.lower() for name, _ in headers}) == len(headers)


def test_an_extra_header_cannot_pose_as_ours() -> None:
    with pytest.raises(DialStringError):
        call_headers("7", None, {"zorio-campaign-id": "8"})


@pytest.mark.parametrize("clean", [clean_number, clean_digits])
def test_an_error_never_repeats_the_value(clean: Callable[[str], str]) -> None:
    with pytest.raises(DialStringError) as caught:
        clean("secret@0912345678")
    assert "0912345678" not in str(caught.value)


@given(st.text(max_size=700))
def test_a_name_is_clean_once_and_for_all(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == name
    assert len(name) <= 500
    assert not any(char in name for char in "\r\n\t\x00\x7f\u202e\u2066")


def test_a_caller_without_a_number_is_text() -> None:
    assert clean_caller("+84 912-345") == "+84912345"
    assert clean_caller("anonymous\u202e") == "anonymous"
    assert len(clean_caller("x" * 500)) == 64
