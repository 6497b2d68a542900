"""Where something encrypted is in the database, and how it gets under the newest key.

`take_over` at every start: what an older version has written in clear, or sealed with keys derived from the
signing keys. `rotate` by command: everything that an older key of the ring has sealed. Both work in batches
of one transaction each, with the rows locked, so that the server and other processes go on meanwhile. Both
may be run again at any time: what is under the newest key already is not touched.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Row, Select, String, cast, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from server.customers.history import call_owner
from server.customers.ice_servers import is_secret, without_credential
from server.customers.kept_secrets import ACCOUNT_SECRETS, account_owner, password_owner
from server.customers.resume_records import record_owner
from server.errors import Unavailable
from server.storage.database import Database
from server.storage.key_ring import MARK, KeyRing
from server.storage.sealing import BadSeal, Sealer
from server.storage.tables import accounts, call_history, resume_records, users

log = logging.getLogger("zorio.server")

BATCH = 200
"""Rows of one transaction: some milliseconds in which writers of SQLite wait."""


@dataclass(frozen=True)
class Clear:
    """Where an older version has written the same in clear. The functions want a row with `clear`."""

    column: Column[Any]
    may_be_left: ColumnElement[bool]
    """Rows in which it may be there still."""
    text: Callable[[Row[Any]], str | None]
    """None where there is nothing to encrypt."""
    emptied: Callable[[Row[Any]], Any]
    """What stays in the column."""


@dataclass(frozen=True)
class Place:
    """One column of sealed values. `rows` selects key, sealed, clear, and what the functions here want."""

    what: str
    """For people: "SIP password"."""
    column: Column[Any]
    clear: Clear | None
    rows: Select[Any]
    owner: Callable[[Row[Any]], str]
    whose: Callable[[Row[Any]], str]
    """For people, after `what`."""
    anew: str | None
    """The command that sets it again when it is lost; None where there is none."""
    former: tuple[str, Callable[[Row[Any]], str]] | None = None
    """Purpose and owner of the `Sealer` of older versions, whose keys were derived from the signing keys."""

    @property
    def key(self) -> Column[Any]:
        """The number of a row: its table's primary key."""
        (column,) = self.column.table.primary_key.columns
        return column


@dataclass(frozen=True)
class Lost:
    """A value that no key opens. `why` names the key."""

    place: Place
    whose: str
    why: str


def take_over(database: Database, ring: KeyRing, signing_keys: Mapping[str, str]) -> None:
    """Encrypt what an older version has left, and overwrite what was in clear. Tells the log what is lost.

    Raises Unavailable and NoKey.
    """
    done = sum(_sealed_anew(database, ring, signing_keys, MARK))
    if done:
        log.info("encrypted %d values that an older version had written", done)
    if done or not database.is_scrubbed():
        scrub(database)
    lost = [lost for place in PLACES if place.anew for lost in database.read_now(_lost, place, ring)]
    if lost:
        log.error(
            "%d secrets in the database cannot be read: %s. Those who need them are refused, all others are "
            "served; `zorio-webphone data-keys check` names them and says how to set them anew",
            len(lost),
            "; ".join(sorted({each.why for each in lost})),
        )


def stale_values(database: Database, ring: KeyRing) -> int:
    """How many values `rotate` will look at. Raises NoKey."""
    return sum(database.read_now(_count, place, ring.head) for place in PLACES)


def rotate(database: Database, ring: KeyRing, signing_keys: Mapping[str, str]) -> Iterator[int]:
    """Bring everything under the newest key; gives the number of values after each batch. Raises NoKey."""
    yield from _sealed_anew(database, ring, signing_keys, ring.head)


def scrub(database: Database) -> None:
    """Overwrite what deleted and changed rows have left in the database's files; where it is too busy for
    that, the log says so."""
    try:
        database.scrub()
    except (SQLAlchemyError, Unavailable) as error:
        log.warning(
            "the database could not be rewritten (%s): what was changed may still be in its files; "
            "run `zorio-webphone data-keys rotate` when it is quiet",
            getattr(error, "orig", None) or type(error).__name__,
        )


def lost_values(database: Database, ring: KeyRing) -> list[Lost]:
    """Every value that this ring cannot open, but those that are in clear still.

    Records of a reload are none: they live for a minute, and one of a former epoch opens for nobody anyway.
    """
    places = [place for place in PLACES if place.column.table is not resume_records]
    return [lost for place in places for lost in database.read_now(_lost, place, ring)]


def _sealed_anew(
    database: Database, ring: KeyRing, signing_keys: Mapping[str, str], head: bytes
) -> Iterator[int]:
    """Seals what does not begin with `head`, batch by batch."""
    for place in PLACES:
        after = 0
        while True:
            last, done = database.write_now(_batch, place, ring, signing_keys, head, after)
            if last is None:
                break
            after = last
            yield done


def _batch(
    connection: Connection,
    place: Place,
    ring: KeyRing,
    signing_keys: Mapping[str, str],
    head: bytes,
    after: int,
) -> tuple[int | None, int]:
    """The number of the last row that was looked at, None where there is none, and how many were sealed."""
    query = place.rows.where(place.key > after, _stale(place, head)).order_by(place.key).limit(BATCH)
    # SQLite has one writer anyway; PostgreSQL waits for whoever changes such a row, and reads it then.
    rows = connection.execute(query.with_for_update(of=place.column.table)).all()
    done = 0
    for row in rows:
        columns: dict[str, Any] = {}
        text = _in_clear(place, row)
        if text is not None and place.clear is not None:
            columns[place.clear.column.name] = place.clear.emptied(row)
        elif row.sealed is not None and not bytes(row.sealed).startswith(head):
            text = _opened(place, row, ring, signing_keys)
        if text is None:
            continue  # nothing there, or lost: it stays as it is, for its key may be found again
        columns[place.column.name] = ring.seal(text, place.owner(row))
        connection.execute(update(place.column.table).where(place.key == row.key).values(columns))
        done += 1
    return (rows[-1].key if rows else None), done


def _count(connection: Connection, place: Place, head: bytes) -> int:
    found = place.rows.where(_stale(place, head)).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def _lost(connection: Connection, place: Place, ring: KeyRing) -> list[Lost]:
    found: list[Lost] = []
    for row in connection.execute(place.rows.where(place.column.is_not(None)).order_by(place.key)):
        if _in_clear(place, row) is None:
            try:
                ring.open(bytes(row.sealed), place.owner(row))
            except BadSeal as error:
                found.append(Lost(place, place.whose(row), str(error)))
    return found


def _stale(place: Place, head: bytes) -> ColumnElement[bool]:
    other = func.substr(place.column, 1, len(head)) != head
    return other if place.clear is None else or_(other, place.clear.may_be_left)


def _in_clear(place: Place, row: Row[Any]) -> str | None:
    return None if place.clear is None else place.clear.text(row)


def _opened(place: Place, row: Row[Any], ring: KeyRing, signing_keys: Mapping[str, str]) -> str | None:
    sealed = bytes(row.sealed)
    try:
        return ring.open(sealed, place.owner(row))
    except BadSeal:
        if place.former is None:
            return None
    purpose, owner = place.former
    try:
        return Sealer(signing_keys, purpose).open(sealed, owner(row))
    except BadSeal:
        return None


def _in_a_column(column: Column[Any] | None) -> Clear | None:
    """The text itself, in a column of its own."""
    if column is None:
        return None
    return Clear(column, column.is_not(None), text=lambda row: row.clear, emptied=lambda _row: None)


def _among_ice_servers() -> Clear:
    """The whole list, where one of them has a credential. What is no secret stays readable."""
    as_text = cast(accounts.c.ice_servers, String)
    return Clear(
        accounts.c.ice_servers,
        or_(as_text.like('%"username"%'), as_text.like('%"credential"%')),
        text=lambda row: msgspec.json.encode(row.clear).decode() if any(map(is_secret, row.clear)) else None,
        emptied=lambda row: [without_credential(server) for server in row.clear],
    )


def _account_place(name: str, what: str, option: str, clear: Clear | None) -> Place:
    column = accounts.c[f"{name}_sealed"]
    first = [accounts.c.id.label("key"), column.label("sealed"), accounts.c.public_id, accounts.c.domain]
    return Place(
        what=what,
        column=column,
        clear=clear,
        rows=select(*first, *([] if clear is None else [clear.column.label("clear")])),
        owner=lambda row: account_owner(row.public_id, name),
        whose=lambda row: f"of {row.domain}",
        anew=f"zorio-webphone account set DOMAIN {option}",
    )


_NAMES = {
    "sip_secret": ("SIP secret", "--sip-secret-file"),
    "turn_secret": ("TURN secret", "--turn-secret-file"),
    "missed_calls_secret": ("secret for missed calls", "--missed-calls-secret-file"),
}
_USER = users.join(accounts, accounts.c.id == users.c.account_id)
_WHO = [accounts.c.public_id, accounts.c.domain, users.c.id.label("user_id"), users.c.username]

PLACES = (
    *(_account_place(name, *_NAMES[name], _in_a_column(accounts.c.get(name))) for name in ACCOUNT_SECRETS),
    _account_place("ice_servers", "credential of an ICE server", "--ice-servers-file", _among_ice_servers()),
    Place(
        what="SIP password",
        column=users.c.sip_password_sealed,
        clear=_in_a_column(users.c.sip_password),
        rows=select(
            users.c.id.label("key"),
            users.c.sip_password_sealed.label("sealed"),
            users.c.sip_password.label("clear"),
            *_WHO,
        ).select_from(_USER),
        owner=lambda row: password_owner(row.public_id, row.username),
        whose=lambda row: f"of {row.username} at {row.domain}",
        anew="zorio-webphone user set DOMAIN USERNAME --sip-password-file",
    ),
    Place(
        what="call in the history",
        column=call_history.c.sealed,
        clear=None,
        rows=select(
            call_history.c.id.label("key"), call_history.c.sealed.label("sealed"), call_history.c.uuid, *_WHO
        ).select_from(_USER.join(call_history, call_history.c.user_id == users.c.id)),
        owner=lambda row: call_owner(row.public_id, row.user_id, row.uuid),
        whose=lambda row: f"of {row.username} at {row.domain}",
        anew=None,
        former=("call history", lambda row: f"{row.public_id} {row.user_id} {row.uuid}"),
    ),
    Place(
        what="record of a reload",
        column=resume_records.c.sealed,
        clear=None,
        rows=select(
            resume_records.c.user_id.label("key"),
            resume_records.c.sealed.label("sealed"),
            users.c.extension,
            users.c.epoch,
            *_WHO,
        ).select_from(_USER.join(resume_records, resume_records.c.user_id == users.c.id)),
        owner=lambda row: record_owner(row.public_id, row.user_id, row.extension, row.epoch or 0),
        whose=lambda row: f"of {row.username} at {row.domain}",
        anew=None,
        former=("resume records", lambda row: f"{row.public_id} {row.user_id} {row.extension}"),
    ),
)
"""Every value that is sealed."""
