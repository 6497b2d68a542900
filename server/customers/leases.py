"""Who uses an extension: one browser at a time.

The frames of one browser agree among themselves who registers. Those of two CRMs, or of two browsers, cannot
see each other: there, whoever holds the extension's lease may, and the others are told so instead of ringing
too. A lease lasts LIFE seconds and its holder renews it every few. It changes hands when it has run out, or
when a person at another place takes it over; its former holder learns that when it next renews.

`sip-config` gives a ticket with the lease (tickets.py), by which its holder renews it.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from sqlalchemy import Connection, delete, or_, select, update
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.api.bodies import read_body
from server.api.rate_limits import LEASES
from server.api.services import host_of, limit_key, services_of
from server.customers.accounts import Account, account_of_host
from server.customers.bearers import credentials_of
from server.customers.tickets import Tickets
from server.storage.database import try_insert
from server.storage.tables import leases

LIFE = 90
"""Seconds. A browser may hold back the timers of a hidden page by a minute."""
RENEW_AFTER = 5
"""Seconds after which the holder should ask again: how fast it learns that it has lost the lease."""
HOLDER = "x-zorio-holder"
"""Header of `sip-config`: any text of a browser that no other one has. Without it there is no lease."""
LONGEST_HOLDER = 64
FEATURE = "one_place"
"""`false` among an account's features: its extensions may be used at several places at once."""


class _Holder(msgspec.Struct, array_like=True):
    extension: str
    holder: str
    expires_at: int


_TICKETS = Tickets("lease tickets", _Holder)


class LeaseBody(msgspec.Struct):
    """`seconds`: how long to hold it from now on; 0 gives it up. `take_over`: from whoever has it.

    `renew`: by a page that has it. The last two requests of a page may cross: what it gave up stays given up.
    """

    seconds: Annotated[int, msgspec.Meta(ge=0, le=LIFE)] = LIFE
    take_over: bool = False
    renew: bool = False


def lease_of_config(
    connection: Connection,
    account: Account,
    extension: str,
    holder: str,
    keys: Mapping[str, str],
    now: int,
    ticket_life: int,
) -> dict[str, Any] | None:
    """The field `lease` of sip-config: taken, if nobody else has it. None where none is wanted."""
    if not 0 < len(holder) <= LONGEST_HOLDER or account.features.get(FEATURE) is False:
        return None
    return {
        "held": _take(connection, account.id, extension, holder, now, LIFE, take_over=False),
        "ticket": _TICKETS.seal(_Holder(extension, holder, now + ticket_life), account, keys),
        "renew_after": RENEW_AFTER,
    }


async def hold_lease(request: Request) -> Response:
    """POST with a ticket as Bearer: 200 `{data: {held}}`.

    401 without a ticket or with one that ran out, 404 for one that is not for this customer.
    """
    services = services_of(request)
    services.limits.count(request, LEASES, limit_key(request))
    ticket = credentials_of(request.headers.get("authorization", ""))
    body = await read_body(request, LeaseBody, optional=True)
    now = services.now()
    database = services.database
    keys = services.settings.signing_keys
    account_id, extension, holder = await database.read(_owner, host_of(request), ticket, keys, now)
    if (
        not body.take_over
        and body.seconds == LIFE
        and await database.read(_is_fresh, account_id, extension, holder, now)
    ):
        held = True  # most renewals write nothing
    else:
        held = await database.write(_hold, account_id, extension, holder, now, body)
    return JSONResponse({"data": {"held": held}})


def _owner(
    connection: Connection, host: str, ticket: str, keys: Mapping[str, str], now: int
) -> tuple[int, str, str]:
    account = account_of_host(connection, host)
    facts = _TICKETS.open(ticket, account, keys, now)
    return account.id, facts.extension, facts.holder


def _is_fresh(connection: Connection, account_id: int, extension: str, holder: str, now: int) -> bool:
    mine = (leases.c.account_id == account_id, leases.c.extension == extension, leases.c.holder == holder)
    expires_at = connection.execute(select(leases.c.expires_at).where(*mine)).scalar_one_or_none()
    return expires_at is not None and expires_at - now > LIFE / 2


def _hold(
    connection: Connection, account_id: int, extension: str, holder: str, now: int, body: LeaseBody
) -> bool:
    this = (leases.c.account_id == account_id, leases.c.extension == extension)
    if not body.seconds:
        connection.execute(delete(leases).where(*this, leases.c.holder == holder))
    nobody = connection.execute(select(leases.c.holder).where(*this)).first() is None
    if not body.seconds or (body.renew and nobody):
        return nobody  # held by no other
    return _take(connection, account_id, extension, holder, now, body.seconds, body.take_over)


def _take(
    connection: Connection,
    account_id: int,
    extension: str,
    holder: str,
    now: int,
    seconds: int,
    take_over: bool,
) -> bool:
    """One statement decides, so that of two who ask at once one gets it."""
    free = or_(leases.c.holder == holder, leases.c.expires_at <= now)
    mine = update(leases).where(leases.c.account_id == account_id, leases.c.extension == extension)
    values = {"holder": holder, "expires_at": now + seconds}
    if connection.execute((mine if take_over else mine.where(free)).values(**values)).rowcount:
        return True
    return try_insert(connection, leases, {"account_id": account_id, "extension": extension, **values})
