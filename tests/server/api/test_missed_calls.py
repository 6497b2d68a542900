"""A PBX reports a call that reached no phone: it is in the history of that extension, and of nobody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from server.storage.tables import accounts
from tests.server.api.test_history import call as own_call
from tests.server.api.test_history import recall, save, ticket_of
from tests.server.world import ALPHA, BETA, World

PATH = "/api/pbx/missed-calls"
SECRET = "shared-with-the-pbx-of-alpha"


@pytest.fixture(autouse=True)
def shared_secret(world: World) -> None:
    world.services.database.write_now(
        lambda connection: connection.execute(
            update(accounts).where(accounts.c.domain == ALPHA).values(sip_secret=SECRET)
        )
    )


def report(world: World, bearer: str | None = SECRET, host: str = ALPHA, **changes: Any) -> httpx.Response:
    body = {"extension": "1001", "number": "0912345678", "name": "Bình", "call_id": "sip-1"} | changes
    return world.ask("POST", PATH, host=host, bearer=bearer, json=body)


def test_the_agent_finds_it_among_the_missed_calls(world: World) -> None:
    assert report(world).status_code == 204
    (missed,) = recall(world, ticket_of(world))["calls"]
    assert (missed["number"], missed["name"], missed["direction"]) == ("0912345678", "Bình", "inbound")
    assert (missed["answered_at"], missed["reason"]) == (None, "unavailable")
    assert missed["started_at"] == missed["ended_at"] == int(world.clock.now)


def test_a_report_that_is_sent_again_is_the_same_call(world: World) -> None:
    for _ in range(2):
        assert report(world).status_code == 204
    assert report(world, call_id="sip-2").status_code == 204
    assert len(recall(world, ticket_of(world))["calls"]) == 2


def test_it_stands_beside_what_the_phone_has_saved(world: World) -> None:
    ticket = ticket_of(world)
    assert save(world, ticket, own_call(world)) == 204
    assert report(world, at=int(world.clock.now) - 2000).status_code == 204
    newest, oldest = recall(world, ticket)["calls"]
    assert (newest["reason"], oldest["reason"]) == ("no_answer", "unavailable")
    assert oldest["started_at"] == int(world.clock.now) - 2000


def test_a_pbx_whose_clock_runs_ahead_keeps_no_call_at_the_top(world: World) -> None:
    assert report(world, at=int(world.clock.now) + 86_400).status_code == 204
    (missed,) = recall(world, ticket_of(world))["calls"]
    assert missed["started_at"] == int(world.clock.now)


@pytest.mark.parametrize("bearer", [None, "x", SECRET + "x"])
def test_only_the_pbx_may(world: World, bearer: str | None) -> None:
    assert report(world, bearer).status_code == 401
    assert recall(world, ticket_of(world))["calls"] == []


def test_another_customer_is_another_secret(world: World) -> None:
    """Both have a user at 1001; the second shares no secret with its PBX."""
    assert report(world, host=BETA).status_code == 401
    assert report(world, host="phone.gamma.example").status_code == 404
    assert recall(world, ticket_of(world, BETA), BETA)["calls"] == []


def test_an_extension_that_is_nobodys_is_404(world: World) -> None:
    assert report(world, extension="9999").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("extension", 1001),
        ("number", "1" * 65),
        ("name", "x" * 201),
        ("call_id", ""),
        ("call_id", "x" * 257),
        ("at", -1),
        ("at", "now"),
    ],
)
def test_a_wrong_field_is_named(world: World, field: str, value: Any) -> None:
    answer = report(world, **{field: value})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
