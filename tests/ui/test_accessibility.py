"""axe-core finds nothing against WCAG 2.2 AA in any state of the gallery, in either theme and language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.conftest import looks_at
from tests.ui.gallery import SHOWN, show, still_page
from tests.ui.states import OWN_SIZES

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
SIZE = (320, 560)

# The tags add up: each version of WCAG names only what it brought. Target size (2.5.8) is off by itself.
# A folded overlay is one button, which nobody looks for by headings.
RUN = """async () => {
  const { violations } = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: {
      "target-size": { enabled: true },
      "page-has-heading-one": { enabled: !document.documentElement.hasAttribute("data-folded") },
    },
    resultTypes: ["violations"],
  });
  const words = (id) => (node) => `${id}: ${node.target} ${node.failureSummary}`;
  return violations.flatMap(({ id, nodes }) => nodes.map(words(id)));
}"""


@pytest.fixture(scope="module", params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def themed(browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[Page, str]]:
    # No motion: a colour is measured where it stays.
    page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce")
    still_page(page)
    page.add_script_tag(path=AXE)
    yield page, request.param
    page.close()


def found(page: Page) -> list[Any]:
    faults: list[Any] = page.evaluate(RUN)
    return faults


@looks_at(SHOWN)
def test_axe_finds_nothing_in_any_state(themed: tuple[Page, str], locale: str, states: Iterable[str]) -> None:
    page, theme = themed
    faults = {}
    for state in states:
        width, height = OWN_SIZES.get(state, SIZE)
        page.set_viewport_size({"width": width, "height": height})
        show(page, state, locale, theme)
        if fault := found(page):
            faults[state] = fault
    assert faults == {}


def test_axe_sees_bad_contrast_and_a_lost_name(themed: tuple[Page, str]) -> None:
    """The measure itself: without this, a run that looks at nothing would pass as well."""
    page, theme = themed
    show(page, "answered", "en", theme)
    page.evaluate(
        """() => {
          document.getElementById("call-state").style.color = "rgb(128, 128, 128)";
          document.getElementById("call-state").style.background = "rgb(120, 120, 120)";
          document.querySelectorAll("#mute span").forEach((word) => word.setAttribute("aria-hidden", "true"));
        }"""
    )
    rules = {fault.split(":")[0] for fault in found(page)}
    still_page(page)
    page.add_script_tag(path=AXE)
    assert {"color-contrast", "button-name"} <= rules
