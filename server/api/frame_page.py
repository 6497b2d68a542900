"""GET /webphone-embed, the frame's page.

The headers were tried end to end in a cross-origin frame with Pyodide, SIP.js and a microphone. The page is
the same for everybody except for two things of the customer's: who may embed it, and where its PBX is.
"""

import gzip
import html
import re
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.api.files import accepted_codings
from server.api.services import host_of, services_of
from server.customers.accounts import Account, account_of_host
from server.customers.origins import check_origin, websocket_origin
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
        if "gzip" not in accepted_codings(request.headers.get("accept-encoding", "")):
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
    since, and nothing after this would notice.
    """
    ancestors = [check_origin(origin) for origin in account.allowed_origins]
    sockets = dict.fromkeys(websocket_origin(url) for url in account.wss_urls)
    return _POLICY.format(
        connect=" ".join(["'self'", *sockets]),
        ancestors=" ".join(ancestors) or "'none'",
    )
