"""Token, SIP configuration, WebSocket and registration of this phone, as frozen values.

Times are seconds since the epoch (float); durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from embed_app.core.link.call_rules import CallRules


class Ownership(StrEnum):
    """Whether this tab owns the phone, that is, registers the extension. See `ownership.py`."""

    ALONE = "alone"
    """No other tab can be seen from here, so this one registers. It stays so."""
    NOT_ASKED = "not_asked"
    """Other tabs can be seen, and this one has no configuration to register with. Ends when it has one."""
    ASKED = "asked"
    """This tab waits until the owner goes away. Ends by OwnershipGranted, or when its token is refused."""
    OWNER = "owner"
    """This tab registers. Ends when its token is refused or its page is frozen; otherwise with the page."""


class Lease(StrEnum):
    """Whether this browser may register, of all in which the phone is open. See the diagram in `lease.py`."""

    NONE = "none"
    """The server gives no leases, or nothing was heard from it: the phone registers."""
    HELD = "held"
    """The server gave the lease to this browser: the phone registers."""
    WAITING = "waiting"
    """Another browser has it, or the answer is awaited: the phone registers when it is free."""
    LOST = "lost"
    """A person took it over at another browser: only a person, or `connect`, gets it back."""


IN_USE = "in_use_elsewhere"
"""Error code of a phone that may not register here, because another browser holds the lease."""


class LinkState(StrEnum):
    """How far the phone is on the way to being registered. The moves between the states: `machine.py`."""

    IDLE = "idle"
    """Off: no WebSocket, or one that is being closed, and no registration. Ends by `connect`."""
    CONFIGURING = "configuring"
    """The server is asked for the SIP configuration, or for the lease of a configuration that is good.

    Ends by its answer, and without one by `ConfigFailed` or `LeaseFailed`."""
    STANDBY = "standby"
    """Ready to register, but another tab may own the phone; this one shows what the owner does.

    Ends by OwnershipGranted, or when the page is frozen."""
    CONNECTING = "connecting"
    """The WebSocket is being opened. Ends when it is up, or could not be opened."""
    REGISTERING = "registering"
    """The WebSocket is up and a REGISTER is out (RFC 3261 section 10.2). Ends by its answer."""
    REGISTERED = "registered"
    """The registrar has a binding for this phone (RFC 3261 section 10.3): calls can come and go.

    Ends when a renewal fails, the WebSocket closes, the lease is lost, the page is frozen, or by
    `disconnect`."""
    WAITING = "waiting"
    """An attempt failed, or the page is frozen. Ends by the timer RECONNECT, which runs unless the page is
    frozen, and earlier by `online`, `connect`, or a page that is seen again."""
    LEAVING = "leaving"
    """After `disconnect`: the binding is being removed. Ends by any answer, when the WebSocket closes, by the
    timer LEAVE, or by `connect`."""
    REFUSED = "refused"
    """Nothing more can be done without the parent, the agent or the operator; `Link.refusal` says why.

    Ends by a good token, `connect`, `disconnect`, or the lease that was missing."""


class Transport(StrEnum):
    """Whether the WebSocket to the PBX is open (RFC 7118)."""

    DOWN = "down"
    UP = "up"


class UnregisterReason(StrEnum):
    """Why the phone is not registered any more. Contract section 3, `unregistered`."""

    MANUAL = "manual"
    """By `disconnect`."""
    REMOTE = "remote"
    """The registrar refused, or another browser took the lease over."""
    TRANSPORT_DISCONNECT = "transport_disconnect"
    """The WebSocket closed, or the registrar could not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An embed token as far as the frame can read it; only the server can verify it (RFC 7519)."""

    raw: str = field(repr=False)
    extension: str
    customer: str
    origins: tuple[str, ...]
    expires_at: float
    """The claim `exp`, by the server's clock: only differences to other times of the server mean anything."""


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
    """Seconds from the answer until the embed token expires."""
    lease_held: bool | None = None
    """Whether this browser may register the extension; None where the server gives no leases."""
    lease_ticket: str = field(default="", repr=False)
    """What the lease is renewed with; "" where the server gives no leases."""
    history_ticket: str = field(default="", repr=False)
    """What the user's history is loaded and saved with; "" where the server keeps none."""
    keeps_history: bool = False
    do_not_disturb: bool = False
    """As it was chosen on an earlier page."""
    features: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    account_name: str = ""
    accent: str = ""
    """The account's colour as it was given, `#rrggbb`; see `accent.py`."""
    resume_ticket: str = field(default="", repr=False)
    """What a record of calls is left on the server and found there with; "" where the server keeps none."""
    resume_key: str = field(default="", repr=False)
    """What the dialogs of our calls are marked with (`resume/mark.py`); "" where the server gives none."""
    rules: CallRules = field(default_factory=CallRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """Whether the other end of the WebSocket answers. See `keep_alive.py`."""

    pinged_at: float | None = None
    """When it was asked, seconds since the epoch; None while no answer is awaited."""
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
    """When `config` was received, seconds since the epoch."""
    config_token: str = field(default="", repr=False)
    """The raw token `config` was asked with."""
    revoked_token: str = field(default="", repr=False)
    """The `config_token` of whose configuration the server has said that it no longer counts; "" for none."""
    refresh_failures: int = 0
    """Fetches in a row that failed while the phone was working with the configuration it had."""
    attempt: int = 0
    """Attempts to reconnect since the last accepted REGISTER; 0 while none has failed."""
    told_codes: tuple[str, ...] = ()
    """Error codes told since the last accepted REGISTER."""
    wss_index: int = 0
    """Which of `SipConfig.wss_urls` is next, modulo their number."""
    unusable_urls: frozenset[str] = frozenset()
    """Addresses of the PBX that this browser refuses to open."""
    keep_alive: KeepAlive = field(default_factory=KeepAlive)
    offline: bool = False
    """The browser says there is no network. It may be wrong: nothing is given up for it."""
    down_reason: str = ""
    """Why the WebSocket closed the last time, in the user agent's words; never shown to people."""
    registrar_realm: str = ""
    """Of the credentials the registrar asked for; "" until it did. See `challenges.py`."""
    registrar_algorithm: str = ""
    """Of those it accepted last; "" before."""
    unregistered: UnregisterReason | None = None
    """Why the phone is not registered any more; None after each accepted REGISTER, and before the first."""
    wanted: bool = False
    """Whether anybody asked to be connected: the address by `auto_register`, the parent or the agent.

    The name is the one that tabs of earlier builds read (`tabs/codec.py`)."""
    refusal: str = ""
    """Error code that explains REFUSED, for the panel; "" in every other state."""

    @property
    def is_revoked(self) -> bool:
        """Whether no call and no registration may begin with the configuration that is there."""
        return bool(self.revoked_token)
