"""The demo CRM as a visitor uses it, two windows calling each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.heard import Log
from tests.e2e.talk import Stranger
from tests.e2e.world import World


@contextmanager
def demo_page(world: World, user: str, layout: str = "docked") -> Iterator[tuple[Page, FrameLocator]]:
    context = world.browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    Log(page, user)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://127.0.0.1:{world.port}/demo/?user={user}&lang=en&layout={layout}")
    try:
        yield page, page.frame_locator("iframe")
        assert wrong == []
    finally:
        context.close()  # the extension is others', too


def heard(page: Page, event: str) -> None:
    expect(page.locator(f'[data-event="{event}"]').first).to_be_visible(timeout=40_000)


def measures(page: Page, width: int, height: int) -> None:
    """The iframe, in CSS pixels."""
    expect(page.locator("#phone")).to_have_css("width", f"{width}px", timeout=15_000)
    expect(page.locator("#phone")).to_have_css("height", f"{height}px")


def test_two_windows_call_each_other(world: World) -> None:
    with demo_page(world, "1003") as (first, _), demo_page(world, "1004") as (second, phone):
        heard(first, "registered")
        heard(second, "registered")
        first.locator('[data-call="1004"]').first.click()
        heard(second, "incoming_call")
        phone.get_by_role("button", name="Answer", exact=True).click()
        heard(first, "call_answered")
        heard(second, "call_answered")
        first.locator('[data-command="hangup"]').click()
        heard(second, "call_hangup")


def test_every_command_has_a_button_and_no_token_is_shown(world: World) -> None:
    with demo_page(world, "1003") as (page, _):
        heard(page, "registered")
        commands = page.locator("[data-command]").evaluate_all("all => all.map((b) => b.dataset.command)")
        assert set(commands) >= {
            *("connect", "disconnect", "call", "refresh_token", "answer", "hangup", "hold", "unhold"),
            *("mute", "unmute", "send_dtmf", "transfer"),
        }
        page.locator('[data-command="refresh_token"]').click()
        page.locator('[data-command="disconnect"]').click()
        heard(page, "unregistered")
        assert "eyJ" not in page.inner_text("body"), "the log shows a token"


@pytest.mark.usefixtures("nobody_at_1003")
@pytest.mark.slow
def test_an_overlay_folds_and_unfolds_and_the_page_follows(world: World) -> None:
    with demo_page(world, "1003", "overlay") as (page, phone):
        heard(page, "registered")
        measures(page, 72, 72)
        phone.get_by_role("button", name="Open the phone").click()
        measures(page, 380, 560)
        phone.get_by_role("button", name="Recents").click()  # calls that others have missed here are seen
        phone.get_by_role("button", name="Keypad").click()
        expect(phone.locator("#dialer")).to_be_in_viewport()
        phone.get_by_role("button", name="Minimise").click()
        measures(page, 72, 72)

        Stranger(world, "1003")
        expect(phone.get_by_role("alertdialog")).to_be_visible()
        measures(page, 380, 560)
        phone.get_by_role("button", name="Decline").click()
        measures(page, 72, 72)

        Stranger(world, "1003")
        expect(phone.get_by_role("alertdialog")).to_be_visible()
        phone.get_by_role("button", name="Minimise").click()
        measures(page, 72, 72)
        expect(phone.locator("#unfold")).to_be_in_viewport(ratio=1)
        expect(phone.locator("#unfold-badge")).to_have_text("1")
        page.locator('[data-pop="hangup"]').click()
        expect(phone.locator("#unfold-badge")).to_be_empty()


@pytest.mark.slow
def test_a_phone_of_its_own_fills_the_page(world: World) -> None:
    with demo_page(world, "1003", "fullscreen") as (page, phone):
        expect(page.locator("#phone-state")).to_have_text("Ready for calls", timeout=40_000)
        expect(phone.locator("#history")).to_be_visible()
        box = page.locator("#phone").bounding_box()
        assert box is not None
        assert (box["width"] > 1200, box["height"] > 600) == (True, True)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "nothing to scroll"
        page.set_viewport_size({"width": 320, "height": 640})
        expect(page.locator("#phone")).to_have_css("height", "560px")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing at the side"
