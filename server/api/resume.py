"""POST and GET /api/webphone/resume: the record of a call whose page goes.

A frame that has no storage of its own writes it as it is unloaded. The next frame of the same user reads it.
"""

from typing import Annotated

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.authorization import credentials_of, limit_key
from server.api.bodies import read_body
from server.api.phone_user import checked_token, phone_user
from server.api.rate_limits import WEBPHONE
from server.api.services import Services, host_of, services_of
from server.customers.resume_records import (
    check_uses,
    count_read,
    is_ticket,
    keep_record,
    take_record,
    user_of_ticket,
)
from server.customers.tokens import EmbedToken
from server.errors import Unauthenticated

LONGEST_RECORD = 8192
"""Characters; an honest one has about a thousand."""


class RecordBody(msgspec.Struct):
    """The record, as text."""

    record: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_RECORD)]


async def save_record(request: Request) -> Response:
    """POST with a ticket of `sip-config` as Bearer: 204. Of each user the newest record is kept.

    401 without a good ticket of this customer, also for an embed token.
    """
    services = services_of(request)
    services.limits.count(request, WEBPHONE, limit_key(request))
    ticket = credentials_of(request)
    if not is_ticket(ticket):
        raise Unauthenticated
    body = await read_body(request, RecordBody)
    await services.database.write(_save, host_of(request), ticket, services, body.record, services.now())
    return Response(status_code=204)


async def give_record(request: Request) -> Response:
    """200 `{data: {record}}`, once; 204 when there is none (any more): the ordinary case, and no browser
    writes it into the console as a failure.

    By the ticket of `sip-config`, or by an embed token that is not used up; else 401.
    """
    services = services_of(request)
    credential = credentials_of(request)
    if is_ticket(credential):
        services.limits.count(request, WEBPHONE, limit_key(request))
        token = None
    else:
        token = checked_token(request)
    record = await services.database.write(
        _take, host_of(request), credential, token, services, services.now()
    )
    if record is None:
        return Response(status_code=204)
    return JSONResponse({"data": {"record": record}})


def _save(connection: Connection, host: str, ticket: str, services: Services, record: str, now: int) -> None:
    account, user = user_of_ticket(connection, host, ticket, services.settings.signing_keys, now)
    keep_record(connection, account, user, services.ring, record, now)


def _take(
    connection: Connection, host: str, ticket: str, token: EmbedToken | None, services: Services, now: int
) -> str | None:
    """`token`: the embed token that `ticket` is."""
    if token is None:
        account, user = user_of_ticket(connection, host, ticket, services.settings.signing_keys, now)
    else:
        account, user = phone_user(connection, host, token)
        check_uses(connection, token, services.settings.token_uses)
    record = take_record(connection, account, user, services.ring, now)
    if record is not None and token is not None:
        count_read(connection, token, services.settings.token_uses, now)
    return record
