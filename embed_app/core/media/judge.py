"""How the sound of a call is judged from its counters (W3C webrtc-stats). Pure functions, no policy."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.media.values import MediaWatch, Quality, Sample

POOR_LOSS = 0.10
GOOD_LOSS = 0.05
"""Fractions of packets lost: poor from the first on, good again below the second."""
JUDGED_OVER = 5
JUDGED_FROM = 50
"""Samples (one a second) and packets a judgement needs: a single bad second is no bad line."""


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
