"""Every state fits its frame: the real page and style sheets in Chromium, without Python in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.gallery import show, still_page
from tests.ui.states import OWN_SIZES, STATES

SIZES = [
    *((380, 560), (320, 560)),
    *(pytest.param(size, marks=pytest.mark.slow) for size in ((320, 420), (900, 700))),
]

FAULTS = """() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const name = (element) => element.id || element.dataset.value || element.dataset.part || element.className;
  // Of what scrolls, only what is in sight can lie outside or over something else.
  const inSight = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const view = element.closest(element.closest("#devices-panel") ? ".panel" : ".history, .settings");
    const its = view?.getBoundingClientRect() ?? { top: -Infinity, bottom: Infinity };
    return { left, right, top: Math.max(top, its.top), bottom: Math.min(bottom, its.bottom) };
  };
  const boxes = [...document.querySelectorAll("button, input, select")].filter(shown)
    .map((element) => [element, inSight(element)]).filter(([, box]) => box.top < box.bottom);
  const over = document.querySelector("#incoming[data-over]:not([hidden])");
  for (const [element, box] of boxes) {
    if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
      faults.push(`${name(element)} is outside the frame`);
    const { width, height } = element.getBoundingClientRect();
    if (height < 44 || width < 44) faults.push(`${name(element)} is smaller than 44 px`);
    for (const [other, its] of boxes) {
      if (element === other || element.id === "backspace" || other.id === "backspace") continue;
      if (over?.contains(element) !== over?.contains(other)) continue;
      if (element.closest(".notices") || other.closest(".notices")) continue; // those lie over by design
      if (box.left < its.right && its.left < box.right && box.top < its.bottom && its.top < box.bottom)
        faults.push(`${name(element)} overlaps ${name(other)}`);
    }
  }
  const whole = ".notice, .notice-title, .notice-text:not(.one-line), .pill, .control, .status, h1";
  for (const element of document.querySelectorAll(whole)) {
    if (!shown(element) || element.classList.contains("sr-only")) continue;
    if (getComputedStyle(element).clipPath !== "none") continue;
    if (element.scrollWidth > element.clientWidth + 1) faults.push(`${name(element)} is cut at the side`);
    if (element.scrollHeight > element.clientHeight + 1) faults.push(`${name(element)} is cut below`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
  return faults;
}"""


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def frame(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    still_page(page)
    yield page
    page.close()


@pytest.mark.parametrize("locale", ["vi", pytest.param("en", marks=pytest.mark.slow)])
def test_every_state_fits(frame: Page, locale: str) -> None:
    faults = {}
    width = frame.evaluate("innerWidth")
    for state in STATES:
        if width < OWN_SIZES.get(state, (0, 0))[0]:
            continue
        show(frame, state, locale, "light")
        if found := frame.evaluate(FAULTS):
            faults[state] = found
    assert faults == {}


def test_hang_up_is_always_in_the_same_place(frame: Page) -> None:
    places = set()
    for state, phone in STATES.items():
        if phone.live_calls and not state.startswith(("incoming", "overlay", "fullscreen")):
            show(frame, state, "vi", "dark")
            box = frame.locator("#hangup").bounding_box()
            assert box is not None, state
            places.add((box["x"], box["y"], box["width"], box["height"]))
    assert len(places) == 1


@pytest.mark.parametrize("colours", ["none", "active"])
@pytest.mark.parametrize("width", [320, 380])
def test_the_keys_in_a_call_need_no_scrolling_in_a_frame_of_560(
    browser: Browser, width: int, colours: Literal["none", "active"]
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 560}, forced_colors=colours)
    still_page(page)
    for state in ("keypad", "keypad_long", "two_calls_keypad"):
        show(page, state, "vi", "light")
        height = page.evaluate("document.querySelector('.tones').offsetHeight")
        room = page.evaluate("document.querySelector('.panel').clientHeight") - 8  # the padding of the panel
        assert height <= room, state
    page.close()


def test_a_notice_moves_nothing(frame: Page) -> None:
    places = []
    for state in ("ready", "flash", "mic_blocked", "reconnecting", "ended"):
        show(frame, state, "vi", "light")
        places.append(frame.locator("#dial").bounding_box())
    assert all(place == places[0] for place in places)


@pytest.mark.parametrize(
    ("scheme", "theme", "dark"),
    [
        ("dark", "auto", True),
        ("light", "auto", False),
        ("dark", "light", False),
        ("light", "dark", True),
    ],
)
def test_theme(frame: Page, scheme: str, theme: str, dark: bool) -> None:
    frame.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    show(frame, "ready", "vi", theme)
    back = frame.evaluate("getComputedStyle(document.getElementById('phone')).backgroundColor")
    assert back == ("rgb(20, 24, 30)" if dark else "rgb(255, 255, 255)")


def test_the_name_of_who_waits_is_read_whole(frame: Page) -> None:
    for state in ("two_calls", "two_calls_asking", "two_calls_dialling"):
        show(frame, state, "vi", "light")
        room = frame.evaluate(
            """() => {
              const name = document.querySelector("#other-calls .other-name");
              return [name.scrollWidth - name.clientWidth, name.scrollHeight - name.clientHeight];
            }"""
        )
        assert max(room) <= 1, state


def test_both_failure_panels_stand_in_the_same_middle(frame: Page) -> None:
    middles = []
    for state, panel in (("problem_rejected", "problem"), ("load_failed", "load-failed")):
        show(frame, state, "vi", "light")
        middle = frame.evaluate(
            """(id) => {
              const shown = [...document.getElementById(id).children].filter((e) => e.checkVisibility());
              const boxes = shown.map((element) => element.getBoundingClientRect());
              return (boxes[0].top + boxes.at(-1).bottom) / 2;
            }""",
            panel,
        )
        middles.append(middle)
    assert middles[0] == pytest.approx(middles[1], abs=1.5)
