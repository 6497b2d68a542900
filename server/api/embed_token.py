"""POST /api/webphone/embed-token: a CRM's backend turns its user's bearer into an embed token."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.rate_limits import WEBPHONE
from server.api.services import host_of, services_of
from server.customers.bearers import caller_of
from server.customers.claims import Claims
from server.customers.tokens import DEFAULT_LIFE, LONGEST_LIFE, SHORTEST_LIFE
from server.errors import Conflict, Forbidden


class EmbedTokenBody(msgspec.Struct):
    """How long the token shall live, in seconds."""

    ttl_seconds: Annotated[int, msgspec.Meta(ge=SHORTEST_LIFE, le=LONGEST_LIFE)] = DEFAULT_LIFE


async def mint_embed_token(request: Request) -> Response:
    """200 `{embed_token, expires_at}`; 403 for read_only; 409 for a user without an extension."""
    services = services_of(request)
    services.limits.count(request, WEBPHONE, limit_key(request))
    bearer = credentials_of(request)
    now = services.now()
    caller = await services.database.read(caller_of, host_of(request), bearer, now)
    if not caller.user.may_use_phone:
        raise Forbidden
    body = await read_body(request, EmbedTokenBody, optional=True)
    if caller.user.extension is None:
        raise Conflict("This user has no extension.")
    account = caller.account
    claims = Claims(caller.user.id, caller.bearer_id, caller.user.epoch, caller.user.extension)
    token, expires_at = services.tokens.mint(
        account.domain,
        account.public_id,
        claims,
        account.allowed_origins,
        now,
        body.ttl_seconds,
    )
    return JSONResponse({"embed_token": token, "expires_at": iso_time(expires_at)})


def iso_time(epoch_seconds: int) -> str:
    """1782790500 -> "2026-06-30T03:35:00+00:00" (ISO 8601 with offset)."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="seconds")
