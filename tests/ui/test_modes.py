"""What an agent's system asks for: 200 % zoom, forced colours, reduced motion. The page without Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.conftest import looks_at
from tests.ui.gallery import SHOWN, show, still_page
from tests.ui.states import OWN_SIZES
from tests.ui.test_accessibility import AXE, found

ZOOMED = (190, 280)
"""The frame of 380 x 560 at 200 %, in CSS pixels."""
NARROW = [state for state in SHOWN if state not in OWN_SIZES]

# Each control is scrolled to and must then be what a finger meets there.
REACH = """() => {
  const faults = [];
  const name = (element) => element.id || element.dataset.value || element.dataset.part || element.className;
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
  for (const element of document.querySelectorAll("button, input, select, textarea, a")) {
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const box = element.getBoundingClientRect();
    if (box.left < 0 || box.right > innerWidth) faults.push(`${name(element)} sticks out`);
    if (box.width < 44 || box.height < 44) faults.push(`${name(element)} is smaller than 44 px`);
    const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (there?.closest("#dial-suggestions")) continue; // they go when the field is left
    if (!element.contains(there)) faults.push(`${name(element)} is covered by ${there && name(there)}`);
  }
  const whole = ".notice-title, .notice-text:not(.one-line), .pill, .control, .status-text, .name, h1";
  for (const element of document.querySelectorAll(whole)) {
    if (!element.checkVisibility() || element.classList.contains("sr-only")) continue;
    if (element.scrollWidth > element.clientWidth + 1) faults.push(`${name(element)} is cut at the side`);
  }
  return faults;
}"""


def page_in(browser: Browser, width: int, height: int, **modes: str) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, **modes)  # type: ignore[arg-type]
    still_page(page)
    page.add_script_tag(path=AXE)
    return page


@pytest.fixture(scope="module")
def zoomed(browser: Browser) -> Iterator[Page]:
    page = page_in(browser, *ZOOMED, reduced_motion="reduce")
    yield page
    page.close()


@pytest.fixture(scope="module")
def forced(browser: Browser) -> Iterator[Page]:
    page = page_in(browser, 380, 560, reduced_motion="reduce", forced_colors="active")
    yield page
    page.close()


@looks_at(NARROW)
def test_at_200_percent_everything_is_reached_by_scrolling(
    zoomed: Page, locale: str, states: list[str]
) -> None:
    faults = {}
    for state in (state for state in NARROW if state in states):
        show(zoomed, state, locale, "light")
        if fault := zoomed.evaluate(REACH):
            faults[state] = fault
    assert faults == {}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["zoomed", "forced"])
def test_axe_finds_nothing_in_any_mode(mode: str, request: pytest.FixtureRequest) -> None:
    page: Page = request.getfixturevalue(mode)
    faults = {}
    for state in NARROW:
        show(page, state, "vi", "light")
        if fault := found(page):
            faults[state] = fault
    assert faults == {}


def test_forced_colours_leave_nothing_said_by_a_ground_alone(forced: Page) -> None:
    def style(id_: str, *names: str) -> list[str]:
        script = "([id, names]) => names.map((n) => getComputedStyle(document.getElementById(id))[n])"
        values: list[str] = forced.evaluate(script, [id_, names])
        return values

    show(forced, "answered", "vi", "light")
    plain = style("mute", "borderTopWidth", "borderTopColor")
    show(forced, "muted", "vi", "light")
    assert style("mute", "borderTopWidth", "borderTopColor") != plain
    show(forced, "history", "vi", "light")
    here, other = (style(id_, "borderTopWidth") for id_ in ("page-history", "page-dialer"))
    assert here != other
    show(forced, "ready", "vi", "light")
    forced.focus("#dial-number")
    assert style("dial-number", "outlineStyle") == ["solid"]


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_where_motion_is_unwanted(browser: Browser, motion: str, moves: bool) -> None:
    page = page_in(browser, 380, 560, reduced_motion=motion)
    for state in ("starting", "incoming"):
        show(page, state, "vi", "light")
        assert bool(page.evaluate("document.getAnimations().length")) is moves, state
    page.close()
