"""Customers ("accounts" in the database): one domain each, with its SIP settings and allowed parent origins.

The customer of a request is the one whose domain is in the Host header, and no other: that is what keeps
credentials from crossing accounts.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from server.database import accounts, inserted_id
from server.errors import NotFound

LONGEST_ORIGINS = 1500
"""Characters of all allowed origins together: they ride in every embed token, which rides in an address."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_ORIGIN = re.compile(rf"(https?)://((?:\*\.)?{_LABEL}(?:\.{_LABEL})*)(:(?:\d{{1,5}}|\*))?")
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Account:
    """One customer. `ice_servers`: RTCIceServer dictionaries. Secrets are left out of the repr."""

    id: int
    public_id: str
    name: str
    domain: str
    sip_domain: str
    wss_urls: tuple[str, ...]
    ice_servers: tuple[Mapping[str, Any], ...] = field(repr=False)
    features: Mapping[str, Any]
    allowed_origins: tuple[str, ...]
    sip_secret: str | None = field(repr=False)
    turn_secret: str | None = field(repr=False)
    accent: str | None


def host_name(host_header: str) -> str:
    """The Host header without port, in lower case; "" for what is no host name.

    Brackets of an IPv6 address go nowhere: a customer has a domain name.
    """
    name = re.sub(r":\d*\Z", "", host_header).removesuffix(".").lower()
    return name if _DOMAIN.fullmatch(name) else ""


def account_of_host(connection: Connection, host_header: str) -> Account:
    """The customer who owns this host. Raises NotFound."""
    row = connection.execute(
        select(accounts).where(accounts.c.domain == host_name(host_header))
    ).one_or_none()
    if row is None:
        raise NotFound
    return Account(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        domain=row.domain,
        sip_domain=row.sip_domain,
        wss_urls=tuple(row.wss_urls),
        ice_servers=tuple(row.ice_servers),
        features=row.features,
        allowed_origins=tuple(row.allowed_origins),
        sip_secret=row.sip_secret,
        turn_secret=row.turn_secret,
        accent=row.accent,
    )


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
    accent: str | None = None,
) -> int:
    """Writes a customer and returns its id. Raises ValueError with a sentence a person can act on."""
    origins = [check_origin(origin) for origin in allowed_origins]
    if len(" ".join(origins)) > LONGEST_ORIGINS:
        raise ValueError(f"the allowed origins are longer than {LONGEST_ORIGINS} characters together")
    values = {
        "public_id": str(uuid.uuid4()),
        "name": name,
        "domain": check_domain(domain),
        "sip_domain": check_domain(sip_domain),
        "wss_urls": [check_wss_url(url) for url in wss_urls],
        "ice_servers": [dict(server) for server in ice_servers],
        "features": dict(features or {}),
        "allowed_origins": origins,
        "sip_secret": sip_secret,
        "turn_secret": turn_secret,
        "accent": None if accent is None else check_colour(accent),
    }
    if turn_secret is not None and not any(is_relay(server) for server in ice_servers):
        raise ValueError("a TURN secret is of no use without a turn: address among the ICE servers")
    if not values["wss_urls"]:
        raise ValueError("an account needs at least one wss:// address of its PBX")
    try:
        result = connection.execute(insert(accounts).values(values))
    except IntegrityError as error:
        raise ValueError(f"there is an account with the domain {domain} already") from error
    return inserted_id(result)


def is_relay(ice_server: Mapping[str, Any]) -> bool:
    """Whether this RTCIceServer has an address that wants credentials (RFC 7065)."""
    urls = ice_server["urls"]
    every = [urls] if isinstance(urls, str) else urls
    return any(str(url).lower().startswith(("turn:", "turns:")) for url in every)


def check_domain(domain: str) -> str:
    """A host name in lower case. Raises ValueError."""
    name = domain.lower()
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"{domain!r} is no domain: write it without scheme and port, like phone.example.vn")
    return name


def check_colour(colour: str) -> str:
    """Any colour: the phone makes it readable. Raises ValueError."""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour.lower()):
        raise ValueError(f"{colour!r} is no colour: write it like #0a7d4f")
    return colour.lower()


def check_origin(origin: str) -> str:
    """A parent origin as a CSP source expression. Raises ValueError.

    Plain http only on this machine: a parent that anybody on the way can rewrite must not steer a phone.
    """
    found = _ORIGIN.fullmatch(origin.lower())
    if not found:
        raise ValueError(f"{origin!r} is no origin: write it like https://crm.example.vn, without a path")
    if found[1] == "http" and found[2] not in _LOOPBACK:
        raise ValueError(f"{origin!r}: plain http is allowed for localhost and 127.0.0.1 only")
    return origin.lower()


def check_wss_url(url: str) -> str:
    """The address of a PBX. Raises ValueError."""
    websocket_origin(url)
    return url


def websocket_origin(url: str) -> str:
    """wss://pbx.example:7443/ws -> wss://pbx.example:7443, for connect-src. Raises ValueError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no WebSocket address") from error
    unsafe = re.search(r"[^!-~]|[\"';,\\<>]", url) or parts.username is not None or parts.fragment
    if unsafe or parts.scheme not in ("ws", "wss") or not _DOMAIN.fullmatch(host):
        raise ValueError(f"{url!r} is no WebSocket address: write it like wss://pbx.example.vn:7443/ws")
    if parts.scheme == "ws" and host not in _LOOPBACK:
        raise ValueError(f"{url!r}: ws:// is allowed for localhost and 127.0.0.1 only, use wss://")
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
