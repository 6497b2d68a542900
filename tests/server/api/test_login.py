"""POST /api/auth/login and /logout: contract section 2."""

import re
from typing import Any

import pytest

from server.customers.users import user_named
from tests.server.world import ALPHA, BETA, PASSWORD, World

LOGIN = "/api/auth/login"
LOGOUT = "/api/auth/logout"


def test_login_answers_the_user_and_a_bearer(world: World) -> None:
    answer = world.ask(
        "POST", LOGIN, json={"username": "an", "password": PASSWORD, "device_name": "CRM", "more": 1}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert re.fullmatch(r"\d+\|[A-Za-z0-9_-]{40}", body.pop("token"))
    tenant = body["data"]["user"].pop("tenant_id")
    assert re.fullmatch(r"[0-9a-f-]{36}", tenant)
    assert body == {
        "data": {
            "user": {"id": world.ids["an"], "username": "an", "email": "an@example.com", "role": "agent"}
        }
    }
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("username", "password"),
    [("an", "wrong"), ("nobody", PASSWORD), ("AN", PASSWORD), ("nosip", PASSWORD), ("an'--", PASSWORD)],
)
def test_wrong_name_and_wrong_password_are_the_same_401(world: World, username: str, password: str) -> None:
    answer = world.ask("POST", LOGIN, json={"username": username, "password": password})
    assert (answer.status_code, answer.json()) == (401, {"message": "Invalid username or password."})


def test_a_user_of_another_customer_cannot_log_in_here(world: World) -> None:
    assert world.login("nosip", BETA)
    answer = world.ask("POST", LOGIN, json={"username": "nosip", "password": PASSWORD})
    assert answer.status_code == 401


def test_an_unknown_user_costs_the_same_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def note(password_hash: str, _password: str) -> bool:
        checked.append(password_hash)
        return False

    monkeypatch.setattr("server.customers.passwords._matches", note)
    for username in ("an", "nobody"):
        world.ask("POST", LOGIN, json={"username": username, "password": "x"})
    assert len(checked) == 2
    assert {re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", each) is not None for each in checked} == {True}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"username", "password"}),
        ({"username": "an"}, {"password"}),
        ({"username": 1, "password": []}, {"username", "password"}),
        ({"username": "", "password": ""}, {"username", "password"}),
        ({"username": None, "password": "x"}, {"username"}),
        ({"username": "a\x00n", "password": "x"}, {"username"}),
        ({"username": "a" * 201, "password": "x" * 1025}, {"username", "password"}),
        ({"username": "an", "password": "x", "device_name": 7}, {"device_name"}),
    ],
)
def test_wrong_fields_are_all_named(world: World, body: dict[str, Any], wrong: set[str]) -> None:
    answer = world.ask("POST", LOGIN, json=body)
    assert answer.status_code == 422
    assert answer.json()["message"] == "The given data was invalid."
    errors = answer.json()["errors"]
    assert set(errors) == wrong
    assert all(field in sentence for field, sentences in errors.items() for sentence in sentences)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}x",
        b'{"username":"\xff","password":"x"}',
        b"[" * 9000,
        b" " * 20_000,
    ],
)
def test_what_is_no_json_object_is_malformed(world: World, content: bytes) -> None:
    answer = world.ask("POST", LOGIN, content=content)
    assert (answer.status_code, answer.json()) == (400, {"message": "Malformed request body"})


def test_logout_kills_this_bearer_and_no_other(world: World) -> None:
    first, second = world.login(), world.login()
    answer = world.ask("POST", LOGOUT, bearer=first)
    assert (answer.status_code, answer.content) == (204, b"")
    for path in (LOGOUT, "/api/webphone/embed-token"):
        again = world.ask("POST", path, bearer=first)
        assert (again.status_code, again.json()) == (401, {"message": "Unauthenticated."})
    assert world.embed_token(second)


def test_a_bearer_runs_out(world: World) -> None:
    bearer = world.login()
    world.clock.now += world.services.settings.bearer_days * 86_400 - 1
    assert world.embed_token(bearer)
    world.clock.now += 1
    assert world.ask("POST", LOGOUT, bearer=bearer).status_code == 401


def test_the_number_of_a_dead_bearer_is_not_given_out_again(world: World) -> None:
    first = world.login()
    world.clock.now += world.services.settings.bearer_days * 86_400
    second = world.login()
    assert int(second.split("|")[0]) > int(first.split("|")[0])


def test_a_bearer_of_another_customer_is_404_and_lives_on(world: World) -> None:
    bearer = world.login(host=ALPHA)
    for path in (LOGOUT, "/api/webphone/embed-token"):
        answer = world.ask("POST", path, host=BETA, bearer=bearer)
        assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})
    assert world.embed_token(bearer)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer 1|",
        "Bearer |x",
        "Bearer 1|" + "x" * 40,
        "Bearer 999999999999999999|" + "x" * 40,
        "Bearer 9999999999999999999999|" + "x" * 40,
        "Bearer ١|" + "x" * 40,
        "Bearer 1|" + "x" * 40 + " 2",
        "Bearer " + "x" * 9000,
        "Bearer \x00\xff",
    ],
)
def test_a_garbage_bearer_is_401(world: World, authorization: str) -> None:
    world.login()
    answer = world.ask("POST", LOGOUT, headers={"Authorization": authorization.encode()})  # type: ignore[dict-item]
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_right_number_with_another_secret_is_401(world: World) -> None:
    number, secret = world.login().split("|")
    other = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    assert world.ask("POST", LOGOUT, bearer=f"{number}|{other}").status_code == 401


def test_the_database_keeps_neither_bearer_nor_password(world: World) -> None:
    secret = world.login().split("|")[1]
    with world.services.database.engine.connect() as connection:
        user = user_named(connection, 1, "an")
        assert user is not None
        assert PASSWORD not in repr(user)
        assert user.password_hash not in repr(user)
    kept = b"".join(file.read_bytes() for file in world.folder.glob("zorio.db*"))
    assert secret.encode() not in kept
    assert PASSWORD.encode() not in kept


def test_an_unknown_host_has_no_login(world: World) -> None:
    body = {"username": "an", "password": PASSWORD}
    answer = world.ask("POST", LOGIN, host="phone.gamma.example", json=body)
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})
