"""Whoever tries what opens: many addresses against one name, many credentials from one address."""

# ruff: noqa: F811 - fixtures by their names
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from server.api.rate_limits import GUESSES
from server.customers.claims import Claims
from tests.server.conftest import portal, postgresql, url, world  # noqa: F401 - fixtures
from tests.server.world import ALPHA, BETA, PASSWORD, SIP_SECRET, World

LOGIN = "/api/auth/login"
WRONG = {"username": "an", "password": "wrong"}
RIGHT = {"username": "an", "password": PASSWORD}
REPORT = {"extension": "1001", "number": "0912345678", "call_id": "c1"}


def address(number: int) -> str:
    return f"198.51.{number // 250}.{number % 250 + 1}"


def test_many_addresses_guess_the_password_of_one_name(world: World) -> None:
    crm = "192.0.2.50"
    assert world.ask("POST", LOGIN, json=RIGHT, client=crm).status_code == 200
    statuses = [
        world.ask("POST", LOGIN, json=WRONG, client=address(number)).status_code for number in range(30)
    ]
    assert statuses == [401] * 20 + [429] * 10
    refused = world.ask("POST", LOGIN, json=RIGHT, client=address(99))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 600
    # Neither the person nor anybody else is locked out by that.
    assert world.ask("POST", LOGIN, json=RIGHT, client=crm).status_code == 200
    assert world.ask("POST", LOGIN, json=RIGHT | {"username": "desk"}, client=address(1)).status_code == 200
    assert world.ask("POST", LOGIN, json=WRONG, client=address(1), host=BETA).status_code == 401
    world.clock.now += 601
    assert world.ask("POST", LOGIN, json=RIGHT, client=address(99)).status_code == 200


def test_right_logins_use_no_place_up(world: World) -> None:
    for number in range(25):
        assert world.ask("POST", LOGIN, json=RIGHT, client=address(number)).status_code == 200
    assert world.ask("POST", LOGIN, json=WRONG, client=address(99)).status_code == 401


KINDS: dict[str, Callable[[World, int], int]] = {
    "bearer": lambda world, number: (
        world.ask("POST", "/api/webphone/embed-token", bearer=f"{number + 1}|{'x' * 40}", json={}).status_code
    ),
    "no bearer of any form": lambda world, number: (
        world.ask("POST", "/api/webphone/embed-token", bearer=f"b{number}", json={}).status_code
    ),
    "embed token": lambda world, number: world.sip_config(f"e.y{number}.x").status_code,
    "lease ticket": lambda world, number: (
        world.ask("POST", "/api/webphone/lease", bearer=f"{number:064x}").status_code
    ),
    "history ticket": lambda world, number: (
        world.ask("GET", "/api/webphone/memory", bearer=f"{number:064x}").status_code
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_many_wrong_ones_of_one_address(world: World, kind: str) -> None:
    statuses = [KINDS[kind](world, number) for number in range(103)]
    assert set(statuses[:100]) <= {401, 404}
    assert statuses[100:] == [429] * 3
    # Whoever shares the address and has a good one is not held up.
    good = world.embed_token(world.login())
    assert world.sip_config(good).status_code == 200
    world.clock.now += 61
    assert KINDS[kind](world, 500) in (401, 404)


def test_one_that_ran_out_is_no_guess(world: World) -> None:
    """An office comes back from lunch: 500 phones with old tokens, one address."""
    long_ago = int(world.clock.now) - 10_000
    for _ in range(150):
        token, _expires = world.services.tokens.mint(ALPHA, "any", Claims(1, 1, 0, "1001"), [], long_ago, 300)
        assert world.sip_config(token).status_code == 401
    bearer = world.login()
    world.ask("POST", "/api/auth/logout", bearer=bearer)
    for _ in range(30):
        assert world.ask("POST", "/api/webphone/embed-token", bearer=bearer, json={}).status_code == 401
    assert world.services.limits.look(GUESSES, "192.0.2.1").remaining == GUESSES.most


def test_a_token_of_an_older_version_is_no_guess(world: World) -> None:
    """The minutes after an update: all phones of an office that load have tokens that say less, of one
    address. Each must hear 401, upon which it asks its CRM for another, and not 429."""
    key_id, secret = next(iter(world.services.settings.signing_keys.items()))
    now = int(world.clock.now)
    says: dict[str, object] = {
        "iss": ALPHA,
        "aud": "zorio-webphone",
        "sub": "1001",
        "tid": "any",
        "jti": "j",
        "origins": [],
    }
    says |= {"iat": now, "nbf": now, "exp": now + 300}
    for number in range(150):
        token = jwt.encode(says | {"jti": f"j{number}"}, secret, "HS256", headers={"kid": key_id})
        assert world.sip_config(token).status_code == 401
    assert world.services.limits.look(GUESSES, "192.0.2.1").remaining == GUESSES.most


def test_the_secret_of_a_pbx_is_not_guessed(world: World) -> None:
    def report(secret: str, client: str = "192.0.2.1") -> int:
        path = "/api/pbx/missed-calls"
        return world.ask(
            "POST", path, bearer=secret.replace(" ", "_"), client=client, json=REPORT
        ).status_code

    assert [report(f"guess-{number}") for number in range(12)] == [401] * 10 + [429] * 2
    # The right one too: nobody learns here that it is right.
    assert report(SIP_SECRET.replace(" ", "_")) == 429
    world.clock.now += 61
    assert report("guess-20") == 401
    assert report("guess-21", client="192.0.2.77") == 401


def test_the_secret_of_a_pbx_is_not_guessed_all_at_once(world: World) -> None:
    """The last of those that arrive in one moment must not be looked at because none was counted yet."""

    def report(number: int) -> int:
        path, secret = "/api/pbx/missed-calls", f"guess-{number}"
        return world.ask("POST", path, bearer=secret, json=REPORT).status_code

    with ThreadPoolExecutor(40) as threads:
        statuses = sorted(threads.map(report, range(40)))
    assert statuses == [401] * 10 + [429] * 30
