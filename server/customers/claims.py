"""Whose login something came from, and whether that login still counts.

Everything that a browser holds (embed tokens, lease tickets, history tickets, what a call is resumed by)
names the user, the extension, the bearer of the login it came from, and the epoch of the user at that time.
`living_user` is the one check of all of them, and it needs one query:

    what happens                                         what it ends
    logout                                               all that came from that bearer
    another password, role, extension or SIP password    all that the user had: the epoch is another one
    removal of the user or of the customer               all that the user had

A bearer that has only reached its last day ends nothing: what came from it has an end of its own.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from sqlalchemy import Connection

from server.customers.accounts import Account
from server.customers.users import USERS, User, user_of_row
from server.errors import Forbidden, Revoked
from server.storage.tables import bearers, users

_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""PostgreSQL refuses to compare an INTEGER with more."""


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """Database ids, and the user's epoch and extension when it was given out."""

    user_id: _Number
    bearer_id: _Number
    epoch: _Number
    extension: str


def living_user(connection: Connection, account: Account, claims: Claims) -> User:
    """Whose claims these are, as the user is now.

    Raises Revoked where they no longer count, Forbidden for a user who may not use the phone.
    """
    row = connection.execute(
        USERS.join(bearers, bearers.c.user_id == users.c.id).where(
            users.c.id == claims.user_id,
            users.c.account_id == account.id,
            bearers.c.id == claims.bearer_id,
            bearers.c.revoked_at.is_(None),
        )
    ).one_or_none()
    user = None if row is None else user_of_row(row)
    if user is None or (user.epoch, user.extension) != (claims.epoch, claims.extension):
        raise Revoked
    if not user.may_use_phone:
        raise Forbidden
    return user
