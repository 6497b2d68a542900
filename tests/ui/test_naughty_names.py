"""Names nobody should have, on the real page: shown as they are written, run by nobody, in their place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page

from embed_app.core.call.dial_string import clean_caller
from embed_app.core.call.values import Call
from embed_app.core.phone import Phone
from embed_app.core.text import clean_name
from embed_app.i18n.translator import Translator
from embed_app.ui.numbers import shown as written
from embed_app.ui.presenter import present
from embed_app.ui.projection import project
from tests.naughty import NAUGHTY, OF_OURS
from tests.ui.conftest import run
from tests.ui.gallery import APPLY, still_page
from tests.ui.states import STATES
from tests.ui.test_layout import FAULTS


def named(phone: Phone, name: str) -> Phone:
    """Everybody in it has this name and number, as the core takes them from an INVITE."""

    def call(of: Call) -> Call:
        return replace(of, display_name=clean_name(name), number=clean_caller(name))

    ended = call(phone.last_ended) if phone.last_ended else None
    return replace(phone, calls=tuple(map(call, phone.calls)), last_ended=ended)


LOOK = f"""
from embed_app.core.call.dial_string import clean_caller
from embed_app.core.call.values import Call
from embed_app.core.phone import Phone
from embed_app.core.text import clean_name

{inspect.getsource(named)}
def look(state, name):
    screen.show(present(named(STATES[state], name), Translator("en")))
"""

# The elements that hold a name, in each state that shows one.
PLACES = {
    "incoming": ["#incoming [data-part=name]", "#incoming [data-part=number]"],
    "incoming_over_call": ["#incoming [data-part=name]", "#call-name"],
    "answered": ["#call-name", "#call-number"],
    "two_calls": ["#call-name", "#other-calls [data-part=name]"],
    "ended": ["#ended-name"],
}

WATCH = """() => {
  globalThis.ran = [];
  globalThis.hacked = () => ran.push("hacked");
  globalThis.alert = globalThis.confirm = globalThis.prompt = globalThis.print = () => ran.push("dialog");
}"""

SEEN = """([names, places, [withheld, unknown]]) => {
  const python = globalThis.python;
  const look = python.globals.get("look");
  const faults = [];
  const elements = () => document.querySelectorAll("script, img, iframe, object, embed, b, a, style").length;
  const before = elements();
  for (const [turn, [name, shown, number]] of names.entries()) {
    for (const [state, where] of places[turn % places.length]) {
      look(state, name);
      for (const selector of where) {
        const text = document.querySelector(selector).textContent;
        const nobody = selector.startsWith("#incoming") ? withheld : unknown;
        const wanted = selector.includes("number") ? number : shown || nobody;
        if (text !== wanted) faults.push([name, state, selector, text]);
      }
      if (elements() !== before) faults.push([name, state, "an element came of it"]);
      if (document.documentElement.scrollWidth > innerWidth) faults.push([name, state, "scrolls sideways"]);
    }
  }
  look.destroy();
  return faults;
}"""


@pytest.fixture
def narrow(page: Page) -> Iterator[Page]:
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 560})
    yield page
    assert size is not None
    page.set_viewport_size(size)


def sayable(name: str) -> str:
    """What can be handed to the page: half a character is no text there."""
    return name.encode("utf-8", "replace").decode()


def expected(name: str) -> list[str]:
    """The name as it came, what of it is in the first line ("": nothing), and in the second."""
    shown, number = clean_name(name), clean_caller(name)
    return [name, shown or written(number), written(number) if shown and shown != number else ""]


@pytest.mark.parametrize(
    "places",
    [
        pytest.param([[place] for place in PLACES.items()], id="one place each"),
        pytest.param([[*PLACES.items()]], id="everywhere", marks=pytest.mark.slow),
    ],
)
def test_every_name_is_shown_as_it_is_written_and_nothing_runs(narrow: Page, places: list[Any]) -> None:
    """`places`: of the first name, the second and so on, and from the first again."""
    happened: list[str] = []

    def opened(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    watchers: dict[Any, Callable[[Any], None]] = {
        "request": lambda request: happened.append(request.url),
        "dialog": opened,
        "pageerror": lambda error: happened.append(str(error)),
    }
    run(narrow, LOOK)
    narrow.evaluate(WATCH)
    for event, watcher in watchers.items():
        narrow.on(event, watcher)
    nobody = [Translator("en").text(key) for key in ("incoming.unknown", "call.unknown")]
    faults = narrow.evaluate(SEEN, [[expected(sayable(name)) for name in NAUGHTY], places, nobody])
    for event, watcher in watchers.items():
        narrow.remove_listener(event, watcher)
    assert faults == []
    assert (happened, narrow.evaluate("ran"), narrow.evaluate("violations")) == ([], [], [])


@pytest.fixture(scope="module")
def still(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 320, "height": 560})
    still_page(page)
    yield page
    page.close()


@pytest.mark.parametrize("name", OF_OURS)
def test_no_name_pushes_anything_out_of_its_place(still: Page, name: str) -> None:
    faults = {}
    for state in PLACES:
        phone = named(STATES[state], OF_OURS[name])
        still.evaluate(APPLY, asdict(project(present(phone, Translator("vi")))))
        if found := still.evaluate(FAULTS):
            faults[state] = found
    assert faults == {}


def test_the_watch_would_see_a_name_that_runs(narrow: Page) -> None:
    """The measure itself."""
    narrow.evaluate(WATCH)
    narrow.evaluate("hacked(); alert(1)")
    assert narrow.evaluate("ran") == ["hacked", "dialog"]
