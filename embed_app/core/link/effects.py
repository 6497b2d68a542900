"""What the phone asks of the server, the WebSocket and the registrar."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.effect import Effect
from embed_app.core.link.values import SipConfig


@dataclass(frozen=True, slots=True)
class FetchConfig(Effect):
    """`GET /api/webphone/sip-config` with this embed token. Answered by ConfigReceived or ConfigFailed."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestOwnership(Effect):
    """Answered by `OwnershipGranted`: at once, or when the tab that owns the phone goes away.

    `name`: what the tabs agree on; the same in all tabs with this extension.
    """

    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReleaseOwnership(Effect):
    """Own the phone no longer, or ask no longer to own it. Not answered."""


@dataclass(frozen=True, slots=True)
class HoldLease(Effect):
    """Keep the lease, take it if it is free, or with `take_over` in any case. `seconds`: None as the server
    likes, 0 to give it up. `renew`: ours, not to be taken anew. Answered by LeaseAnswered or LeaseFailed."""

    ticket: str = field(repr=False)
    seconds: int | None = None
    take_over: bool = False
    renew: bool = False


@dataclass(frozen=True, slots=True)
class CheckAccess(Effect):
    """Ask whether this history ticket still counts. Answered by AccessRevoked where it does not."""

    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Configure(Effect):
    """Give the user agent its identity and credentials, new or renewed, and whom it may show them
    (`challenges.py`)."""

    config: SipConfig


@dataclass(frozen=True, slots=True)
class OpenTransport(Effect):
    """Open the WebSocket (RFC 7118). Answered by TransportUp or TransportDown.

    `url`: one of `SipConfig.wss_urls`.
    """

    url: str


@dataclass(frozen=True, slots=True)
class CloseTransport(Effect):
    """Close the WebSocket. Answered by TransportDown, where there was one."""


@dataclass(frozen=True, slots=True)
class Ping(Effect):
    """Ask the far end of the WebSocket for a sign of life: CRLF (RFC 5626 section 3.5.1) or an OPTIONS."""

    by_options: bool = False


@dataclass(frozen=True, slots=True)
class Register(Effect):
    """REGISTER (RFC 3261 section 10.2). Answered by RegisterAccepted or RegisterFailed."""


@dataclass(frozen=True, slots=True)
class Unregister(Effect):
    """REGISTER with Expires 0 (RFC 3261 section 10.2.2). Answered by Unregistered or RegisterFailed."""
