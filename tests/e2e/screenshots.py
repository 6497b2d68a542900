"""`make screenshots`: the picture of the README, taken of the real demo with a call in progress."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.world import World, open_world

DOCS = Path(__file__).parents[2] / "docs"


def take(world: World, target: Path) -> None:
    context = world.browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme="light")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{world.port}/demo/?user=1001&lang=vi&theme=light")
    expect(page.locator('[data-event="registered"]').first).to_be_visible(timeout=40_000)
    page.locator('[data-call="*43"]').first.click()
    expect(page.locator('[data-event="call_answered"]').first).to_be_visible(timeout=20_000)
    expect(page.frame_locator("iframe").locator("#call-timer")).to_have_text("00:03", timeout=10_000)
    page.screenshot(path=target)
    context.close()


def main() -> None:
    with sync_playwright() as playwright, open_world(playwright) as world:
        take(world, DOCS / "demo.png")
    print(f"{DOCS / 'demo.png'}")


if __name__ == "__main__":
    main()
