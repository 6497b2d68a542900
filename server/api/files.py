"""Static files: what the page loads, and the pages of the demo's CRM."""

import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

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
        """The file with our headers. Raises HTTPException 404 where there is none."""
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
        accepted = accepted_codings(Headers(scope=scope).get("accept-encoding", ""))
        for coding in (coding for coding in _CODINGS if coding in accepted):
            try:
                response = await super().get_response(path + _CODINGS[coding], scope)
            except HTTPException:
                continue
            response.headers["content-type"] = _content_type(path)
            response.headers["content-encoding"] = coding
            return response
        return await super().get_response(path, scope)


def accepted_codings(header: str) -> set[str]:
    """The names in an Accept-Encoding header (RFC 9110 section 12.5.3), without those of weight 0."""
    codings = (part.split(";") for part in header.lower().split(","))
    return {
        name.strip() for name, *weight in codings if not re.fullmatch(r"\s*q=0(\.0*)?\s*", "".join(weight))
    }


def frame_assets(dist: Path) -> Files:
    """What the page loads. The build's id is in every path, so a file never changes."""
    return _Assets(dist / "frame" / "assets", _ASSET_HEADERS)
