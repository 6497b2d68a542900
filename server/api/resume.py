"""The record of a call whose page goes, where the browser denies the frame any storage of its own.

A frame writes it as it is unloaded and the next one of the same user reads it: once, within a minute. The
server does not look into it; in the database it is encrypted.
"""

from typing import Annotated

import msgspec
from sqlalchemy import Connection, delete
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.bodies import read_body
from server.api.phone_user import checked_token, phone_user
from server.api.services import host_of, services_of
from server.customers.accounts import Account
from server.customers.tokens import EmbedToken
from server.customers.users import User
from server.storage.database import put
from server.storage.sealing import BadSeal, Sealer
from server.storage.tables import resume_records

RECORD_LIVES = 60
"""Seconds."""
LONGEST_RECORD = 8192
"""Characters; an honest one has about a thousand."""
PURPOSE = "resume records"


class RecordBody(msgspec.Struct):
    """The record, as text."""

    record: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_RECORD)]


async def save_record(request: Request) -> Response:
    """204. One record for each user: a newer one takes its place."""
    services = services_of(request)
    token = checked_token(request)
    body = await read_body(request, RecordBody)
    sealer = Sealer(services.settings.signing_keys, PURPOSE)
    await services.database.write(_save, host_of(request), token, sealer, body.record, services.now())
    return Response(status_code=204)


async def take_record(request: Request) -> Response:
    """200 `{data: {record}}`, once; 204 when there is none (any more): the ordinary case, and no browser
    writes it into the console as a failure."""
    services = services_of(request)
    token = checked_token(request)
    sealer = Sealer(services.settings.signing_keys, PURPOSE)
    record = await services.database.write(_take, host_of(request), token, sealer, services.now())
    if record is None:
        return Response(status_code=204)
    return JSONResponse({"data": {"record": record}})


def _save(
    connection: Connection, host: str, token: EmbedToken, sealer: Sealer, record: str, now: int
) -> None:
    account, user = phone_user(connection, host, token)
    connection.execute(delete(resume_records).where(resume_records.c.expires_at <= now))
    sealed = sealer.seal(record, _owner(account, user))
    values = {"sealed": sealed, "expires_at": now + RECORD_LIVES}
    put(connection, resume_records, {"user_id": user.id}, values)


def _take(connection: Connection, host: str, token: EmbedToken, sealer: Sealer, now: int) -> str | None:
    account, user = phone_user(connection, host, token)
    # One statement: of two pages that ask at once one has it.
    taken = delete(resume_records).where(resume_records.c.user_id == user.id)
    found = connection.execute(
        taken.returning(resume_records.c.sealed, resume_records.c.expires_at)
    ).one_or_none()
    if found is None or found.expires_at <= now:
        return None
    try:
        return sealer.open(found.sealed, _owner(account, user))
    except BadSeal:
        return None  # the keys were rotated away


def _owner(account: Account, user: User) -> str:
    return f"{account.public_id} {user.id} {user.extension}"
