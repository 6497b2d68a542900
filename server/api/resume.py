"""POST and GET /api/webphone/resume: the record of a call whose page goes.

A frame that has no storage of its own writes it as it is unloaded. The next frame of the same user reads it.
"""

from typing import Annotated

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.bodies import read_body
from server.api.phone_user import checked_token, phone_user
from server.api.services import host_of, services_of
from server.customers.resume_records import keep_record, take_record
from server.customers.tokens import EmbedToken
from server.storage.key_ring import KeyRing

LONGEST_RECORD = 8192
"""Characters; an honest one has about a thousand."""


class RecordBody(msgspec.Struct):
    """The record, as text."""

    record: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_RECORD)]


async def save_record(request: Request) -> Response:
    """204. One record for each user: a newer one takes its place."""
    services = services_of(request)
    token = checked_token(request)
    body = await read_body(request, RecordBody)
    await services.database.write(_save, host_of(request), token, services.ring, body.record, services.now())
    return Response(status_code=204)


async def give_record(request: Request) -> Response:
    """200 `{data: {record}}`, once; 204 when there is none (any more): the ordinary case, and no browser
    writes it into the console as a failure."""
    services = services_of(request)
    token = checked_token(request)
    record = await services.database.write(_take, host_of(request), token, services.ring, services.now())
    if record is None:
        return Response(status_code=204)
    return JSONResponse({"data": {"record": record}})


def _save(connection: Connection, host: str, token: EmbedToken, ring: KeyRing, record: str, now: int) -> None:
    keep_record(connection, *phone_user(connection, host, token), ring, record, now)


def _take(connection: Connection, host: str, token: EmbedToken, ring: KeyRing, now: int) -> str | None:
    return take_record(connection, *phone_user(connection, host, token), ring, now)
