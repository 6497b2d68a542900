"""How the sound of a call is judged from its counters (W3C webrtc-stats). Pure functions, no policy."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.media.values import Counts, MediaWatch, Microphone, NoSound, Quality, Sample

POOR_LOSS = 0.10
GOOD_LOSS = 0.05
"""Fractions of packets lost: poor from the first on, good again below the second."""
JUDGED_OVER = 5
JUDGED_FROM = 50
"""Samples (one a second) and packets a judgement needs: a single bad second is no bad line."""


def growth(now: int, before: int) -> int:
    """How much a counter grew. A new stream (an ICE restart may bring one) counts from zero again."""
    return now - before if now >= before else now


def with_last_report(counts: Counts, sample: Sample) -> Sample:
    """`sample` with the last report there was. A new stream has none, and the far end is no other one for it:
    two ICE restarts that cross leave one of the two with a new stream."""
    before = counts.sample or Sample()
    return replace(sample, reported_at=max(sample.reported_at, before.reported_at))


def counted(watch: MediaWatch, sample: Sample, *, due: bool, since: float) -> Counts:
    """The counts with this sample. `due`: the far end should send; `since`: the last sample was no later."""
    counts = watch.counts
    received = _received(counts, sample)
    silent_samples = counts.silent_samples + 1 if due and not received else 0
    keep_report = counts.report_before is not None and (
        isinstance(watch.state, NoSound) or silent_samples > 1
    )
    quality, losses = judge(counts, sample)
    return replace(
        counts,
        sample=sample,
        quality=quality,
        losses=losses,
        ever_received=counts.ever_received or received,
        last_packet_at=since if received or not due else counts.last_packet_at,
        silent_samples=silent_samples,
        report_in_silence=sample.reported_at if silent_samples else counts.report_in_silence,
        report_before=counts.report_before if keep_report else sample.reported_at,
    )


def both_ways(watch: MediaWatch, sample: Sample) -> bool:
    """Whether the sample after `watch` shows sound at both ends, as far as each may send. That packets leave
    here says little: a far end that reports on them must have done so again."""
    counts = watch.counts
    if counts.report_before is None:
        return False
    old_reports = (counts.report_before, counts.report_in_silence)
    reported = counts.report_before == 0 or sample.reported_at not in old_reports
    sent = growth(sample.packets_sent, (counts.sample or Sample()).packets_sent) > 0
    return (_received(counts, sample) or not sample.receives) and (
        (sent and reported) or watch.microphone is Microphone.LOST or not sample.sends
    )


def _received(counts: Counts, sample: Sample) -> bool:
    return growth(sample.packets_received, (counts.sample or Sample()).packets_received) > 0


def judge(counts: Counts, sample: Sample) -> tuple[Quality, tuple[tuple[int, int], ...]]:
    """The quality with this sample, and the losses it was judged by: of both directions the worse."""
    before = counts.sample or Sample()
    # Packets that come late are taken back from the count of lost ones.
    lost = max(0, sample.packets_lost - before.packets_lost)
    newest = (growth(sample.packets_received, before.packets_received), lost)
    losses = (*counts.losses, newest)[-JUDGED_OVER:]
    received, missing = (sum(column) for column in zip(*losses, strict=True))
    if len(losses) < JUDGED_OVER or received + missing < JUDGED_FROM:
        return counts.quality, losses
    loss = max(missing / (received + missing), sample.loss_sent)
    if loss >= POOR_LOSS:
        return Quality.POOR, losses
    return (Quality.GOOD if loss < GOOD_LOSS else counts.quality), losses
