"""What a user's phone remembers: for that user alone, idempotent, bounded, unreadable in the database."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from server.api.history import MOST_AT_ONCE
from server.app import create_app
from server.customers.accounts import account_of_host
from server.customers.history import MOST_CALLS, MOST_WANTED
from server.customers.users import add_user, remove_user, user_numbered
from server.storage.key_ring import new_key
from server.storage.sealing import Sealer
from server.storage.tables import call_history, users
from tests.server.world import ALPHA, BETA, PASSWORD_HASH, World

PATH = "/api/webphone/memory"
DAY = 86_400


@pytest.fixture
def ticket(world: World) -> str:
    return ticket_of(world)


def ticket_of(world: World, host: str = ALPHA) -> str:
    return str(memory(world, host)["ticket"])


def memory(world: World, host: str = ALPHA) -> dict[str, Any]:
    token = world.embed_token(world.login(host=host), host=host)
    found: dict[str, Any] = world.sip_config(token, host=host).json()["data"]["memory"]
    return found


def call(world: World, which: int = 1, **changes: Any) -> dict[str, Any]:
    """Each began a second after the one before."""
    started = int(world.clock.now) - 1000 + which
    fresh = {
        "uuid": f"11111111-1111-4111-8111-{which:012d}",
        "direction": "inbound",
        "number": "0912345678",
        "name": "Trần Thị Bình",
        "started_at": started,
        "answered_at": None,
        "ended_at": started + 5,
        "reason": "no_answer",
    }
    return fresh | changes


def save(world: World, ticket: str, *calls: dict[str, Any], host: str = ALPHA, **more: Any) -> int:
    return world.ask("POST", PATH, host=host, bearer=ticket, json={"calls": calls, **more}).status_code


def recall(world: World, ticket: str, host: str = ALPHA) -> dict[str, Any]:
    answer = world.ask("GET", PATH, host=host, bearer=ticket)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_call_comes_back_as_it_was_the_newest_first(world: World, ticket: str) -> None:
    first, second = call(world, 1), call(world, 2, direction="outbound", answered_at=int(world.clock.now))
    assert save(world, ticket, second) == 204
    assert save(world, ticket, first) == 204
    assert recall(world, ticket)["calls"] == [second, first]


def test_it_is_the_users_and_not_the_ticket_s(world: World, ticket: str) -> None:
    save(world, ticket, call(world), do_not_disturb=True)
    assert recall(world, ticket_of(world))["calls"] == [call(world)]
    assert memory(world)["do_not_disturb"] is True


def test_a_call_that_is_sent_again_is_one_call(world: World, ticket: str) -> None:
    """The answer was lost, or a page had to guess how its call would end."""
    save(world, ticket, call(world, reason="local_hangup"))
    save(world, ticket, call(world, reason="remote_hangup"))
    assert [each["reason"] for each in recall(world, ticket)["calls"]] == ["remote_hangup"]


def test_the_newest_hundred_are_kept(world: World, ticket: str) -> None:
    for start in range(1, MOST_CALLS + 21, MOST_AT_ONCE):
        assert save(world, ticket, *(call(world, n) for n in range(start, start + MOST_AT_ONCE))) == 204
    kept = [each["uuid"] for each in recall(world, ticket)["calls"]]
    assert kept == [call(world, n)["uuid"] for n in range(MOST_CALLS + 20, 20, -1)]
    assert rows(world) == MOST_CALLS


def test_a_flood_of_unanswered_calls_wipes_no_call_that_was_wanted(world: World, ticket: str) -> None:
    now = int(world.clock.now)
    wanted = [call(world, 1, direction="outbound"), call(world, 2, answered_at=now)]
    save(world, ticket, *wanted)
    for start in range(10, 4 * MOST_CALLS, MOST_AT_ONCE):
        save(world, ticket, *(call(world, n) for n in range(start, start + MOST_AT_ONCE)))
    kept = recall(world, ticket)["calls"]
    assert kept[-2:] == wanted[::-1]
    assert len(kept) == MOST_CALLS


def test_unanswered_calls_keep_some_places(world: World, ticket: str) -> None:
    missed = [call(world, n) for n in range(1, 31)]
    for start in range(0, len(missed), MOST_AT_ONCE):
        save(world, ticket, *missed[start : start + MOST_AT_ONCE])
    for start in range(100, 100 + 2 * MOST_CALLS, MOST_AT_ONCE):
        save(
            world, ticket, *(call(world, n, direction="outbound") for n in range(start, start + MOST_AT_ONCE))
        )
    kept = recall(world, ticket)["calls"]
    assert sum(each["direction"] == "outbound" for each in kept) == MOST_WANTED
    assert [each["uuid"] for each in kept[-20:]] == [each["uuid"] for each in missed[:9:-1]]


@pytest.fixture
def lasting(world: World) -> World:
    """Its tickets outlive the history."""
    services = world.services
    world.app.state.services = replace(services, settings=replace(services.settings, sip_seconds=900 * DAY))
    return world


def test_old_calls_are_forgotten(lasting: World) -> None:
    ticket, other = ticket_of(lasting), ticket_of(lasting, BETA)
    save(lasting, ticket, call(lasting))
    lasting.clock.now += 90 * DAY
    assert recall(lasting, ticket)["calls"] == []
    save(lasting, other, call(lasting, 2), host=BETA)
    assert rows(lasting) == 1, "those of others are cleared away as well"


def test_a_clock_that_runs_ahead_keeps_no_call_for_ever(lasting: World) -> None:
    ticket = ticket_of(lasting)
    save(lasting, ticket, call(lasting, started_at=int(lasting.clock.now) + 1000 * DAY))
    assert len(recall(lasting, ticket)["calls"]) == 1
    lasting.clock.now += 90 * DAY + 1
    assert recall(lasting, ticket)["calls"] == []


def test_the_operator_may_switch_it_off(world: World, ticket: str) -> None:
    save(world, ticket, call(world))
    settings = replace(world.services.settings, history_days=0)
    again = World(create_app(settings, clock=world.clock), world.portal, world.clock, world.folder)
    assert rows(again) == 0
    assert memory(again) | {"ticket": ""} == {"ticket": "", "history": False, "do_not_disturb": False}
    assert save(again, ticket, call(again), do_not_disturb=True) == 204
    assert (recall(again, ticket)["calls"], rows(again)) == ([], 0)
    assert memory(again)["do_not_disturb"] is True, "it is no history"
    again.services.database.close()


def test_what_was_seen_is_remembered(world: World, ticket: str) -> None:
    now = int(world.clock.now)
    assert recall(world, ticket)["seen_at"] == 0
    save(world, ticket, seen_at=now - 10)
    save(world, ticket, do_not_disturb=True)
    assert recall(world, ticket)["seen_at"] == now - 10
    save(world, ticket, seen_at=now + 10 * DAY)
    assert recall(world, ticket)["seen_at"] == now, "calls to come are not seen yet"


def test_do_not_disturb_is_remembered(world: World, ticket: str) -> None:
    assert memory(world)["do_not_disturb"] is False
    for on in (True, False, True):
        save(world, ticket, do_not_disturb=on)
        assert memory(world)["do_not_disturb"] is on
    assert memory(world, BETA)["do_not_disturb"] is False


def test_another_customer_s_ticket_is_none(world: World, ticket: str) -> None:
    save(world, ticket, call(world))
    assert recall(world, ticket_of(world, BETA), BETA)["calls"] == []
    foreign = world.ask("GET", PATH, bearer=ticket, host=BETA)
    assert (foreign.status_code, foreign.json()) == (404, {"message": "Resource not found"})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_wants_a_ticket(world: World, method: str) -> None:
    nobody = world.ask(method, PATH, json={})
    assert (nobody.status_code, nobody.json()) == (401, {"message": "Unauthenticated."})
    for other in (world.login(), world.embed_token(world.login()), "junk", "aaaa"):
        assert world.ask(method, PATH, bearer=other, json={}).status_code == 404


def test_a_ticket_lives_as_long_as_the_sip_credentials(world: World, ticket: str) -> None:
    world.clock.now += world.services.settings.sip_seconds - 1
    assert save(world, ticket) == 204
    world.clock.now += 1
    answer = world.ask("GET", PATH, bearer=ticket)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})


def test_who_may_no_longer_use_a_phone_finds_nothing(world: World, ticket: str) -> None:
    def demote(connection: Connection) -> None:
        connection.execute(update(users).where(users.c.id == world.ids["an"]).values(role="read_only"))

    world.services.database.write_now(demote)
    assert world.ask("GET", PATH, bearer=ticket).status_code == 403


@pytest.mark.usefixtures("sqlite_only")
def test_a_ticket_is_not_for_the_next_user_who_gets_the_number(world: World) -> None:
    """SQLite gives it again when the last row was removed."""

    ring = world.services.ring

    def replace_by(connection: Connection, username: str) -> None:
        nosip = user_numbered(connection, world.ids["nosip"])
        assert nosip is not None
        remove_user(connection, nosip)
        values: dict[str, Any] = {"account_id": nosip.account_id, "password_hash": PASSWORD_HASH}
        again = add_user(
            connection, username=username, extension="1003", sip_password="s", ring=ring, **values
        )
        assert again == nosip.id

    database = world.services.database
    database.write_now(replace_by, "first")
    token = world.embed_token(world.login("first", BETA), BETA)
    ticket = world.sip_config(token, BETA).json()["data"]["memory"]["ticket"]
    assert world.ask("GET", PATH, host=BETA, bearer=ticket).status_code == 200
    database.write_now(replace_by, "second")
    assert world.ask("GET", PATH, host=BETA, bearer=ticket).status_code == 401


def test_a_ticket_of_an_older_version_is_refused(world: World) -> None:
    database, keys = world.services.database, world.services.settings.signing_keys
    account = database.read_now(account_of_host, ALPHA)
    text = f"[{world.ids['an']},{int(world.clock.now) + 60}]"
    sealed = Sealer(keys, "memory tickets").seal(text, account.public_id)
    ticket = base64.urlsafe_b64encode(sealed).decode()
    # It does not say from which login it came, so nobody could end it.
    assert world.ask("GET", PATH, bearer=ticket).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"uuid": "a b"}, "calls"),
        ({"uuid": "x" * 65}, "calls"),
        ({"direction": "sideways"}, "calls"),
        ({"number": "9" * 65}, "calls"),
        ({"name": "x" * 201}, "calls"),
        ({"started_at": -1}, "calls"),
        ({"ended_at": "soon"}, "calls"),
        ({"started_at": 10**12}, "calls"),
        ({"reason": "Because!"}, "calls"),
        ({"reason": "busy\n"}, "calls"),
        ({"answered_at": True}, "calls"),
    ],
)
def test_wrong_fields_are_named(world: World, ticket: str, change: dict[str, Any], field: str) -> None:
    answer = world.ask("POST", PATH, bearer=ticket, json={"calls": [call(world, **change)]})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert "Bình" not in answer.text
    assert recall(world, ticket)["calls"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 204),
        ({"seen_at": "x", "do_not_disturb": "yes"}, 422),
        ({"calls": {}}, 422),
        ([], 400),
        ("{", 400),
    ],
)
def test_wrong_bodies_are_refused(world: World, ticket: str, body: object, status: int) -> None:
    assert world.ask("POST", PATH, bearer=ticket, json=body).status_code == status


def test_ten_calls_with_the_longest_names_fit_and_eleven_do_not(world: World, ticket: str) -> None:
    calls = [call(world, n, name="ễ" * 200, number="9" * 64) for n in range(1, MOST_AT_ONCE + 1)]
    assert save(world, ticket, *calls) == 204
    assert save(world, ticket, *calls, call(world, 99)) in (400, 422)


def test_it_is_limited(world: World, ticket: str) -> None:
    answers = [world.ask("GET", PATH, bearer=ticket).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]


@pytest.mark.usefixtures("sqlite_only")
def test_nothing_of_it_can_be_read_in_the_database(world: World, ticket: str) -> None:
    save(world, ticket, call(world))
    files = b"".join(path.read_bytes() for path in world.folder.glob("zorio.db*"))
    assert call(world)["uuid"].encode() in files
    for secret in ("0912345678", "Trần Thị Bình", "no_answer", "inbound"):
        assert secret.encode() not in files


def test_calls_under_a_lost_key_are_no_error(world: World, ticket: str) -> None:
    save(world, ticket, call(world))
    services = world.services
    settings = replace(services.settings, data_keys={"newest": new_key()})
    world.app.state.services = replace(services, settings=settings)
    assert recall(world, ticket_of(world))["calls"] == []


def test_a_database_of_an_older_version_gets_the_tables(world: World) -> None:
    def drop(connection: Connection) -> None:
        connection.exec_driver_sql("DROP TABLE call_history")
        connection.exec_driver_sql("DROP TABLE phone_states")

    world.services.database.write_now(drop)
    again = World(
        create_app(world.services.settings, clock=world.clock), world.portal, world.clock, world.folder
    )
    ticket = ticket_of(again)
    assert save(again, ticket, call(again)) == 204
    assert len(recall(again, ticket)["calls"]) == 1
    again.services.database.close()


def rows(world: World) -> int:
    return world.services.database.write_now(_count)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(call_history)).scalar_one()
