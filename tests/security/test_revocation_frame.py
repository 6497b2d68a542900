"""Point 5 in the real frame: what the phone does when the server has ended what it was given."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import Connection, insert, select

from server.customers.leases import FEATURE, RENEW_AFTER
from server.customers.users import remove_user, user_at
from server.storage.tables import users
from tests.e2e.gate import use_settings
from tests.e2e.phone import Phone
from tests.e2e.talk import call, hangup_of, requests
from tests.e2e.world import World, until

EXTENSION = "1004"
TOLD_WITHIN = RENEW_AFTER + 10


class Access:
    """The user at EXTENSION is removed and comes back, as another row."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._database = world.demo.app.state.services.database
        self._row: dict[str, Any] = {}

    def remove(self) -> None:
        def remove(connection: Connection) -> dict[str, Any]:
            row = connection.execute(select(users).where(users.c.extension == EXTENSION)).one()
            user = user_at(connection, row.account_id, EXTENSION)
            assert user is not None
            remove_user(connection, user)
            return dict(row._mapping)

        self._row = self._database.write_now(remove)
        self._world._bearers.pop(EXTENSION, None)

    def restore(self) -> None:
        row, self._row = self._row, {}
        if row:
            self._database.write_now(lambda connection: connection.execute(insert(users).values(**row)))


@pytest.fixture
def access(world: World) -> Iterator[Access]:
    access = Access(world)
    yield access
    access.restore()


def registers(world: World, since: int) -> list[str]:
    """Those that ask for a binding."""
    mine = [text for text in requests(world, "REGISTER", since) if f"sip:{EXTENSION}@" in text]
    return [text for text in mine if "expires=0" not in text.lower() and "Expires: 0" not in text]


def test_a_call_goes_on_then_the_phone_unregisters_says_why_and_another_token_brings_it_back(
    world: World, access: Access
) -> None:
    with use_settings(world, features={FEATURE: True}):
        phone = Phone.open(world, EXTENSION, locale="en")
        uuid = call(phone, "*43")
        phone.mark()
        access.remove()
        phone.wait_event("token_expiring", seconds=TOLD_WITHIN)
        phone.send("call", {"number": "*44"})
        assert phone.wait_event("error")["code"] == "token_rejected"
        phone.wait_audio(uuid)
        assert phone.state()["state"] == "registered"
        assert not phone.since("unregistered", "call_hangup")

        phone.mark()
        since = len(world.wire)
        phone.send("hangup")
        hangup_of(phone)
        assert phone.wait_event("unregistered")["reason"] == "remote"
        error = phone.wait_event("error")
        assert (error["code"], error["fatal"]) == ("token_rejected", True)
        panel = phone.frame.locator("#problem")
        expect(panel).to_be_visible()
        expect(panel).to_contain_text("Sign in to the CRM again")
        until(lambda: not world.pbx.bindings.get(EXTENSION), "the PBX has forgotten the phone")
        phone.send("connect")
        phone.wait_event("error", code="token_rejected")
        assert registers(world, since) == []

        access.restore()
        phone.mark()
        phone.send("refresh_token", {"token": world.token(EXTENSION)})
        phone.wait_event("registered")
        expect(panel).to_be_hidden()
        call(phone, "*43")
        phone.send("hangup")
        hangup_of(phone)
        phone.close()


@pytest.mark.slow
def test_where_there_is_no_lease_the_phone_learns_of_a_logout_within_half_a_minute(world: World) -> None:
    phone = Phone.open(world, EXTENSION, locale="vi")
    # The history, which is loaded after the start: that would tell as well.
    phone.page.wait_for_event("response", lambda response: response.url.endswith("/api/webphone/memory"))
    phone.mark()
    start = time.monotonic()
    bearer = world._bearers.pop(EXTENSION)
    with suppress(ValueError):  # the answer has no body
        world.post("/api/auth/logout", {}, bearer)
    assert phone.wait_event("unregistered", seconds=60)["reason"] == "remote"
    assert time.monotonic() - start < 40
    assert phone.wait_event("error")["code"] == "token_rejected"
    expect(phone.frame.locator("#problem")).to_contain_text("Hãy đăng nhập lại CRM")
    phone.send("refresh_token", {"token": world.token(EXTENSION)})
    phone.wait_event("registered")
    phone.close()
