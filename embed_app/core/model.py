"""The whole phone as one frozen value. Everything on the screen and every event is derived from it.

Times are seconds since the epoch (float); durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from embed_app.core.dialog import Dialog
from embed_app.core.media_watch import MediaWatch, Quality
from embed_app.core.notices import AutoplayBlocked as AutoplayBlocked
from embed_app.core.notices import DigitHeard as DigitHeard
from embed_app.core.notices import Notice as Notice
from embed_app.core.notices import Problem as Problem
from embed_app.core.notices import ReconnectScheduled as ReconnectScheduled
from embed_app.core.notices import TokenExpiring as TokenExpiring
from embed_app.core.past_calls import NOTHING_YET, Memory
from embed_app.core.places import Lease, Line
from embed_app.core.release_cause import Reason
from embed_app.core.screens import Fold
from embed_app.core.screens import Page as Page
from embed_app.core.screens import Panel as Panel
from embed_app.core.sound_choices import Sounds


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallState(StrEnum):
    """See the diagram in `call.py`. QUEUED, ANSWERING and RESUMING are ours: outside they are inviting,
    ringing and answered."""

    QUEUED = "queued"
    INVITING = "inviting"
    RINGING = "ringing"
    ANSWERING = "answering"
    ANSWERED = "answered"
    RESUMING = "resuming"
    ENDED = "ended"


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


class Sound(StrEnum):
    NONE = "none"
    RING = "ring"
    RINGBACK = "ringback"
    WAITING = "waiting"


class TransferState(StrEnum):
    NONE = "none"
    ASKED = "asked"  # REFER sent
    TRYING = "trying"  # the peer accepted it and calls the target
    TARGET = "target"  # this is the call with the target: the peer of the other one takes our place in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, from the first click or INVITE to its end. `uuid` never changes."""

    uuid: str
    direction: Direction
    number: str = field(repr=False)
    state: CallState
    started_at: float
    display_name: str = field(default="", repr=False)
    sip_call_id: str = ""
    answered_at: float | None = None
    ended_at: float | None = None
    muted: bool = False
    held: bool = False
    hold_wanted: bool | None = None
    """What was last asked for while a re-INVITE for hold or unhold is under way; None when none is."""
    hold_refused: bool = False
    """The peer does not let itself be put on hold beside another call: it is not asked again and again."""
    aside: bool = False
    """The agent is with another call: neither microphone nor loudspeaker, whatever the peer says to hold."""
    campaign_id: str | None = None
    lead_id: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """SIP headers that ride the INVITE, validated."""
    external_id: str | None = field(default=None, repr=False)
    transfer: TransferState = TransferState.NONE
    transfer_target: str = field(default="", repr=False)
    transfer_to: str = ""
    """The call with the target, while this one is transferred to it (attended)."""
    consult_for: str = ""
    """The call that waits while the agent asks here whether it may be transferred."""
    in_place_of: str = ""
    """The call whose peer asked us, by REFER, to call somebody else."""
    status: int = 0
    """The final SIP status of a call that was not answered; 0 where there was none."""
    release: Reason | None = None
    last_digit: tuple[str, str, float] | None = field(default=None, repr=False)
    """(digit, "info" or "rtp", time): a peer that sends a digit both ways is heard once."""
    silenced: bool = False
    """It rings on, for the caller as well, but is not heard here."""
    audio_blocked: bool = False
    media: MediaWatch = field(default_factory=MediaWatch)
    glares: int = 0
    """How often in a row a hold or unhold of ours crossed an offer of the peer."""
    dialog: Dialog | None = None
    """Known while the call is answered, and from the record of the former page while it is resuming."""
    resume_tries: int = 0
    resume_in_dialog: bool = False
    """The far end has said that it knows no Replaces."""

    @property
    def live(self) -> bool:
        return self.state is not CallState.ENDED

    @property
    def billsec(self) -> int:
        """Whole seconds from answered to ended; 0 when never answered (contract section 3)."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(0, int(self.ended_at - self.answered_at))

    @property
    def quality(self) -> Quality:
        """Poor as well while there is no sound at all."""
        return Quality.POOR if self.media.missed or self.media.unproven else self.media.quality


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
    memory_ticket: str = field(default="", repr=False)
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
    line: Line = Line.ALONE
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """From the frame's address (contract section 1)."""

    layout: str = "docked"
    theme: str = "auto"
    locale: str = "vi"
    auto_register: bool = True
    resume: bool = True
    """Whether an answered call outlives its page (`resume.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """The model. `calls` keeps an ended call for exactly one step, so that its end can be announced."""

    settings: Settings = Settings()
    link: Link = Link()
    calls: tuple[Call, ...] = ()
    notices: tuple[Notice, ...] = ()
    timers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Running timers: name -> generation. A timer that fires with another generation is stale."""
    due: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """When each of them should fire: a machine that slept finds them overdue."""
    timer_count: int = 0
    focus: str = ""
    """The call the agent is with; "" while there is none but such that ring here. See `two_calls.py`."""
    panel: Panel = Panel.NONE
    page: Page = Page.DIALER
    fold: Fold = Fold.FOLDED
    calls_seen: frozenset[str] = frozenset()
    wide: bool = False
    sounds: Sounds = field(default_factory=Sounds)
    hidden: bool = False
    """Whether nobody can see the page that holds the frame."""
    do_not_disturb: bool = False
    """Callers hear busy and nothing rings here."""
    memory: Memory = NOTHING_YET
    saves: int = 0
    """How often the server was told something that the other frames of this browser show as well."""
    started: bool = False
    last_ended: Call | None = None
    """For the screen's closing line, until the next call or some seconds later."""
    farewells: tuple[Dialog, ...] = ()
    """Dialogs of a former page that are to end as soon as something can be sent."""
    banner: str = ""
    """Error code shown to the agent until something changes; empty for none."""
    now: float = 0.0
    """When the newest message came; the screen counts from `answered_at` by its own clock."""

    @property
    def live_calls(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.live)

    def call(self, uuid: str) -> Call | None:
        return next((call for call in self.calls if call.uuid == uuid and call.live), None)
