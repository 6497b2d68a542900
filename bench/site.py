"""The product's demo server with the reference page beside the frame, and what it sees on the wire.

Both pages are served by the same code with the same headers; the reference page is served by nobody else.
Times are ms since the epoch by this machine's clock, which is also the browser's.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.chromium import wait
from bench.dist import PAGES
from bench.errors import BenchError
from bench.link import Link, Speed
from server.api.files import frame_assets
from server.api.frame_page import FramePage
from server.api.serving import open_loopback, uvicorn_config
from server.demo.demo import Demo, create_demo
from server.demo.people import demo_password

EXTENSION = "1001"
PATHS = {"ours": "/webphone-embed", "reference": "/bench/reference"}
_HEADER_LINE = 4  # bytes of ": " and CR LF


def now() -> float:
    return time.time() * 1000


class Site:
    """`port` is what browsers are told: the server's own, or that of the slow link before it."""

    def __init__(self, demo: Demo, port: int) -> None:
        self.demo = demo
        self.port = port
        self.parent = f"http://127.0.0.1:{port}/bench/parent"
        self.invites: list[tuple[str, float]] = []
        """("in" to the PBX | "out" to the phone, time) of every INVITE."""
        self.sent: list[tuple[float, int]] = []
        """(time, bytes) of everything the server answered over HTTP."""
        self.rtp_at: float | None = None
        """When the PBX got the first RTP packet since this was set to None."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self._bearer = ""
        demo.pbx.taps.append(self._tap)

    def frame(self, page: str) -> str:
        """The address of "ours" or "reference" with a new embed token."""
        query = urlencode({"token": self._token(), "locale": "vi", "layout": "docked"})
        return f"http://localhost:{self.port}{PATHS[page]}?{query}"

    def bytes_until(self, start: float, end: float) -> int:
        """Bytes the server answered over HTTP between two times."""
        return sum(size for at, size in self.sent if start <= at <= end)

    def invite_after(self, direction: str, since: float) -> float:
        """When the first INVITE in this direction passed; waits for it. Raises BenchError."""
        found: list[float] = []

        def look() -> bool:
            found[:] = [at for way, at in self.invites if way == direction and at >= since]
            return bool(found)

        wait(look, f"an INVITE ({direction})")
        return found[0]

    def call_phone(self) -> None:
        """Let a stranger call the phone."""
        self.on_loop(lambda: self.demo.pbx.call(EXTENSION, "0912345678", "Khách hàng thử"))

    def on_loop(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if self.loop is None:
            raise BenchError("the server does not run")
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(30)

    def _tap(self, direction: str, text: str) -> None:
        if text.startswith("INVITE "):
            self.invites.append((direction, now()))

    def _token(self) -> str:
        if not self._bearer:
            login = {"username": EXTENSION, "password": demo_password(EXTENSION)}
            self._bearer = self._post("/api/auth/login", login)["token"]
        return str(self._post("/api/webphone/embed-token", {})["embed_token"])

    def _post(self, path: str, body: dict[str, str]) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._bearer:
            headers["Authorization"] = f"Bearer {self._bearer}"
        url = f"http://localhost:{self.port}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http above
            return json.load(answer)


class _Counter:
    """ASGI middleware: notes how many bytes each answer has, headers included, as they leave."""

    def __init__(self, app: ASGIApp, sent: list[tuple[float, int]]) -> None:
        self._app = app
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            await send(message)
            size = len(message.get("body", b""))
            size += sum(len(name) + len(value) + _HEADER_LINE for name, value in message.get("headers", ()))
            self._sent.append((now(), size))

        await self._app(scope, receive, note if scope["type"] == "http" else send)


@contextmanager
def open_site(builds: tuple[Path, Path], speed: Speed | None = None) -> Iterator[Site]:
    """Serves both builds until the end of the block, over a slow link if a speed is given."""
    sockets = open_loopback(0)
    link_sockets = open_loopback(0) if speed else []
    port = (link_sockets or sockets)[0].getsockname()[1]
    demo = create_demo(port, dist=builds[0])
    demo.app.router.routes[:0] = _routes(builds[1])
    site = Site(demo, port)
    link = Link(speed, sockets[0].getsockname()[1]) if speed else None
    server = uvicorn.Server(uvicorn_config(_Counter(demo.app, site.sent)))  # type: ignore[arg-type]

    async def main() -> None:
        site.loop = asyncio.get_running_loop()
        if link:
            await link.open(link_sockets)
        await server.serve(sockets=sockets)
        if link:
            await link.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    try:
        wait(lambda: server.started, "the demo server")
        with _first_rtp(site):
            yield site
    finally:
        server.should_exit = True
        thread.join(20)
        for each in (*sockets, *link_sockets):
            each.close()


def _routes(reference: Path) -> Sequence[Route]:
    async def parent(request: Request) -> Response:
        return FileResponse(PAGES / "parent.html", headers={"Cache-Control": "no-store"})

    async def parent_script(request: Request) -> Response:
        return FileResponse(PAGES / "parent.js", headers={"Cache-Control": "no-store"})

    return [
        Route("/bench/parent", parent),
        Route("/bench/parent.js", parent_script),
        Route(PATHS["reference"], FramePage(reference).endpoint),
        Route("/webphone-assets/reference/{path:path}", _under("reference", reference)),
    ]


def _under(folder: str, dist: Path) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    files = frame_assets(dist)

    async def endpoint(request: Request) -> Response:
        request.path_params["path"] = f"{folder}/{request.path_params['path']}"
        return await files.endpoint(request)

    return endpoint


@contextmanager
def _first_rtp(site: Site) -> Iterator[None]:
    """Notes RTP as it reaches the PBX's media: after decryption, before any buffer."""
    from aiortc.rtcdtlstransport import RTCDtlsTransport

    original = RTCDtlsTransport._handle_rtp_data

    async def handle(self: Any, data: bytes, arrival_time_ms: int) -> None:
        if site.rtp_at is None:
            site.rtp_at = now()
        await original(self, data, arrival_time_ms)

    RTCDtlsTransport._handle_rtp_data = handle  # type: ignore[method-assign]
    try:
        yield
    finally:
        RTCDtlsTransport._handle_rtp_data = original  # type: ignore[method-assign]
