"""A call as a frozen value, and the words for what it may be.

Times are seconds since the epoch (float).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from embed_app.core.media.values import MediaWatch, Quality


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallState(StrEnum):
    """See the table in `machine.py`. QUEUED, ANSWERING and RESUMING are ours: outside they are inviting,
    ringing and answered."""

    QUEUED = "queued"
    """Dialled, and no INVITE is out: the phone is still on its way to be registered. Ends by its INVITE, by
    hanging up, or after 20 s."""
    INVITING = "inviting"
    """The INVITE is out and nobody has said more than 100. Ends by 180, 200, a refusal, a lost WebSocket, or
    after 90 s."""
    RINGING = "ringing"
    """It rings there (outbound) or here (inbound). Ends by an answer, a CANCEL or a refusal, a lost
    WebSocket, or after 90 s there and 60 s here."""
    ANSWERING = "answering"
    """Inbound only: it was answered here, the 200 and its ACK are on their way. It is not answered twice."""
    ANSWERED = "answered"
    """Both sides talk; hold and mute are fields of it. Ends by BYE, by a transfer, or when its sound is given
    up. A lost WebSocket does not end it."""
    RESUMING = "resuming"
    """It was answered on a page or tab that has gone, and this one takes it back (RFC 3891). Ends by the
    answer to that, by a refusal, or after 25 s."""
    ENDED = "ended"
    """Over. It stays for one step, so that its end is announced, and never moves again."""


class TransferState(StrEnum):
    NONE = "none"
    ASKED = "asked"  # REFER sent
    TRYING = "trying"  # the peer accepted it and calls the target
    TARGET = "target"  # this is the call with the target: the peer of the other one takes our place in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """The SIP dialog of an answered call (RFC 3261 section 12): what a later page must name to replace it.

    Tags are as this side sees them: `remote_tag` is the far end's.
    """

    sip_call_id: str
    """The Call-ID header (RFC 3261 section 8.1.1.4)."""
    local_tag: str
    remote_tag: str
    remote_target: str = field(repr=False)
    """The far end's Contact: a URI that may be good only for the socket it came over."""
    remote_uri: str = field(repr=False)
    """The far end's address of record."""
    sequence: int = 0
    """CSeq of our last request: the next one must be higher (RFC 3261 section 12.2.1.1)."""
    routes: tuple[str, ...] = field(default=(), repr=False)
    """The route set, nearest first."""
    instance_id: str = ""
    """Ours (RFC 5626 section 4.1): to the registrar, the page that resumes is the same phone."""
    gruu: str = field(default="", repr=False)
    """Our own GRUU (RFC 5627); "" where the registrar gives none."""
    mark: str = field(default="", repr=False)
    """By which a later page knows that a page of this user had it (`resume/mark.py`); "" while unmarked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferQuestion:
    """Our peer wants us to call somebody else in its place, and waits for the agent's answer (RFC 3515)."""

    new_call_uuid: str
    """Of the call that is made when the answer is yes; it names the question as well."""
    number: str = field(repr=False)
    """What would be called, at our own SIP domain. Never a name."""
    attended: bool = False
    """Our peer has a call with the target, which we would take over (RFC 3891)."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Of the INVITE: Replaces and Referred-By, as they were checked."""
    asked_at: float = 0.0


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
    by_hand: bool = False
    """The agent has dialled it on our screen."""
    consult_for: str = ""
    """The call that waits while the agent asks here whether it may be transferred."""
    in_place_of: str = ""
    """The call whose peer asked us, by REFER, to call somebody else."""
    question: TransferQuestion | None = None
    """Our peer asked for a transfer, and nobody has answered yet (`referral.py`)."""
    transfers_at: tuple[float, ...] = ()
    """When our peer asked for transfers that could be followed, of the last minute."""
    colleague: bool = False
    """The PBX says that the other side is one of its own extensions (`colleague.py`)."""
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
        return self.media.quality


class Reason(StrEnum):
    LOCAL_HANGUP = "local_hangup"
    REMOTE_HANGUP = "remote_hangup"
    REJECTED = "rejected"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    FORBIDDEN = "forbidden"
    TRANSFERRED = "transferred"
    MEDIA_LOST = "media_lost"
    TIME_LIMIT = "time_limit"
    SIGNALING_LOST = "signaling_lost"
    MIC_DENIED = "mic_denied"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One INVITE. `at`: seconds since the epoch. `elsewhere`: another phone has answered it. `busy`: it did
    not ring, because the agent was not free for it."""

    at: float
    caller: str = field(repr=False)
    call_uuid: str
    elsewhere: bool = False
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """What is counted, the oldest first: see `ring_flood.py`."""

    rung: tuple[Rung, ...] = ()
    told: bool = False
    """The agent knows of the flood that is going on."""


NOBODY_RANG = Rings()
