"""GET /webphone-embed, the frame's page, and its assets.

The headers were tried end to end in a cross-origin frame with Pyodide, SIP.js and a microphone. The page is
the same for everybody except for two things of the customer's: who may embed it, and where its PBX is.
"""

import gzip
import html
import re
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.api.services import host_of, services_of
from server.customers.accounts import Account, account_of_host
from server.customers.values import check_origin, websocket_origin
from server.settings import SettingsError

_PARENT_ORIGINS = re.compile(r'(<meta name="zorio-parent-origins" content=")[^"]*(")')

_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; script-src-attr 'none'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; media-src 'self' blob:; connect-src {connect}; "
    "worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'; "
    "frame-ancestors {ancestors}; require-trusted-types-for 'script'; trusted-types 'none'"
)

# COEP and CORP together: a parent with COEP blocks a frame that lacks either; a plain parent does not mind.
_PAGE_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": (
        "microphone=(self), autoplay=(self), camera=(), geolocation=(), display-capture=(), payment=(), "
        "usb=(), serial=(), hid=(), midi=()"
    ),
}

_ASSET_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}

# Not from the operating system's tables: with nosniff a wrong type is a script that does not run.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
}


# What the build has put beside an asset (public/fast-start/compress.mjs), the best first.
_CODINGS = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
_NO_WEIGHT = re.compile(r"q=0(\.0*)?")


class FramePage:
    """The built page, read once; a new build needs a restart, because its assets have new names."""

    def __init__(self, dist: Path) -> None:
        """Raises SettingsError when the frame was not built."""
        file = dist / "frame" / "webphone-embed.html"
        try:
            self._text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                f"the frame is not built ({file} cannot be read): run `make build`"
            ) from error
        if len(_PARENT_ORIGINS.findall(self._text)) != 1:
            raise SettingsError(f"{file} has no place for the allowed parent origins: run `make build`")

    async def endpoint(self, request: Request) -> Response:
        """The page of the customer whose host was asked; NotFound for any other host.

        It does not look at the token: a bad one must still show a readable panel, and can be replaced there.
        """
        account = await services_of(request).database.read(account_of_host, host_of(request))
        headers = _PAGE_HEADERS | {"Content-Security-Policy": content_security_policy(account)}
        text = self.render(account)
        if "gzip" not in _accepted_codings(request.headers.get("accept-encoding", "")):
            return HTMLResponse(text, headers=headers)
        return HTMLResponse(_zipped(text), headers=headers | {"Content-Encoding": "gzip"})

    def render(self, account: Account) -> str:
        """The page with this customer's allowed parent origins filled in."""
        origins = html.escape(" ".join(account.allowed_origins), quote=True)
        return _PARENT_ORIGINS.sub(lambda found: found[1] + origins + found[2], self._text)


@lru_cache(maxsize=64)
def _zipped(text: str) -> bytes:
    """Everything else waits for the page, on a narrow line longest. Nothing in it is secret."""
    return gzip.compress(text.encode(), mtime=0)


def content_security_policy(account: Account) -> str:
    """The policy of this customer's page. Raises ValueError for rows that could end a directive early.

    The rows were checked when they were written; they are checked again because they may have been changed
    since, and this is the wall.
    """
    ancestors = [check_origin(origin) for origin in account.allowed_origins]
    sockets = dict.fromkeys(websocket_origin(url) for url in account.wss_urls)
    return _POLICY.format(
        connect=" ".join(["'self'", *sockets]),
        ancestors=" ".join(ancestors) or "'none'",
    )


def _content_type(path: str, default_suffix: str = "") -> str:
    return _TYPES.get(Path(path).suffix.lower() or default_suffix, "application/octet-stream")


class Files(StaticFiles):
    """A folder of files with our types and headers. Starlette keeps requests inside the folder."""

    def __init__(self, folder: Path, headers: dict[str, str], *, html: bool = False) -> None:
        super().__init__(directory=folder, html=html, check_dir=False)
        self._headers = headers

    async def endpoint(self, request: Request) -> Response:
        """For a route with a `{path:path}`: unlike a mount, it is never asked for a WebSocket."""
        path: str = request.path_params["path"]
        if "\\" in path or ".." in path.split("/") or (path.endswith("/") and not self.html):
            raise HTTPException(404)
        # Whole files only (RFC 9110 section 14.2 allows it): a bad range would be answered in plain text.
        scope = request.scope
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in (b"range", b"if-range")]
        return await self.get_response(path or ".", scope)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except OSError as error:
            raise HTTPException(404) from error
        if "content-type" in response.headers:
            response.headers["content-type"] = _content_type(path, ".html" if self.html else "")
        response.headers.update(self._headers)
        del response.headers["accept-ranges"]
        return response


class _Assets(Files):
    """Files that the build has compressed: which form is sent depends on Accept-Encoding."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        accepted = _accepted_codings(Headers(scope=scope).get("accept-encoding", ""))
        for coding in (coding for coding in _CODINGS if coding in accepted):
            try:
                response = await super().get_response(path + _CODINGS[coding], scope)
            except HTTPException:
                continue
            response.headers["content-type"] = _content_type(path)
            response.headers["content-encoding"] = coding
            return response
        return await super().get_response(path, scope)


def _accepted_codings(header: str) -> set[str]:
    """The names in an Accept-Encoding header (RFC 9110 section 12.5.3), without those of weight 0."""
    codings = (part.split(";") for part in header.lower().split(","))
    return {
        name.strip() for name, *weight in codings if not re.fullmatch(r"\s*q=0(\.0*)?\s*", "".join(weight))
    }


def frame_assets(dist: Path) -> Files:
    """What the page loads. The build's id is in every path, so a file never changes."""
    return _Assets(dist / "frame" / "assets", _ASSET_HEADERS)
