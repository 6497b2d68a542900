"""Whoever opens connections and says nothing, in bytes or at all, takes nobody's place."""

# ruff: noqa: F811 - fixtures by their names
from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from server.api.connections import (
    BoundedProtocol,
    Waiting,
    backlog_of,
    bounded,
    places_of,
    raise_descriptor_limit,
)
from server.api.serving import open_port
from tests.server.conftest import postgresql, serve, url  # noqa: F401 - fixtures
from tests.server.processes import Serve, Server, key

HEAD = b"GET /healthz HTTP/1.1\r\nHost: phone.example.vn\r\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


@pytest.fixture
def server(serve: Serve, log: Path) -> Server:
    """As a machine of today starts it by hand: 1,024 file descriptors, not one more."""
    return serve(key("k1"), descriptors=1024, log=log)


@contextmanager
def opened(server: Server, count: int, said: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        connections = []
        for _ in range(count):
            connections.append(stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 5)))
            connections[-1].sendall(said)
        yield connections


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing", marks=pytest.mark.slow),
        pytest.param(b"G", id="a byte", marks=pytest.mark.slow),
        pytest.param(HEAD, id="half a head"),
    ],
)
def test_more_half_open_connections_than_descriptors(server: Server, log: Path, said: bytes) -> None:
    """1,200 of them killed the process, with 67,409 tracebacks."""
    with opened(server, 1200, said):
        for _ in range(5):
            assert server.ask("/healthz")[0] == 200
    assert server.ask("/healthz")[0] == 200
    lines = log.read_text().splitlines()
    told = [line for line in lines if "connections" in line]
    assert len(told) == 1
    assert not [line for line in lines if "Traceback" in line or "Too many open files" in line]
    assert len(lines) < 20


def test_busy_ones_are_not_closed_for_those_who_wait(server: Server) -> None:
    with opened(server, 1, HEAD) as (first,):
        first.sendall(b"Connection: keep-alive\r\n\r\n")
        assert first.recv(4096).startswith(b"HTTP/1.1 200")
        assert server.ask("/healthz")[0] == 200


class _Server:
    """The protocol class alone, with short times, on an app that answers at once."""

    def __init__(self, places: int, seconds: float) -> None:
        self._kind = bounded(places, seconds)
        self.listener = open_port("127.0.0.1", 0)

    async def __aenter__(self) -> int:
        import uvicorn

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

        class Announced(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                ready.set()

        ready = asyncio.Event()
        config = uvicorn.Config(app, http=self._kind, lifespan="off", log_config=None, timeout_keep_alive=60)
        self.server = Announced(config)
        self._task = asyncio.create_task(self.server.serve(sockets=[self.listener]))
        await ready.wait()
        return int(self.listener.getsockname()[1])

    async def __aexit__(self, *_error: object) -> None:
        self.server.should_exit = True
        await self._task


def test_a_head_that_comes_byte_by_byte_has_an_end() -> None:
    async def drip() -> float:
        async with _Server(10, 0.5) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            started = time.monotonic()
            reading = asyncio.create_task(reader.read())
            for byte in HEAD * 20:
                if reading.done():
                    break
                writer.write(bytes([byte]))
                await asyncio.wait([reading], timeout=0.05)
            assert await asyncio.wait_for(reading, 5) == b""
            writer.close()
            return time.monotonic() - started

    assert 0.4 < asyncio.run(drip()) < 5


def test_so_has_the_second_head_of_a_connection() -> None:
    async def talk() -> None:
        async with _Server(10, 0.5) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            writer.write(b"GET /healthz")
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    asyncio.run(talk())


def test_the_oldest_that_waits_makes_room() -> None:
    async def talk() -> None:
        async with _Server(3, 30) as port:
            silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(HEAD + b"Connection: close\r\n\r\n")
                assert (await reader.read()).endswith(b"ok")
                writer.close()
            assert await asyncio.wait_for(silent[0][0].read(), 5) == b""
            newest, writer = silent[2]
            writer.write(HEAD + b"Connection: close\r\n\r\n")
            assert (await newest.read()).endswith(b"ok")
            for _, writer in silent:
                writer.close()

    asyncio.run(talk())


def test_where_all_are_busy_nobody_else_gets_in() -> None:
    waiting = Waiting(1)
    assert waiting.make_room(1)
    assert not waiting.make_room(2)
    assert issubclass(bounded(1), BoundedProtocol)


def test_the_places_leave_descriptors_for_the_database() -> None:
    assert places_of(1024) == 1024 - 64 - 3 * backlog_of(1024)
    assert places_of(10**9) == 10_000
    assert places_of(8) == 1
    assert raise_descriptor_limit() >= 256
