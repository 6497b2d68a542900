"""The page itself: names, ids, languages, and that it already looks like the starting phone."""

from __future__ import annotations

import re

import pytest

from embed_app.i18n.translator import Translator, load_texts
from embed_app.ui.presenter import present
from embed_app.ui.projection import ROOT, project
from tests.ui.markup import PAGE, Element, by_id, read_page
from tests.ui.states import STATES

DOCUMENT = read_page()
IDS = by_id(DOCUMENT)
BODY = next(e for e in DOCUMENT.walk() if e.tag == "body")
CONTROLS = [e for e in BODY.walk() if e.tag in ("button", "input", "select")]


def test_no_inline_script_or_style() -> None:
    for element in DOCUMENT.walk():
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.tag != "style"


ASKED = ("request-text", "request-number", "request-hint")
"""What the other side asks for is written into them."""


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_control_has_a_name(lang: str) -> None:
    labels = {e.attributes["for"]: e.text(lang) for e in BODY.walk() if e.tag == "label"}
    assert len(CONTROLS) > 30
    for control in CONTROLS:
        name = labels.get(control.attributes.get("id", "")) or control.text(lang, spoken=True)
        assert name, control.attributes


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_is_labelled_by_another_element_has_that_label(lang: str) -> None:
    for element in BODY.walk():
        for attribute in ("aria-labelledby", "aria-describedby", "aria-controls"):
            for id_ in element.attributes.get(attribute, "").split():
                assert id_ in IDS
                dynamic = id_ in (
                    "problem-title",
                    "incoming-list",
                    "notifications-state",
                    "unfold-state",
                    *ASKED,
                )
                assert attribute == "aria-controls" or dynamic or IDS[id_].text(lang)


def test_fixed_texts_are_the_ones_of_the_translations() -> None:
    fixed = [e for e in DOCUMENT.walk() if "data-i18n" in e.attributes]
    assert len(fixed) > 40
    for element in fixed:
        lang, key = element.attributes["data-lang"], element.attributes["data-i18n"]
        assert element.text(lang) == load_texts(lang)[key]


def test_every_fixed_text_is_there_in_both_languages() -> None:
    for element in BODY.walk():
        texts = [
            c.attributes for c in element.children if isinstance(c, Element) and "data-lang" in c.attributes
        ]
        langs = [text["data-lang"] for text in texts]
        keys = {text["data-i18n"] for text in texts}
        assert langs in ([], ["vi", "en"]), element.attributes
        assert len(keys) <= 1


def test_no_text_outside_the_translations() -> None:
    for element in BODY.walk():
        if element.tag in ("script", "mpy-config"):
            continue
        loose = "".join(child for child in element.children if isinstance(child, str)).strip()
        known = "data-i18n" in element.attributes or element.attributes.get("class") in ("digit", "letters")
        assert not loose or known, loose


def test_icons_exist() -> None:
    used = {e.attributes["href"].removeprefix("#") for e in BODY.walk() if e.tag == "use"}
    drawn = {e.attributes["id"] for e in BODY.walk() if e.tag == "symbol"}
    assert used == drawn


def test_both_keypads_have_the_twelve_keys_in_order() -> None:
    for action in ("key", "tone"):
        keys = [e.attributes["data-value"] for e in BODY.walk() if e.attributes.get("data-action") == action]
        assert "".join(keys) == "123456789*0#"


def test_live_regions_are_one_polite_and_one_assertive() -> None:
    phone = IDS["phone"]
    assert [e.attributes.get("id") for e in phone.walk() if e.attributes.get("role") == "status"] == ["live"]
    alerts = [e for e in phone.walk() if e.attributes.get("role") == "alert"]
    assert len(alerts) == 1
    assert IDS["alert"] in list(alerts[0].walk())
    for quiet in ("call-timer", "call-state", "status-text"):
        assert not {e.attributes.get("role") for e in IDS[quiet].ancestors()} & {"status", "alert"}
    assert IDS["incoming"].attributes["role"] == "alertdialog"


@pytest.mark.parametrize("state", STATES)
def test_the_projection_touches_only_what_is_there(state: str) -> None:
    projection = project(present(STATES[state], Translator("vi")))
    assert set(projection.elements) - {ROOT} <= set(IDS)
    for list_id, items in projection.lists.items():
        template = IDS[f"{list_id}-item"]
        parts = {e.attributes["data-part"] for e in template.walk() if "data-part" in e.attributes}
        for item in items.values():
            assert set(item) == parts


def test_the_first_paint_is_the_starting_phone() -> None:
    """Python's first projection changes nothing that can be seen, so nothing jumps."""
    for id_, properties in project(present(STATES["starting"], Translator("vi"))).elements.items():
        if id_ == ROOT:
            continue
        for name, value in properties.items():
            if isinstance(value, bool):
                assert (name in IDS[id_].attributes) == value, (id_, name)
            elif name == "text" and id_ != "live":
                assert IDS[id_].text("vi") == value, id_
            elif name.startswith("data-"):
                assert IDS[id_].attributes.get(name, "") == value, (id_, name)


def test_every_state_sets_the_same_properties_of_what_it_shows() -> None:
    """Nothing of one state can stay behind in another: what a shown element ever gets, it gets always."""
    projections = [project(present(phone, Translator("vi"))).elements for phone in STATES.values()]
    for id_ in IDS:
        shown = [p[id_] for p in projections if id_ in p and not p[id_].get("hidden", False)]
        names = {frozenset(properties) for properties in shown}
        assert len(names) <= 1, id_


def test_the_page_has_what_the_start_needs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert {"load-failed", "load-retry", "sound-ring", "sound-ringback"} <= set(IDS)
    assert re.search(r'<link rel="stylesheet" href="[^"]*phone\.css">', text)
