"""GET /webphone-embed, its headers, and its assets."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import update

from server.app import create_app
from server.settings import Settings, SettingsError
from server.storage.tables import accounts
from tests.server.world import ALPHA, BETA, DATA_KEYS, KEYS, PAGE, World, build_world

PAGE_PATH = "/webphone-embed"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, portal: BlockingPortal) -> Iterator[World]:
    """Nothing here changes a row that another test reads, so one world serves all."""
    world = build_world(tmp_path_factory.mktemp("pages"), portal, 1_800_000_000.0)
    yield world
    world.services.database.close()


def test_the_page_has_exactly_the_headers_that_were_tried(world: World) -> None:
    answer = world.ask("GET", PAGE_PATH + "?token=x&layout=docked", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    headers = dict(answer.headers)
    assert headers.pop("content-length") == str(len(answer.content))
    assert headers == {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": (
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; script-src-attr 'none'; "
            "style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' blob:; "
            "connect-src 'self' wss://pbx1.alpha.example:7443 wss://pbx2.alpha.example; worker-src 'self'; "
            "object-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'; "
            "frame-ancestors https://crm.alpha.example http://localhost:*; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "vary": "Accept-Encoding",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "cross-origin",
        "cross-origin-embedder-policy": "require-corp",
        "origin-agent-cluster": "?1",
        "permissions-policy": (
            "microphone=(self), autoplay=(self), camera=(), geolocation=(), display-capture=(), payment=(), "
            "usb=(), serial=(), hid=(), midi=()"
        ),
    }


def test_the_page_is_compressed_for_who_takes_it(world: World) -> None:
    plain = world.ask("GET", PAGE_PATH, headers={"Accept-Encoding": "gzip;q=0"})
    zipped = world.ask("GET", PAGE_PATH, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text
    assert int(zipped.headers["content-length"]) != int(plain.headers["content-length"])
    assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_the_page_carries_the_customers_parent_origins_and_nothing_of_the_query(world: World) -> None:
    text = world.ask("GET", PAGE_PATH + "?token=very-secret").text
    assert text == PAGE.replace('content=""', 'content="https://crm.alpha.example http://localhost:*"')
    assert 'content="https://crm.beta.example"' in world.ask("GET", PAGE_PATH, host=BETA).text


@pytest.mark.parametrize("host", [ALPHA.upper(), f"{ALPHA}:8443", f"{ALPHA}.", f"{ALPHA}.:80"])
def test_the_customer_is_found_by_the_host_alone(world: World, host: str) -> None:
    assert world.ask("GET", PAGE_PATH, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["", "alpha.example", f"x.{ALPHA}", f"{ALPHA}@evil.example", "127.0.0.1", "[::1]:80", "%", "a" * 300],
)
def test_an_unknown_host_has_no_page(world: World, host: str) -> None:
    answer = world.ask("GET", PAGE_PATH, headers={"Host": host})
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})


def test_the_host_of_the_customer_is_not_taken_from_other_headers(world: World) -> None:
    lies = {"Host": "evil.example", "X-Forwarded-Host": ALPHA, "Forwarded": f"host={ALPHA}"}
    assert world.ask("GET", PAGE_PATH, headers=lies).status_code == 404


@pytest.mark.parametrize(
    ("dist", "message"),
    [("nowhere", "run `make build`"), ("plain", "no place for the allowed parent origins")],
)
def test_no_app_without_a_built_frame(tmp_path: Path, dist: str, message: str) -> None:
    (tmp_path / "plain" / "frame").mkdir(parents=True)
    (tmp_path / "plain" / "frame" / "webphone-embed.html").write_text("<!doctype html>", encoding="utf-8")
    settings = Settings(f"sqlite:///{tmp_path / 'z.db'}", KEYS, DATA_KEYS, dist=tmp_path / dist)
    with pytest.raises(SettingsError, match=re.escape(message)):
        create_app(settings)


@pytest.mark.parametrize(
    "row",
    [
        {"allowed_origins": ["https://crm.example; script-src *"]},
        {"allowed_origins": ["*"]},
        {"allowed_origins": ["https://crm.example\r\nSet-Cookie: a=b"]},
        {"wss_urls": ["wss://pbx.example 'unsafe-eval'"]},
        {"wss_urls": ["wss://pbx.example;script-src/"]},
    ],
)
def test_a_row_that_would_break_the_policy_shows_no_page(
    tmp_path: Path, portal: BlockingPortal, row: dict[str, list[str]]
) -> None:
    world = build_world(tmp_path, portal, 1_800_000_000.0)
    world.services.database.write_now(lambda connection: connection.execute(update(accounts).values(**row)))
    answer = world.ask("GET", PAGE_PATH)
    assert (answer.status_code, answer.json()) == (500, {"message": "Server error."})
    assert "crm.example" not in str(answer.headers)
    world.services.database.close()


def test_a_row_of_an_older_version_with_an_impossible_port_shows_the_page(
    tmp_path: Path, portal: BlockingPortal
) -> None:
    """It was accepted then. The other origins must not be lost with it."""
    world = build_world(tmp_path, portal, 1_800_000_000.0)
    row = {"allowed_origins": ["https://crm.example:99999", "https://crm.example"]}
    world.services.database.write_now(lambda connection: connection.execute(update(accounts).values(**row)))
    answer = world.ask("GET", PAGE_PATH)
    assert answer.status_code == 200
    assert "frame-ancestors https://crm.example;" in answer.headers["content-security-policy"]
    world.services.database.close()


def test_a_customer_without_origins_may_not_be_embedded(tmp_path: Path, portal: BlockingPortal) -> None:
    world = build_world(tmp_path, portal, 1_800_000_000.0)
    nothing = update(accounts).values(allowed_origins=[])
    world.services.database.write_now(lambda connection: connection.execute(nothing))
    policy = world.ask("GET", PAGE_PATH).headers["content-security-policy"]
    assert "frame-ancestors 'none';" in policy
    world.services.database.close()
