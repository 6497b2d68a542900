"""What SIP and the browser report about a call. A report about an ended or unknown call changes nothing.

Each function handles one kind of report; `call` is the call it is about, as it is now.
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.effects import SetHold, SetMute
from embed_app.core.call.ending import end_call
from embed_app.core.call.glare import RETRY_LATER, glare_wait
from embed_app.core.call.machine import CallEvent, may, moved
from embed_app.core.call.messages import (
    CallAccepted,
    CallEnded,
    CallNotTaken,
    CallProgress,
    DigitReceived,
    DtmfFailed,
    HoldChanged,
    HoldFailed,
    InviteSent,
    MicrophoneFailed,
    PlaybackBlocked,
    PlaybackStarted,
)
from embed_app.core.call.release_cause import release_cause
from embed_app.core.call.transfer import is_done_by_bye
from embed_app.core.call.values import Call, CallState, Direction, Reason
from embed_app.core.link.values import LinkState
from embed_app.core.media.values import Microphone
from embed_app.core.notices import AutoplayBlocked, DigitHeard
from embed_app.core.sound.values import microphone_code
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

SAME_DIGIT_WITHIN = 0.4
"""Seconds in which the same digit by the other way (INFO and RFC 4733) is the same key press."""
MOST_GLARES = 5
"""How often a hold is sent again because it crossed an offer of the peer."""


# ---- the way to the answer


def not_taken(step: Step, call: Call, _message: CallNotTaken) -> None:
    end_call(step, call, CallEvent.NOT_SENT, Reason.UNAVAILABLE)


def invite_sent(step: Step, call: Call, message: InviteSent) -> None:
    if call.direction is Direction.OUTBOUND and call.state is not CallState.RESUMING:
        step.put(replace(call, sip_call_id=message.sip_call_id))


def progress(step: Step, call: Call, message: CallProgress) -> None:
    """100 says only that the next hop has the INVITE (RFC 3261 section 21.1.1)."""
    ringing = moved(call, CallEvent.RANG)
    if ringing is not None and message.status > 100:
        step.put(ringing)


def accepted(step: Step, call: Call, _message: CallAccepted) -> None:
    """A call that is resumed was answered long ago, and keeps the time."""
    up = moved(call, CallEvent.CONNECTED)
    if up is None:
        return
    step.stop_timers(Timer(TimerKind.INVITING, call.uuid), Timer(TimerKind.RINGING, call.uuid))
    step.put(up if call.state is CallState.RESUMING else replace(up, answered_at=step.at))
    if call.in_place_of and step.phone.focus == call.in_place_of:
        step.change(focus=call.uuid)
    if call.muted or call.state is CallState.RESUMING:
        # While a call is taken back, something else may have been wished since the try began.
        step.emit(SetMute(call.uuid, call.muted))
    if call.hold_wanted is not None:
        step.emit(SetHold(call.uuid, call.hold_wanted))


def microphone_failed(step: Step, call: Call, message: MicrophoneFailed) -> None:
    """The user agent that could make no offer or answer cleans up on the wire; the end here is ours."""
    code = "mic_lost" if call.media.microphone is Microphone.LOST else microphone_code(message.name)
    step.problem(code, call_uuid=call.uuid, name=message.name)
    step.banner(code)
    if may(call, CallEvent.NO_MICROPHONE):
        end_call(step, call, CallEvent.NO_MICROPHONE, Reason.MIC_DENIED)


# ---- hold


def hold_changed(step: Step, call: Call, message: HoldChanged) -> None:
    if call.state is not CallState.ANSWERED:
        return
    held = message.held
    if call.held and not held and call.hold_wanted is None:
        return  # nobody has asked for it: no hold ends unasked
    other = call.hold_wanted is not None and call.hold_wanted is not held
    step.put(replace(call, held=held, hold_wanted=call.hold_wanted if other else None, glares=0))
    step.stop_timers(Timer(TimerKind.HOLD_RETRY, call.uuid))
    if other:
        step.emit(SetHold(call.uuid, not held))


def hold_failed(step: Step, call: Call, message: HoldFailed) -> None:
    retry = Timer(TimerKind.HOLD_RETRY, call.uuid)
    if message.status == RETRY_LATER and call.hold_wanted is not None and call.glares < MOST_GLARES:
        step.put(replace(call, glares=call.glares + 1))
        return step.start_timer(retry, glare_wait(call, step.chance))
    # Without a registration nobody has refused anything.
    refused = call.hold_wanted is True and step.link.state is LinkState.REGISTERED
    step.put(replace(call, hold_wanted=None, hold_refused=refused, glares=0))
    step.stop_timers(retry)
    return step.problem("hold_failed", call_uuid=call.uuid, status=message.status)


def hold_again(step: Step, call: Call) -> None:
    """The wait after a 491 is over; what was wanted may have changed meanwhile."""
    if call.hold_wanted is None:
        return
    if call.hold_wanted is call.held:
        step.put(replace(call, hold_wanted=None, glares=0))
    else:
        step.emit(SetHold(call.uuid, call.hold_wanted))


# ---- during the call


def playback_blocked(step: Step, call: Call, _message: PlaybackBlocked) -> None:
    if not call.audio_blocked:  # the ring and the voice may both be refused: told once
        step.put(replace(call, audio_blocked=True))
        step.notice(AutoplayBlocked(call_uuid=call.uuid))


def playback_started(step: Step, call: Call, _message: PlaybackStarted) -> None:
    step.put(replace(call, audio_blocked=False))


def digit_received(step: Step, call: Call, message: DigitReceived) -> None:
    if call.state is not CallState.ANSWERED:
        return
    last = call.last_digit
    if last and last[0] == message.digit and last[1] != message.via and step.at - last[2] < SAME_DIGIT_WITHIN:
        return
    step.put(replace(call, last_digit=(message.digit, message.via, step.at)))
    step.notice(DigitHeard(call_uuid=call.uuid, digit=message.digit))


def digits_failed(step: Step, call: Call, message: DtmfFailed) -> None:
    """Told without the digits, which may be a secret. A call that has ended by now needs none of them."""
    if call.state is CallState.ANSWERED:
        step.problem("dtmf_failed", call_uuid=call.uuid, status=message.status)


# ---- the end


def ended(step: Step, call: Call, message: CallEnded) -> None:
    """BYE, CANCEL, a final refusal or a failure (RFC 3261 sections 9, 13.2.2.3 and 15)."""
    if is_done_by_bye(call) and message.kind == "bye" and message.by_remote:
        return end_call(step, call, CallEvent.FAR_END_ENDED, Reason.TRANSFERRED)
    reason = release_cause(
        message.kind,
        message.status,
        message.reason,
        by_remote=message.by_remote,
        answered=call.state is CallState.ANSWERED,
    )
    call = replace(call, status=message.status)
    return end_call(step, call, CallEvent.FAR_END_ENDED, reason)
