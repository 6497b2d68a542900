"""POST /api/webphone/embed-token: contract section 2."""

from datetime import datetime
from typing import Any

import jwt
import pytest

from tests.server.world import ALPHA, KEYS, World

MINT = "/api/webphone/embed-token"


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, KEYS["new"], algorithms=["HS256"], audience="zorio-webphone")
    return claims


@pytest.mark.parametrize(
    ("body", "life"),
    [
        ({"content": b""}, 300),
        ({"json": {}}, 300),
        ({"json": {"ttl_seconds": 30}}, 30),
        ({"json": {"ttl_seconds": 900}}, 900),
    ],
)
def test_a_token_has_the_claims_and_the_life_that_was_asked(world: World, body: Any, life: int) -> None:
    answer = world.ask("POST", MINT, bearer=world.login(), **body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"embed_token", "expires_at"}
    token = answer.json()["embed_token"]
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "HS256", "typ": "JWT", "kid": "new"}
    claims = claims_of(token)
    now = int(world.clock.now)
    assert claims.pop("jti")
    assert len(claims.pop("tid")) == 36
    assert (claims.pop("uid"), claims.pop("bid")) == (world.ids["an"], 1)
    assert claims.pop("epo") >= 0
    assert claims == {
        "iss": ALPHA,
        "aud": "zorio-webphone",
        "sub": "1001",
        "iat": now,
        "nbf": now,
        "exp": now + life,
        "origins": ["https://crm.alpha.example", "http://localhost:*"],
    }
    expires_at = datetime.fromisoformat(answer.json()["expires_at"])
    assert expires_at.utcoffset() is not None
    assert expires_at.timestamp() == now + life


@pytest.mark.parametrize("ttl", [29, 901, 0, -1, 1.5, "300", True, None, [], 10**30])
def test_a_life_out_of_bounds_is_422(world: World, ttl: object) -> None:
    answer = world.ask("POST", MINT, bearer=world.login(), json={"ttl_seconds": ttl})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["ttl_seconds"]


def test_a_malformed_body_is_400(world: World) -> None:
    answer = world.ask("POST", MINT, bearer=world.login(), content=b"ttl_seconds=300")
    assert (answer.status_code, answer.json()) == (400, {"message": "Malformed request body"})


def test_read_only_may_not_mint(world: World) -> None:
    answer = world.ask("POST", MINT, bearer=world.login("reader"), json={})
    assert (answer.status_code, answer.json()) == (403, {"message": "This action is unauthorized."})


def test_a_user_without_extension_is_told_so(world: World) -> None:
    answer = world.ask("POST", MINT, bearer=world.login("desk"), json={})
    assert (answer.status_code, answer.json()) == (409, {"message": "This user has no extension."})


def test_an_embed_token_is_no_bearer_and_a_bearer_no_embed_token(world: World) -> None:
    bearer = world.login()
    assert world.ask("POST", MINT, bearer=world.embed_token(bearer)).status_code == 401
    assert world.sip_config(bearer).status_code == 401
