"""`update(phone, message) -> (phone, effects)`: the whole phone, pure. Never raises for any message."""

from __future__ import annotations

from typing import Never

from embed_app.core import (
    call_reports,
    call_wishes,
    dialing,
    folding,
    keep_alive,
    lease,
    line,
    media,
    memory,
    registration,
    resume,
    sounds,
    tokens,
    transfers,
    two_calls,
)
from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.call import end_call, release_line
from embed_app.core.line_messages import (
    LeaseAnswered,
    LeaseFailed,
    LineFollowed,
    LineGranted,
    PageFrozen,
    PageLeft,
)
from embed_app.core.model import Call, CallState, Direction, LinkState, Phone, Sound
from embed_app.core.release_cause import Reason
from embed_app.core.screens import Fold
from embed_app.core.sound_choices import Trial
from embed_app.core.sound_messages import SoundMessage
from embed_app.core.turn import Turn


def update(phone: Phone, message: msg.Message) -> tuple[Phone, tuple[do.Effect, ...]]:
    """One step. `phone.notices` and ended calls of the step before are gone in the result."""
    turn = Turn(phone, message.at, message.chance)
    _route(turn, message)
    if turn.link.state is LinkState.REGISTERED and phone.link.state is not LinkState.REGISTERED:
        for call in turn.phone.live_calls:
            if call.state is CallState.QUEUED:
                dialing.send_invite(turn, call)
        memory.back_again(turn)
    resume.follow(turn)
    transfers.settle(turn)
    two_calls.settle(turn)
    line.settle(turn)
    lease.settle(turn)
    sounds.settle(turn, phone)
    memory.settle(turn)
    folding.settle(turn, phone, message)
    sound = sound_of(turn.phone)
    if sound is not sound_of(phone):
        turn.emit(do.PlaySound(sound))
    sounds.announce(turn, phone)
    return turn.phone, tuple(turn.effects)


def sound_of(phone: Phone) -> Sound:
    """What should be heard besides the call itself."""
    call = sounding_call(phone)
    if call is None:
        return Sound.RING if phone.sounds.trial is Trial.RING else Sound.NONE
    if call.direction is Direction.OUTBOUND:
        return Sound.RINGBACK
    others = (CallState.ANSWERING, CallState.ANSWERED, CallState.RESUMING)
    if not any(other.state in others for other in phone.live_calls):
        return Sound.RING
    return Sound.WAITING if phone.sounds.wanted.waiting_beep else Sound.NONE


def sounding_call(phone: Phone) -> Call | None:
    """The call that rings, here or there, and is to be heard."""
    ringing = (call for call in phone.live_calls if call.state is CallState.RINGING)
    return next((call for call in ringing if not call.silenced), None)


def _route(turn: Turn, message: msg.Message) -> None:
    match message:
        case msg.CallReport():
            if isinstance(message, msg.Referred):
                dialing.referred(turn, message)
            else:
                call_reports.report(turn, message)
        case msg.CallWish():
            call_wishes.wish(turn, message)
        case msg.DialRequested():
            dialing.dial(turn, message)
        case msg.InviteReceived():
            dialing.invite_received(turn, message)
        case msg.Started():
            registration.started(turn, message)
            resume.started(turn, message)
        case msg.RecordFound():
            resume.started(turn, message)
        case msg.ConnectRequested():
            registration.connect(turn)
        case msg.DisconnectRequested():
            registration.disconnect(turn)
        case msg.TakeOverRequested():
            lease.take_over(turn)
        case msg.TokenOffered():
            tokens.token_offered(turn, message)
        case msg.ConfigReceived():
            tokens.config_received(turn, message)
        case msg.ConfigFailed():
            tokens.config_failed(turn, message)
        case msg.DoNotDisturbChosen():
            memory.choose_do_not_disturb(turn, message)
        case msg.HistoryRequested():
            memory.retry(turn)
        case msg.HistoryReceived():
            memory.received(turn, message)
        case msg.HistoryFailed():
            memory.failed(turn, message)
        case msg.Remembered():
            memory.remembered(turn, message)
        case msg.RememberFailed():
            memory.remember_failed(turn, message)
        case LineGranted():
            line.granted(turn, message)
        case LineFollowed():
            line.followed(turn, message)
            sounds.shown_elsewhere(turn, is_open=message.devices_open)
        case LeaseAnswered():
            lease.answered(turn, message)
        case LeaseFailed():
            lease.failed(turn, message)
        case PageLeft():
            resume.page_left(turn)
            lease.page_left(turn, message)
            memory.page_left(turn)
        case PageFrozen():
            line.frozen(turn)
        case msg.TransportUp():
            registration.transport_up(turn)
        case msg.TransportDown():
            registration.transport_down(turn, message)
        case msg.RegisterAccepted():
            registration.register_accepted(turn)
        case msg.RegisterFailed():
            registration.register_failed(turn, message)
        case msg.Unregistered():
            if turn.link.state is LinkState.LEAVING:
                registration.leave(turn)
            lease.unregistered(turn)
        case msg.Pong():
            keep_alive.pong(turn, message)
            media.line_lives(turn)
        case msg.WentOnline():
            _went_online(turn)
        case msg.WentOffline():
            turn.change_link(offline=True)
        case msg.WokeUp():
            _woke_up(turn)
        case msg.DevicesChanged():
            media.devices_changed(turn)
            sounds.devices_changed(turn)
        case msg.VisibilityChanged(hidden=hidden):
            turn.change(hidden=hidden)
        case SoundMessage():
            sounds.hear(turn, message)
        case msg.PanelChosen():
            if turn.phone.live_calls:
                turn.change(panel=message.panel)
        case msg.PageChosen():
            before = turn.phone.page
            turn.change(page=message.page)
            memory.page_chosen(turn, before)
            folding.keep_open(turn)
        case msg.FoldChosen():
            turn.change(fold=Fold.FOLDED if message.folded else Fold.OPEN)
        case msg.WidthChanged():
            turn.change(wide=message.wide)
        case msg.AudioUnlockRequested():
            turn.emit(do.UnlockAudio())
        case msg.ParentMistake():
            turn.problem(message.code, **({"field": ", ".join(message.fields)} if message.fields else {}))
        case msg.TimerFired():
            if turn.phone.timers.get(message.name) == message.generation:
                late = turn.at - turn.phone.due.get(message.name, turn.at)
                _timer_fired(turn, message.name, late)
        case _:
            _unreachable(message)


def _unreachable(message: msg.Message) -> Never:
    raise TypeError(f"no rule for {type(message).__name__}")


def _went_online(turn: Turn) -> None:
    if turn.link.offline:
        turn.change_link(offline=False)
        media.network_changed(turn)
    registration.retry(turn)
    memory.retry(turn)
    keep_alive.ping(turn)


def _woke_up(turn: Turn) -> None:
    """Do what a sleeping machine has missed, then see whether the line still lives."""
    overdue = sorted((at, name) for name, at in turn.phone.due.items() if at <= turn.at)
    for at, name in overdue:
        if turn.phone.due.get(name) == at:  # none of those before has changed it
            turn.stop_timers(name)
            _timer_fired(turn, name, turn.at - at)
    registration.retry(turn)
    keep_alive.ping(turn)


def _timer_fired(turn: Turn, name: str, late: float) -> None:
    kind, _, uuid = name.partition(":")
    turn.forget_timers(name)
    match kind:
        case "reconnect":
            registration.retry(turn)
        case "ping":
            if late >= keep_alive.LATE:
                _woke_up(turn)
            keep_alive.ping(turn)
        case "pong":
            keep_alive.no_pong(turn, late=late)
        case "token":
            tokens.token_runs_out(turn)
        case "credentials":
            tokens.credentials_run_out(turn)
        case "lease":
            lease.renew(turn)
        case "history":
            memory.load(turn)
        case "leave":
            registration.leave(turn)
        case "ended":
            turn.change(last_ended=None)
        case "banner":
            turn.change(banner="")
        case "replaced":
            sounds.replaced_was_shown(turn)
        case "trial":
            sounds.tried_out(turn)
    call = turn.phone.call(uuid) if uuid else None
    if call is None:
        return
    match kind:
        case "queue":
            end_call(turn, call, Reason.UNAVAILABLE)
        case "invite":
            release_line(turn, call)
            end_call(turn, call, Reason.NO_ANSWER)
        case "ring":
            release_line(turn, call, reject_status=480)
            end_call(turn, call, Reason.NO_ANSWER)
        case "again":
            line.never_rang_again(turn, call)
        case "transfer":
            transfers.ran_out(turn, call)
        case "resume_limit":
            resume.ran_out(turn, call)
        case "hold":
            call_reports.hold_again(turn, call)
        case "sample":
            media.sample(turn, call)
        case "silence":
            media.silent(turn, call)
        case "ice":
            media.mend(turn, call)
        case "lost":
            media.give_up(turn, call)
