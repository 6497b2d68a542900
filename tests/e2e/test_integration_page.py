"""The page of docs/integration.md, typed as documented, run unchanged but for the origin."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.phone import Phone
from tests.e2e.world import World

DOCUMENT = Path(__file__).parents[2] / "docs" / "integration.md"
ORIGIN = "https://app.zorio.vn"


def documented_page() -> str:
    blocks = re.findall(r"```html\n(<!doctype html>.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    page = str(blocks[0])
    assert page.count(ORIGIN) == 1
    return page


def test_the_documented_page_works_as_it_stands(world: World) -> None:
    world.pages["/integrator"] = documented_page().replace(ORIGIN, world.phone_origin)
    world.pages["/embed-token"] = json.dumps({"token": world.token("1004")})
    context = world.browser.new_context()
    page = context.new_page()
    phone = Phone(world, page, context, "1004")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{world.crm_origin}/integrator")
    button = page.get_by_role("button", name="Gọi")
    expect(button).to_be_enabled(timeout=40_000)
    expect(page.locator("#status")).to_have_text("Sẵn sàng")
    page.locator("#number").fill("*43")
    button.click()
    expect(page.locator("#status")).to_have_text("Đang đàm thoại: *43", timeout=15_000)
    uuid = phone.frame.locator("#hangup")
    expect(uuid).to_be_visible()
    uuid.click()
    expect(page.locator("#status")).to_contain_text("Kết thúc: local_hangup")
    assert wrong == []
    context.close()
