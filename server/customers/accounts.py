"""Customers ("accounts" in the database): one domain each, with its SIP settings and allowed parent origins.

The customer of a request is the one whose domain is in the Host header, and no other: that is what keeps
credentials from crossing accounts.
"""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.customers.call_rules import check_rules
from server.customers.ice_servers import check_ice_server, has_credential, is_relay, without_credential
from server.customers.kept_secrets import account_relays, account_secret, sealed_account
from server.customers.origins import check_domain, check_origins, check_wss_url, host_name, usable_origins
from server.customers.sip_address import check_sip_domain
from server.customers.values import check_colour, check_name, checked
from server.errors import NotFound
from server.storage.database import inserted_id
from server.storage.key_ring import NO_KEYS, Kept, KeyRing
from server.storage.tables import accounts, leases


@dataclass(frozen=True)
class Account:
    """One customer. Secrets are left out of the repr.

    `ice_servers`: RTCIceServer dictionaries without credentials. `relays`: with them, as JSON, where there is
    one.
    """

    id: int
    public_id: str
    name: str
    domain: str
    sip_domain: str
    wss_urls: tuple[str, ...]
    ice_servers: tuple[Mapping[str, Any], ...] = field(repr=False)
    relays: Kept | None = field(repr=False)
    features: Mapping[str, Any]
    allowed_origins: tuple[str, ...]
    sip_secret: Kept | None = field(repr=False)
    turn_secret: Kept | None = field(repr=False)
    missed_calls_secret: Kept | None = field(repr=False)
    accent: str | None
    rules: Mapping[str, Any]
    """Call rules that were set; the others have their default (`call_rules.py`)."""


def account_of_host(connection: Connection, host_header: str) -> Account:
    """The customer who owns this host. Raises NotFound."""
    row = connection.execute(
        select(accounts).where(accounts.c.domain == host_name(host_header))
    ).one_or_none()
    if row is None:
        raise NotFound
    return _account(row)


def every_account(connection: Connection) -> list[Account]:
    """In the order of their domains."""
    return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.domain))]


def count_accounts(connection: Connection) -> int:
    """How many customers there are; a question that needs the database and nothing else."""
    return connection.execute(select(func.count()).select_from(accounts)).scalar_one()


def add_account(
    connection: Connection,
    *,
    domain: str,
    name: str,
    sip_domain: str,
    wss_urls: Sequence[str],
    allowed_origins: Sequence[str],
    ice_servers: Sequence[Mapping[str, Any]] = (),
    features: Mapping[str, Any] | None = None,
    sip_secret: str | None = None,
    turn_secret: str | None = None,
    missed_calls_secret: str | None = None,
    accent: str | None = None,
    rules: Mapping[str, Any] | None = None,
    ring: KeyRing = NO_KEYS,
) -> int:
    """Writes a customer and returns its id. `ring`: seals its secrets.

    Raises ValueError with a sentence a person can act on.
    """
    values = checked(
        {
            "name": name,
            "domain": domain,
            "sip_domain": sip_domain,
            "wss_urls": wss_urls,
            "ice_servers": ice_servers,
            "features": features or {},
            "allowed_origins": allowed_origins,
            "sip_secret": sip_secret,
            "turn_secret": turn_secret,
            "missed_calls_secret": missed_calls_secret,
            "accent": accent,
            "rules": rules or None,
        },
        _CHECKS,
    )
    _check_relays(values["ice_servers"], turn_secret is not None)
    public_id = str(uuid.uuid4())
    columns = sealed_account(values, public_id, ring)
    try:
        result = connection.execute(insert(accounts).values(public_id=public_id, **columns))
    except IntegrityError as error:
        raise ValueError(f"there is an account with the domain {domain} already") from error
    return inserted_id(result)


def change_account(
    connection: Connection, account: Account, changes: Mapping[str, Any], ring: KeyRing = NO_KEYS
) -> None:
    """Writes what is in `changes`, by the names of `add_account`, and nothing else. Raises ValueError.

    `ring`: seals secrets among them.

    The domain stays: it is what the phone's address, its certificate and every token are made of.
    """
    values = checked(changes, _CHECKS)
    _check_relays(
        values.get("ice_servers", account.ice_servers),
        values.get("turn_secret", account.turn_secret) is not None,
    )
    columns = sealed_account(values, account.public_id, ring)
    connection.execute(update(accounts).where(accounts.c.id == account.id).values(columns))


def remove_account(connection: Connection, account: Account) -> None:
    """Forget this customer. Its users must have been removed before (`remove_user` in users.py)."""
    connection.execute(delete(leases).where(leases.c.account_id == account.id))
    connection.execute(delete(accounts).where(accounts.c.id == account.id))


def _wss_urls(urls: Sequence[str]) -> list[str]:
    if not urls:
        raise ValueError("an account needs at least one wss:// address of its PBX")
    return [check_wss_url(url) for url in urls]


def _bearer(secret: str) -> str:
    """RFC 6750 section 2.1: what a PBX can send."""
    if not re.fullmatch(r"[!-~]{16,200}", secret):
        raise ValueError(
            "a secret for missed calls has 16 to 200 ASCII characters and no spaces: it is sent as a bearer"
        )
    return secret


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "name": check_name,
    "domain": check_domain,
    "sip_domain": check_sip_domain,
    "wss_urls": _wss_urls,
    "ice_servers": lambda servers: [check_ice_server(server) for server in servers],
    "features": dict,
    "allowed_origins": check_origins,
    "missed_calls_secret": _bearer,
    "accent": check_colour,
    "rules": check_rules,
}


def _check_relays(ice_servers: Sequence[Mapping[str, Any]], turn_secret: bool) -> None:
    relays = [server for server in ice_servers if is_relay(server)]
    if turn_secret and not relays:
        raise ValueError("a TURN secret is of no use without a turn: address: give one with --ice-server")
    # A browser makes no connection at all with such a server: every call would fail.
    if not turn_secret and not all(map(has_credential, relays)):
        raise ValueError(
            "a turn: address needs --turn-secret-file, or its username and credential by --ice-servers-file"
        )


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        domain=row.domain,
        sip_domain=row.sip_domain,
        wss_urls=tuple(row.wss_urls),
        ice_servers=tuple(without_credential(server) for server in row.ice_servers),
        relays=account_relays(row),
        features=row.features,
        allowed_origins=usable_origins(tuple(row.allowed_origins)),
        sip_secret=account_secret(row, "sip_secret"),
        turn_secret=account_secret(row, "turn_secret"),
        missed_calls_secret=account_secret(row, "missed_calls_secret"),
        accent=row.accent,
        rules=row.rules or {},
    )
