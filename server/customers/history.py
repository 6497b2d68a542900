"""What is kept for a user from page to page: the last calls, which were looked at, do not disturb.

Bound to the user and not to the tab: a CRM loads its frame anew at every click, and where the browser denies
the frame storage there is no other place. Who called whom is personal data: each call is encrypted at rest
(key_ring.py), MOST_CALLS of a user are kept, and none longer than the operator allows.

`sip-config` gives the ticket by which a phone proves whose history it asks for (tickets.py).
"""

from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import Connection, delete, select

from server.customers.accounts import Account, account_of_host
from server.customers.claims import Claims, living_user
from server.customers.tickets import Tickets
from server.customers.users import User
from server.settings import Settings
from server.storage.database import put
from server.storage.key_ring import KeyRing
from server.storage.sealing import BadSeal
from server.storage.tables import call_history, phone_states

MOST_CALLS = 100
"""Of one user."""
MOST_WANTED = 80
"""So many places are for calls that were answered or dialled: calls that nobody took never push them out."""
_DAY = 86_400
_LATEST = 10**11

Text = Annotated[str, msgspec.Meta(max_length=200)]
Time = Annotated[int, msgspec.Meta(ge=0, le=_LATEST)]
"""Whole epoch seconds."""


class PastCall(msgspec.Struct):
    """A call that has ended. Times are whole epoch seconds; `reason` is that of `call_hangup`."""

    uuid: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
    direction: Literal["inbound", "outbound"]
    number: Annotated[str, msgspec.Meta(max_length=64)]
    name: Text
    started_at: Time
    answered_at: Time | None
    ended_at: Time
    reason: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,32}\Z")]


class _Owner(msgspec.Struct, array_like=True):
    claims: Claims
    expires_at: int


_TICKETS = Tickets("memory tickets", _Owner)  # its first name, of which the keys are derived


def history_of_config(
    connection: Connection, account: Account, user: User, claims: Claims, settings: Settings, now: int
) -> dict[str, Any]:
    """The field `memory` of sip-config: known before the first INVITE can come. `now` in epoch seconds."""
    owner = _Owner(claims, now + settings.sip_seconds)
    state = connection.execute(
        select(phone_states.c.do_not_disturb).where(phone_states.c.user_id == user.id)
    ).scalar_one_or_none()
    return {
        "ticket": _TICKETS.seal(owner, account, settings.signing_keys),
        "history": settings.history_days > 0,
        "do_not_disturb": bool(state),
    }


def owner_of_ticket(
    connection: Connection, host: str, ticket: str, settings: Settings, now: int
) -> tuple[Account, User]:
    """Whose history this ticket opens.

    Raises NotFound for what is no ticket of the customer at this host, Unauthenticated for a ticket that ran
    out, and what `living_user` raises.
    """
    account = account_of_host(connection, host)
    facts = _TICKETS.open(ticket, account, settings.signing_keys, now)
    return account, living_user(connection, account, facts.claims)


def known_calls(
    connection: Connection, account: Account, user: User, settings: Settings, now: int
) -> list[dict[str, Any]]:
    """The fields of each `PastCall` of this user, the newest first."""
    ring = KeyRing(settings.data_keys)
    rows = connection.execute(
        select(call_history.c.uuid, call_history.c.sealed)
        .where(call_history.c.user_id == user.id, call_history.c.started_at >= _oldest(settings, now))
        .order_by(call_history.c.started_at.desc(), call_history.c.id.desc())
        .limit(MOST_CALLS)
    )
    calls: list[dict[str, Any]] = []
    for row in rows:
        try:
            text = ring.open(row.sealed, call_owner(account.public_id, user.id, row.uuid))
        except BadSeal:
            continue  # its key is lost
        calls.append(msgspec.json.decode(text))
    return calls


def seen_at(connection: Connection, user: User) -> int:
    """When this user last looked at the missed calls, epoch seconds; 0: never."""
    found = connection.execute(
        select(phone_states.c.seen_at).where(phone_states.c.user_id == user.id)
    ).scalar_one_or_none()
    return found or 0


def keep_calls(
    connection: Connection, account: Account, user: User, calls: list[PastCall], settings: Settings, now: int
) -> None:
    """Put them into the user's history, where the operator wants one.

    A call of a uuid that is known takes the place of what was known.
    """
    if not calls or settings.history_days <= 0:
        return
    ring = KeyRing(settings.data_keys)
    for call in calls:
        text = msgspec.json.encode(call).decode()
        sealed = ring.seal(text, call_owner(account.public_id, user.id, call.uuid))
        # A clock that runs ahead must not keep a call at the top, or for ever.
        wanted = call.direction == "outbound" or call.answered_at is not None
        values = {"sealed": sealed, "started_at": min(call.started_at, now), "wanted": wanted}
        put(connection, call_history, {"user_id": user.id, "uuid": call.uuid}, values)
    _keep_newest(connection, user.id)
    forget_old_calls(connection, settings, now)


def save_state(
    connection: Connection, user: User, new_seen_at: int | None, do_not_disturb: bool | None, now: int
) -> None:
    """Keep what is not None. `new_seen_at`: when the missed calls were looked at, epoch seconds."""
    values: dict[str, Any] = {}
    if new_seen_at is not None:
        values["seen_at"] = min(new_seen_at, now)
    if do_not_disturb is not None:
        values["do_not_disturb"] = do_not_disturb
    if values:
        put(connection, phone_states, {"user_id": user.id}, values)


def forget_old_calls(connection: Connection, settings: Settings, now: int) -> None:
    """Forget the calls of every user that are too old; all of them where the history is switched off."""
    connection.execute(delete(call_history).where(call_history.c.started_at < _oldest(settings, now)))


def _keep_newest(connection: Connection, user_id: int) -> None:
    """At most MOST_CALLS. Where there are more, a call that nobody took gives way to one that was wanted, up
    to MOST_WANTED of these. The phone keeps them by the same rule (core/history/values.py)."""
    rows = connection.execute(
        select(call_history.c.id, call_history.c.wanted)
        .where(call_history.c.user_id == user_id)
        .order_by(call_history.c.started_at.desc(), call_history.c.id.desc())
    ).all()
    if len(rows) <= MOST_CALLS:
        return
    # Rows of older versions do not say it: nobody knows that they are not wanted.
    wanted = [row.id for row in rows if row.wanted is not False]
    others = [row.id for row in rows if row.wanted is False]
    most_others = MOST_CALLS - min(len(wanted), MOST_WANTED)
    gone = [*others[most_others:], *wanted[MOST_CALLS - min(len(others), most_others) :]]
    connection.execute(delete(call_history).where(call_history.c.id.in_(gone)))


def _oldest(settings: Settings, now: int) -> int:
    """What started before is forgotten, epoch seconds."""
    return now - settings.history_days * _DAY if settings.history_days else _LATEST + 1


def call_owner(public_id: str, user_id: int, uuid: str) -> str:
    """To whom the call `uuid` of this user of this account is sealed."""
    return f"call_history {public_id} {user_id} {uuid}"
