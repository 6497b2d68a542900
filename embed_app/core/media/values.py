"""What is known about the sound of one call. Counters are those of W3C webrtc-stats, summed over the call's
audio streams. Times are seconds since the epoch.

The states of the sound are built in `machine.py` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Quality(StrEnum):
    GOOD = "good"
    POOR = "poor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look at the counters. `loss_sent`: fraction of ours the far end missed of late (RTCP), 0 to 1.

    `reported_at`: when its last report on our packets came, by a clock of the browser's; 0 before the first.
    `direction`: RTCRtpTransceiver.currentDirection, what both sides agreed on; hold changes it.
    """

    packets_received: int = 0
    packets_sent: int = 0
    packets_lost: int = 0
    loss_sent: float = 0.0
    reported_at: float = 0.0
    direction: str = "sendrecv"

    @property
    def receives(self) -> bool:
        return self.direction in ("sendrecv", "recvonly")

    @property
    def sends(self) -> bool:
        return self.direction in ("sendrecv", "sendonly")


class Silence(StrEnum):
    """What it means when the far end's packets stop although the connection lives."""

    LOSS = "loss"
    """The path may have died in one direction: an ICE restart looks for another."""
    EXPECTED = "expected"
    """A restart brought no packets: the far end sends none by itself (silence suppression, a hold without
    music), and no restart is made for it. Until the network changes or the sound stops for another reason."""


@dataclass(frozen=True, slots=True)
class NotWatched:
    """The call is not answered yet, or is being taken back. Ended by its answer: Flowing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flowing:
    """Nothing is wrong: packets come, or none are due (hold), or the call is young and none has come yet.
    Ended when the connection breaks or packets stop: Interrupted; or Unproven, where silence is no loss."""

    silence: Silence = Silence.LOSS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """The connection lives and the call goes on as a poor one, but packets both ways were not seen since
    they stopped. Nothing more is done. Ended by packets both ways: Flowing; when the connection breaks, or
    packets fail to come where silence is a loss: Interrupted."""

    silence: Silence = Silence.LOSS


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The sound stopped a moment ago, and it may come back by itself: nobody is told, because a peer's last
    packets before its BYE are no loss. The timer MEDIA_LOST runs. Ended by packets both ways: Flowing; when
    it lasts: Lost; where the connection lives and no packets are waited for any more: Unproven."""

    since: float
    before: Flowing | Unproven
    """What it was until then, and what the call is still shown as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """There is no sound, and agent and parent are told. The timer MEDIA_LOST runs. Ended by packets both
    ways: Flowing; where the connection lives and no packets are waited for any more: Unproven; else the call
    is ended 28 s after the last packet."""

    since: float


SoundState = NotWatched | Flowing | Unproven | Interrupted | Lost
NoSound = Interrupted | Lost
"""The states in which sound is looked for and the timer MEDIA_LOST runs."""


class IceRestart(StrEnum):
    """Where the re-INVITE with an ICE restart stands (RFC 8445 section 9). Beside the state of the sound: the
    network may change under a call that is still heard."""

    NONE = "none"
    """None is out. One goes out only where the sound is gone and the connection does not live."""
    OWED = "owed"
    """One must go out as soon as signalling allows: the network changed, or packets stopped."""
    UNDER_WAY = "under_way"
    """One is out because the connection broke. If it fails and the sound is back, that is all."""
    OWED_UNDER_WAY = "owed_under_way"
    """One is out because it was owed. If it fails, it is owed still."""

    @property
    def is_owed(self) -> bool:
        return self in (IceRestart.OWED, IceRestart.OWED_UNDER_WAY)

    @property
    def is_under_way(self) -> bool:
        return self in (IceRestart.UNDER_WAY, IceRestart.OWED_UNDER_WAY)


class Microphone(StrEnum):
    WORKING = "working"
    LOST = "lost"
    """It stopped by itself in the call, and no other one has taken its place yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the samples of a call have shown, whatever its state (`judge.py`)."""

    sample: Sample | None = None
    """The last one; None before the first and after the far end's connection was replaced."""
    ever_received: bool = False
    """Whether a packet ever came from the far end. A boolean, because it never becomes false again."""
    last_packet_at: float = 0.0
    """No later than the last packet that came, or the last second in which none was due."""
    silent_samples: int = 0
    """Samples in a row in which no packet came although they are due."""
    report_before: float | None = None
    """`Sample.reported_at` before the silence that is now, or of the first sample after the sound stopped;
    None until there was one. What is newer shows that the far end is there and hears us."""
    report_in_silence: float = 0.0
    """`Sample.reported_at` of the last sample without packets: a report tells of the seconds before it."""
    losses: tuple[tuple[int, int], ...] = ()
    """(packets received, packets lost) of each of the last seconds."""
    quality: Quality = Quality.GOOD
    """By the packets lost, with hysteresis."""

    @property
    def reports_go_on(self) -> bool:
        """The far end's reports go on although its packets stopped. They take the same path: it is there."""
        return self.sample is not None and self.sample.reported_at > (self.report_before or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaWatch:
    """The sound of one call: its state, and what is known in every state."""

    state: SoundState = NotWatched()
    connection: str = ""
    """The last RTCPeerConnection.connectionState, or "peer_closed"; "" before the first."""
    counts: Counts = Counts()
    restart: IceRestart = IceRestart.NONE
    restart_tries: int = 0
    """Restarts sent since the sound stopped or the network changed."""
    microphone: Microphone = Microphone.WORKING

    @property
    def connected(self) -> bool:
        return self.connection == "connected"

    @property
    def peer_is_gone(self) -> bool:
        """It closed its side of DTLS: no path will find it."""
        return self.connection == "peer_closed"

    @property
    def quality(self) -> Quality:
        """Poor as well where there is no sound, or nothing shows that there is."""
        shown = self.state.before if isinstance(self.state, Interrupted) else self.state
        return Quality.POOR if isinstance(shown, Lost | Unproven) else self.counts.quality
