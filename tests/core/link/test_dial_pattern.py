"""Patterns of numbers as Asterisk writes them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.link.dial_pattern import PatternError, matches_any, read_pattern
from server.customers.call_rules import check_pattern


@pytest.mark.parametrize(
    ("pattern", "number", "matches"),
    [
        ("101", "101", True),
        ("101", "1010", False),
        ("_101", "101", True),
        ("1XX", "100", True),
        ("1xx", "19", False),
        ("ZX", "00", False),
        ("NX", "19", False),
        ("NX", "20", True),
        ("[13-5]X", "40", True),
        ("[13-5]X", "20", False),
        ("0[35789]XXXXXXXX", "0912345678", True),
        ("0[35789]XXXXXXXX", "0212345678", False),
        ("1900X.", "19001", False),
        ("1900X.", "190012", True),
        ("1900.", "1900", False),
        ("1900!", "1900", True),
        ("+65X.", "+6512", True),
        ("*4X", "*43", True),
        ("*!", "*43#1", True),
        (".", "", False),
        ("!", "", True),
    ],
)
def test_what_a_pattern_stands_for(pattern: str, number: str, matches: bool) -> None:
    assert read_pattern(pattern).matches(number) is matches
    assert matches_any(("9999", pattern), number) is matches


UNREADABLE = ["", "_", "[", "[]", "[5-1]", "[X]", "1.2", "1!2", "..", "a", "0 9", "1+2", "٣", "1-2", "X" * 65]


@pytest.mark.parametrize("pattern", UNREADABLE)
def test_what_is_no_pattern_is_refused_by_phone_and_server(pattern: str) -> None:
    with pytest.raises(PatternError):
        read_pattern(pattern)
    with pytest.raises(ValueError, match="is no pattern"):
        check_pattern(pattern)


@given(st.text("_+0159XZNxz[]-*#.!a ", max_size=12) | st.text(max_size=70))
def test_phone_and_server_read_the_same_patterns(pattern: str) -> None:
    try:
        check_pattern(pattern)
    except ValueError:
        with pytest.raises(PatternError):
            read_pattern(pattern)
    else:
        read_pattern(pattern)


PATTERNS = st.builds(
    lambda places, end: "".join(places) + end,
    st.lists(st.sampled_from(["X", "Z", "N", "0", "9", "*", "[0-9]", "[13-5]"]), min_size=1, max_size=12),
    st.sampled_from(["", ".", "!"]),
)


@given(PATTERNS, st.text("0123456789*#+", max_size=32))
def test_no_pattern_is_slow(pattern: str, number: str) -> None:
    """Each character is looked at once: no pattern can make matching long."""
    check_pattern(pattern)
    started = time.perf_counter()
    for _ in range(100):
        read_pattern(pattern).matches(number)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "text", ["[" + "0-9" * 20, "[0-9" * 15, "X" * 63 + "[", "[00000000000000000000000000000"]
)
def test_no_text_is_slow_to_refuse(text: str) -> None:
    started = time.perf_counter()
    for _ in range(100):
        with pytest.raises(ValueError, match="is no pattern"):
            check_pattern(text)
        with pytest.raises(PatternError):
            read_pattern(text)
    assert time.perf_counter() - started < 0.5
