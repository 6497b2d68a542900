"""Whatever colour a customer has, what is written in it and on it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.ui.accent import GROUND_DARK, GROUND_LIGHT, accent_of, contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_colour_becomes_one_that_can_be_read(colour: str) -> None:
    accent = accent_of(colour)
    assert accent is not None
    for ground in ("#ffffff", "#f1f4f8", GROUND_LIGHT):
        assert contrast(accent.light, ground) >= 4.5
    for ground in ("#14181e", "#222932", GROUND_DARK):
        assert contrast(accent.dark, ground) >= 4.5
    assert contrast(accent.on_light, accent.light) >= 4.5
    assert contrast(accent.on_dark, accent.dark) >= 4.5


@pytest.mark.parametrize(("colour", "light", "dark"), [("#1d5bd0", True, False), ("#86b1ff", False, True)])
def test_a_colour_that_can_be_read_is_left_alone(colour: str, light: bool, dark: bool) -> None:
    accent = accent_of(colour)
    assert accent is not None
    assert (accent.light == colour, accent.dark == colour) == (light, dark)


@given(COLOURS)
def test_it_is_mixed_no_more_than_it_must_be(colour: str) -> None:
    """The order of the channels is what is left of the hue."""
    accent = accent_of(colour)
    assert accent is not None

    def channels(text: str) -> list[int]:
        return [int(text[start : start + 2], 16) for start in (1, 3, 5)]

    given_channels = channels(colour)
    for made in (channels(accent.light), channels(accent.dark)):
        for one in range(3):
            for other in range(3):
                if given_channels[one] > given_channels[other]:
                    assert made[one] >= made[other]


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#123456 ", "url(x)", "#12345\u0661"])
def test_what_is_no_colour_is_none(text: str) -> None:
    assert accent_of(text) is None


def test_the_measure() -> None:
    """Values of WCAG 2.2's own examples."""
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
