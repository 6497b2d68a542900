"""A TCP gate between phones and the PBX's WebSocket: it cuts, freezes, refuses, or answers by itself."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, select, update

from server.storage.tables import accounts
from tests.e2e.world import World

_CHUNK = 65536


class Gate:
    """`attempts`: when (time.monotonic) somebody came. May be used from any thread.

    `answer`: an HTTP status every newcomer gets instead of the PBX; None lets them in.
    `bytes_per_second`: how fast all answers together may come; None is as fast as they can.
    """

    def __init__(self, target: int, loop: asyncio.AbstractEventLoop) -> None:
        self.attempts: list[float] = []
        self.answer: int | None = None
        self.bytes_per_second: float | None = None
        self._slow = asyncio.Lock()
        self.port = 0
        self.scheme = "ws"
        self._target = target
        self._loop = loop
        self._ways = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.thaw()

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/sip"

    async def open(self, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.scheme = "wss" if tls else "ws"
        self._server = await asyncio.start_server(self._serve, host, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Newcomers are refused by the kernel; those who are in stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def refuse(self) -> None:
        self.run(self.close())

    def let_in(self) -> None:
        if self._server is None:
            self.run(self.open())

    def cut(self) -> None:
        """Reset every connection, as a dying router does."""

        async def reset() -> None:
            for writer in list(self._writers):
                writer.transport.abort()

        self.run(reset())

    def freeze(self, *ways: str) -> None:
        """Connections stay open and carry nothing: "up", "down", or both. Newcomers wait as well."""
        for way in ways or ("up", "down"):
            self._loop.call_soon_threadsafe(self._ways[way].clear)

    def thaw(self) -> None:
        for event in self._ways.values():
            self._loop.call_soon_threadsafe(event.set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.attempts.append(time.monotonic())
        self._writers.add(writer)
        opened = {writer}
        with suppress(OSError, asyncio.IncompleteReadError):
            if self.answer is not None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(f"HTTP/1.1 {self.answer} No\r\nContent-Length: 0\r\n\r\n".encode())
                writer.write_eof()
                await reader.read()  # until the browser has read it and closes
            else:
                there = await asyncio.open_connection("127.0.0.1", self._target)
                opened.add(there[1])
                self._writers |= opened
                pumps = {
                    asyncio.ensure_future(self._pump("up", reader, there[1])),
                    asyncio.ensure_future(self._pump("down", there[0], writer)),
                }
                _, left = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                for pump in left:
                    pump.cancel()
        for each in opened:
            each.transport.abort()
        self._writers -= opened

    async def _pump(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._ways[way].wait()
                if way == "down" and self.bytes_per_second is not None:
                    async with self._slow:
                        await asyncio.sleep(len(data) / self.bytes_per_second)
                writer.write(data)
                await writer.drain()


async def _settle() -> None:
    """Until every connection has gone."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)


@contextmanager
def gate_to(target: int, host: str = "127.0.0.1", port: int = 0) -> Iterator[Gate]:
    """A gate at `host` in front of this machine's port `target`. `port`: 0 takes a free one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    gate = Gate(target, loop)
    gate.port = port
    gate.run(gate.open(host=host))
    try:
        yield gate
    finally:
        gate.refuse()
        gate.thaw()
        gate.cut()
        gate.run(_settle())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def open_gate(world: World) -> AbstractContextManager[Gate]:
    """A gate in front of the world's PBX; nobody uses it before `use_urls`."""
    return gate_to(world.port)


@contextmanager
def use_settings(world: World, **columns: Any) -> Iterator[None]:
    """The customer's settings for phones that are opened meanwhile; afterwards they are as before."""
    database = world.demo.app.state.services.database

    def put(connection: Connection, values: dict[str, Any]) -> dict[str, Any]:
        before = connection.execute(select(*(accounts.c[name] for name in values))).one()
        connection.execute(update(accounts).values(values))
        return dict(before._mapping)

    before = database.write_now(put, columns)
    try:
        yield
    finally:
        database.write_now(put, before)


def use_urls(world: World, *urls: str) -> AbstractContextManager[None]:
    """The customer's WebSocket addresses, as `use_settings`."""
    return use_settings(world, wss_urls=list(urls))
