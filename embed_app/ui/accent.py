"""An account's colour, made readable: any colour -> an accent for each theme, to write in and to write on.

Contrast is WCAG 2.2's (1.4.3: 4.5 for text; 1.4.11: 3 for marks). The hue is kept: in the light theme the
colour is mixed with black until it can be read on every ground there, in the dark one with white.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from embed_app.core.text import is_colour

LEAST = 4.5
GROUND_LIGHT, GROUND_DARK = "#e2e8f0", "#313a46"
"""`--pressed` of the style sheet: of the grounds that text in the accent stands on, the hardest one."""
WHITE, BLACK = "#ffffff", "#0b0f14"
_STEPS = 64
Channels = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Accent:
    """Colours as `#rrggbb`; `on_…` is for text on the accent."""

    light: str
    on_light: str
    dark: str
    on_dark: str


@lru_cache(maxsize=4)  # asked for at every step, and a hundred powers each time
def accent_of(colour: str) -> Accent | None:
    """None for what is not `#rrggbb`."""
    if not is_colour(colour):
        return None
    light = _readable(colour, GROUND_LIGHT, "#000000")
    dark = _readable(colour, GROUND_DARK, WHITE)
    return Accent(light, text_on(light), dark, text_on(dark))


def text_on(colour: str) -> str:
    """White or nearly black, whichever is read better: on an accent always one that has the contrast."""
    return max((WHITE, BLACK), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """From 1 to 21. Both colours as `#rrggbb`."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(colour: str, ground: str, towards: str) -> str:
    """The first of the mixtures that can be read; the last one, black or white, can."""
    mixtures = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((mixed for mixed in mixtures if contrast(mixed, ground) >= LEAST), towards)


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> Channels:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""

    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
