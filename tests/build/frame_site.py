"""The built frame in a parent page of another origin, as the tests of the build and of the start use it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Frame, Page, expect
from playwright.sync_api import Route as HeldRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

ROOT = Path(__file__).parents[2]
# For a busy machine; nothing ever waits this long unless it fails.
PATIENCE_MS = 45000
expect.set_options(timeout=PATIENCE_MS)
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"

# Posts to the frame from the moment its window exists, long before Python listens.
PARENT = """<!doctype html><title>parent</title><link rel="icon" href="data:,"><script>
window.heard = [];
addEventListener("message", (e) => heard.push({origin: e.origin, ...e.data}));
function embed(url) {
  const frame = document.body.appendChild(document.createElement("iframe"));
  frame.allow = "microphone";
  frame.src = url;
  return frame;
}
function command(message) { frames[0].postMessage({source: "zorio-webphone", ...message}, "*"); }
</script><body></body>"""

MIME = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".image": "application/octet-stream",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
    ".wav": "audio/wav",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}


@dataclass
class FrameSite:
    """Serves a dist/ as the real server does, with faults on request; its parent is on another origin."""

    dist: Path
    port: int
    faults: dict[str, str] = field(default_factory=dict)
    """Asset name -> "missing", "corrupt" (something else), "wrong byte", or "wrong byte once"."""
    allowed_parents: str = "http://127.0.0.1:*"

    @property
    def parent_origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def frame_origin(self) -> str:
        return f"http://localhost:{self.port}"

    def policy(self) -> str:
        """The policy of the product: no 'unsafe-eval', no inline script or style, Trusted Types on."""
        return (
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; script-src-attr 'none'; "
            "style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' blob:; "
            "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
            f"form-action 'none'; frame-src 'none'; frame-ancestors {self.parent_origin}; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )

    def page(self, request: Request) -> Response:
        html = (self.dist / "frame/webphone-embed.html").read_text("utf-8")
        empty = '<meta name="zorio-parent-origins" content="">'
        assert empty in html
        html = html.replace(empty, empty.replace('""', f'"{self.allowed_parents}"'))
        headers = {
            "Content-Security-Policy": self.policy(),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Origin-Agent-Cluster": "?1",
        }
        return HTMLResponse(html, headers=headers)

    def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        fault = self.faults.get(Path(name).name)
        if fault == "missing":
            return Response("Resource not found", 404, {"Cache-Control": "no-store"})
        body = (self.dist / "frame/assets" / name).read_bytes()
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if fault == "corrupt":
            body = b"\0" * 1000
        elif fault in ("wrong byte", "wrong byte once"):
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
            if fault == "wrong byte once":
                del self.faults[Path(name).name]
        return Response(body, headers=headers, media_type=MIME[Path(name).suffix])

    def app(self) -> Starlette:
        routes = [
            Route("/parent", lambda request: HTMLResponse(PARENT)),
            Route("/webphone-embed", self.page),
            Route("/api/webphone/sip-config", lambda request: JSONResponse({"data": {"wss_urls": []}})),
            Route("/webphone-assets/{name:path}", self.asset),
        ]
        return Starlette(routes=routes)


def run_build(dist: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = ["node", "public/build/build.mjs"]
    variables = {**os.environ, "ZORIO_DIST": str(dist), **environ}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300)


@dataclass
class Embedded:
    """A parent page with our frame in it. `console` holds what any page wrote as warning or error."""

    page: Page
    console: list[str]

    @property
    def frame(self) -> Frame:
        return self.page.frames[1]

    def embed(self, url: str) -> None:
        self.page.evaluate("url => void embed(url)", url)

    def shows_the_shell(self) -> None:
        """Waits for the static page in English, before Python."""
        expect(self.frame.get_by_text("Starting…", exact=True)).to_be_visible()
        expect(self.frame.get_by_text("Đang khởi động…", exact=True)).to_be_hidden()

    def until(self, condition: str) -> None:
        """Waits for a JavaScript condition in the frame (wait_for_function would need 'unsafe-eval')."""
        self.frame.evaluate(
            """() => new Promise(done => {
              const look = () => (CONDITION) ? done() : requestAnimationFrame(look);
              look();
            })""".replace("CONDITION", condition)
        )

    def reaches(self, phase: str) -> None:
        """Waits until <html data-boot> of the frame is `phase`."""
        self.frame.locator(f"html[data-boot={phase}]").wait_for(state="attached", timeout=PATIENCE_MS)

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """Messages of one type that the parent got."""
        script = "kind => heard.filter(m => m.type === kind)"
        found: list[dict[str, Any]] = self.page.evaluate(script, kind)
        return found

    def hears(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        script = "([kind, count]) => heard.filter(m => m.type === kind).length >= count"
        self.page.wait_for_function(script, arg=[kind, count], timeout=PATIENCE_MS)
        return self.heard(kind)


class Gate:
    """Requests for `pattern` wait until `open`; those that come later do not wait any more."""

    def __init__(self, page: Page, pattern: str) -> None:
        self._held: list[HeldRequest] = []
        self._release: Callable[[HeldRequest], None] | None = None
        page.route(pattern, self._arrived)

    def _arrived(self, route: HeldRequest) -> None:
        if self._release is None:
            self._held.append(route)
        else:
            self._release(route)

    def open(self, release: Callable[[HeldRequest], None] = HeldRequest.continue_) -> None:
        """`release` says what becomes of each request; by default it goes on."""
        self._release = release
        while self._held:
            release(self._held.pop(0))


def open_parent(page: Page, site: FrameSite) -> Embedded:
    console: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            console.append(message.text)

    page.on("console", note)
    page.goto(f"{site.parent_origin}/parent")
    return Embedded(page, console)
