"""Every answer is JSON `{message}`, whatever is sent (contract section 2)."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.api import rate_limits
from tests.server.api.test_bodies import JSON
from tests.server.world import PASSWORD, World, build_world

ROUTES = [
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/logout"),
    ("POST", "/api/webphone/embed-token"),
    ("GET", "/api/webphone/sip-config"),
    ("GET", "/webphone-embed"),
    ("GET", "/healthz"),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, portal: BlockingPortal) -> Iterator[World]:
    world = build_world(tmp_path_factory.mktemp("errors"), portal, 1_800_000_000.0)
    yield world
    world.services.database.close()


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_method_is_405(shared: World, method: str, path: str) -> None:
    for other in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - {method}:
        answer = shared.ask(other, path)
        assert (answer.status_code, answer.json()) == (405, {"message": "Method not allowed."})
        assert method in answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/auth", "/api/auth/login/", "/webphone-embed/", "//healthz", "/demo/", "/sip"]
)
def test_an_unknown_address_is_404_and_no_redirect(shared: World, path: str) -> None:
    answer = shared.ask("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})


def test_what_nobody_foresaw_is_500_and_says_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret in an exception")

    monkeypatch.setattr("server.api.login.user_named", fail)
    with caplog.at_level(logging.INFO):
        answer = world.ask("POST", "/api/auth/login", json={"username": "an", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (500, {"message": "Server error."})
    assert "POST /api/auth/login 500" in caplog.text


@contextlib.contextmanager
def locked(world: World) -> Iterator[None]:
    """Another process that writes and does not finish."""
    connection = sqlite3.connect(world.folder / "zorio.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.mark.usefixtures("sqlite_only")
def test_a_locked_database_is_503_for_what_writes_and_nothing_for_what_reads(world: World) -> None:
    bearer = world.login()
    token = world.embed_token(bearer)
    with locked(world):
        for answer in (
            world.ask("POST", "/api/auth/login", json={"username": "an", "password": PASSWORD}),
            world.ask("POST", "/api/auth/logout", bearer=bearer),
            world.sip_config(token),
        ):
            assert answer.status_code == 503
            assert answer.json() == {"message": "Service unavailable. Retry after 1 seconds."}
            assert answer.headers["retry-after"] == "1"
        assert world.ask("GET", "/webphone-embed").status_code == 200
        assert world.ask("GET", "/healthz").status_code == 200
        assert world.embed_token(bearer)
    assert world.sip_config(token).status_code == 200


@pytest.mark.usefixtures("sqlite_only")
def test_a_broken_database_is_503_everywhere(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.services.database.close()
    for file in world.folder.glob("zorio.db*"):
        file.unlink()
    (world.folder / "zorio.db").mkdir()
    for path in ("/healthz", "/webphone-embed"):
        assert world.ask("GET", path).status_code == 503
    body = {"username": "nguyen.van.an", "password": PASSWORD}
    assert world.ask("POST", "/api/auth/login", json=body).status_code == 503
    assert "database unavailable" in caplog.text
    assert "nguyen" not in caplog.text


HEADER_VALUE = st.binary(max_size=60).map(lambda value: bytes(each for each in value if each not in b"\r\n"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    route=st.sampled_from(ROUTES),
    content=st.binary(max_size=60) | JSON.map(lambda value: repr(value).encode(errors="replace")),
    authorization=HEADER_VALUE | HEADER_VALUE.map(lambda value: b"Bearer " + value),
    query=st.text(max_size=20),
)
def test_nothing_that_is_sent_makes_a_500(
    shared: World, route: tuple[str, str], content: bytes, authorization: bytes, query: str
) -> None:
    shared.clock.now += rate_limits.WINDOW
    headers: Any = {"Authorization": authorization}
    answer = shared.ask(route[0], route[1], headers=headers, content=content, params={"token": query})
    assert answer.status_code in {200, 400, 401, 422}
    if answer.status_code != 200:
        assert isinstance(answer.json()["message"], str)
