"""The people of a customer: a login, a role, and mostly an extension (their SIP user)."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.customers.kept_secrets import sealed_user, user_password
from server.customers.sip_address import check_extension
from server.customers.values import check_name, checked
from server.storage.database import inserted_id
from server.storage.key_ring import NO_KEYS, Kept, KeyRing
from server.storage.sealing import BadSeal
from server.storage.tables import accounts, bearers, leases, metadata, users

ROLES = ("admin", "supervisor", "agent", "read_only")
SHORTEST_PASSWORD = 8
SHORTEST_SIP_PASSWORD = 12
"""What digest authentication shows of one can be tried offline. Kept ones that are shorter go on working."""
LONGEST_PASSWORD = 1024
"""Characters. Longer ones only cost time to hash."""

_REVOKING = ("password_hash", "role", "extension", "sip_password")
"""Another one of these ends what the user was given before. A password ends it also if it is the same."""
_EPOCHS = 2**30
"""A user starts with any of them: SQLite gives the number of a removed user to the next one."""

_USERNAME = re.compile(r"[^\x00-\x20\x7f]{1,200}")
_EMAIL = re.compile(r"(?=.{3,254}$)[^\x00-\x20\x7f@]+@[^\x00-\x20\x7f@]+")


@dataclass(frozen=True)
class User:
    """One user. Secrets are left out of the repr."""

    id: int
    account_id: int
    username: str
    email: str | None
    role: str
    extension: str | None
    display_name: str
    password_hash: str = field(repr=False)
    sip_password: Kept | None = field(repr=False)
    epoch: int = 0

    @property
    def may_use_phone(self) -> bool:
        """Whether an embed token may be minted for this user: read_only users look, they do not call."""
        return self.role != "read_only"


USERS = select(users, accounts.c.public_id).join(accounts, accounts.c.id == users.c.account_id)
"""What `user_of_row` wants of each user."""


def user_named(connection: Connection, account_id: int, username: str) -> User | None:
    """The customer's user of exactly this name."""
    query = USERS.where(users.c.account_id == account_id, users.c.username == username)
    return _user(connection.execute(query).one_or_none())


def user_at(connection: Connection, account_id: int, extension: str) -> User | None:
    """The customer's user of exactly this extension."""
    query = USERS.where(users.c.account_id == account_id, users.c.extension == extension)
    return _user(connection.execute(query).one_or_none())


def user_numbered(connection: Connection, user_id: int) -> User | None:
    """The user of this id, whoever the customer is: the caller must compare."""
    return _user(connection.execute(USERS.where(users.c.id == user_id)).one_or_none())


def unchanging_user(connection: Connection, user_id: int) -> User | None:
    """`user_numbered` of one whom nobody changes or removes until this transaction ends."""
    # SQLite has one writer anyway. PostgreSQL: a change that is being written is waited for, and read then.
    connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update(read=True))
    return user_numbered(connection, user_id)


def users_of(connection: Connection, account_id: int) -> list[User]:
    """Every user of the customer, in the order of their names."""
    rows = connection.execute(USERS.where(users.c.account_id == account_id).order_by(users.c.username))
    return [user_of_row(row) for row in rows]


def add_user(
    connection: Connection,
    *,
    account_id: int,
    username: str,
    password_hash: str,
    email: str | None = None,
    role: str = "agent",
    extension: str | None = None,
    display_name: str = "",
    sip_password: str | None = None,
    ring: KeyRing = NO_KEYS,
) -> int:
    """Writes a user and returns the id. `ring`: seals the SIP password.

    Raises ValueError with a sentence a person can act on.
    """
    values = checked(
        {
            "username": username,
            "email": email,
            "password_hash": password_hash,
            "role": role,
            "extension": extension,
            "display_name": display_name or username,
            "sip_password": sip_password,
        },
        _CHECKS,
    )
    columns = sealed_user(values, _public_id(connection, account_id), username, ring)
    try:
        result = connection.execute(
            insert(users).values(account_id=account_id, epoch=secrets.randbelow(_EPOCHS), **columns)
        )
    except IntegrityError as error:
        raise ValueError("this account has a user of that name or extension already") from error
    return inserted_id(result)


def change_user(
    connection: Connection, user: User, changes: Mapping[str, Any], ring: KeyRing = NO_KEYS
) -> None:
    """Writes what is in `changes`, by the names of `add_user`, and nothing else. Raises ValueError.

    Another password, role, extension or SIP password begins a new epoch: every token and ticket of the user
    is refused from now on (claims.py), and the lease of the extension is nobody's. Another name ends nothing.
    With another password all bearers of the user are removed: whoever had learnt the old one may hold some.
    `ring`: seals a SIP password among them.
    """
    values: dict[str, Any] = dict(checked(changes, _CHECKS))
    revokes = "password_hash" in values or any(
        name in values and values[name] != _known(user, name, ring) for name in _REVOKING
    )
    columns = sealed_user(values, _public_id(connection, user.account_id), user.username, ring)
    if revokes:
        columns["epoch"] = func.coalesce(users.c.epoch, 0) + 1
    try:
        connection.execute(update(users).where(users.c.id == user.id).values(columns))
    except IntegrityError as error:
        raise ValueError("another user of this account has that extension") from error
    if revokes:
        _free_extension(connection, user)
    if "password_hash" in changes:
        connection.execute(delete(bearers).where(bearers.c.user_id == user.id))


def remove_user(connection: Connection, user: User) -> None:
    """Remove the user with all that is kept of them: bearers, calls, states, the lease of the extension."""
    for table in metadata.tables.values():
        if "user_id" in table.c:
            connection.execute(delete(table).where(table.c.user_id == user.id))
    _free_extension(connection, user)
    connection.execute(delete(users).where(users.c.id == user.id))


def _free_extension(connection: Connection, user: User) -> None:
    """Nobody has the lease: its holder can no longer renew it, and the next one need not wait."""
    mine = (leases.c.account_id == user.account_id, leases.c.extension == user.extension)
    connection.execute(delete(leases).where(*mine))


def check_username(username: str) -> str:
    """What a person logs in with, as it is. Raises ValueError."""
    if not _USERNAME.fullmatch(username):
        raise ValueError("a user name has 1 to 200 characters, and no spaces")
    return username


def check_email(email: str) -> str:
    """An e-mail address, as it is: nothing is sent there, the CRM may show it. Raises ValueError."""
    if not _EMAIL.fullmatch(email):
        raise ValueError(f"{email!r} is no e-mail address")
    return email


def _role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}")
    return role


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "username": check_username,
    "email": check_email,
    "role": _role,
    "extension": check_extension,
    "display_name": check_name,
}


def _public_id(connection: Connection, account_id: int) -> str:
    query = select(accounts.c.public_id).where(accounts.c.id == account_id)
    public_id: str = connection.execute(query).scalar_one()
    return public_id


def _known(user: User, name: str, ring: KeyRing) -> Any:
    """The value of this name as it is; for a SIP password whose key is lost, what equals nothing."""
    value = getattr(user, name)
    try:
        return value.open(ring) if isinstance(value, Kept) else value
    except BadSeal:
        return object()


def _user(row: Row[Any] | None) -> User | None:
    return None if row is None else user_of_row(row)


def user_of_row(row: Row[Any]) -> User:
    """The user of a row of `USERS`."""
    return User(
        id=row.id,
        account_id=row.account_id,
        username=row.username,
        email=row.email,
        role=row.role,
        extension=row.extension,
        display_name=row.display_name,
        password_hash=row.password_hash,
        sip_password=user_password(row),
        epoch=row.epoch or 0,
    )
