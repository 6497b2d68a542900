"""GET and POST /api/webphone/memory: the history of a user, and which of their wishes outlive a page."""

from typing import Annotated, Any

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.rate_limits import HISTORY
from server.api.services import Services, host_of, services_of
from server.customers.history import (
    PastCall,
    Time,
    keep_calls,
    known_calls,
    owner_of_ticket,
    save_state,
    seen_at,
)
from server.settings import Settings

MOST_AT_ONCE = 10
"""Calls in one request; with names in any script they fit the largest body."""


class HistoryBody(msgspec.Struct):
    """What is new; None: nothing of that kind."""

    calls: Annotated[list[PastCall], msgspec.Meta(max_length=MOST_AT_ONCE)] = msgspec.field(
        default_factory=list
    )
    seen_at: Time | None = None
    do_not_disturb: bool | None = None


async def give_history(request: Request) -> Response:
    """GET with a ticket as Bearer: 200 `{data: {calls, seen_at}}`, the newest call first. HEAD asks only
    whether the ticket still counts.

    401 without a ticket, with one that ran out or was revoked (customers/claims.py), 403 for a user who may
    not use the phone, 404 for a ticket of another customer.
    """
    services, ticket = _checked(request)
    if request.method == "HEAD":
        asked = (host_of(request), ticket, services.settings, services.now())
        await services.database.read(owner_of_ticket, *asked)
        return Response(status_code=200)
    calls, when = await services.database.read(
        _read, host_of(request), ticket, services.settings, services.now()
    )
    return JSONResponse({"data": {"calls": calls, "seen_at": when}})


async def save_history(request: Request) -> Response:
    """POST with a ticket as Bearer: 204. A call that is sent again takes the place of what was known.

    Refused as `give_history` does; 422 for a body that names what is wrong.
    """
    services, ticket = _checked(request)
    body = await read_body(request, HistoryBody)
    await services.database.write(_save, host_of(request), ticket, body, services.settings, services.now())
    return Response(status_code=204)


def _checked(request: Request) -> tuple[Services, str]:
    services = services_of(request)
    services.limits.count(request, HISTORY, limit_key(request))
    return services, credentials_of(request)


def _read(
    connection: Connection, host: str, ticket: str, settings: Settings, now: int
) -> tuple[list[dict[str, Any]], int]:
    account, user = owner_of_ticket(connection, host, ticket, settings, now)
    return known_calls(connection, account, user, settings, now), seen_at(connection, user)


def _save(
    connection: Connection, host: str, ticket: str, body: HistoryBody, settings: Settings, now: int
) -> None:
    account, user = owner_of_ticket(connection, host, ticket, settings, now)
    save_state(connection, user, body.seen_at, body.do_not_disturb, now)
    keep_calls(connection, account, user, body.calls, settings, now)
