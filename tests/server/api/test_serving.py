"""The sockets the server listens on."""

from __future__ import annotations

import asyncio
import socket

from server.api.serving import open_port


def test_no_message_waits_for_the_acknowledgement_of_the_one_before() -> None:
    """Nagle's algorithm (RFC 896) is off on every accepted connection."""

    async def run() -> int:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def accepted(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted_socket = writer.get_extra_info("socket")
            asked.set_result(accepted_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = open_port("127.0.0.1", 0)
        async with await asyncio.start_server(accepted, sock=listener) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            found = await asked
            writer.close()
            await writer.wait_closed()
        return found

    assert asyncio.run(run()) != 0
