"""What a screen reader is told in every state of the gallery, from Chromium's own accessibility tree: each
control has a name, and every word is of the page's language, or what somebody is called."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from embed_app.core.phone import Phone
from embed_app.i18n.translator import Translator, load_texts
from embed_app.ui.presenter import present
from tests.ui.conftest import looks_at
from tests.ui.gallery import SHOWN, show, still_page
from tests.ui.states import NAME, STATES

NAMED = frozenset(
    {
        *("alertdialog", "button", "checkbox", "combobox", "dialog", "group", "heading", "link", "listbox"),
        *("meter", "navigation", "option", "radio", "radiogroup", "region", "searchbox", "slider"),
        *("spinbutton", "switch", "tab", "textbox"),
    }
)
"""Roles that mean nothing to a listener without a name."""
SIGNS = re.compile(r"[\d+*#:.,()%/·—– -]*")
"""Numbers, times and what stands between them."""
REGIONS = [("alert", "assertive"), ("status", "polite")]
WITHOUT_PHONE = REGIONS[:1]
"""The frame whose Python never came."""
TITLE = "Zorio webphone"


DEEP = 2
"""So often may a text hold texts: "Call: {state}" with "{minutes} min"."""


class Words:
    """The texts of one language, and whether a text is made of nothing but them and of `data`."""

    def __init__(self, locale: str) -> None:
        texts = load_texts(locale).values()
        self._fixed = {text for text in texts if "{" not in text}
        self._templates = [parts_of(text) for text in texts if "{" in text]

    def say(self, text: str, data: frozenset[str], deep: int = DEEP) -> bool:
        text = text.strip()
        if text in self._fixed or text in data or SIGNS.fullmatch(text):
            return True
        fits = deep > 0 and any(self._fits(text, parts, data, deep - 1) for parts in self._templates)
        return fits or self._follows(text, data)

    def _follows(self, text: str, data: frozenset[str]) -> bool:
        """Whether it is one such text after the other: a button is named after all that is written on it."""
        known = sorted(filter(None, self._fixed | data), key=len, reverse=True)
        each = "|".join((*map(re.escape, known), r"[\d+*#:.,()%/·—–-]+"))
        return re.fullmatch(rf"(?:(?:{each})(?:\s+|$))+", text) is not None

    def _fits(self, text: str, parts: Parts, data: frozenset[str], deep: int) -> bool:
        """Whether `text` is this template with something sayable in each of its fields."""
        (literal, has_field), *rest = parts
        if not text.startswith(literal):
            return False
        text = text.removeprefix(literal)
        if not has_field:
            return text == ""
        if not rest:
            return self.say(text, data, deep)
        following = rest[0][0]
        ends = (end for end in range(1, len(text) + 1) if text.startswith(following, end))
        return any(
            self.say(text[:end], data, deep) and self._fits(text[end:], rest, data, deep) for end in ends
        )


Parts = list[tuple[str, bool]]


def parts_of(template: str) -> Parts:
    """(literal text, whether a field follows it), in order."""
    return [(text, field is not None) for text, field, _, _ in string.Formatter().parse(template)]


def strings(value: Any) -> Iterator[str]:
    """What is written in the phone by others: names and numbers, not our own states."""
    if type(value) is str:
        yield value.strip()
        yield " ".join(value.split())
    elif isinstance(value, (tuple, list, set, frozenset)):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        yield from strings(tuple(value.values()))
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name))


@pytest.fixture(scope="module")
def tree(browser: Browser) -> Iterator[tuple[Page, CDPSession]]:
    page = browser.new_page(viewport={"width": 320, "height": 560}, reduced_motion="reduce")
    still_page(page)
    yield page, page.context.new_cdp_session(page)
    page.close()


def told(session: CDPSession) -> list[dict[str, Any]]:
    """The nodes a screen reader meets: role, name, description, and whether it speaks by itself."""
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}

    def live(node: dict[str, Any] | None) -> str:
        while node is not None:
            settings = {p["name"]: p["value"].get("value") for p in node.get("properties", [])}
            if settings.get("live"):
                return str(settings["live"])
            node = by_id.get(node.get("parentId", ""))
        return ""

    return [
        {
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value", ""),
            "description": node.get("description", {}).get("value", ""),
            "live": live(node),
        }
        for node in nodes
        if not node.get("ignored") and node["role"]["value"] != "InlineTextBox"
    ]


def faults_of(
    nodes: list[dict[str, Any]],
    words: Words,
    data: frozenset[str],
    regions: list[tuple[str, str]] = REGIONS,
) -> list[str]:
    faults = [
        f"{node['role']} without a name" for node in nodes if node["role"] in NAMED and not node["name"]
    ]
    faults += [
        f"{node['role']} says {text!r}"
        for node in nodes
        for text in (node["name"], node["description"])
        if not words.say(text, data)
    ]
    live = sorted({(node["role"], node["live"]) for node in nodes if node["role"] in ("status", "alert")})
    if live != regions:
        faults.append(f"live regions: {live}")
    if sum(bool(node["role"] in ("status", "alert", "log")) for node in nodes) != len(live):
        faults.append("more than one region of a kind")
    faults += ["the timer speaks" for node in nodes if node["role"] == "timer" and node["live"]]
    return faults


def data_of(phone: Phone) -> frozenset[str]:
    return frozenset({TITLE, *strings(phone)})


@looks_at(SHOWN)
def test_every_control_has_a_name_and_every_word_is_of_the_language(
    tree: tuple[Page, CDPSession], locale: str, states: Iterable[str]
) -> None:
    page, session = tree
    words = Words(locale)
    faults = {}
    for state in states:
        phone = SHOWN[state]
        show(page, state, locale, "light")
        regions = REGIONS if phone is not None else WITHOUT_PHONE
        if found := faults_of(told(session), words, data_of(phone or STATES["starting"]), regions):
            faults[state] = found
    assert faults == {}


@looks_at(SHOWN)
def test_an_incoming_call_is_an_alertdialog_and_the_clock_is_a_timer(
    tree: tuple[Page, CDPSession], locale: str, states: Iterable[str]
) -> None:
    page, session = tree
    title = load_texts(locale)["incoming.title"]
    for state in (state for state in states if state in STATES):
        phone = STATES[state]
        show(page, state, locale, "light")
        nodes = told(session)
        dialogs = [node["name"] for node in nodes if node["role"] == "alertdialog"]
        view = present(phone, Translator(locale))
        folded = view.folding is not None and view.folding.folded
        rings = "incoming" in state or state == "fullscreen_over_call"
        assert dialogs == ([title] if rings else []), state
        runs = view.in_call is not None and view.in_call.timer_from is not None and not folded
        assert any(node["role"] == "timer" for node in nodes) == runs, state


def test_the_measure_sees_what_it_is_for(tree: tuple[Page, CDPSession]) -> None:
    page, session = tree
    show(page, "answered", "vi", "light")
    page.evaluate(
        """() => {
          document.querySelectorAll("#mute span").forEach((word) => word.remove());
          document.getElementById("call-state").textContent = "In call";
          document.getElementById("call-timer").setAttribute("aria-live", "polite");
        }"""
    )
    faults = faults_of(told(session), Words("vi"), data_of(STATES["answered"]))
    still_page(page)
    assert {"button without a name", "StaticText says 'In call'", "the timer speaks"} <= set(faults)
    assert NAME in data_of(STATES["answered"])
