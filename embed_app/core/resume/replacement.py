"""Taking an answered call back with INVITE and Replaces (RFC 3891), and the same done by the far end.

RESUMING --- WebSocket up: SendReplacement to one target after the other --- 200 ---> ANSWERED
    |     480 and its like, or no sign of life for 8 s: once more
    |     the WebSocket drops: once more when it is back
    |     420, it knows no Replaces: from now on by re-INVITE in the old dialog (RFC 3261 section 14)
    |
    +--> ENDED signaling_lost: 481, 403 …, or nothing worked for GIVE_UP_AFTER
"""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call import voice
from embed_app.core.call.dial_plan import refusing_rule
from embed_app.core.call.dial_string import clean_caller
from embed_app.core.call.dialog import number_of, replacement_targets
from embed_app.core.call.effects import SetHold
from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.machine import CallEvent
from embed_app.core.call.messages import CallAccepted, CallProgress, DialogKnown
from embed_app.core.call.permission import rules_of
from embed_app.core.call.values import Call, CallState, Dialog, Reason
from embed_app.core.link.values import Transport
from embed_app.core.media.machine import connection_replaced
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import SendReplacement
from embed_app.core.resume.mark import marked, trusted
from embed_app.core.resume.messages import ReplacementFailed
from embed_app.core.step import Step
from embed_app.core.text import clean_name
from embed_app.core.timers import Timer, TimerKind

TRY_FOR = 8.0
"""Seconds for a sign of life. Long: a try that is given up while its 200 is on the way costs the call."""
TRY_AGAIN_AFTER = 0.5
GIVE_UP_AFTER = 25.0
_GONE = 481
_NO_REPLACES = 420
_NOT_YET = frozenset({0, 404, 408, 410, 480, 491, 500, 502, 503, 504})
"""The far end's own connection may be on its way back, or this was the wrong one of its addresses."""


def follow(step: Step, _before: Phone, _message: Message) -> None:
    """After every step: a call that waits for the WebSocket is tried once it is up."""
    _vet_dialogs(step)
    up = step.link.transport is Transport.UP
    for call in step.phone.live_calls:
        if call.state is not CallState.RESUMING:
            continue
        if not up:
            step.stop_timers(Timer(TimerKind.RESUME_TRY, call.uuid))  # over the next one it is tried at once
        elif not step.runs(TimerKind.RESUME_TRY, call):
            _try(step, call)


def _try(step: Step, call: Call) -> None:
    """The timer runs for as long as no other try may be made."""
    if call.dialog is None:
        raise TypeError("a call is resumed from its dialog")
    dialog = call.dialog
    targets = _targets(step, dialog)
    in_dialog = call.resume_in_dialog or not targets
    target = dialog.remote_target if in_dialog else targets[call.resume_tries % len(targets)]
    tries = call.resume_tries + 1
    step.put(replace(call, resume_tries=tries, resume_in_dialog=in_dialog))
    held = voice.held_for_another(call)
    step.emit(SendReplacement(call.uuid, target, dialog, call.muted, held, in_dialog))
    step.start_timer(Timer(TimerKind.RESUME_TRY, call.uuid), TRY_FOR)


def _vet_dialogs(step: Step) -> None:
    """As soon as it is known who we are at the PBX: before anything is sent to where a dialog leads."""
    config = step.link.config
    if config is None:
        return
    for call in step.phone.live_calls:
        if call.state is not CallState.RESUMING or call.dialog is None:
            continue
        dialog = trusted(call.dialog, config)
        if dialog is None:
            end_call(step, replace(call, dialog=None), CallEvent.NOT_RESUMED, Reason.SIGNALING_LOST)
        elif dialog != call.dialog:
            step.put(replace(call, dialog=dialog))


def _targets(step: Step, dialog: Dialog) -> tuple[str, ...]:
    """Those the account's rules let us call. A PBX that does not know Replaces must not be made to dial a
    number that they deny: such a call is taken back in its old dialog, which reaches nobody else."""
    rules = rules_of(step.phone)
    targets = replacement_targets(dialog)
    return tuple(uri for uri in targets if refusing_rule(rules, number_of(uri), by_hand=True) is None)


def far_end_rings(step: Step, call: Call, message: CallProgress) -> None:
    """180: it is at work and will answer."""
    if call.state is CallState.RESUMING and message.status > 100:
        step.start_timer(Timer(TimerKind.RESUME_TRY, call.uuid), GIVE_UP_AFTER)


def failed(step: Step, call: Call, message: ReplacementFailed) -> None:
    """RFC 3891 section 3: 481 says that there is no such dialog, 420 that Replaces is not known."""
    status = message.status
    if call.state is not CallState.RESUMING or call.dialog is None:
        return
    if status == _NO_REPLACES and not call.resume_in_dialog:
        step.put(replace(call, resume_in_dialog=True))
        step.stop_timers(Timer(TimerKind.RESUME_TRY, call.uuid))  # at once
        return
    # A proxy may refuse an address it does not know (403, 404); the far end itself knows best (481).
    untried = not call.resume_in_dialog and call.resume_tries < len(_targets(step, call.dialog))
    another = untried and status != _GONE
    if status in _NOT_YET or another:
        step.start_timer(Timer(TimerKind.RESUME_TRY, call.uuid), TRY_AGAIN_AFTER)
    else:
        end_call(step, call, CallEvent.NOT_RESUMED, Reason.SIGNALING_LOST)


def succeeded(step: Step, call: Call, _message: CallAccepted) -> None:
    """The call is ANSWERED again. A call that was never resumed has none of this."""
    limit = Timer(TimerKind.RESUME_LIMIT, call.uuid)
    if call.state is CallState.ANSWERED and limit in step.phone.timers:
        step.stop_timers(Timer(TimerKind.RESUME_TRY, call.uuid), limit)
        step.put(replace(call, resume_tries=0, resume_in_dialog=False))


def ran_out(step: Step, call: Call) -> None:
    release_signalling(step, call)
    end_call(step, call, CallEvent.TIMED_OUT, Reason.SIGNALING_LOST)


def try_may_be_repeated(_step: Step, _call: Call) -> None:
    """The timer of a try fired: `follow` makes the next one in this very step."""


def dialog_known(step: Step, call: Call, message: DialogKnown) -> None:
    """With another Call-ID: the far end's page took its call back, or our peer has given us to another party
    that took its place. Offers that were under way are void."""
    if call.state is not CallState.ANSWERED:
        return
    before = call.dialog
    call = replace(call, dialog=marked(message.dialog, step.link.config))
    if before is not None and before.sip_call_id != message.dialog.sip_call_id:
        if before.remote_uri != message.dialog.remote_uri:
            call = replace(
                call,
                number=clean_caller(message.number),
                display_name=clean_name(message.display_name),
                colleague=False,
            )
        if call.hold_wanted is not None and call.hold_wanted is not call.held:
            step.emit(SetHold(call.uuid, call.hold_wanted))
        else:
            call = replace(call, hold_wanted=None)
        call = replace(call, glares=0, media=connection_replaced(call.media))
        step.stop_timers(Timer(TimerKind.HOLD_RETRY, call.uuid))
    step.put(call)
