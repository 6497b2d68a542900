"""Runs an app under uvicorn, in the foreground, on sockets that were opened first.

Opening the sockets here is how a busy port becomes one clear line, and how the demo knows its port before the
app is made.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence

import uvicorn
from starlette.applications import Starlette

from server.api.connections import backlog_of, bounded, places_of, raise_descriptor_limit

log = logging.getLogger("zorio.server")

BACKLOG = 512
LARGEST_FRAME = 256 * 1024
"""Bytes of one WebSocket message."""


class ServingError(Exception):
    """The port cannot be opened, or the server does not start. The text says why."""


def open_port(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ServingError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # asyncio turns Nagle's algorithm off only where the protocol is named; with it a SIP message waits
        # for the acknowledgement of the one before, 40 ms on every step of a call.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ServingError(f"cannot listen on {host}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServingError(
                f"port {port} is in use: stop what runs there, or choose another one"
            ) from error
        raise ServingError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener


def open_loopback(port: int) -> list[socket.socket]:
    """127.0.0.1 and, where there is IPv6, ::1: `localhost` means either, and both must reach us."""
    first = open_port("127.0.0.1", port)
    try:
        second = open_port("::1", first.getsockname()[1])
    except ServingError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE:
            first.close()
            raise
        return [first]  # no IPv6 on this machine
    return [first, second]


def uvicorn_config(app: Starlette, forwarded_ips: str = "127.0.0.1") -> uvicorn.Config:
    """How this project runs uvicorn.

    uvicorn logs whole addresses, with the token in them, for pages and for WebSockets: its access log is off
    and its level is `warning`. The AccessLog middleware writes paths.
    """
    descriptors = raise_descriptor_limit()
    places = places_of(descriptors)
    return uvicorn.Config(
        app,
        http=bounded(places),
        backlog=backlog_of(descriptors),
        limit_concurrency=places + 1,  # a request too many is answered by 503
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=forwarded_ips,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
        timeout_graceful_shutdown=3,
    )


def serve(
    app: Starlette,
    sockets: Sequence[socket.socket],
    *,
    forwarded_ips: str = "127.0.0.1",
    on_ready: Callable[[], Awaitable[None]],
) -> None:
    """Serves until SIGINT or SIGTERM. `on_ready` is awaited once it accepts requests; its error stops it."""

    async def run() -> None:
        server = _Server(uvicorn_config(app, forwarded_ips))
        serving = asyncio.create_task(server.serve(sockets=list(sockets)))
        ready = asyncio.create_task(server.is_ready(on_ready))
        await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
        elif ready.exception() is not None:
            server.should_exit = True
        await serving
        if ready.done() and not ready.cancelled():
            ready.result()
        elif not server.started:
            raise ServingError("the server did not start; the log says why")

    asyncio.run(run())


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._accepts = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._accepts.set()

    async def is_ready(self, on_ready: Callable[[], Awaitable[None]]) -> None:
        await self._accepts.wait()
        await on_ready()
