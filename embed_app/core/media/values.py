"""What is known about the sound of one call. Counters are those of W3C webrtc-stats, summed over the call's
audio streams.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaWatch:
    """`connection`: the last RTCPeerConnection.connectionState. Times are seconds since the epoch."""

    connection: str = ""
    sample: Sample | None = None
    heard: bool = False
    """Whether a packet ever came from the far end."""
    heard_at: float = 0.0
    """No later than the last packet that came, or the last second in which none was due."""
    quiet: int = 0
    """Samples in a row in which none came although they are due."""
    reported_at: float | None = None
    """`Sample.reported_at` before the silence that is now, or of the first sample after a loss; None until
    there was one. What is newer shows that the far end is there and hears us."""
    silent_report: float = 0.0
    """`Sample.reported_at` when nothing came, the last time: a report tells of the seconds before it."""
    lost_at: float | None = None
    """Since when there is no sound; None once packets were seen both ways, or are not waited for any more."""
    unproven: bool = False
    """The connection lives and the call goes on, but packets both ways were not seen since they stopped."""
    vain: bool = False
    """A restart brought no packets, so the next silence is no reason for another."""
    missed: bool = False
    """It has lasted long enough to be told: a peer's last packets before its BYE are no loss."""
    tries: int = 0
    """ICE restarts since then."""
    restarting: bool = False
    """A re-INVITE with an ICE restart is under way."""
    restart_owed: bool = False
    """The network changed under a call that may still be heard: restart as soon as the line is up."""
    quality: Quality = Quality.GOOD
    losses: tuple[tuple[int, int], ...] = ()
    """(received, lost) of each of the last seconds."""
    microphone_lost: bool = False

    @property
    def connected(self) -> bool:
        return self.connection == "connected"

    @property
    def reported(self) -> bool:
        """The far end's reports went on when its packets did not: they take the same way, so it is there."""
        return self.sample is not None and self.sample.reported_at > (self.reported_at or 0)

    @property
    def peer_is_gone(self) -> bool:
        """It closed its side of DTLS: no path will find it."""
        return self.connection == "peer_closed"
