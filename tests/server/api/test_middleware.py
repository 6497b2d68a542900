"""The log: paths, never queries, whoever writes it."""

import asyncio
import logging

import httpx
import pytest

from server.api.serving import open_port, serve
from tests.server.world import ALPHA, World

SECRET = "very-secret"


class Done(Exception):
    """Stops the server: `serve` stops when what it calls at the start fails."""


def test_the_log_has_the_path_without_the_query(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "httpx")  # the client here, and it does log whole addresses
    caplog.set_level(logging.INFO)
    world.ask("GET", f"/webphone-embed?token={SECRET}", client="192.0.2.7")
    world.ask("GET", "/a%0d%0aforged%1b[31m" + "x" * 500)
    lines = [record.getMessage() for record in caplog.records if record.name == "zorio.access"]
    assert len(lines) == 2
    assert lines[0].startswith("192.0.2.7 GET /webphone-embed 200 ")
    assert lines[1].isprintable()
    assert len(lines[1]) < 250
    assert SECRET not in caplog.text


def test_an_address_writes_no_line_of_its_own(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """What a proxy has passed on as X-Forwarded-For is the caller's own words."""
    caplog.set_level(logging.INFO, "zorio.access")
    world.ask("GET", "/healthz", client="1.2.3.4\n127.0.0.1 GET /forged 200 1 ms\x1b[31m" + "x" * 500)
    world.ask("GET", "/healthz", client="2001:db8::7")
    lines = [record.getMessage() for record in caplog.records if record.name == "zorio.access"]
    assert len(lines) == 2
    assert lines[0].isprintable()
    assert lines[0].count(" ") == 5
    assert len(lines[0]) < 100
    assert lines[1].startswith("2001:db8::7 GET /healthz 200 ")


PROXY = "10.0.0.5"


@pytest.mark.parametrize(
    ("headers", "client", "lines"),
    [
        ({"X-Forwarded-For": "198.51.100.7"}, PROXY, 1),
        ({"X-Forwarded-For": "198.51.100.7, 10.9.9.9"}, PROXY, 1),
        ({"X-Forwarded-Proto": "https"}, PROXY, 1),
        ({"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}, "198.51.100.7", 0),
        ({"X-Forwarded-For": "[2001:db8::7]:4711"}, "2001:db8::7", 0),
        ({}, PROXY, 0),
    ],
    ids=["not believed", "not the last one either", "not sent", "believed", "IPv6", "no proxy"],
)
def test_a_proxy_whose_addresses_are_not_known_is_named_once(
    world: World, caplog: pytest.LogCaptureFixture, headers: dict[str, str], client: str, lines: int
) -> None:
    """All people behind it share the limits of one address: nothing else tells the operator."""
    for _ in range(3):
        world.ask("GET", "/healthz", headers=headers, client=client)
    told = [record.getMessage() for record in caplog.records if record.name == "zorio.server"]
    assert len(told) == lines
    assert all(PROXY in line and "ZORIO_FORWARDED_IPS" in line for line in told)
    assert "198.51.100.7" not in "".join(told)


def test_whoever_says_to_be_a_proxy_fills_no_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(50):
        world.ask("GET", "/healthz", headers={"X-Forwarded-For": "1.2.3.4"}, client=f"203.0.113.{number}")
    assert len([record for record in caplog.records if record.name == "zorio.server"]) == 10


@pytest.mark.parametrize(
    ("scheme", "told"), [("https", "max-age=31536000"), ("http", None)], ids=["behind TLS", "plain"]
)
@pytest.mark.parametrize("path", ["/healthz", "/webphone-embed", "/nothing", "/api/auth/login"])
def test_behind_tls_the_browser_is_told_to_stay_there(
    world: World, path: str, scheme: str, told: str | None
) -> None:
    """RFC 6797 section 7: never over plain HTTP."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://{ALPHA}") as http:
            return await http.get(path)

    assert world.portal.call(ask).headers.get("strict-transport-security") == told


def test_under_uvicorn_nothing_writes_the_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Pages, WebSockets that are refused, and what is no HTTP: uvicorn by itself would name them whole."""
    seen: list[str] = []
    listener = open_port("127.0.0.1", 0)
    port = listener.getsockname()[1]
    upgrade = (
        f"GET /sip?token={SECRET} HTTP/1.1\r\nHost: {ALPHA}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
    )

    async def talk() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            answer = await http.get(f"/webphone-embed?token={SECRET}", headers={"Host": ALPHA})
        seen.append(f"{answer.status_code} {answer.headers.get('server')}")
        for request in (upgrade, f"{SECRET}\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.encode())
            seen.append((await reader.readline()).decode().strip())
            writer.close()
        raise Done

    for client in ("httpx", "httpcore"):
        caplog.set_level(logging.WARNING, client)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Done):
        serve(world.app, [listener], on_ready=talk)
    listener.close()
    assert seen == ["200 None", "HTTP/1.1 403 Forbidden", "HTTP/1.1 400 Bad Request"]
    assert "zorio.access" in {record.name for record in caplog.records}
    assert SECRET not in caplog.text
