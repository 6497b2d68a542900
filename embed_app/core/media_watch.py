"""What is known about the sound of one call, and how it is judged. Pure values, no policy.

Counters are those of W3C webrtc-stats, summed over the call's audio streams.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

POOR_LOSS = 0.10
GOOD_LOSS = 0.05
"""Fractions of packets lost: poor from the first on, good again below the second."""
JUDGED_OVER = 5
JUDGED_FROM = 50
"""Samples (one a second) and packets a judgement needs: a single bad second is no bad line."""


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


def grown(now: int, before: int) -> int:
    """How much a counter grew. A new stream (an ICE restart may bring one) counts from zero again."""
    return now - before if now >= before else now


def newest(watch: MediaWatch, sample: Sample) -> Sample:
    """`sample` with the last report there was. A new stream has none, and the far end is no other one for it:
    two ICE restarts that cross leave one of the two with a new stream."""
    before = watch.sample or Sample()
    return replace(sample, reported_at=max(sample.reported_at, before.reported_at))


def begun_anew(watch: MediaWatch) -> MediaWatch:
    """For a connection to a far end that took the place of the one before: nothing is counted yet, and offers
    that were under way are void."""
    return replace(
        watch, sample=None, reported_at=0.0, silent_report=0.0, restarting=False, restart_owed=False
    )


def count(watch: MediaWatch, sample: Sample, *, due: bool, since: float) -> MediaWatch:
    """With this sample. `due`: the far end should send; `since`: the last sample was no later."""
    comes = _comes(watch, sample)
    quiet = watch.quiet + 1 if due and not comes else 0
    marked = watch.reported_at is not None and (watch.lost_at is not None or quiet > 1)
    quality, losses = judge(watch, sample)
    return replace(
        watch,
        sample=sample,
        quality=quality,
        losses=losses,
        heard=watch.heard or comes,
        heard_at=since if comes or not due else watch.heard_at,
        quiet=quiet,
        silent_report=sample.reported_at if quiet else watch.silent_report,
        reported_at=watch.reported_at if marked else sample.reported_at,
    )


def both_ways(watch: MediaWatch, sample: Sample) -> bool:
    """Whether the sample after `watch` shows sound at both ends, as far as each may send. That packets leave
    here says little: a far end that reports on them must have done so again."""
    if watch.reported_at is None:
        return False
    reported = watch.reported_at == 0 or sample.reported_at not in (watch.reported_at, watch.silent_report)
    goes = grown(sample.packets_sent, (watch.sample or Sample()).packets_sent) > 0
    return (_comes(watch, sample) or not sample.receives) and (
        (goes and reported) or watch.microphone_lost or not sample.sends
    )


def _comes(watch: MediaWatch, sample: Sample) -> bool:
    return grown(sample.packets_received, (watch.sample or Sample()).packets_received) > 0


def judge(watch: MediaWatch, sample: Sample) -> tuple[Quality, tuple[tuple[int, int], ...]]:
    """The quality with this sample, and the losses it was judged by: of both directions the worse."""
    before = watch.sample or Sample()
    # Packets that come late are taken back from the count of lost ones.
    lost = max(0, sample.packets_lost - before.packets_lost)
    newest = (grown(sample.packets_received, before.packets_received), lost)
    losses = (*watch.losses, newest)[-JUDGED_OVER:]
    received, missing = (sum(column) for column in zip(*losses, strict=True))
    if len(losses) < JUDGED_OVER or received + missing < JUDGED_FROM:
        return watch.quality, losses
    loss = max(missing / (received + missing), sample.loss_sent)
    if loss >= POOR_LOSS:
        return Quality.POOR, losses
    return (Quality.GOOD if loss < GOOD_LOSS else watch.quality), losses
