"""What is told about the token, the server, the WebSocket, the registration and the other tabs."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.link.values import SipConfig
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.resume.values import ResumeRecord

# ---- wishes: the agent on the screen, or the parent by a command -------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Message):
    """Python is up. `token` is None when the address had none.

    `record`, `owner_gone`: as in `RecordFound`; not looked for where the token is of no use.
    `dialled_at`: when former pages of this browser have dialled, in epoch seconds.
    """

    token: str | None = field(repr=False)
    record: ResumeRecord | None = field(default=None, repr=False)
    owner_gone: bool | None = None
    dialled_at: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequested(Message):
    """The agent or the parent wants the phone registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectRequested(Message):
    """The agent or the parent wants the phone off. It ends all calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverRequested(Message):
    """The agent wants the phone here and not in the other browser in which it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOffered(Message):
    """`refresh_token`: a new embed token for the same extension."""

    token: str = field(repr=False)


# ---- the server --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigAnswer(Message):
    """`token` is the one it was asked with (stamped by the runtime): another may have come meanwhile."""

    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigReceived(ConfigAnswer):
    """200 to `sip-config`."""

    config: SipConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFailed(ConfigAnswer):
    """status: the HTTP status; 0 when no answer came or the answer made no sense."""

    status: int


# ---- the network and the PBX -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportUp(Message):
    """The WebSocket is open (RFC 7118)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportDown(Message):
    """The WebSocket closed, or could not be opened. `reason`: in the user agent's words, for logs only."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigureFailed(Message):
    """The user agent cannot use a value of sip-config. setting: the name of the field; never its value."""

    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAccepted(Message):
    """200 to a REGISTER (RFC 3261 section 10.3): the first one, or one that renewed the binding.

    `realm`, `algorithm`: of the credentials it was sent with; "" without any.
    """

    realm: str = ""
    algorithm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFailed(Message):
    """Another final response to a REGISTER. `status`: of SIP; 0 when no answer came.

    `refused`: why its challenge was not answered ("realm", "algorithm", "qop", "malformed"), of this `realm`;
    "" where it had none, or credentials were refused.
    """

    status: int
    refused: str = ""
    realm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRefused(Message):
    """A 401 or 407 to another request was not answered. `why`: as in RegisterFailed, or "request"."""

    method: str
    sip_call_id: str = field(repr=False)
    realm: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered(Message):
    """200 to a REGISTER with Expires 0 (RFC 3261 section 10.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong(Message):
    """Something came over the WebSocket after a Ping; `crlf`: it was the answer to a CRLF, nothing else."""

    crlf: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOnline(Message):
    """The browser's `online` event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WentOffline(Message):
    """The browser's `offline` event. It may be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WokeUp(Message):
    """The page is seen again, came back from the browser's cache, or the network is another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipGranted(Message):
    """This tab owns the phone from now on. `left`: the phone of the tab that did before, if any was seen."""

    left: Phone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerShown(Message):
    """The tab that owns the phone has these calls, by uuid.

    `devices_open`: it shows the page of devices, as this tab does. `saves`: its `Phone.saves`.
    """

    calls: frozenset[str]
    devices_open: bool = False
    saves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseAnswered(Message):
    """Whether this browser has the lease. `taking`: it was asked to take it from another one."""

    held: bool
    taking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseFailed(Message):
    """status: the HTTP status; 0 when no answer came."""

    status: int
    taking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked(Message):
    """401 as revoked (RFC 6750 section 3.1), to whatever was asked. It comes before that answer's own.

    `credential`: the embed token or the ticket it was asked with.
    """

    credential: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLeft(Message):
    """Reloaded, navigated or closed. `is_known_again`: the server will know the next page as this one."""

    is_known_again: bool


class PageFrozen(Message):
    """The page went into the browser's cache, from where it may come back as it is (`WokeUp`)."""

    __slots__ = ()
