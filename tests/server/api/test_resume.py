"""The record of a call whose page goes: for one user, once, for a minute, unreadable in the database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, func, select

from server.api.resume import LONGEST_RECORD
from server.storage.key_ring import KeyRing, new_key
from server.storage.tables import resume_records
from tests.server.world import ALPHA, BETA, World

PATH = "/api/webphone/resume"
RECORD = '{"call": {"number": "0912345678", "display_name": "Trần Thị Bình"}}'


@pytest.fixture
def token(world: World) -> str:
    return world.embed_token(world.login())


def save(world: World, token: str, record: str = RECORD, host: str = ALPHA) -> int:
    return world.ask("POST", PATH, host=host, bearer=token, json={"record": record}).status_code


def take(world: World, token: str, host: str = ALPHA) -> str | None:
    answer = world.ask("GET", PATH, bearer=token, host=host)
    assert answer.headers["cache-control"] == "no-store"
    if answer.status_code == 200:
        return str(answer.json()["data"]["record"])
    assert (answer.status_code, answer.content) == (204, b"")
    return None


def test_it_is_read_once(world: World, token: str) -> None:
    assert save(world, token) == 204
    assert take(world, token) == RECORD
    assert take(world, token) is None


def test_another_token_of_the_same_user_reads_it(world: World, token: str) -> None:
    """A page that is loaded anew has a new token."""
    save(world, token)
    assert take(world, world.embed_token(world.login())) == RECORD


def test_the_newest_is_kept(world: World, token: str) -> None:
    save(world, token, "first")
    save(world, token, "second")
    assert take(world, token) == "second"


def test_it_is_gone_after_a_minute(world: World, token: str) -> None:
    save(world, token)
    world.clock.now += 59
    save(world, token)
    world.clock.now += 60
    assert take(world, token) is None
    assert rows(world) == 0


def test_old_ones_of_others_are_cleared_away(world: World, token: str) -> None:
    save(world, token)
    other = world.embed_token(world.login("an", BETA), BETA)
    world.clock.now += 61
    assert save(world, other, host=BETA) == 204
    assert rows(world) == 1


def test_another_customer_s_user_of_the_same_extension_finds_nothing(world: World, token: str) -> None:
    save(world, token)
    other = world.embed_token(world.login("an", BETA), BETA)
    assert take(world, other, BETA) is None
    foreign = world.ask("GET", PATH, bearer=token, host=BETA)
    assert (foreign.status_code, foreign.json()) == (404, {"message": "Resource not found"}), (
        "a token counts at its own customer's domain only"
    )
    assert take(world, token) == RECORD


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_wants_an_embed_token(world: World, method: str) -> None:
    for bearer in (None, world.login(), "junk"):
        answer = world.ask(method, PATH, bearer=bearer, json={"record": RECORD})
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"record": "x" * LONGEST_RECORD}, 204),
        ({"record": "x" * (LONGEST_RECORD + 1)}, 422),
        ({"record": "x" * 20_000}, 400),
        ({"record": ""}, 422),
        ({"record": {}}, 422),
        ({}, 422),
        ([], 400),
    ],
)
def test_its_size_and_kind_are_checked(world: World, token: str, body: object, status: int) -> None:
    answer = world.ask("POST", PATH, bearer=token, json=body)
    assert answer.status_code == status
    assert "x" * 100 not in answer.text


def test_it_is_limited(world: World, token: str) -> None:
    answers = [world.ask("GET", PATH, bearer=token).status_code for _ in range(61)]
    assert answers == [204] * 60 + [429]


@pytest.mark.usefixtures("sqlite_only")
def test_nothing_of_it_can_be_read_in_the_database(world: World, token: str) -> None:
    save(world, token)
    files = b"".join(path.read_bytes() for path in world.folder.glob("zorio.db*"))
    assert b"resume_records" in files
    for secret in ("0912345678", "Trần Thị Bình", '"number"'):
        assert secret.encode() not in files
    assert take(world, token) == RECORD


def test_a_record_under_a_lost_key_is_no_error(world: World, token: str) -> None:
    save(world, token)
    services = world.services
    world.app.state.services = replace(services, ring=KeyRing({"newest": new_key()}))
    assert take(world, token) is None


def rows(world: World) -> int:
    return world.services.database.write_now(_count)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(resume_records)).scalar_one()
