"""Point 5: whoever lost their access finds nothing with what they still hold, nor does their successor.

Over HTTP, against the real app. Six changes times four kinds; then what must go on.
"""

# ruff: noqa: F811 - fixtures by their names
from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from server.api import login as login_api
from server.customers.accounts import Account, account_of_host, change_account, remove_account
from server.customers.passwords import hash_password
from server.customers.users import User, add_user, change_user, remove_user, user_named, users_of
from server.errors import Unavailable
from server.storage import engines
from server.storage.tables import users
from tests.server.conftest import portal, postgresql, url, world  # noqa: F401 - fixtures of this module
from tests.server.world import ALPHA, BETA, PASSWORD, PASSWORD_HASH, World

OTHER_HASH = hash_password("another horse 2")
CALL = {
    "uuid": "11111111-1111-4111-8111-111111111111",
    "direction": "inbound",
    "number": "0912345678",
    "name": "Trần Thị Bình",
    "answered_at": None,
    "reason": "canceled",
}
RECORD = '{"call": {"number": "0912345678"}}'


@dataclass(frozen=True)
class Held:
    """What one browser has from one login."""

    host: str
    browser: str
    bearer: str
    token: str
    lease: str
    history: str
    resume: str


@dataclass(frozen=True)
class Kind:
    method: str
    path: str
    field: str
    good: int = 200


KINDS = {
    "embed token": Kind("GET", "/api/webphone/sip-config", "token"),
    "lease ticket": Kind("POST", "/api/webphone/lease", "lease"),
    "history ticket": Kind("GET", "/api/webphone/memory", "history"),
    "resume": Kind("GET", "/api/webphone/resume", "token", good=204),
    "resume ticket": Kind("GET", "/api/webphone/resume", "resume", good=204),
}
WRITES = {
    "history ticket": ("/api/webphone/memory", "history", {"do_not_disturb": True}),
    "resume": ("/api/webphone/resume", "resume", {"record": RECORD}),
}


def log_in(world: World, username: str = "an", browser: str = "browser-1", host: str = ALPHA) -> Held:
    bearer = world.login(username, host)
    return open_phone(world, bearer, browser, host)


def open_phone(world: World, bearer: str, browser: str, host: str = ALPHA) -> Held:
    token = world.embed_token(bearer, host)
    answer = world.ask(
        "GET", "/api/webphone/sip-config", host=host, bearer=token, headers={"X-Zorio-Holder": browser}
    )
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    tickets = [data[name]["ticket"] for name in ("lease", "memory", "resume")]
    return Held(host, browser, bearer, token, *tickets)


def status(world: World, held: Held, kind: str) -> int:
    asks = KINDS[kind]
    bearer = getattr(held, asks.field)
    answer = world.ask(
        asks.method, asks.path, host=held.host, bearer=bearer, headers={"X-Zorio-Holder": held.browser}
    )
    return answer.status_code


def statuses(world: World, held: Held) -> dict[str, int]:
    return {kind: status(world, held, kind) for kind in KINDS}


GOOD = {kind: asks.good for kind, asks in KINDS.items()}
REFUSED = dict.fromkeys(KINDS, 401)


def found(connection: Connection, username: str, host: str = ALPHA) -> tuple[Account, User]:
    account = account_of_host(connection, host)
    user = user_named(connection, account.id, username)
    assert user is not None
    return account, user


def changed(world: World, username: str = "an", host: str = ALPHA, **changes: Any) -> None:
    def change(connection: Connection) -> None:
        change_user(connection, found(connection, username, host)[1], changes, world.services.ring)

    world.services.database.write_now(change)


def removed(world: World, username: str = "an") -> None:
    world.services.database.write_now(
        lambda connection: remove_user(connection, found(connection, username)[1])
    )


def logged_out(world: World, held: Held) -> None:
    assert world.ask("POST", "/api/auth/logout", host=held.host, bearer=held.bearer).status_code == 204


def succeeded(world: World, _held: Held) -> None:
    """The extension goes to a colleague, and `an` keeps working at another one."""
    changed(world, extension="1009")
    changed(world, "desk", extension="1001")


def there_and_back(world: World, _held: Held) -> None:
    changed(world, extension="1009")
    changed(world, extension="1001")


def replaced(world: World, _held: Held) -> None:
    """`an` leaves; somebody else of the same name gets the extension, and on SQLite the same number."""

    def replace_user(connection: Connection) -> None:
        account, user = found(connection, "an")
        for other in users_of(connection, account.id):
            if other.id > user.id:  # so that SQLite gives the number again
                remove_user(connection, other)
        remove_user(connection, user)
        add_user(
            connection, account_id=account.id, username="an", password_hash=PASSWORD_HASH, extension="1001"
        )

    world.services.database.write_now(replace_user)


CHANGES: dict[str, Callable[[World, Held], None]] = {
    "logout": logged_out,
    "password": lambda world, _held: changed(world, password_hash=OTHER_HASH),
    "role read_only": lambda world, _held: changed(world, role="read_only"),
    "extension": lambda world, _held: changed(world, extension="1009"),
    "removal": lambda world, _held: removed(world),
    "extension to a colleague": succeeded,
    # More than the six of the issue.
    "role supervisor": lambda world, _held: changed(world, role="supervisor"),
    "the same password again": lambda world, _held: changed(world, password_hash=PASSWORD_HASH),
    "no extension": lambda world, _held: changed(world, extension=None),
    "SIP password": lambda world, _held: changed(world, sip_password="another sip password"),
    "replaced by somebody of that name": replaced,
    "extension and back": there_and_back,
}


@pytest.mark.parametrize("change", CHANGES)
def test_all_that_was_given_out_is_refused_at_once(world: World, change: str) -> None:
    held = log_in(world)
    assert statuses(world, held) == GOOD
    CHANGES[change](world, held)
    assert statuses(world, held) == REFUSED
    for path, field, body in WRITES.values():
        assert world.ask("POST", path, bearer=getattr(held, field), json=body).status_code == 401


@pytest.mark.parametrize("change", CHANGES)
def test_it_stays_refused_whatever_comes_next(world: World, change: str) -> None:
    """Also when the same person logs in again, or the same extension works again."""
    held = log_in(world)
    CHANGES[change](world, held)
    if change != "replaced by somebody of that name":
        if "removal" not in change:
            changed(world, "desk", extension="1010")
            changed(world, role="agent", extension="1001", password_hash=PASSWORD_HASH)
            log_in(world, browser="browser-2")
    else:
        log_in(world, browser="browser-2")
    assert statuses(world, held) == REFUSED


def test_a_refusal_says_that_it_was_revoked_and_not_that_it_ran_out(world: World) -> None:
    held = log_in(world)
    logged_out(world, held)
    answer = world.ask("POST", "/api/webphone/lease", bearer=held.lease)
    assert answer.json() == {"message": "Unauthenticated."}
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token", error_description="revoked"'
    held = log_in(world)
    world.clock.now += world.services.settings.sip_seconds
    answer = world.ask("POST", "/api/webphone/lease", bearer=held.lease)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


# What goes on


def test_logout_ends_what_came_from_that_bearer_and_nothing_else(world: World) -> None:
    one, two = log_in(world), log_in(world, browser="browser-2")
    logged_out(world, one)
    assert statuses(world, one) == REFUSED
    assert statuses(world, two) == GOOD
    third = open_phone(world, two.bearer, "browser-1")
    assert statuses(world, third) == GOOD


def test_all_browsers_of_one_bearer_end_with_it(world: World) -> None:
    one = log_in(world)
    two = open_phone(world, one.bearer, "browser-2")
    logged_out(world, one)
    assert statuses(world, two) == REFUSED


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_else_notices(world: World, change: str) -> None:
    changed(world, "reader", role="agent")
    held, colleague = log_in(world), log_in(world, "reader")
    namesake = log_in(world, host=BETA)
    if change.startswith("replaced"):
        pytest.skip("removes the colleague too")
    CHANGES[change](world, held)
    assert statuses(world, colleague) == GOOD
    assert statuses(world, namesake) == GOOD


NOTHING: dict[str, Mapping[str, Any]] = {
    "another display name": {"display_name": "Nguyễn Văn Ân"},
    "another e-mail address": {"email": "other@example.com"},
    "the same role": {"role": "agent"},
    "the same extension": {"extension": "1001"},
    "nothing": {"role": "agent", "extension": "1001", "display_name": "Nguyễn Văn An"},
}


@pytest.mark.parametrize("change", NOTHING)
def test_what_is_no_matter_of_access_ends_nothing(world: World, change: str) -> None:
    held = log_in(world)
    changed(world, **NOTHING[change])
    assert statuses(world, held) == GOOD


def test_the_bearer_s_last_day_ends_no_phone(world: World) -> None:
    """What it gave has its own end, and somebody else's login must not bring that nearer."""
    days = world.services.settings.bearer_days * login_api.DAY - 5
    world.clock.now -= days
    bearer = world.login()
    world.clock.now += days
    held = open_phone(world, bearer, "browser-1")
    world.clock.now += 10
    log_in(world, "an", host=BETA)
    assert world.ask("POST", "/api/webphone/embed-token", bearer=bearer).status_code == 401
    assert statuses(world, held) == GOOD


def test_after_another_extension_a_new_token_works_and_the_history_is_the_user_s(world: World) -> None:
    held = log_in(world)
    _save_call(world, held)
    changed(world, extension="1009")
    assert _calls(world, open_phone(world, held.bearer, "browser-1")) == [CALL["uuid"]]


# A predecessor and a successor at one extension


def test_the_successor_reads_nothing_of_the_predecessor_and_the_other_way_round(world: World) -> None:
    before = log_in(world)
    _save_call(world, before)
    assert world.ask("POST", "/api/webphone/resume", bearer=before.resume, json={"record": RECORD}).is_success
    succeeded(world, before)
    after = log_in(world, "desk", "browser-2")
    assert _calls(world, after) == []
    assert status(world, after, "resume") == 204
    _save_call(world, after)
    assert statuses(world, before) == REFUSED
    assert _calls(world, open_phone(world, before.bearer, "browser-1")) == [CALL["uuid"]]


def test_the_successor_has_the_lease_at_once_and_the_predecessor_cannot_take_it(world: World) -> None:
    before = log_in(world)
    succeeded(world, before)
    after = log_in(world, "desk", "browser-2")
    for body in ({"take_over": True}, {"renew": True}, {"seconds": 0}, {}):
        assert world.ask("POST", "/api/webphone/lease", bearer=before.lease, json=body).status_code == 401
    answer = world.ask("POST", "/api/webphone/lease", bearer=after.lease, json={"renew": True})
    assert answer.json() == {"data": {"held": True}}


def test_a_record_of_an_earlier_epoch_does_not_open(world: World) -> None:
    """It may have been planted by whoever had the password."""
    held = log_in(world)
    assert world.ask("POST", "/api/webphone/resume", bearer=held.resume, json={"record": RECORD}).is_success
    changed(world, password_hash=PASSWORD_HASH)
    assert status(world, log_in(world), "resume") == 204


# Around the check


def test_a_removed_customer_is_unknown(world: World) -> None:
    """404, as every host that is nobody's."""
    held = log_in(world)

    def remove(connection: Connection) -> None:
        account = account_of_host(connection, ALPHA)
        for user in users_of(connection, account.id):
            remove_user(connection, user)
        remove_account(connection, account)

    world.services.database.write_now(remove)
    assert set(statuses(world, held).values()) == {404}


def test_a_user_of_before_the_epochs_is_of_epoch_0(world: World) -> None:
    """A database of an older version has NULL in the new column."""

    def forget(connection: Connection) -> None:
        connection.execute(users.update().values(epoch=None))

    world.services.database.write_now(forget)
    held = log_in(world)
    assert statuses(world, held) == GOOD
    changed(world, role="supervisor")
    assert statuses(world, held) == REFUSED


def test_a_password_that_is_changed_while_the_old_one_is_checked_gives_no_bearer(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = world.services.passwords.check

    async def slow(password_hash: str | None, password: str) -> bool:
        right = await check(password_hash, password)
        changed(world, password_hash=OTHER_HASH)
        return right

    monkeypatch.setattr(world.services.passwords, "check", slow)
    answer = world.ask("POST", "/api/auth/login", json={"username": "an", "password": PASSWORD})
    assert answer.status_code == 401


def test_an_account_s_own_settings_revoke_nobody(world: World) -> None:
    held = log_in(world)
    world.services.database.write_now(
        lambda connection: change_account(connection, account_of_host(connection, ALPHA), {"name": "Omega"})
    )
    assert statuses(world, held) == GOOD


STEPS = st.lists(
    st.sampled_from(["log in", "log out", "password", "role", "extension", "name", "email", "colleague"]),
    max_size=12,
)


@pytest.fixture
def model(world: World) -> World:
    changed(world, "reader", role="agent")
    world.services.limits.count = lambda *_: None  # type: ignore[method-assign]
    return world


@given(steps=STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
def test_whatever_happens_only_the_living_are_let_in(model: World, steps: list[str]) -> None:
    """Against a list of who is alive that knows no epochs."""
    alive, dead = [log_in(model)], list[Held]()
    number = 2000
    for step in steps:
        number += 1
        match step:
            case "log in":
                alive.append(log_in(model, browser=f"browser-{number}"))
            case "log out" if alive:
                gone = alive.pop(0)
                logged_out(model, gone)
                dead.append(gone)
            case "password" | "role" | "extension":
                role = "admin" if _user(model).role != "admin" else "agent"
                change = {"password": {"password_hash": PASSWORD_HASH}, "role": {"role": role}}
                changed(model, **change.get(step, {"extension": str(number)}))
                dead, alive = dead + alive, []
            case "name" | "email":
                field = {"name": "display_name", "email": "email"}[step]
                changed(model, **{field: f"{number}@example.com"})
            case "colleague":
                changed(model, "reader", extension=str(number), password_hash=PASSWORD_HASH)
    for held in dead:
        assert statuses(model, held) == REFUSED
    for held in alive:
        assert statuses(model, held) == GOOD


def _user(world: World) -> User:
    return replace(world.services.database.read_now(found, "an")[1])


def _save_call(world: World, held: Held) -> None:
    now = int(world.clock.now)
    body = {"calls": [CALL | {"started_at": now, "ended_at": now}]}
    assert world.ask("POST", "/api/webphone/memory", bearer=held.history, json=body).status_code == 204


def _calls(world: World, held: Held) -> list[str]:
    answer = world.ask("GET", "/api/webphone/memory", bearer=held.history)
    return [call["uuid"] for call in answer.json()["data"]["calls"]]


def test_a_login_that_is_just_being_written_when_the_password_changes(world: World) -> None:
    """On PostgreSQL the bearer of the old password would be there after all others were removed."""
    database = world.services.database
    now = world.services.now()
    user = _user(world)
    with (
        ThreadPoolExecutor(1) as threads,
        database.engine.connect().execution_options(**{engines.WRITES: True}) as logging_in,
    ):
        bearer = login_api._issue(logging_in, user, None, now, now + 1000)

        def change() -> None:
            database.write_now(change_user, user, {"password_hash": OTHER_HASH})

        changing = threads.submit(change)
        wait([changing], timeout=0.3)  # it must not be done before the login is
        logging_in.commit()
        try:
            changing.result()
        except Unavailable:  # SQLite: somebody writes; the operator asks again
            change()
    assert world.ask("POST", "/api/webphone/embed-token", bearer=bearer, json={}).status_code == 401
