"""Bearers: what a login gives to a CRM's backend, in the form `12|…` (contract section 2).

The number finds the row; only a SHA-256 of the secret behind it is kept. The secret is 240 random bits, so a
slow hash would add nothing.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from server.customers.accounts import Account, account_of_host
from server.customers.tokens import LONGEST_LIFE
from server.customers.users import User, user_numbered
from server.errors import NotFound, Unauthenticated, WrongCredentials
from server.settings import LONGEST_SIP_SECONDS
from server.storage.database import inserted_id
from server.storage.tables import bearers

# 18 digits fit a 64-bit integer; \d would let other scripts' digits through.
# PostgreSQL counts to 2**31 and refuses to compare with more.
_BEARER = re.compile(r"([0-9]{1,9})\|([A-Za-z0-9_-]{40})")

OUTLIVED_BY = LONGEST_LIFE + LONGEST_SIP_SECONDS
"""Seconds: an embed token of a bearer's last second, and a ticket of that token's."""


@dataclass(frozen=True)
class Caller:
    """Who is calling: a user of the customer whose host was asked."""

    account: Account
    user: User
    bearer_id: int


def issue_bearer(
    connection: Connection, user_id: int, device_name: str | None, now: int, expires_at: int
) -> str:
    """A new bearer of this user. Times in epoch seconds.

    Forgets those that are past their time, when nothing that came from them can be good any more.
    """
    connection.execute(delete(bearers).where(bearers.c.expires_at <= now - OUTLIVED_BY))
    secret = secrets.token_urlsafe(30)
    result = connection.execute(
        insert(bearers).values(
            user_id=user_id,
            secret_sha256=_digest(secret),
            device_name=device_name,
            created_at=now,
            expires_at=expires_at,
        )
    )
    return f"{inserted_id(result)}|{secret}"


def caller_of(connection: Connection, host_header: str, bearer: str, now: int) -> Caller:
    """Who this bearer is.

    Raises NotFound for an unknown host, and for a living bearer of another customer; Unauthenticated for
    every other bearer that is not good.
    """
    account = account_of_host(connection, host_header)
    found = _BEARER.fullmatch(bearer)
    if not found:
        raise WrongCredentials
    row = connection.execute(select(bearers).where(bearers.c.id == int(found[1]))).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_sha256, _digest(found[2])):
        raise WrongCredentials
    user = user_numbered(connection, row.user_id)
    if user is None or row.revoked_at is not None or row.expires_at <= now:
        raise Unauthenticated
    if user.account_id != account.id:
        raise NotFound
    return Caller(account, user, row.id)


def revoke_bearer(connection: Connection, bearer_id: int, now: int) -> None:
    """Nobody is let in by this bearer from `now` on, in epoch seconds."""
    connection.execute(update(bearers).where(bearers.c.id == bearer_id).values(revoked_at=now))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
