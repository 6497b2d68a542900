"""What SIP and the browser report about a call. A report about an ended or unknown call changes nothing."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core import media, resume, transfers
from embed_app.core import messages as msg
from embed_app.core.call import end_call, next_state
from embed_app.core.model import (
    AutoplayBlocked,
    Call,
    CallState,
    DigitHeard,
    Direction,
    LinkState,
    TransferState,
)
from embed_app.core.release_cause import Reason, release_cause
from embed_app.core.sound_choices import microphone_code
from embed_app.core.turn import Turn

SAME_DIGIT_WITHIN = 0.4
"""Seconds in which the same digit by the other way (INFO and RFC 4733) is the same key press."""

MOST_GLARES = 5
"""How often a hold is sent again because it crossed an offer of the peer."""


def report(turn: Turn, message: msg.CallReport) -> None:
    call = turn.phone.call(message.call_uuid)
    if call is None:
        return
    match message:
        case msg.CallNotTaken():
            if call.state is CallState.QUEUED:
                end_call(turn, call, Reason.UNAVAILABLE)
        case msg.InviteSent():
            if call.direction is Direction.OUTBOUND and call.state is not CallState.RESUMING:
                turn.put(replace(call, sip_call_id=message.sip_call_id))
        case msg.CallProgress(status=status) if call.state is CallState.RESUMING:
            if status > 100:
                resume.far_end_rings(turn, call)
        case msg.CallProgress():
            if next_state(call, message) is not None and message.status > 100:
                turn.put(replace(call, state=CallState.RINGING))
        case msg.CallAccepted():
            if next_state(call, message) is not None:
                _answered(turn, call)
        case msg.DialogKnown():
            resume.dialog_known(turn, call, message)
        case msg.ReplacementFailed():
            resume.replacement_failed(turn, call, message.status)
        case msg.CallEnded():
            if next_state(call, message) is not None:
                _ended(turn, call, message)
        case msg.MicrophoneFailed():
            _microphone_failed(turn, call, message)
        case msg.HoldChanged():
            if call.state is CallState.ANSWERED:
                _hold_changed(turn, call, message.held)
        case msg.HoldFailed():
            _hold_failed(turn, call, message.status)
        case msg.DigitReceived():
            _digit(turn, call, message)
        case msg.ReferAccepted():
            if call.transfer is TransferState.ASKED:
                turn.put(replace(call, transfer=TransferState.TRYING))
        case msg.ReferProgress():
            transfers.progress(turn, call, message.status)
        case msg.ReferFailed():
            transfers.failed(turn, call, message.status)
        case msg.PlaybackBlocked():
            if not call.audio_blocked:  # the ring and the voice may both be refused: told once
                turn.put(replace(call, audio_blocked=True))
                turn.notice(AutoplayBlocked(call_uuid=call.uuid))
        case msg.PlaybackStarted():
            turn.put(replace(call, audio_blocked=False))
        case _:
            _report_of_media(turn, call, message)


def _report_of_media(turn: Turn, call: Call, message: msg.CallReport) -> None:
    answered = call.state is CallState.ANSWERED
    match message:
        case msg.MediaChanged():
            media.changed(turn, call, message.state)
        case msg.MediaSampled():
            media.sampled(turn, call, message)
        case msg.IceRestarted():
            if call.media.restarting:
                media.restarted(turn, call)
        case msg.IceRestartFailed():
            if call.media.restarting:
                media.restart_failed(turn, call, message.status)
        case msg.MicrophoneEnded():
            if answered:
                media.microphone_ended(turn, call)
        case msg.MicrophoneReady():
            if answered:
                media.microphone_ready(turn, call)
        case _:
            raise TypeError(type(message).__name__)


def _answered(turn: Turn, call: Call) -> None:
    if call.state is CallState.RESUMING:
        return resume.resumed(turn, call)
    turn.stop_timers(f"invite:{call.uuid}", f"ring:{call.uuid}")
    call = replace(call, state=CallState.ANSWERED, answered_at=turn.at)
    turn.put(call)
    if call.in_place_of:
        turn.change(focus=call.uuid)
    media.watch(turn, call)
    if call.muted:
        # There was no track to mute before the media was set up.
        turn.emit(do.SetMute(call.uuid, True))


def _hold_changed(turn: Turn, call: Call, held: bool) -> None:
    other = call.hold_wanted is not None and call.hold_wanted is not held
    turn.put(replace(call, held=held, hold_wanted=call.hold_wanted if other else None, glares=0))
    turn.stop_timers(f"hold:{call.uuid}")
    if other:
        turn.emit(do.SetHold(call.uuid, not held))


def _hold_failed(turn: Turn, call: Call, status: int) -> None:
    if status == media.RETRY_LATER and call.hold_wanted is not None and call.glares < MOST_GLARES:
        turn.put(replace(call, glares=call.glares + 1))
        return turn.start_timer(f"hold:{call.uuid}", media.glare_wait(call, turn.chance))
    # Without a line nobody has refused anything.
    refused = call.hold_wanted is True and turn.link.state is LinkState.REGISTERED
    turn.put(replace(call, hold_wanted=None, hold_refused=refused, glares=0))
    turn.stop_timers(f"hold:{call.uuid}")
    return turn.problem("hold_failed", call_uuid=call.uuid, status=status)


def hold_again(turn: Turn, call: Call) -> None:
    """The wait after a 491 is over; what was wanted may have changed meanwhile."""
    if call.hold_wanted is None:
        return
    if call.hold_wanted is call.held:
        turn.put(replace(call, hold_wanted=None, glares=0))
    else:
        turn.emit(do.SetHold(call.uuid, call.hold_wanted))


def _ended(turn: Turn, call: Call, message: msg.CallEnded) -> None:
    if transfers.is_done_by_bye(call) and message.kind == "bye" and message.by_remote:
        return end_call(turn, call, Reason.TRANSFERRED)
    reason = release_cause(
        message.kind,
        message.status,
        message.reason,
        by_remote=message.by_remote,
        answered=call.state is CallState.ANSWERED,
    )
    call = replace(call, status=message.status)
    return end_call(turn, call, reason)


def _microphone_failed(turn: Turn, call: Call, message: msg.MicrophoneFailed) -> None:
    code = "mic_lost" if call.media.microphone_lost else microphone_code(message.name)
    turn.problem(code, call_uuid=call.uuid, name=message.name)
    turn.banner(code)
    if next_state(call, message) is not None:
        # The user agent could not make an offer or an answer: it cleans up the line, the end is ours.
        end_call(turn, call, Reason.MIC_DENIED)


def _digit(turn: Turn, call: Call, message: msg.DigitReceived) -> None:
    if call.state is not CallState.ANSWERED:
        return
    last = call.last_digit
    if last and last[0] == message.digit and last[1] != message.via and turn.at - last[2] < SAME_DIGIT_WITHIN:
        return
    turn.put(replace(call, last_digit=(message.digit, message.via, turn.at)))
    turn.notice(DigitHeard(call_uuid=call.uuid, digit=message.digit))
