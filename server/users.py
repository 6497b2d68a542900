"""The people of a customer: a login, a role, and mostly an extension (their SIP user)."""

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from server.database import inserted_id, users

ROLES = ("admin", "supervisor", "agent", "read_only")
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
"""Characters. Longer ones only cost time to hash."""

_EXTENSION = re.compile(r"[A-Za-z0-9._-]{1,32}")
_USERNAME = re.compile(r"[^\x00-\x20\x7f]{1,200}")


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
    sip_password: str | None = field(repr=False)

    @property
    def may_use_phone(self) -> bool:
        """Whether an embed token may be minted for this user: read_only users look, they do not call."""
        return self.role != "read_only"


def user_named(connection: Connection, account_id: int, username: str) -> User | None:
    """The customer's user of exactly this name."""
    query = select(users).where(users.c.account_id == account_id, users.c.username == username)
    return _user(connection.execute(query).one_or_none())


def user_at(connection: Connection, account_id: int, extension: str) -> User | None:
    """The customer's user of exactly this extension."""
    query = select(users).where(users.c.account_id == account_id, users.c.extension == extension)
    return _user(connection.execute(query).one_or_none())


def user_numbered(connection: Connection, user_id: int) -> User | None:
    """The user of this id, whoever the customer is: the caller must compare."""
    return _user(connection.execute(select(users).where(users.c.id == user_id)).one_or_none())


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
) -> int:
    """Writes a user and returns the id. Raises ValueError with a sentence a person can act on."""
    if not _USERNAME.fullmatch(username):
        raise ValueError("a user name has 1 to 200 characters, and no spaces")
    if role not in ROLES:
        raise ValueError(f"a role is one of {', '.join(ROLES)}")
    if extension is not None and not _EXTENSION.fullmatch(extension):
        raise ValueError("an extension has 1 to 32 letters, digits, dots, dashes or underscores")
    values = {
        "account_id": account_id,
        "username": username,
        "email": email,
        "password_hash": password_hash,
        "role": role,
        "extension": extension,
        "display_name": display_name or username,
        "sip_password": sip_password,
    }
    try:
        result = connection.execute(insert(users).values(values))
    except IntegrityError as error:
        raise ValueError("this account has a user of that name or extension already") from error
    return inserted_id(result)


def _user(row: Row[Any] | None) -> User | None:
    if row is None:
        return None
    return User(
        id=row.id,
        account_id=row.account_id,
        username=row.username,
        email=row.email,
        role=row.role,
        extension=row.extension,
        display_name=row.display_name,
        password_hash=row.password_hash,
        sip_password=row.sip_password,
    )
