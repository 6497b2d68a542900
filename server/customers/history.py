"""What a user's phone remembers from page to page: the last calls, which were looked at, do not disturb.

Bound to the user and not to the tab: a CRM loads its frame anew at every click, and where the browser denies
the frame storage there is no other place. Who called whom is personal data: each call is encrypted at rest
(sealing.py), the newest MOST_CALLS of a user are kept, and none longer than the operator allows.

`sip-config` gives the ticket that is wanted here (tickets.py).
"""

from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import Connection, delete, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.bodies import read_body
from server.api.rate_limits import MEMORY
from server.api.services import Services, host_of, limit_key, services_of
from server.customers.accounts import Account, account_of_host
from server.customers.bearers import credentials_of
from server.customers.tickets import Tickets
from server.customers.users import User, user_numbered
from server.errors import Forbidden, Unauthenticated
from server.settings import Settings
from server.storage.database import put
from server.storage.sealing import BadSeal, Sealer
from server.storage.tables import call_history, phone_states

MOST_CALLS = 100
"""Of one user."""
MOST_AT_ONCE = 10
"""Calls in one request; with names in any script they fit the largest body."""
_CALLS = "call history"
_DAY = 86_400
_LATEST = 10**11

Text = Annotated[str, msgspec.Meta(max_length=200)]
Time = Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]


class _Owner(msgspec.Struct, array_like=True):
    user_id: int
    expires_at: int
    # SQLite gives the number of a user who was removed to the next one: the name must be the same as well.
    # Tickets of older versions have none.
    username: str = ""


_TICKETS = Tickets("memory tickets", _Owner)


class CallBody(msgspec.Struct):
    """A call that has ended. Times are whole epoch seconds; `reason` is that of `call_hangup`."""

    uuid: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
    direction: Literal["inbound", "outbound"]
    number: Annotated[str, msgspec.Meta(max_length=64)]
    name: Text
    started_at: Time
    answered_at: Time | None
    ended_at: Time
    reason: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,32}\Z")]


class MemoryBody(msgspec.Struct):
    """What is new; None: nothing of that kind."""

    calls: Annotated[list[CallBody], msgspec.Meta(max_length=MOST_AT_ONCE)] = msgspec.field(
        default_factory=list
    )
    seen_at: Time | None = None
    do_not_disturb: bool | None = None


def memory_of_config(
    connection: Connection, account: Account, user: User, settings: Settings, now: int
) -> dict[str, Any]:
    """The field `memory` of sip-config: known before the first INVITE can come."""
    owner = _Owner(user.id, now + settings.sip_seconds, user.username)
    state = connection.execute(
        select(phone_states.c.do_not_disturb).where(phone_states.c.user_id == user.id)
    ).scalar_one_or_none()
    return {
        "ticket": _TICKETS.seal(owner, account, settings.signing_keys),
        "history": settings.history_days > 0,
        "do_not_disturb": bool(state),
    }


async def recall(request: Request) -> Response:
    """GET with a ticket as Bearer: 200 `{data: {calls, seen_at}}`, the newest call first."""
    services, ticket = _checked(request)
    calls, seen_at = await services.database.read(
        _recall, host_of(request), ticket, services.settings, services.now()
    )
    return JSONResponse({"data": {"calls": calls, "seen_at": seen_at}})


async def remember(request: Request) -> Response:
    """POST with a ticket as Bearer: 204. A call that is sent again takes the place of what was known."""
    services, ticket = _checked(request)
    body = await read_body(request, MemoryBody)
    await services.database.write(
        _remember, host_of(request), ticket, body, services.settings, services.now()
    )
    return Response(status_code=204)


def forget_old_calls(connection: Connection, settings: Settings, now: int) -> None:
    """Of every user; all of them where the history is switched off."""
    connection.execute(delete(call_history).where(call_history.c.started_at < _oldest(settings, now)))


def _checked(request: Request) -> tuple[Services, str]:
    services = services_of(request)
    services.limits.count(request, MEMORY, limit_key(request))
    return services, credentials_of(request.headers.get("authorization", ""))


def _owner(
    connection: Connection, host: str, ticket: str, settings: Settings, now: int
) -> tuple[Account, User]:
    """Raises NotFound for what is no ticket of this customer, Unauthenticated for one that ran out."""
    account = account_of_host(connection, host)
    facts = _TICKETS.open(ticket, account, settings.signing_keys, now)
    user = user_numbered(connection, facts.user_id)
    if user is None or user.account_id != account.id or facts.username not in ("", user.username):
        raise Unauthenticated
    if not user.may_use_phone:
        raise Forbidden
    return account, user


def _recall(
    connection: Connection, host: str, ticket: str, settings: Settings, now: int
) -> tuple[list[dict[str, Any]], int]:
    account, user = _owner(connection, host, ticket, settings, now)
    sealer = Sealer(settings.signing_keys, _CALLS)
    rows = connection.execute(
        select(call_history.c.uuid, call_history.c.sealed)
        .where(call_history.c.user_id == user.id, call_history.c.started_at >= _oldest(settings, now))
        .order_by(call_history.c.started_at.desc(), call_history.c.id.desc())
        .limit(MOST_CALLS)
    )
    calls: list[dict[str, Any]] = []
    for row in rows:
        try:
            calls.append(msgspec.json.decode(sealer.open(row.sealed, _seal_of(account, user, row.uuid))))
        except BadSeal:
            continue  # the keys were rotated away
    seen_at = connection.execute(
        select(phone_states.c.seen_at).where(phone_states.c.user_id == user.id)
    ).scalar_one_or_none()
    return calls, seen_at or 0


def _remember(
    connection: Connection, host: str, ticket: str, body: MemoryBody, settings: Settings, now: int
) -> None:
    account, user = _owner(connection, host, ticket, settings, now)
    if body.seen_at is not None or body.do_not_disturb is not None:
        _remember_state(connection, user.id, body, now)
    keep_calls(connection, account, user, body.calls, settings, now)


def keep_calls(
    connection: Connection, account: Account, user: User, calls: list[CallBody], settings: Settings, now: int
) -> None:
    """Put them into the user's history, where the operator wants one."""
    if not calls or settings.history_days <= 0:
        return
    sealer = Sealer(settings.signing_keys, _CALLS)
    for call in calls:
        text = msgspec.json.encode(call).decode()
        sealed = sealer.seal(text, _seal_of(account, user, call.uuid))
        # A clock that runs ahead must not keep a call at the top, or for ever.
        values = {"sealed": sealed, "started_at": min(call.started_at, now)}
        put(connection, call_history, {"user_id": user.id, "uuid": call.uuid}, values)
    _keep_newest(connection, user.id)
    forget_old_calls(connection, settings, now)


def _remember_state(connection: Connection, user_id: int, body: MemoryBody, now: int) -> None:
    values: dict[str, Any] = {}
    if body.seen_at is not None:
        values["seen_at"] = min(body.seen_at, now)
    if body.do_not_disturb is not None:
        values["do_not_disturb"] = body.do_not_disturb
    put(connection, phone_states, {"user_id": user_id}, values)


def _keep_newest(connection: Connection, user_id: int) -> None:
    mine = call_history.c.user_id == user_id
    newest = (
        select(call_history.c.id)
        .where(mine)
        .order_by(call_history.c.started_at.desc(), call_history.c.id.desc())
        .limit(MOST_CALLS)
    )
    connection.execute(delete(call_history).where(mine, call_history.c.id.not_in(newest)))


def _oldest(settings: Settings, now: int) -> int:
    """What started before is forgotten, epoch seconds."""
    return now - settings.history_days * _DAY if settings.history_days else _LATEST + 1


def _seal_of(account: Account, user: User, uuid: str) -> str:
    return f"{account.public_id} {user.id} {uuid}"
