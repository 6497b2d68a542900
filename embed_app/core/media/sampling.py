"""The packets of each answered call are counted once a second (W3C webrtc-stats): a connection may say
"connected" and bring none.

Packets that stop for 5 s although the connection lives mean that the path died in one direction, or that the
far end has nothing to send. Another path is looked for once, and then the call is kept as a poor one. The far
end's RTCP reports tell the two apart, where it sends any (RFC 3550 section 6.4: reports are about senders
that were heard of late).
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.messages import CallAccepted
from embed_app.core.call.values import Call, CallState
from embed_app.core.media import ice_restart, loss
from embed_app.core.media.effects import SampleMedia
from embed_app.core.media.judge import both_ways, counted, with_last_report
from embed_app.core.media.machine import RestartEvent, SoundEvent, move, move_restart
from embed_app.core.media.messages import MediaSampled
from embed_app.core.media.values import Flowing, NoSound, Silence, Unproven
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

SAMPLE_EVERY = 1.0
"""Seconds."""
SAMPLE_WITHIN = 5.0
"""Seconds after which a sample that was not answered is asked for again."""
STOPPED_AFTER = 5
"""Samples without a packet that are a loss though connected. Samples: a page that slept has not listened."""
NO_AUDIO_AFTER = 8.0
"""Seconds after the answer."""


def watch(step: Step, call: Call, _message: CallAccepted) -> None:
    """From the answer on, and again from when the call was taken back. After `reports`, which moves it."""
    if call.state is not CallState.ANSWERED or step.runs(TimerKind.SAMPLE, call):
        return
    counts = replace(call.media.counts, last_packet_at=step.at)
    call = move(step, call, SoundEvent.ANSWERED, counts=counts)
    step.start_timer(Timer(TimerKind.SAMPLE, call.uuid), SAMPLE_EVERY)
    step.start_timer(Timer(TimerKind.NO_AUDIO, call.uuid), NO_AUDIO_AFTER)
    if isinstance(call.media.state, NoSound):
        # Another tab had the call and had lost its sound; that tab's timer went with it.
        step.start_timer(Timer(TimerKind.MEDIA_LOST, call.uuid), loss.GIVE_UP_AFTER)
    if call.media.connection in ("disconnected", "failed"):
        loss.look_at_connection(step, call)


def ask_for_sample(step: Step, call: Call) -> None:
    """The timer SAMPLE fired."""
    step.emit(SampleMedia(call.uuid))
    step.start_timer(Timer(TimerKind.SAMPLE, call.uuid), SAMPLE_WITHIN)


def sampled(step: Step, call: Call, message: MediaSampled) -> None:
    if call.state is not CallState.ANSWERED:
        return
    before = call.media
    sample = with_last_report(before.counts, message.sample)
    due = sample.receives and not call.held
    counts = counted(before, sample, due=due, since=step.at - SAMPLE_EVERY)
    call = step.change_media(call, counts=counts)
    step.start_timer(Timer(TimerKind.SAMPLE, call.uuid), SAMPLE_EVERY)
    if due and not counts.silent_samples:
        step.stop_timers(Timer(TimerKind.NO_AUDIO, call.uuid))
        if step.phone.banner == "no_audio":
            step.change(banner="")
    if not before.connected:
        return
    no_sound = isinstance(before.state, NoSound)
    if (no_sound or isinstance(before.state, Unproven)) and both_ways(before, sample):
        loss.end_search(step, call, SoundEvent.PACKETS_SEEN)
    elif counts.silent_samples >= STOPPED_AFTER and (counts.ever_received or no_sound):
        _packets_stopped(step, call)


def _packets_stopped(step: Step, call: Call) -> None:
    """Though connected: the path has died one way, or the far end has nothing to send."""
    state = call.media.state
    expected = isinstance(state, Flowing | Unproven) and state.silence is Silence.EXPECTED
    if expected or call.media.counts.reports_go_on:
        loss.end_search(step, call, SoundEvent.SILENCE_ACCEPTED)
        return
    call = loss.sound_stopped(step, call)
    media = call.media
    if media.restart_tries == 0:
        call = loss.outage_lasted(step, call)
        ice_restart.send_if_possible(step, move_restart(step, call, RestartEvent.DEMANDED))
    elif not media.restart.is_under_way and not media.restart.is_owed:
        loss.end_search(step, call, SoundEvent.SEARCH_ENDED)


def nothing_came(step: Step, call: Call) -> None:
    """The timer NO_AUDIO fired: no packet since the call was answered. An IVR that says nothing yet is no
    fault of the network, so the call goes on as long as its connection does."""
    sample = call.media.counts.sample
    if call.held or (sample is not None and not sample.receives):
        step.start_timer(Timer(TimerKind.NO_AUDIO, call.uuid), NO_AUDIO_AFTER)
        return
    loss.tell_no_audio(step, call)
    if not call.media.connected:
        loss.outage_lasted(step, loss.sound_stopped(step, call))
