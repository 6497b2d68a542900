"""What the phone asks of the server, the WebSocket and the registrar."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.effect import Effect
from embed_app.core.link.values import SipConfig


@dataclass(frozen=True, slots=True)
class FetchConfig(Effect):
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestOwnership(Effect):
    """Answered by `LineGranted`: at once, or when the frame that has it goes away."""

    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReleaseOwnership(Effect):
    pass


@dataclass(frozen=True, slots=True)
class HoldLease(Effect):
    """Keep the lease, take it if it is free, or with `take_over` in any case. `seconds`: None as the server
    likes, 0 to give it up. `renew`: ours, not to be taken anew. Answered by LeaseAnswered or LeaseFailed."""

    ticket: str = field(repr=False)
    seconds: int | None = None
    take_over: bool = False
    renew: bool = False


@dataclass(frozen=True, slots=True)
class Configure(Effect):
    """Give the user agent its identity and credentials, new or renewed."""

    config: SipConfig


@dataclass(frozen=True, slots=True)
class OpenTransport(Effect):
    url: str


@dataclass(frozen=True, slots=True)
class CloseTransport(Effect):
    pass


@dataclass(frozen=True, slots=True)
class Ping(Effect):
    """Ask the far end of the WebSocket for a sign of life: CRLF (RFC 5626 section 3.5.1) or an OPTIONS."""

    by_options: bool = False


@dataclass(frozen=True, slots=True)
class Register(Effect):
    pass


@dataclass(frozen=True, slots=True)
class Unregister(Effect):
    pass
