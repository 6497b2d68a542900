"""The world of the end-to-end tests: the demo server in a thread, a CRM on another origin, Chromium.

Nothing here is a mock. The demo server is the product's own; the CRM page is a stranger's: it knows the
contract and nothing else.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import shutil
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Playwright

from server.api.serving import open_loopback
from server.demo.demo import Demo, create_demo
from server.demo.people import demo_password
from server.pbx.proxy.endpoint import Tap
from server.pbx.services.extensions import Services
from server.settings import PROJECT

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
UNMUTED = "--autoplay-policy=no-user-gesture-required"

SCRIPTED = {f"5{status}": status for status in (403, 404, 408, 480, 500, 503, 600)}
"""Extensions of the PBX that refuse with a status no service of its own gives: 5403 with 403."""
CALLBACK_DELAY = 0.5
"""Seconds until `*48` calls back; 5 in the product."""

PARENT_PAGE = """<!doctype html><meta charset="utf-8"><title>CRM</title>
<link rel="icon" href="data:,"><body><script>
window.events = [];
addEventListener("message", (e) => {
  if (!e.data || e.data.source !== "zorio-webphone") return;
  events.push({...e.data, origin: e.origin});
});
window.embed = (src, allow) => {
  const frame = document.createElement("iframe");
  frame.id = "phone"; frame.allow = allow; frame.style = "border:0;width:380px;height:560px"; frame.src = src;
  document.body.append(frame);
};
window.tell = (message) => document.getElementById("phone").contentWindow.postMessage(message, "*");
</script>"""


def until(condition: Callable[[], Any], what: str, seconds: float = 15.0) -> Any:
    """Wait for a condition of this process (for the page's own use Page.wait_for_function)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        threading.Event().wait(0.02)
    raise AssertionError(f"timed out waiting for {what}")


class World:
    def __init__(self, demo: Demo, port: int, crm_port: int, browser: Browser) -> None:
        self.demo = demo
        self.pbx = demo.pbx
        self.port = port
        self.phone_origin = f"http://localhost:{port}"
        self.crm_origin = f"http://127.0.0.1:{crm_port}"
        self.foreign_origin = f"http://127.0.0.2:{crm_port}"  # answers, but is on nobody's list
        self.browser = browser
        self.pages: dict[str, str] = {}
        self.headers: dict[str, dict[str, str]] = {}
        """Of the CRM's pages, by path."""
        self._bearers: dict[str, str] = {}
        self.wire: list[tuple[str, str]] = []
        self.pbx.taps.append(lambda direction, text: self.wire.append((direction, text)))

    def post(self, path: str, body: Any, bearer: str = "") -> Any:
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {bearer}"} if bearer else {}),
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def token(self, user: str, ttl_seconds: int = 300) -> str:
        """As a CRM's backend gets it: log in once, then exchange the bearer."""
        if user not in self._bearers:
            answer = self.post("/api/auth/login", {"username": user, "password": demo_password(user)})
            self._bearers[user] = answer["token"]
        body = {"ttl_seconds": ttl_seconds}
        return str(self.post("/api/webphone/embed-token", body, self._bearers[user])["embed_token"])

    def on_loop(self, action: Callable[[], Any]) -> Any:
        """Run something of the PBX on the server's event loop, wait for it and give its result."""

        async def run() -> Any:
            result = action()
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(20)

    @contextmanager
    def tapped(self, tap: Tap) -> Iterator[None]:
        """`tap` sees what the PBX gets and sends meanwhile."""
        self.pbx.taps.append(tap)
        try:
            yield
        finally:
            self.pbx.taps.remove(tap)

    loop: Any = None


def _crm_server(
    world_pages: dict[str, str], headers: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = world_pages.get(self.path.split("?")[0])
            self.send_response(200 if page is not None else 404)
            is_page = (page or "").lstrip().startswith("<")
            self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "application/json")
            for name, value in headers.get(self.path.split("?")[0], {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer(("0.0.0.0", 0), Handler)


def frame_dist() -> Path:
    """The built frame under test, by default the project's."""
    return Path(os.environ.get("ZORIO_DIST_DIR") or PROJECT / "dist")


@contextmanager
def open_world(playwright: Playwright) -> Iterator[World]:
    sockets = open_loopback(0)
    port = sockets[0].getsockname()[1]
    folder = tempfile.TemporaryDirectory(prefix="zorio-e2e-")
    # A build while the tests run must not change under them what they test.
    dist = Path(shutil.copytree(frame_dist(), Path(folder.name) / "dist"))
    demo = create_demo(port, dist=dist)
    demo.pbx._service_phone._services = Services(CALLBACK_DELAY, SCRIPTED)  # no settings of the demo
    server = uvicorn.Server(uvicorn.Config(demo.app, log_level="warning", access_log=False))
    loops: list[Any] = []

    def run() -> None:
        async def main() -> None:
            loops.append(asyncio.get_running_loop())
            await server.serve(sockets=sockets)

        asyncio.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(lambda: server.started, "the demo server")
    pages: dict[str, str] = {"/": PARENT_PAGE}
    headers: dict[str, dict[str, str]] = {}
    crm = _crm_server(pages, headers)
    threading.Thread(target=crm.serve_forever, daemon=True).start()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, UNMUTED])
    world = World(demo, port, crm.server_address[1], browser)
    world.pages = pages
    world.headers = headers
    world.loop = loops[0]
    try:
        yield world
    finally:
        browser.close()
        crm.shutdown()
        crm.server_close()
        server.should_exit = True
        thread.join(20)
        folder.cleanup()
