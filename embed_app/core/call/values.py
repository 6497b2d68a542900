"""A call as a frozen value, and the words for what it may be.

Times are seconds since the epoch (float)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from embed_app.core.call.dialog import Dialog
from embed_app.core.media.values import MediaWatch, Quality


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallState(StrEnum):
    """See the diagram in `machine.py`. QUEUED, ANSWERING and RESUMING are ours: outside they are inviting,
    ringing and answered."""

    QUEUED = "queued"
    INVITING = "inviting"
    RINGING = "ringing"
    ANSWERING = "answering"
    ANSWERED = "answered"
    RESUMING = "resuming"
    ENDED = "ended"


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
    SIGNALING_LOST = "signaling_lost"
    MIC_DENIED = "mic_denied"
    ERROR = "error"
