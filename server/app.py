"""The app factory: which address is answered by whom."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from server.api.embed_token import mint_embed_token
from server.api.error_answers import api_error, http_exception, server_error
from server.api.files import frame_assets
from server.api.frame_page import FramePage
from server.api.health import health
from server.api.history import give_history, save_history
from server.api.lease import hold_lease
from server.api.login import login, logout
from server.api.middleware import AccessLog, AnswerHeaders, UnknownProxies
from server.api.missed_calls import report_missed_call
from server.api.rate_limits import RateLimits
from server.api.resume import give_record, save_record
from server.api.services import Services
from server.api.sip_config import sip_config
from server.customers.at_rest import take_over
from server.customers.history import forget_old_calls
from server.customers.passwords import PasswordChecker
from server.customers.tokens import EmbedTokens
from server.errors import ApiError
from server.settings import Settings
from server.storage.database import Database
from server.storage.key_ring import KeyRing


def create_app(
    settings: Settings,
    *,
    routes: Sequence[BaseRoute] = (),
    on_close: Callable[[], Awaitable[None]] | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """The server as an ASGI app. Makes missing tables, and encrypts what an older version left in clear.

    `routes`: more of them (the demo's). `on_close`: awaited when the server stops. `clock`: epoch seconds.
    Raises SettingsError when the frame is not built, Unavailable when there is no database.
    """
    page = FramePage(settings.dist)
    services = Services(
        settings=settings,
        database=Database(settings.database_url, settings.database_wait_ms),
        limits=RateLimits(clock),
        passwords=PasswordChecker(),
        tokens=EmbedTokens(settings.signing_keys),
        ring=KeyRing(settings.data_keys),
        clock=clock,
    )
    services.database.write_now(forget_old_calls, settings, services.now())
    take_over(services.database, services.ring, settings.signing_keys)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        if on_close is not None:
            await on_close()
        services.database.close()

    app = Starlette(
        routes=[
            Route("/api/auth/login", login, methods=["POST"]),
            Route("/api/auth/logout", logout, methods=["POST"]),
            Route("/api/webphone/embed-token", mint_embed_token, methods=["POST"]),
            Route("/api/webphone/sip-config", sip_config, methods=["GET"]),
            Route("/api/webphone/resume", save_record, methods=["POST"]),
            Route("/api/webphone/resume", give_record, methods=["GET"]),
            Route("/api/webphone/lease", hold_lease, methods=["POST"]),
            Route("/api/webphone/memory", save_history, methods=["POST"]),
            Route("/api/webphone/memory", give_history, methods=["GET"]),
            Route("/api/pbx/missed-calls", report_missed_call, methods=["POST"]),
            Route("/webphone-embed", page.endpoint, methods=["GET"]),
            Route("/webphone-assets/{path:path}", frame_assets(settings.dist).endpoint, methods=["GET"]),
            Route("/healthz", health, methods=["GET"]),
            *routes,
        ],
        middleware=[Middleware(AccessLog), Middleware(UnknownProxies), Middleware(AnswerHeaders)],
        exception_handlers={ApiError: api_error, HTTPException: http_exception, Exception: server_error},
        lifespan=lifespan,
    )
    # An address with a slash too many is another address, not a redirect built from the Host header.
    app.router.redirect_slashes = False
    app.state.services = services
    return app
