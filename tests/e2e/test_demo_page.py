"""The demo CRM as a visitor uses it, two windows calling each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.heard import Log
from tests.e2e.world import World


@contextmanager
def demo_page(world: World, user: str, lang: str = "en") -> Iterator[tuple[Page, FrameLocator]]:
    context = world.browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    Log(page, user)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://127.0.0.1:{world.port}/demo/?user={user}&lang={lang}")
    yield page, page.frame_locator("iframe")
    assert wrong == []
    context.close()


def heard(page: Page, event: str) -> None:
    expect(page.locator(f'[data-event="{event}"]').first).to_be_visible(timeout=40_000)


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
