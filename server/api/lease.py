"""POST /api/webphone/lease: a phone keeps, takes over or gives up the lease that `sip-config` gave it."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.rate_limits import LEASES
from server.api.services import host_of, services_of
from server.customers.leases import LIFE, hold, holder_of, is_fresh


class LeaseBody(msgspec.Struct):
    """`seconds`: how long to hold it from now on; 0 gives it up. `take_over`: from whoever has it.

    `renew`: by a page that has it. The last two requests of a page may cross: what it gave up stays given up.
    """

    seconds: Annotated[int, msgspec.Meta(ge=0, le=LIFE)] = LIFE
    take_over: bool = False
    renew: bool = False


async def hold_lease(request: Request) -> Response:
    """POST with a ticket as Bearer: 200 `{data: {held}}`.

    401 without a ticket, with one that ran out or was revoked (customers/claims.py), 404 for one
    that is not for this customer.
    """
    services = services_of(request)
    services.limits.count(request, LEASES, limit_key(request))
    ticket = credentials_of(request)
    body = await read_body(request, LeaseBody, optional=True)
    now = services.now()
    database = services.database
    asked = (host_of(request), ticket, services.settings.signing_keys, now)
    # Most renewals write nothing.
    held = await database.read(_needs_nothing, *asked, body) or await database.write(_hold, *asked, body)
    return JSONResponse({"data": {"held": held}})


def _needs_nothing(
    connection: Connection, host: str, ticket: str, keys: Mapping[str, str], now: int, body: LeaseBody
) -> bool:
    holder = holder_of(connection, host, ticket, keys, now)
    return not body.take_over and body.seconds == LIFE and is_fresh(connection, holder, now)


def _hold(
    connection: Connection, host: str, ticket: str, keys: Mapping[str, str], now: int, body: LeaseBody
) -> bool:
    """Whose ticket it is is asked again: it may have been revoked since `_needs_nothing`."""
    holder = holder_of(connection, host, ticket, keys, now)
    return hold(connection, holder, now, seconds=body.seconds, take_over=body.take_over, renew=body.renew)
