"""With one place per extension, as in the product, a call outlives its page and its tab (faults 29, 31).

The other tests of calls switch that off, because they kill their browsers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import Connection, select

from server.storage.tables import leases
from tests.e2e.crm import Gap, open_crm, plain_browser, reload_in_call
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, hangup_of, requests, talk
from tests.e2e.test_places import EXTENSION, one_place  # noqa: F401 - a fixture
from tests.e2e.world import World, until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nobody_at_1003", "one_place")]


@pytest.fixture(scope="module")
def chromium(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with plain_browser(world, tmp_path_factory.mktemp("chromium")) as plain:
        yield plain


@pytest.fixture
def context(chromium: Browser, world: World) -> Iterator[BrowserContext]:
    """One browser of one agent."""
    context = chromium.new_context()
    yield context
    context.close()
    until(lambda: EXTENSION not in world.pbx.bindings, "its phones are gone")


def lease_is_held(world: World) -> bool:
    """By whatever page there is: without one the rest of a test would show nothing."""

    def read(connection: Connection) -> bool:
        held = select(leases).where(leases.c.extension == EXTENSION, leases.c.expires_at > time.time())
        return connection.execute(held).first() is not None

    return bool(world.demo.app.state.services.database.read_now(read))


def test_fault_31_a_call_goes_on_in_the_page_that_gets_the_lease(
    world: World, chromium: Browser, context: BrowserContext, alice: Phone
) -> None:
    """The page that goes gives the lease up while the next one asks for it."""
    with fault(31, "the CRM page reloads in a call, one place per extension", "resumed") as row:
        phone = open_crm(world, EXTENSION, chromium, context=context)
        ours, theirs = talk(phone, alice)
        phone.wait_audio(ours)
        alice.wait_audio(theirs)
        assert lease_is_held(world)
        gap = Gap(alice, theirs)
        reload_in_call(phone, ours, alice, theirs)
        row.gap_ms = gap.read_ms()
        phone.wait_event("registered", seconds=40)
        until(lambda: lease_is_held(world), "the new page has the lease")
        row.seen(f"resumed, {world.pbx.bindings[EXTENSION]} binding, no error")
        assert world.pbx.bindings[EXTENSION] == 1
        assert not phone.since("error", "call_hangup")
        phone.send("hangup")
        assert hangup_of(alice)["reason"] == "remote_hangup"
        assert hangup_of(phone)["reason"] == "local_hangup"
        phone.assert_unharmed()


def test_fault_29_a_ringing_call_goes_on_in_the_tab_that_gets_the_lease(
    world: World, context: BrowserContext
) -> None:
    """The tab that registered is closed; the next one registers with the lease of their browser."""
    this = fault(29, "the ringing tab is closed, one place per extension", "the other one takes over")
    with this as row:
        first, second = (Phone.open(world, EXTENSION, context=context) for _ in range(2))
        assert lease_is_held(world)
        caller = Stranger(world, EXTENSION)
        uuid = first.wait_event("incoming_call")["call"]["uuid"]
        second.wait_event("incoming_call")
        second.mark()
        invited = len(requests(world, "INVITE", direction="out"))
        first.page.close()
        closed = time.monotonic()
        until(lambda: len(requests(world, "INVITE", direction="out")) > invited, "the other tab rings", 5)
        row.seen(f"rings again after {time.monotonic() - closed:.2f} s, answered, no error")
        second.send("answer")
        assert second.wait_event("call_answered")["call"]["uuid"] == uuid
        caller.wait_for("answered")
        second.wait_audio(uuid)
        assert not second.since("error", "incoming_call", "call_hangup")
        assert lease_is_held(world)
        assert world.pbx.bindings[EXTENSION] == 1
        caller.do("bye")
        assert hangup_of(second)["reason"] == "remote_hangup"
        second.assert_unharmed()
