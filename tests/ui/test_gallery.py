"""The page of the gallery shows every picture, and its boxes choose among them."""

from __future__ import annotations

import re

from tests.ui.gallery import LOCALES, SHOWN, THEMES
from tests.ui.gallery_page import Shot, gallery_page

SHOTS = [Shot(state, locale, theme, 380, 560) for locale in LOCALES for theme in THEMES for state in SHOWN]
PAGE = gallery_page(SHOWN, SHOTS)


def test_every_picture_is_shown_once() -> None:
    assert sorted(re.findall(r'<img src="(.+?)"', PAGE)) == sorted(shot.file for shot in SHOTS)
    assert len({shot.file for shot in SHOTS}) == len(SHOTS)


def test_every_state_has_its_place_in_the_list_and_in_the_page() -> None:
    assert re.findall(r'<a href="#(.+?)"', PAGE) == re.findall(r'<h3 id="(.+?)"', PAGE)
    assert set(re.findall(r'<h3 id="(.+?)"', PAGE)) == set(SHOWN)


def test_every_box_hides_what_it_names() -> None:
    boxes = re.findall(r'<input type="checkbox" id="\w+-(.+?)"', PAGE)
    assert boxes == [*LOCALES, *THEMES, "380x560"]
    for word in boxes:
        assert f':not(:checked)) figure[class~="{word}"] {{ display: none; }}' in PAGE
        assert re.search(rf'<figure class="[^"]*\b{word}\b', PAGE)
