"""Secrets of customers and users, encrypted on their way into the database (storage/key_ring.py).

Each is bound to its column and its row: in another row it does not open.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Row

from server.customers.ice_servers import is_secret, without_credential
from server.storage.key_ring import Kept, KeyRing, kept

ACCOUNT_SECRETS = ("sip_secret", "turn_secret", "missed_calls_secret")
"""By the names of `add_account`; the column of each ends in `_sealed`."""
_IN_CLEAR_ONCE = ("sip_secret", "turn_secret")


def account_owner(public_id: str, field: str) -> str:
    """`public_id`: of the account. `field`: a name of `add_account`."""
    return f"accounts.{field} {public_id}"


def password_owner(public_id: str, username: str) -> str:
    """Of a SIP password: neither its account nor the user's name ever changes."""
    return f"users.sip_password {public_id} {username}"


def sealed_account(values: Mapping[str, Any], public_id: str, ring: KeyRing) -> dict[str, Any]:
    """The columns for these values of `add_account`. Raises NoKey where one is a secret and `ring` empty."""
    columns = dict(values)
    for name in ACCOUNT_SECRETS:
        if name in columns:
            secret = columns.pop(name)
            owner = account_owner(public_id, name)
            columns[f"{name}_sealed"] = None if secret is None else ring.seal(secret, owner)
            if name in _IN_CLEAR_ONCE:
                columns[name] = None
    if "ice_servers" in columns:
        servers = columns["ice_servers"]
        text = msgspec.json.encode(servers).decode()
        secret = any(map(is_secret, servers))
        owner = account_owner(public_id, "ice_servers")
        columns["ice_servers_sealed"] = ring.seal(text, owner) if secret else None
        columns["ice_servers"] = [without_credential(server) for server in servers]
    return columns


def sealed_user(values: Mapping[str, Any], public_id: str, username: str, ring: KeyRing) -> dict[str, Any]:
    """The columns for these values of `add_user`. Raises NoKey as `sealed_account` does."""
    columns = dict(values)
    if "sip_password" in columns:
        password = columns["sip_password"]
        owner = password_owner(public_id, username)
        columns["sip_password_sealed"] = None if password is None else ring.seal(password, owner)
        columns["sip_password"] = None
    return columns


def account_secret(row: Row[Any], name: str) -> Kept | None:
    """A secret of this row of `accounts`."""
    plain = getattr(row, name) if name in _IN_CLEAR_ONCE else None
    return kept(account_owner(row.public_id, name), getattr(row, f"{name}_sealed"), plain)


def account_relays(row: Row[Any]) -> Kept | None:
    """All ICE servers of this row of `accounts`, as JSON, where one has a credential."""
    in_clear = any(map(is_secret, row.ice_servers))
    plain = msgspec.json.encode(row.ice_servers).decode() if in_clear else None
    return kept(account_owner(row.public_id, "ice_servers"), row.ice_servers_sealed, plain)


def user_password(row: Row[Any]) -> Kept | None:
    """The SIP password of this row of `users` with the `public_id` of its account."""
    owner = password_owner(row.public_id, row.username)
    return kept(owner, row.sip_password_sealed, row.sip_password)
