"""POST /api/webphone/lease: a phone keeps, takes over or gives up the lease that `sip-config` gave it."""

from typing import Annotated

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.rate_limits import LEASES
from server.api.services import host_of, services_of
from server.customers.leases import LIFE, LeaseHolder, hold, holder_of, is_fresh


class LeaseBody(msgspec.Struct):
    """`seconds`: how long to hold it from now on; 0 gives it up. `take_over`: from whoever has it.

    `renew`: by a page that has it. The last two requests of a page may cross: what it gave up stays given up.
    """

    seconds: Annotated[int, msgspec.Meta(ge=0, le=LIFE)] = LIFE
    take_over: bool = False
    renew: bool = False


async def hold_lease(request: Request) -> Response:
    """POST with a ticket as Bearer: 200 `{data: {held}}`.

    401 without a ticket or with one that ran out, 404 for one that is not for this customer.
    """
    services = services_of(request)
    services.limits.count(request, LEASES, limit_key(request))
    ticket = credentials_of(request)
    body = await read_body(request, LeaseBody, optional=True)
    now = services.now()
    database = services.database
    keys = services.settings.signing_keys
    holder = await database.read(holder_of, host_of(request), ticket, keys, now)
    if not body.take_over and body.seconds == LIFE and await database.read(is_fresh, holder, now):
        held = True  # most renewals write nothing
    else:
        held = await database.write(_hold, holder, now, body)
    return JSONResponse({"data": {"held": held}})


def _hold(connection: Connection, holder: LeaseHolder, now: int, body: LeaseBody) -> bool:
    return hold(connection, holder, now, seconds=body.seconds, take_over=body.take_over, renew=body.renew)
