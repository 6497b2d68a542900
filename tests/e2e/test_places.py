"""Two CRM sites, two browsers, and pages that come back: where locks cannot help (faults 30, 33, 35)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import Connection, delete, select, update

from server.customers.leases import FEATURE, RENEW_AFTER
from server.storage.tables import accounts, leases
from tests.e2e.crm import open_crm, plain_browser
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import requests
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

EXTENSION = "1004"
TOLD_WITHIN = RENEW_AFTER + 10


@pytest.fixture(scope="module")
def chromium(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with plain_browser(world, tmp_path_factory.mktemp("chromium")) as plain:
        yield plain


@pytest.fixture
def one_place(world: World) -> Iterator[None]:
    """As in the product; the other tests of this world kill their browsers."""

    def switch(connection: Connection, on: bool) -> None:
        connection.execute(update(accounts).values(features={FEATURE: on}))
        connection.execute(delete(leases))  # of browsers that an earlier test has killed

    database = world.demo.app.state.services.database

    def held(connection: Connection) -> bool:
        return bool(connection.execute(select(leases).where(leases.c.expires_at > time.time())).all())

    database.write_now(switch, True)
    yield
    with suppress(AssertionError):  # of a browser that was killed
        # Giving it up is the last a page says: nothing of this test takes it from the next one.
        until(lambda: not database.read_now(held), "the lease is given up", 5)
    database.write_now(switch, False)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


def registers_of(world: World, since: int) -> int:
    return len(
        [
            text
            for text in requests(world, "REGISTER", since)
            if f"sip:{EXTENSION}@" in text and "\r\nAuthorization:" in text and "expires=0" not in text
        ]
    )


@pytest.mark.usefixtures("one_place")
def test_fault_30_two_crm_sites_are_told_and_there_is_no_ping_pong(
    world: World, context: BrowserContext
) -> None:
    with fault(30, "two CRM sites, the phone of one extension", "said clearly, no ping-pong") as row:
        other_site = world.crm_origin.replace("127.0.0.1", "localhost")
        first = Phone.open(world, EXTENSION, context=context, locale="vi")
        second = Phone.open(world, EXTENSION, context=context, origin=other_site, locale="vi", wait="error")
        error = second.wait_event("error")
        assert (error["code"], error["fatal"]) == ("in_use_elsewhere", True)
        expect(second.frame.locator("#problem-title")).to_have_text("Điện thoại đang mở ở nơi khác")
        assert world.pbx.bindings[EXTENSION] == 1
        assert first.state()["state"] == "registered"

        first.mark()
        second.mark()
        asked = time.monotonic()
        second.frame.get_by_role("button", name="Dùng ở đây").click()
        second.wait_event("registered")
        assert first.wait_event("unregistered", seconds=TOLD_WITHIN)["reason"] == "remote"
        told = time.monotonic() - asked
        assert first.wait_event("error")["code"] == "in_use_elsewhere"
        until(lambda: world.pbx.bindings.get(EXTENSION) == 1, "one binding")

        since = len(world.wire)
        first.send("connect")  # a CRM that connects whenever it is disconnected
        first.page.wait_for_timeout(2 * RENEW_AFTER * 1000 + 1000)
        assert registers_of(world, since) == 0
        assert second.state()["state"] == "registered"
        assert first.state()["state"] == "refused"
        row.seen(f"in_use_elsewhere and a button; the other told after {told:.1f} s and quiet")


@pytest.mark.usefixtures("one_place")
def test_where_storage_is_denied_a_reload_is_no_second_place(world: World) -> None:
    """Playwright's own flags: no locks and no storage. The page that goes gives its lease up."""
    context = world.browser.new_context()
    first = Phone.open(world, EXTENSION, context=context)
    first.page.goto("about:blank")
    again = Phone.open(world, EXTENSION, context=context, wait=None)
    again.wait_event("registered", seconds=40)
    assert not again.since("error")
    context.close()


@pytest.mark.usefixtures("one_place")
def test_fault_35_a_frame_taken_out_and_put_in_again_leaves_one_binding(
    world: World, chromium: Browser, context: BrowserContext
) -> None:
    phone = open_crm(world, EXTENSION, chromium, context=context)
    with fault(35, "frame removed and added again, three times", "no duplicate binding") as row:
        since = len(world.wire)
        for _ in range(3):
            phone.mark()
            phone.page.evaluate("take_out()")
            phone.page.evaluate("put_in()")
            phone.wait_event("registered", seconds=40)
            assert not phone.since("error")
        until(lambda: world.pbx.bindings.get(EXTENSION) == 1, "one binding")
        assert registers_of(world, since) == 3
        row.seen(f"{registers_of(world, since)} REGISTER, {world.pbx.bindings[EXTENSION]} binding")


@pytest.mark.usefixtures("one_place")
def test_fault_33_a_page_that_comes_back_from_the_cache_is_registered_once(
    world: World, chromium: Browser, context: BrowserContext
) -> None:
    phone = open_crm(world, EXTENSION, chromium, context=context)
    page = phone.page
    page.evaluate("addEventListener('pageshow', (e) => { window.restored = e.persisted; })")
    reasons: list[Any] = []
    devtools = context.new_cdp_session(page)
    devtools.send("Page.enable")
    devtools.on("Page.backForwardCacheNotUsed", lambda event: reasons.append(event))
    with fault(33, "the CRM page is left and comes back by the back button", "registered once") as row:
        page.goto(f"{world.crm_origin}/")
        until(lambda: EXTENSION not in world.pbx.bindings, "the page that was left is not registered")
        since = len(world.wire)
        page.go_back(wait_until="commit")  # a page from the cache does not load again
        assert page.evaluate("window.restored === true"), f"Chromium loaded it anew: {reasons}"
        until(lambda: registers_of(world, since) >= 1, "a registration after the return", 40)
        until(lambda: phone.state()["state"] == "registered", "registered again", 40)
        assert world.pbx.bindings[EXTENSION] == 1
        assert registers_of(world, since) == 1
        line = [e["type"] for e in phone.events if e["type"] not in ("ready", "response")]
        errors = [e["payload"] for e in phone.events if e["type"] == "error"]
        away = ["unregistered", "disconnected"]
        assert line == ["connected", "registered", *away, "connected", "registered"], errors
        row.seen(
            f"from the cache: {registers_of(world, since)} REGISTER, {world.pbx.bindings[EXTENSION]} binding"
        )
