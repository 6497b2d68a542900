"""The record of a call whose page goes, kept for the next page of the same user: once, within a minute.

The server does not look into it; in the database it is encrypted.
"""

from sqlalchemy import Connection, delete

from server.customers.accounts import Account
from server.customers.users import User
from server.storage.database import put
from server.storage.key_ring import KeyRing
from server.storage.sealing import BadSeal
from server.storage.tables import resume_records

RECORD_LIVES = 60
"""Seconds."""


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
