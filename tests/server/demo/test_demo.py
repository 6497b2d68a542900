"""The demo in one process: two origins, four users, a CRM backend."""

import base64
import hmac
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import select

from server.customers.accounts import account_of_host
from server.demo.demo import Demo, create_demo
from server.demo.people import PEOPLE, demo_password
from server.storage.tables import bearers
from tests.server.world import FakeClock, World, build_dist

PORT = 18_000
CRM, PHONE = f"127.0.0.1:{PORT}", f"localhost:{PORT}"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text("<!doctype html>CRM", encoding="utf-8")
    (folder / "pages" / "demo.js").write_text("//", encoding="utf-8")
    return create_demo(PORT, dist=build_dist(folder / "dist"), pages=folder / "pages")


@pytest.fixture(scope="module")
def world(demo: Demo, portal: BlockingPortal) -> Iterator[World]:
    yield World(demo.app, portal, FakeClock(0), Path())
    portal.call(demo.pbx.aclose)
    demo.app.state.services.database.close()


@pytest.mark.parametrize(("path", "kind"), [("/demo/", "text/html"), ("/demo/demo.js", "text/javascript")])
def test_the_crm_is_on_one_host_only(world: World, path: str, kind: str) -> None:
    answer = world.ask("GET", path + "?user=1001", host=CRM)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    for other in (PHONE, f"rebound.example:{PORT}"):
        assert world.ask("GET", path, host=other).status_code == 404


def test_the_address_without_slash_leads_on(world: World) -> None:
    answer = world.ask("GET", "/demo?user=1002", host=CRM)
    assert answer.headers["location"] == "/demo/?user=1002"


def test_the_phone_is_on_the_other_host_only(world: World) -> None:
    answer = world.ask("GET", "/webphone-embed", host=PHONE)
    policy = answer.headers["content-security-policy"]
    assert f"connect-src 'self' ws://localhost:{PORT};" in policy
    assert "frame-ancestors http://localhost:* http://127.0.0.1:*;" in policy
    assert world.ask("GET", "/webphone-embed", host=CRM).status_code == 404


@pytest.mark.parametrize("user", PEOPLE)
def test_the_backend_exchanges_its_bearer_for_a_token(world: World, demo: Demo, user: str) -> None:
    answer = world.ask("GET", f"/demo/embed-token?user={user}", host=CRM)
    assert answer.status_code == 200
    assert list(answer.json()) == ["token"]
    data = world.sip_config(answer.json()["token"], host=PHONE).json()["data"]
    assert data["sip_uri"] == f"sip:{user}@localhost"
    assert data["display_name"] == PEOPLE[user]
    assert data["wss_urls"] == [f"ws://localhost:{PORT}/sip"]
    with world.services.database.engine.connect() as connection:
        kept = account_of_host(connection, PHONE).sip_secret
    assert kept is not None
    secret = kept.open(world.services.ring)
    expiry, _, extension = data["auth_username"].partition(":")
    assert expiry.isdecimal()
    assert extension == user
    mac = hmac.digest(secret.encode(), data["auth_username"].encode(), "sha1")
    assert data["auth_password"] == base64.b64encode(mac).decode()


def test_the_backend_keeps_its_bearer_and_logs_in_again_when_it_is_dead(world: World) -> None:
    def count() -> int:
        with world.services.database.engine.connect() as connection:
            return len(connection.execute(select(bearers)).all())

    def ask() -> int:
        return world.ask("GET", "/demo/embed-token?user=1003", host=CRM).status_code

    assert ask() == 200
    before = count()
    assert [ask(), ask()] == [200, 200]
    assert count() == before
    world.services.database.write_now(lambda c: c.execute(bearers.update().values(revoked_at=1)))
    assert ask() == 200
    assert count() == before + 1


@pytest.mark.parametrize("query", ["", "?user=", "?user=9999", "?user=1001%00", "?user=../1001"])
def test_an_unknown_user_is_404(world: World, query: str) -> None:
    answer = world.ask("GET", f"/demo/embed-token{query}", host=CRM)
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})


def test_no_other_host_gets_a_token(world: World) -> None:
    for other in (PHONE, f"rebound.example:{PORT}"):
        assert world.ask("GET", "/demo/embed-token?user=1001", host=other).status_code == 404


def test_a_refusal_of_the_api_is_passed_on(world: World) -> None:
    answers = [world.ask("GET", "/demo/embed-token?user=1004", host=CRM) for _ in range(61)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"]
    assert answers[-1].json()["message"].startswith("Too many requests. Retry after ")


def test_people_can_log_in_with_the_printed_passwords(world: World) -> None:
    body = {"username": "1001", "password": demo_password("1001")}
    assert world.ask("POST", "/api/auth/login", host=PHONE, json=body).status_code == 200
