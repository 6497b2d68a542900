"""What happens to every request and answer: one line in the log, and some headers."""

import logging
import time
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.rate_limits import allowance_of

log = logging.getLogger("zorio.access")
server_log = logging.getLogger("zorio.server")

_LONGEST_PATH = 200
_LONGEST_ADDRESS = 45
_MOST_PROXIES = 10
"""That are named: anybody may send such headers."""
_HSTS = f"max-age={365 * 86_400}"
"""RFC 6797. Without includeSubDomains: the customer's other hosts are not ours to speak for."""


class AccessLog:
    """`127.0.0.1 GET /webphone-embed 200 3 ms`: never the query, because the embed token is in it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started = time.monotonic()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            client = quote(str((scope.get("client") or ("-",))[0]), safe=":.-")[:_LONGEST_ADDRESS]
            # Quoted again: a decoded path may hold line breaks, and would write lines of its own. So may an
            # address that a proxy has passed on in X-Forwarded-For.
            path = quote(scope["path"])[:_LONGEST_PATH]
            took = round((time.monotonic() - started) * 1000)
            log.info("%s %s %s %d %d ms", client, quote(scope["method"]), path, status, took)


class UnknownProxies:
    """Tells the log of a proxy that forwards requests and not the addresses they come from, or whose word for
    them is not believed: all people behind it count as one, and share the limits of one address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(self._told) < _MOST_PROXIES:
            self._look(scope)
        await self.app(scope, receive, send)

    def _look(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        client = str((scope.get("client") or ("",))[0])
        forwards = "x-forwarded-for" in headers or "x-forwarded-proto" in headers
        # Where the proxy is believed, uvicorn has put an address of the header into `client`.
        if not forwards or client in self._told or client in ",".join(headers.getlist("x-forwarded-for")):
            return
        self._told.add(client)
        server_log.warning(
            "%s forwards requests, but not whose they are: all of them count as one address. If it is your "
            "proxy, let it send X-Forwarded-For, and name it in ZORIO_FORWARDED_IPS",
            quote(client, safe=":.-")[:_LONGEST_ADDRESS],
        )


class AnswerHeaders:
    """Adds the rate limit of a limited call, and safe defaults where a handler has said nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                if scope["scheme"] == "https":  # uvicorn has read it from the proxy's X-Forwarded-Proto
                    headers.setdefault("Strict-Transport-Security", _HSTS)
                allowance = allowance_of(scope)
                if allowance is not None:
                    for name, value in allowance.headers().items():
                        headers[name] = value
            await send(message)

        await self.app(scope, receive, add)
