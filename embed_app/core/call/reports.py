"""What SIP and the browser report about a call. A report about an ended or unknown call changes nothing."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import transfer
from embed_app.core.call.effects import SetHold, SetMute
from embed_app.core.call.ending import end_call
from embed_app.core.call.glare import RETRY_LATER, glare_wait
from embed_app.core.call.machine import next_state
from embed_app.core.call.messages import (
    CallAccepted,
    CallEnded,
    CallNotTaken,
    CallProgress,
    CallReport,
    DialogKnown,
    DigitReceived,
    HoldChanged,
    HoldFailed,
    InviteSent,
    MicrophoneFailed,
    PlaybackBlocked,
    PlaybackStarted,
    ReferAccepted,
    ReferFailed,
    ReferProgress,
)
from embed_app.core.call.release_cause import release_cause
from embed_app.core.call.values import Call, CallState, Direction, Reason, TransferState
from embed_app.core.link.values import LinkState
from embed_app.core.media import repair
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MediaSampled,
    MicrophoneEnded,
    MicrophoneReady,
)
from embed_app.core.notices import AutoplayBlocked, DigitHeard
from embed_app.core.resume import resume
from embed_app.core.resume.messages import ReplacementFailed
from embed_app.core.sound.values import microphone_code
from embed_app.core.step import Step

SAME_DIGIT_WITHIN = 0.4
"""Seconds in which the same digit by the other way (INFO and RFC 4733) is the same key press."""
MOST_GLARES = 5
"""How often a hold is sent again because it crossed an offer of the peer."""


def report(step: Step, message: CallReport) -> None:
    call = step.phone.call(message.call_uuid)
    if call is None:
        return
    match message:
        case CallNotTaken():
            if call.state is CallState.QUEUED:
                end_call(step, call, Reason.UNAVAILABLE)
        case InviteSent():
            if call.direction is Direction.OUTBOUND and call.state is not CallState.RESUMING:
                step.put(replace(call, sip_call_id=message.sip_call_id))
        case CallProgress(status=status) if call.state is CallState.RESUMING:
            if status > 100:
                resume.far_end_rings(step, call)
        case CallProgress():
            if next_state(call, message) is not None and message.status > 100:
                step.put(replace(call, state=CallState.RINGING))
        case CallAccepted():
            if next_state(call, message) is not None:
                _answered(step, call)
        case DialogKnown():
            resume.dialog_known(step, call, message)
        case ReplacementFailed():
            resume.replacement_failed(step, call, message.status)
        case CallEnded():
            if next_state(call, message) is not None:
                _ended(step, call, message)
        case MicrophoneFailed():
            _microphone_failed(step, call, message)
        case HoldChanged():
            if call.state is CallState.ANSWERED:
                _hold_changed(step, call, message.held)
        case HoldFailed():
            _hold_failed(step, call, message.status)
        case DigitReceived():
            _digit(step, call, message)
        case ReferAccepted():
            if call.transfer is TransferState.ASKED:
                step.put(replace(call, transfer=TransferState.TRYING))
        case ReferProgress():
            transfer.progress(step, call, message.status)
        case ReferFailed():
            transfer.failed(step, call, message.status)
        case PlaybackBlocked():
            if not call.audio_blocked:  # the ring and the voice may both be refused: told once
                step.put(replace(call, audio_blocked=True))
                step.notice(AutoplayBlocked(call_uuid=call.uuid))
        case PlaybackStarted():
            step.put(replace(call, audio_blocked=False))
        case _:
            _report_of_media(step, call, message)


def _report_of_media(step: Step, call: Call, message: CallReport) -> None:
    answered = call.state is CallState.ANSWERED
    match message:
        case MediaChanged():
            repair.changed(step, call, message.state)
        case MediaSampled():
            repair.sampled(step, call, message)
        case IceRestarted():
            if call.media.restarting:
                repair.restarted(step, call)
        case IceRestartFailed():
            if call.media.restarting:
                repair.restart_failed(step, call, message.status)
        case MicrophoneEnded():
            if answered:
                repair.microphone_ended(step, call)
        case MicrophoneReady():
            if answered:
                repair.microphone_ready(step, call)
        case _:
            raise TypeError(type(message).__name__)


def _answered(step: Step, call: Call) -> None:
    if call.state is CallState.RESUMING:
        return resume.resumed(step, call)
    step.stop_timers(f"invite:{call.uuid}", f"ring:{call.uuid}")
    call = replace(call, state=CallState.ANSWERED, answered_at=step.at)
    step.put(call)
    if call.in_place_of:
        step.change(focus=call.uuid)
    repair.watch(step, call)
    if call.muted:
        # There was no track to mute before the media was set up.
        step.emit(SetMute(call.uuid, True))


def _hold_changed(step: Step, call: Call, held: bool) -> None:
    other = call.hold_wanted is not None and call.hold_wanted is not held
    step.put(replace(call, held=held, hold_wanted=call.hold_wanted if other else None, glares=0))
    step.stop_timers(f"hold:{call.uuid}")
    if other:
        step.emit(SetHold(call.uuid, not held))


def _hold_failed(step: Step, call: Call, status: int) -> None:
    if status == RETRY_LATER and call.hold_wanted is not None and call.glares < MOST_GLARES:
        step.put(replace(call, glares=call.glares + 1))
        return step.start_timer(f"hold:{call.uuid}", glare_wait(call, step.chance))
    # Without a line nobody has refused anything.
    refused = call.hold_wanted is True and step.link.state is LinkState.REGISTERED
    step.put(replace(call, hold_wanted=None, hold_refused=refused, glares=0))
    step.stop_timers(f"hold:{call.uuid}")
    return step.problem("hold_failed", call_uuid=call.uuid, status=status)


def hold_again(step: Step, call: Call) -> None:
    """The wait after a 491 is over; what was wanted may have changed meanwhile."""
    if call.hold_wanted is None:
        return
    if call.hold_wanted is call.held:
        step.put(replace(call, hold_wanted=None, glares=0))
    else:
        step.emit(SetHold(call.uuid, call.hold_wanted))


def _ended(step: Step, call: Call, message: CallEnded) -> None:
    if transfer.is_done_by_bye(call) and message.kind == "bye" and message.by_remote:
        return end_call(step, call, Reason.TRANSFERRED)
    reason = release_cause(
        message.kind,
        message.status,
        message.reason,
        by_remote=message.by_remote,
        answered=call.state is CallState.ANSWERED,
    )
    call = replace(call, status=message.status)
    return end_call(step, call, reason)


def _microphone_failed(step: Step, call: Call, message: MicrophoneFailed) -> None:
    code = "mic_lost" if call.media.microphone_lost else microphone_code(message.name)
    step.problem(code, call_uuid=call.uuid, name=message.name)
    step.banner(code)
    if next_state(call, message) is not None:
        # The user agent could not make an offer or an answer: it cleans up the line, the end is ours.
        end_call(step, call, Reason.MIC_DENIED)


def _digit(step: Step, call: Call, message: DigitReceived) -> None:
    if call.state is not CallState.ANSWERED:
        return
    last = call.last_digit
    if last and last[0] == message.digit and last[1] != message.via and step.at - last[2] < SAME_DIGIT_WITHIN:
        return
    step.put(replace(call, last_digit=(message.digit, message.via, step.at)))
    step.notice(DigitHeard(call_uuid=call.uuid, digit=message.digit))
