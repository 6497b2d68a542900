"""Tickets of both kinds: what is none, whose they are, and which keys open them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from server.customers.accounts import Account, account_of_host
from server.customers.tickets import Tickets
from server.errors import NotFound, Unauthenticated
from tests.server.world import ALPHA, BETA, KEYS, World

NEW = {"new": KEYS["new"]}
OLD = {"old": KEYS["old"]}
ASKS = {"lease": ("POST", "/api/webphone/lease"), "memory": ("GET", "/api/webphone/memory")}


class Desk(msgspec.Struct, array_like=True):
    extension: str
    expires_at: int


DESKS, OTHERS = Tickets("desks", Desk), Tickets("others", Desk)


@pytest.fixture
def alpha(world: World) -> Account:
    return world.services.database.read_now(account_of_host, ALPHA)


def test_a_ticket_says_what_was_sealed_until_it_runs_out(alpha: Account) -> None:
    ticket = DESKS.seal(Desk("1001", 100), alpha, NEW)
    assert DESKS.open(ticket, alpha, NEW, 99) == Desk("1001", 100)
    with pytest.raises(Unauthenticated):
        DESKS.open(ticket, alpha, NEW, 100)


def test_keys_can_be_rotated(alpha: Account) -> None:
    ticket = DESKS.seal(Desk("1001", 100), alpha, OLD)
    assert DESKS.open(ticket, alpha, NEW | OLD, 0).extension == "1001"
    with pytest.raises(NotFound):
        DESKS.open(ticket, alpha, NEW, 0)


def test_it_is_for_one_customer_and_one_purpose(alpha: Account) -> None:
    ticket = DESKS.seal(Desk("1001", 100), alpha, NEW)
    with pytest.raises(NotFound):
        DESKS.open(ticket, replace(alpha, public_id="another"), NEW, 0)
    with pytest.raises(NotFound):
        OTHERS.open(ticket, alpha, NEW, 0)


@pytest.mark.parametrize("ticket", ["", "=", "x", "AAAA", "-" * 5000, "é"])
def test_what_is_no_ticket_is_not_found(alpha: Account, ticket: str) -> None:
    with pytest.raises(NotFound):
        DESKS.open(ticket, alpha, NEW, 0)


def tickets(world: World, host: str = ALPHA) -> dict[str, str]:
    token = world.embed_token(world.login(host=host), host=host)
    answer = world.ask(
        "GET", "/api/webphone/sip-config", host=host, bearer=token, headers={"X-Zorio-Holder": "browser-1"}
    )
    data: dict[str, Any] = answer.json()["data"]
    return {kind: data[kind]["ticket"] for kind in ASKS}


@pytest.mark.parametrize("kind", ASKS)
def test_over_http(world: World, kind: str) -> None:
    method, path = ASKS[kind]
    mine, theirs = tickets(world), tickets(world, BETA)

    def status(authorization: str) -> int:
        headers = {"Authorization": authorization}
        return world.ask(method, path, headers=headers, json={}).status_code

    assert status(f"Bearer {mine[kind]}") == 200
    assert status(f"bearer {mine[kind]}") == 200
    assert [status(text) for text in ("", "Bearer", "Bearer ", f"Basic {mine[kind]}")] == [401] * 4
    assert [status(f"Bearer {text}") for text in ("=", "AAAA", theirs[kind])] == [404] * 3
    assert [status(f"Bearer {mine[other]}") for other in ASKS if other != kind] == [404]
    world.clock.now += world.services.settings.sip_seconds
    assert status(f"Bearer {mine[kind]}") == 401
