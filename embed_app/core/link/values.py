"""Token, SIP configuration, WebSocket and registration of this phone, as frozen values.

Times are seconds since the epoch (float); durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Ownership(StrEnum):
    """Whether this tab owns the phone, that is, registers the extension. See `ownership.py`."""

    ALONE = "alone"
    """No other tab can be seen from here."""
    NOT_ASKED = "not_asked"
    ASKED = "asked"
    OWNER = "owner"


class Lease(StrEnum):
    """Whether this place may register, of all where the phone is open. See the diagram in `lease.py`."""

    NONE = "none"
    HELD = "held"
    WAITING = "waiting"
    LOST = "lost"


IN_USE = "in_use_elsewhere"
"""Error code of a phone that may not register here, because it is open at another place."""


class LinkState(StrEnum):
    """How far we are on the way to being registered. See the diagram in `registration.py`."""

    IDLE = "idle"
    CONFIGURING = "configuring"
    STANDBY = "standby"
    CONNECTING = "connecting"
    REGISTERING = "registering"
    REGISTERED = "registered"
    WAITING = "waiting"
    LEAVING = "leaving"
    REFUSED = "refused"


class Transport(StrEnum):
    DOWN = "down"
    UP = "up"


class UnregisterReason(StrEnum):
    """Contract section 3, `unregistered`."""

    MANUAL = "manual"
    REMOTE = "remote"
    TRANSPORT_DISCONNECT = "transport_disconnect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An embed token as far as the frame can read it; only the server can verify it (RFC 7519)."""

    raw: str = field(repr=False)
    extension: str
    customer: str
    origins: tuple[str, ...]
    expires_at: float
    """The server's clock, not ours: only differences to other server times mean anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SipConfig:
    """What `GET /api/webphone/sip-config` answered (contract section 2)."""

    extension: str
    display_name: str
    sip_uri: str
    auth_username: str
    auth_password: str = field(repr=False)
    credentials_expire_in: float | None
    """Seconds from the answer; None where credentials are static."""
    wss_urls: tuple[str, ...]
    ice_servers: tuple[Mapping[str, Any], ...] = field(repr=False)
    token_expires_in: float
    """Seconds from the answer until the embed token runs out."""
    lease_held: bool | None = None
    """Whether this browser may register the extension; None where the server gives no leases."""
    lease_ticket: str = field(default="", repr=False)
    """What the lease is renewed with."""
    history_ticket: str = field(default="", repr=False)
    """What the server is asked with for what it remembers of this user; "" where it remembers nothing."""
    keeps_history: bool = False
    do_not_disturb: bool = False
    """As it was chosen on an earlier page."""
    features: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    account_name: str = ""
    accent: str = ""
    """The account's colour as it was given, `#rrggbb`; see `accent.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """Whether the WebSocket still reaches anybody. See `keep_alive.py`."""

    pinged_at: float | None = None
    """None while no answer is awaited."""
    repeated: bool = False
    """This ping is the second one in a row without an answer."""
    knows_crlf: bool | None = None
    """Whether this server answers CRLF; None until it showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Token, configuration, WebSocket and registration of this phone."""

    state: LinkState = LinkState.IDLE
    ownership: Ownership = Ownership.ALONE
    lease: Lease = Lease.NONE
    transport: Transport = Transport.DOWN
    token: Token | None = None
    config: SipConfig | None = None
    config_at: float = 0.0
    config_token: str = field(default="", repr=False)
    """The raw token `config` was asked with."""
    refresh_failures: int = 0
    """Fetches in a row that failed while the phone was working with the configuration it had."""
    attempt: int = 0
    """Reconnect attempts since the last accepted REGISTER; 0 when all is well."""
    told: tuple[str, ...] = ()
    """Error codes told since the last accepted REGISTER."""
    wss_index: int = 0
    keep_alive: KeepAlive = field(default_factory=KeepAlive)
    offline: bool = False
    """The browser says there is no network. It may be wrong: nothing is given up for it."""
    down_reason: str = ""
    """Why the WebSocket closed the last time, in the user agent's words; never shown to people."""
    unregistered: UnregisterReason | None = None
    """Why we are not registered, once it has been told; None after each accepted REGISTER."""
    wanted: bool = False
    """Whether anybody asked to be connected: the address by `auto_register`, the parent or the agent."""
    refusal: str = ""
    """Error code that explains REFUSED, for the panel; empty otherwise."""
