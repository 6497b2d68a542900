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


def ticket_of(world: World, token: str, host: str = ALPHA) -> str:
    """As a page gets it: with its SIP settings."""
    answer = world.ask("GET", "/api/webphone/sip-config", host=host, bearer=token)
    return str(answer.json()["data"]["resume"]["ticket"])


def save(world: World, token: str, record: str = RECORD, host: str = ALPHA) -> int:
    """`token`: of the page that goes."""
    ticket = ticket_of(world, token, host)
    return world.ask("POST", PATH, host=host, bearer=ticket, json={"record": record}).status_code


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
    answer = world.ask("POST", PATH, bearer=ticket_of(world, token), json=body)
    assert answer.status_code == status
    assert "x" * 100 not in answer.text


def test_a_bare_token_writes_none(world: World, token: str) -> None:
    save(world, token)
    for bearer in (token, world.embed_token(world.login())):
        answer = world.ask("POST", PATH, bearer=bearer, json={"record": "planted"})
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
    assert take(world, token) == RECORD


def test_a_used_up_token_reads_none(world: World, token: str) -> None:
    """The page that had the last use reads with its ticket."""
    uses = world.services.settings.token_uses
    tickets = [ticket_of(world, token) for _ in range(uses)]
    other = ticket_of(world, world.embed_token(world.login()))
    assert world.ask("POST", PATH, bearer=other, json={"record": RECORD}).status_code == 204
    assert world.ask("GET", PATH, bearer=token).status_code == 401
    assert take(world, tickets[-1]) == RECORD


def test_a_token_reads_as_often_as_it_may_be_used(world: World, token: str) -> None:
    writer = ticket_of(world, world.embed_token(world.login()))
    for _ in range(world.services.settings.token_uses):
        assert world.ask("POST", PATH, bearer=writer, json={"record": RECORD}).status_code == 204
        assert take(world, token) == RECORD
        assert take(world, token) is None  # that there is none costs nothing
    world.ask("POST", PATH, bearer=writer, json={"record": RECORD})
    assert world.ask("GET", PATH, bearer=token).status_code == 401
    assert take(world, writer) == RECORD, "what was refused took nothing away"


def test_a_ticket_of_another_customer_is_none(world: World, token: str) -> None:
    foreign = ticket_of(world, world.embed_token(world.login("an", BETA), BETA), BETA)
    for method in ("GET", "POST"):
        assert world.ask(method, PATH, bearer=foreign, json={"record": RECORD}).status_code == 401


def test_a_ticket_runs_out_with_the_sip_credentials(world: World, token: str) -> None:
    ticket = ticket_of(world, token)
    world.clock.now += world.services.settings.sip_seconds
    assert world.ask("POST", PATH, bearer=ticket, json={"record": RECORD}).status_code == 401


def test_the_key_is_the_same_for_all_pages_of_a_user_and_for_nobody_else(world: World, token: str) -> None:
    def key(token: str, host: str = ALPHA) -> str:
        answer = world.ask("GET", "/api/webphone/sip-config", host=host, bearer=token)
        return str(answer.json()["data"]["resume"]["key"])

    assert len(key(token)) == 64
    assert key(token) == key(world.embed_token(world.login()))
    assert key(token) != key(world.embed_token(world.login("an", BETA), BETA), BETA)


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
