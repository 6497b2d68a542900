"""Who uses an extension: one browser at a time.

The frames of one browser agree among themselves who registers. Those of two CRMs, or of two browsers, cannot
see each other: there, whoever holds the extension's lease may, and the others are told so instead of ringing
too. A lease lasts LIFE seconds and its holder renews it every few. It changes hands when it has run out, or
when a person at another place takes it over; its former holder learns that when it next renews.

`sip-config` gives a ticket with the lease (tickets.py), by which its holder renews it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from server.customers.accounts import Account, account_of_host
from server.customers.claims import Claims, living_user
from server.customers.tickets import Tickets
from server.storage.database import try_insert
from server.storage.tables import leases

LIFE = 90
"""Seconds. A browser may hold back the timers of a hidden page by a minute."""
RENEW_AFTER = 5
"""Seconds after which the holder should ask again: how fast it learns that it has lost the lease."""
LONGEST_HOLDER = 64
"""Characters of the text by which a browser is known."""
FEATURE = "one_place"
"""`false` among an account's features: its extensions may be used at several places at once."""


@dataclass(frozen=True)
class LeaseHolder:
    """Who asks for the lease of an extension: `browser` is a text that no other browser has."""

    account_id: int
    extension: str
    browser: str


class _Facts(msgspec.Struct, array_like=True):
    claims: Claims
    holder: str
    expires_at: int


_TICKETS = Tickets("lease tickets", _Facts)


def lease_of_config(
    connection: Connection,
    account: Account,
    claims: Claims,
    browser: str,
    keys: Mapping[str, str],
    now: int,
    ticket_life: int,
) -> dict[str, Any] | None:
    """The field `lease` of sip-config: taken, if nobody else has it. None where none is wanted.

    `keys`: those of the settings. `now` in epoch seconds, `ticket_life` in seconds.
    """
    if not 0 < len(browser) <= LONGEST_HOLDER or account.features.get(FEATURE) is False:
        return None
    holder = LeaseHolder(account.id, claims.extension, browser)
    return {
        "held": _take(connection, holder, now, LIFE, take_over=False),
        "ticket": _TICKETS.seal(_Facts(claims, browser, now + ticket_life), account, keys),
        "renew_after": RENEW_AFTER,
    }


def holder_of(
    connection: Connection, host: str, ticket: str, keys: Mapping[str, str], now: int
) -> LeaseHolder:
    """Whose ticket this is.

    Raises NotFound for one that is not of the customer at this host, Unauthenticated for one that ran out,
    and what `living_user` raises.
    """
    account = account_of_host(connection, host)
    facts = _TICKETS.open(ticket, account, keys, now)
    living_user(connection, account, facts.claims)
    return LeaseHolder(account.id, facts.claims.extension, facts.holder)


def is_fresh(connection: Connection, holder: LeaseHolder, now: int) -> bool:
    """Whether this holder has the lease for more than half of LIFE: a renewal can wait."""
    mine = (*_lease_of(holder), leases.c.holder == holder.browser)
    expires_at = connection.execute(select(leases.c.expires_at).where(*mine)).scalar_one_or_none()
    return expires_at is not None and expires_at - now > LIFE / 2


def hold(
    connection: Connection, holder: LeaseHolder, now: int, *, seconds: int, take_over: bool, renew: bool
) -> bool:
    """Whether no other holder has the lease now. It lasts `seconds` from `now`; 0 gives it up.

    `take_over`: from whoever has it. `renew`: only if it was not given up meanwhile.
    """
    this = _lease_of(holder)
    if not seconds:
        connection.execute(delete(leases).where(*this, leases.c.holder == holder.browser))
    nobody = connection.execute(select(leases.c.holder).where(*this)).first() is None
    if not seconds or (renew and nobody):
        return nobody  # held by no other
    return _take(connection, holder, now, seconds, take_over)


def _take(connection: Connection, holder: LeaseHolder, now: int, seconds: int, take_over: bool) -> bool:
    """One statement decides, so that of two who ask at once one gets it."""
    free = or_(leases.c.holder == holder.browser, leases.c.expires_at <= now)
    this = update(leases).where(*_lease_of(holder))
    values = {"holder": holder.browser, "expires_at": now + seconds}
    if connection.execute((this if take_over else this.where(free)).values(**values)).rowcount:
        return True
    key = {"account_id": holder.account_id, "extension": holder.extension}
    return try_insert(connection, leases, {**key, **values})


def _lease_of(holder: LeaseHolder) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return leases.c.account_id == holder.account_id, leases.c.extension == holder.extension
