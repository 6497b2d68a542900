"""Every answer is JSON `{message}`, whatever is sent (contract section 2)."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.api import rate_limits
from server.api.bodies import parse_body
from server.api.embed_token import EmbedTokenBody
from server.api.login import LoginBody
from server.errors import Invalid, Malformed
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


def test_health(shared: World) -> None:
    answer = shared.ask("GET", "/healthz", host="anything.example")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["username", "password", "device_name", "ttl_seconds", "x"])


@given(st.dictionaries(FIELDS, JSON, max_size=5))
def test_any_object_is_read_or_refused_with_the_fields(value: dict[str, Any]) -> None:
    for model in (LoginBody, EmbedTokenBody):
        wrong: set[str] | None = None
        try:
            parse_body(msgspec.json.encode(value), model)
        except Invalid as error:
            wrong = set(error.errors or ())
        assert wrong is None or set() < wrong <= set(model.__struct_fields__)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(content: bytes) -> None:
    with contextlib.suppress(Malformed, Invalid):
        parse_body(content, LoginBody)


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
