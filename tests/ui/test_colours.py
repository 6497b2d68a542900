"""Contrast of the colour tokens, light and dark: WCAG 2.2, 1.4.3 (text, 4.5) and 1.4.11 (parts, 3)."""

from __future__ import annotations

import re

import pytest

from embed_app.ui.accent import GROUND_DARK, GROUND_LIGHT, contrast
from tests.ui.markup import style_sheet

CSS = style_sheet("phone.css")
TOKENS = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", CSS)
LIGHT = {name: light for name, light, _ in TOKENS} | {"on-strong": "#ffffff"}
DARK = {name: dark for name, _, dark in TOKENS} | {"on-strong": "#ffffff"}

TEXT = [
    *((text, back) for text in ("text", "quiet") for back in ("back", "raised")),
    ("text", "pressed"),
    ("accent", "back"),
    ("accent", "raised"),
    ("on-accent", "accent"),
    *(("on-strong", back) for back in ("go", "go-hover", "stop", "stop-hover")),
    ("bad-text", "bad-back"),
    ("warn-text", "warn-back"),
    ("warn-text", "back"),
]
MARKS = ("dot-ok", "dot-busy", "dot-warn", "dot-bad", "dot-off", "field-line", "accent")
PARTS = [(mark, "back") for mark in MARKS]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("fore", "back", "least"), [*((f, b, 4.5) for f, b in TEXT), *((f, b, 3.0) for f, b in PARTS)]
)
def test_contrast(colours: dict[str, str], fore: str, back: str, least: float) -> None:
    assert contrast(colours[fore], colours[back]) >= least


def test_a_customers_colour_is_measured_against_the_grounds_there_are() -> None:
    for colours, ground in ((LIGHT, GROUND_LIGHT), (DARK, GROUND_DARK)):
        assert colours["pressed"] == ground
        hardest = min(("back", "raised", "pressed"), key=lambda name: contrast("#808080", colours[name]))
        assert hardest == "pressed"


def test_colours_are_written_in_the_tokens_only() -> None:
    rules = CSS[CSS.index("*,\n") :]
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;,) ])", rules) == []
