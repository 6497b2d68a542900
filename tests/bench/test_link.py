"""The slow link passes on every byte, both ways, and outlives connections that break."""

import asyncio
import contextlib

from bench.link import Link, Speed
from server.api.serving import open_loopback

FAST = Speed(bits_per_second=1e9, round_trip=0.001)
LONG = bytes(range(256)) * 2000


class Echo:
    """A server that sends everything back; `over()` when its last client is gone."""

    def __init__(self) -> None:
        self._clients: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        await _close(writer)

    async def over(self) -> None:
        await asyncio.gather(*self._clients)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _through(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await reader.readexactly(len(data))
    await _close(writer)
    return answer


def test_what_passes_is_whole_however_many_connections_there_are() -> None:
    async def run() -> None:
        sockets = open_loopback(0)
        echo = Echo()
        server = await asyncio.start_server(echo.accept, "127.0.0.1", 0)
        link = Link(FAST, server.sockets[0].getsockname()[1])
        await link.open(sockets)
        port = sockets[0].getsockname()[1]
        answers = await asyncio.gather(*(_through(port, LONG) for _ in range(5)))
        assert answers == [LONG] * 5

        # More leave in the middle of an answer than the line has room for, and it is still free.
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(LONG)
            await writer.drain()
            writer.transport.abort()
            await _close(writer)
        assert await _through(port, LONG) == LONG
        await link.close()
        await echo.over()
        server.close()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_its_name_is_what_the_results_say() -> None:
    assert str(Speed(10e6, 0.040)) == "10 Mbit/s, 40 ms"
