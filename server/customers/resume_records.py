"""The record of a call whose page goes, kept for the next page of the same user: once, within a minute.

The server does not look into it; in the database it is encrypted.

A record is trusted only from a page that could have had the call. So `sip-config` gives a ticket
(tickets.py), and only with it a record is written: an embed token that is used up plants none. The next page
reads with its own ticket. A page that has not asked for `sip-config` reads with its embed token, if that
could still be exchanged for a ticket.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from server.customers.accounts import Account, account_of_host
from server.customers.claims import Claims, living_user
from server.customers.tickets import Tickets
from server.customers.token_uses import count_use
from server.customers.tokens import EmbedToken
from server.customers.users import User
from server.errors import Unauthenticated, WrongCredentials, WrongTicket
from server.storage.database import put
from server.storage.key_ring import KeyRing
from server.storage.sealing import BadSeal
from server.storage.tables import resume_records, token_uses

RECORD_LIVES = 60
"""Seconds."""
_KEYS = "zorio resume keys"


class _Facts(msgspec.Struct, array_like=True):
    claims: Claims
    holder: str
    expires_at: int


_TICKETS = Tickets("resume tickets", _Facts)


def resume_of_config(
    account: Account, user: User, claims: Claims, holder: str, keys: Mapping[str, str], expires_at: int
) -> dict[str, Any]:
    """The field `resume` of sip-config. `holder`: the browser, as for the lease. `expires_at`: epoch seconds.

    `key` is for the pages of this user: they mark the dialogs of their calls with it (HMAC, RFC 2104).
    """
    secret = next(iter(keys.values())).encode()
    key = hmac.digest(secret, f"{_KEYS} {_owner(account, user)}".encode(), hashlib.sha256)
    return {"ticket": _TICKETS.seal(_Facts(claims, holder[:64], expires_at), account, keys), "key": key.hex()}


def is_ticket(credential: str) -> bool:
    """Whether it is no embed token: those have dots (RFC 7515 section 3.1)."""
    return "." not in credential


def user_of_ticket(
    connection: Connection, host: str, ticket: str, keys: Mapping[str, str], now: int
) -> tuple[Account, User]:
    """Whose ticket it is.

    Raises WrongCredentials for what is no ticket of the customer at this host, Unauthenticated for one that
    ran out, and what `living_user` raises.
    """
    account = account_of_host(connection, host)
    try:
        facts = _TICKETS.open(ticket, account, keys, now)
    except WrongTicket as error:
        raise WrongCredentials from error
    return account, living_user(connection, account, facts.claims)


def check_uses(connection: Connection, token: EmbedToken, most_uses: int) -> None:
    """Raises Unauthenticated for a token that sip-config would refuse, because it was used up."""
    used = select(token_uses.c.uses).where(token_uses.c.jti == token.token_id)
    if (connection.execute(used).scalar_one_or_none() or 0) >= most_uses:
        raise Unauthenticated


def count_read(connection: Connection, token: EmbedToken, most_uses: int, now: int) -> None:
    """One more record was read with this token. Counted apart from the uses for sip-config: a page that reads
    its record then asks for its settings. Raises Unauthenticated beyond `most_uses`."""
    apart = hashlib.sha256(f"resume {token.token_id}".encode()).hexdigest()[:32]
    count_use(connection, replace(token, token_id=apart), most_uses, now)


def keep_record(
    connection: Connection, account: Account, user: User, ring: KeyRing, record: str, now: int
) -> None:
    """One record for each user: a newer one takes its place. `now` in epoch seconds."""
    connection.execute(delete(resume_records).where(resume_records.c.expires_at <= now))
    sealed = ring.seal(record, _owner(account, user))
    values = {"sealed": sealed, "expires_at": now + RECORD_LIVES}
    put(connection, resume_records, {"user_id": user.id}, values)


def take_record(connection: Connection, account: Account, user: User, ring: KeyRing, now: int) -> str | None:
    """The record of this user, which is gone then; None where there is none, or none any more."""
    # One statement: of two pages that ask at once one has it.
    taken = delete(resume_records).where(resume_records.c.user_id == user.id)
    found = connection.execute(
        taken.returning(resume_records.c.sealed, resume_records.c.expires_at)
    ).one_or_none()
    if found is None or found.expires_at <= now:
        return None
    try:
        return ring.open(found.sealed, _owner(account, user))
    except BadSeal:
        return None  # its key is lost


def record_owner(public_id: str, user_id: int, extension: str | None, epoch: int) -> str:
    """To whom a record is sealed. One of an earlier epoch of the user (claims.py) does not open.

    `public_id`: of the account.
    """
    return f"resume_records {public_id} {user_id} {extension} {epoch}"


def _owner(account: Account, user: User) -> str:
    return record_owner(account.public_id, user.id, user.extension, user.epoch)
