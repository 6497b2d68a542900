"""A piece of network in front of a server that a test can break."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.e2e.world import until
from tests.real.tap import Tap


class Wire:
    """Carries TCP from `port` to `target`, a port of 127.0.0.1. `cut()` resets every connection of now.

    What is frozen on the way "up" or "down" is lost when the wire is cut. `tap` hears what gets through.
    `sip`: whether it is SIP over WebSocket, which alone `tap` understands.
    `refuses`: whoever comes is sent away. `swallows`: whether these bytes are lost on this way.
    """

    def __init__(self, target: int, sip: bool = True) -> None:
        self._target = target
        self._sip = sip
        self.tap = Tap()
        self.refuses = False
        self.swallows: Callable[[str, bytes], bool] = lambda way, data: False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._open = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        until(self._started.is_set, "the wire")

    @property
    def connections(self) -> int:
        return len(self._pairs)

    def freeze(self, way: str) -> None:
        self._loop.call_soon_threadsafe(self._open[way].clear)

    def thaw(self) -> None:
        """What was frozen gets through, late."""
        self._loop.call_soon_threadsafe(self._thaw)

    def cut(self) -> None:
        """The next connections are whole again."""
        self._loop.call_soon_threadsafe(self._cut)
        until(lambda: self.connections == 0, "the wire is cut")

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, sock=self._listener)
        self._thaw()
        self._started.set()
        await self._stop.wait()
        server.close()
        self._cut()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait([task for task in rest if task], timeout=5) if rest else None

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.refuses:
                raise ConnectionRefusedError
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, their_writer)
        self._pairs.add(pair)
        hear = self.tap.listener().hear if self._sip else lambda way, data: None
        try:
            await asyncio.gather(
                self._pump(reader, their_writer, "up", hear), self._pump(their_reader, writer, "down", hear)
            )
        finally:
            self._pairs.discard(pair)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        way: str,
        hear: Callable[[str, bytes], None],
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._open[way].wait()
                if self.swallows(way, data):
                    continue
                hear(way, data)
                writer.write(data)
                await writer.drain()
        writer.close()

    def _thaw(self) -> None:
        for way in self._open.values():
            way.set()

    def _cut(self) -> None:
        for pair in list(self._pairs):
            for writer in pair:
                _reset(writer)
        self._thaw()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN: what a rebooted router does."""
    found = writer.get_extra_info("socket")
    if found is not None:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
