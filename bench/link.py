"""A slow network: a TCP proxy that delays and rations what passes, for every connection together.

Chromium's own emulation (Network.emulateNetworkConditions) is per target and misses WebSockets, preloads and
workers in some of them; nothing gets around a proxy. Packets, slow start and loss are not imitated.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

CHUNK = 8 * 1024
"""Bytes that pass in one go: small, so that connections share the line fairly."""
WINDOW = 16
"""Chunks on their way in one direction, of all connections together, as in a router's buffer. Enough to keep
the line full when this process wakes up late; no more, or a new connection would wait behind all of it."""


@dataclass(frozen=True)
class Speed:
    """`round_trip`: seconds there and back."""

    bits_per_second: float
    round_trip: float

    def __str__(self) -> str:
        return f"{self.bits_per_second / 1e6:g} Mbit/s, {self.round_trip * 1000:g} ms"


class _Line:
    """One direction of the line: bytes leave one after the other, whosever they are."""

    def __init__(self, speed: Speed) -> None:
        self._speed = speed
        self._free_at = 0.0
        self._room = asyncio.Semaphore(WINDOW)

    async def transmit(self, size: int) -> float:
        """Waits for room; gives the time of the loop at which these bytes arrive. Then call `arrived`."""
        await self._room.acquire()
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + size * 8 / self._speed.bits_per_second
        return self._free_at + self._speed.round_trip / 2

    def arrived(self) -> None:
        self._room.release()


class Link:
    """Forwards connections to a port of this machine at a given speed."""

    def __init__(self, speed: Speed, port: int) -> None:
        self._speed = speed
        self._port = port
        self._up = _Line(speed)
        self._down = _Line(speed)
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, sockets: Sequence[socket.socket]) -> None:
        self._servers = [await asyncio.start_server(self._accept, sock=each) for each in sockets]

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        left = list(self._connections)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0)  # a turn of the loop for the sockets that were closed just now

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connect(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio does this only for sockets made with IPPROTO_TCP; Nagle's algorithm would add delays of its
        # own.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.sleep(self._speed.round_trip)  # SYN and SYN-ACK: the client took it for connected
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass_on(reader, far_writer, self._up))
                    both.create_task(self._pass_on(far_reader, writer, self._down))
            finally:
                far_writer.close()
        except* OSError:
            pass  # either side is gone, and so is the other now
        finally:
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line) -> None:
        """One direction of one connection, until its end."""
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(travelling, writer, line))
        try:
            while data := await reader.read(CHUNK):
                travelling.put_nowait((await line.transmit(len(data)), data))
            travelling.put_nowait((await line.transmit(0), b""))
            await arriving
        finally:
            arriving.cancel()
            while not travelling.empty():
                travelling.get_nowait()
                line.arrived()

    async def _arrive(
        self, travelling: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter, line: _Line
    ) -> None:
        loop = asyncio.get_running_loop()
        data = b"more"
        while data:
            at, data = await travelling.get()
            try:
                await asyncio.sleep(at - loop.time())
            finally:
                line.arrived()
            with suppress(OSError):  # nobody is there any more: what still comes must not stop the line
                writer.write(data)
                await writer.drain()
        writer.close()
