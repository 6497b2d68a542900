"""GET /api/webphone/sip-config: contract section 2."""

import base64
import hashlib
import hmac
from datetime import datetime

import jwt
import pytest
from sqlalchemy import Connection, update

from server.customers.call_rules import DEFAULTS
from server.storage.tables import accounts, users
from tests.server.api.test_embed_token import claims_of
from tests.server.world import BETA, KEYS, SIP_SECRET, World


def test_sip_config_gives_time_limited_credentials(world: World) -> None:
    token = world.embed_token(world.login(), ttl_seconds=120)
    world.clock.now += 20.5
    answer = world.sip_config(token)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"data"}
    data = answer.json()["data"]
    expiry = int(world.clock.now) + 43_200
    username = f"{expiry}:1001"
    password = base64.b64encode(
        hmac.new(SIP_SECRET.encode(), username.encode(), hashlib.sha1).digest()
    ).decode()
    assert datetime.fromisoformat(data.pop("credentials_expire_at")).timestamp() == expiry
    assert data.pop("memory")["ticket"]
    assert set(data.pop("resume")) == {"ticket", "key"}
    assert data == {
        "extension": "1001",
        "display_name": "Nguyễn Văn An",
        "sip_uri": "sip:1001@sip.alpha.example",
        "auth_username": username,
        "auth_password": password,
        "wss_urls": ["wss://pbx1.alpha.example:7443/ws", "wss://pbx2.alpha.example/ws"],
        "ice_servers": [{"urls": ["turn:turn.alpha.example"], "username": "u", "credential": "c"}],
        "expires_in": 100,
        "features": {"transfer": True},
        "account": {"name": "Alpha", "accent": None},
        "rules": dict(DEFAULTS),
    }


def test_sip_config_gives_static_credentials_without_a_shared_secret(world: World) -> None:
    data = world.sip_config(world.embed_token(world.login(host=BETA), host=BETA), host=BETA).json()["data"]
    assert (data["auth_username"], data["auth_password"]) == ("1001", "static sip")
    assert data["credentials_expire_at"] is None
    assert data["sip_uri"] == "sip:1001@sip.beta.example"


def test_each_extension_has_relay_credentials_of_its_own_for_some_hours(world: World) -> None:
    servers = [{"urls": ["stun:a"]}, {"urls": "turn:b"}, {"urls": ["stun:c", "turns:c"], "username": "old"}]

    def put(connection: Connection) -> None:
        connection.execute(update(accounts).values(turn_secret="relay secret", ice_servers=servers))

    world.services.database.write_now(put)
    data = world.sip_config(world.embed_token(world.login())).json()["data"]
    username = f"{int(world.clock.now) + world.services.settings.sip_seconds}:1001"
    mac = hmac.digest(b"relay secret", username.encode(), "sha1")
    pair = {"username": username, "credential": base64.b64encode(mac).decode()}
    assert data["ice_servers"] == [
        servers[0],
        {"urls": "turn:b"} | pair,
        {"urls": ["stun:c", "turns:c"]} | pair,
    ]
    assert "relay secret" not in str(data)


def test_an_extension_without_credentials_is_told_so(world: World) -> None:
    answer = world.sip_config(world.embed_token(world.login("nosip", BETA), host=BETA), host=BETA)
    assert (answer.status_code, answer.json()) == (409, {"message": "This extension has no SIP credentials."})


def test_a_token_of_another_customer_is_404_though_the_extension_exists(world: World) -> None:
    token = world.embed_token(world.login())
    answer = world.sip_config(token, host=BETA)
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})
    assert world.sip_config(token, host="phone.gamma.example").status_code == 404
    assert world.sip_config(token).status_code == 200


def test_a_token_is_used_some_times_only_and_each_counts_alone(world: World) -> None:
    bearer = world.login()
    first, second = world.embed_token(bearer), world.embed_token(bearer)
    assert [world.sip_config(first).status_code for _ in range(7)] == [200] * 5 + [401] * 2
    assert world.sip_config(second).status_code == 200


def test_a_use_for_another_customer_is_not_counted(world: World) -> None:
    token = world.embed_token(world.login())
    for _ in range(9):
        world.sip_config(token, host=BETA)
    assert world.sip_config(token).status_code == 200


def test_uses_are_forgotten_when_no_token_can_need_them(world: World) -> None:
    token = world.embed_token(world.login(), ttl_seconds=30)
    world.sip_config(token)
    world.clock.now += 61
    world.sip_config(world.embed_token(world.login()))
    with world.services.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM token_uses").scalar_one() == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [({"role": "read_only"}, 403), ({"extension": "1009"}, 401), ({"role": "admin"}, 200)],
)
def test_a_token_is_worth_what_its_user_is_worth_now(
    world: World, change: dict[str, str], status: int
) -> None:
    token = world.embed_token(world.login())
    world.services.database.write_now(
        lambda connection: connection.execute(
            update(users).where(users.c.id == world.ids["an"]).values(**change)
        )
    )
    assert world.sip_config(token).status_code == status


def test_a_token_signed_with_the_old_key_is_still_good(world: World) -> None:
    claims = claims_of(world.embed_token(world.login()))
    old = jwt.encode(claims, KEYS["old"], "HS256", headers={"kid": "old"})
    assert world.sip_config(old).status_code == 200


@pytest.mark.parametrize("secret_of", ["new", "old"])
def test_a_token_is_checked_with_the_key_it_names(world: World, secret_of: str) -> None:
    claims = claims_of(world.embed_token(world.login()))
    other = "old" if secret_of == "new" else "new"
    crossed = jwt.encode(claims, KEYS[secret_of], "HS256", headers={"kid": other})
    answer = world.sip_config(crossed)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
