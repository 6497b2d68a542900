"""`update(phone, message) -> (phone, effects)`: the whole phone, pure. Never raises for any message."""

from __future__ import annotations

from typing import Never

from embed_app.core.call import dialling, reports, transfer, two_calls, wishes
from embed_app.core.call.ending import end_call, release_signalling
from embed_app.core.call.messages import (
    AudioUnlockRequested,
    CallReport,
    CallWish,
    DialRequested,
    InviteReceived,
    Referred,
)
from embed_app.core.call.values import CallState, Reason
from embed_app.core.effect import Effect
from embed_app.core.history import history
from embed_app.core.history.messages import (
    DoNotDisturbChosen,
    HistoryFailed,
    HistoryReceived,
    HistoryRequested,
    HistorySaved,
    HistorySaveFailed,
)
from embed_app.core.link import keep_alive, lease, ownership, registration, tokens
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    LeaseAnswered,
    LeaseFailed,
    OwnershipGranted,
    OwnerShown,
    PageFrozen,
    PageLeft,
    Pong,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TakeOverRequested,
    TokenOffered,
    TransportDown,
    TransportUp,
    Unregistered,
    WentOffline,
    WentOnline,
    WokeUp,
)
from embed_app.core.link.values import LinkState
from embed_app.core.media import repair
from embed_app.core.message import Message, ParentMistake
from embed_app.core.phone import Phone
from embed_app.core.resume import resume
from embed_app.core.resume.messages import RecordFound
from embed_app.core.screen import folding
from embed_app.core.screen.messages import (
    FoldChosen,
    PageChosen,
    PanelChosen,
    VisibilityChanged,
    WidthChanged,
)
from embed_app.core.screen.values import Fold
from embed_app.core.sound import devices
from embed_app.core.sound.effects import PlaySound, UnlockAudio
from embed_app.core.sound.messages import DevicesChanged, SoundMessage
from embed_app.core.sound.ringing import sound_of
from embed_app.core.step import Step
from embed_app.core.timers import TimerFired


def update(phone: Phone, message: Message) -> tuple[Phone, tuple[Effect, ...]]:
    """One step. `phone.notices` and ended calls of the step before are gone in the result."""
    step = Step(phone, message.at, message.chance)
    _route(step, message)
    if step.link.state is LinkState.REGISTERED and phone.link.state is not LinkState.REGISTERED:
        for call in step.phone.live_calls:
            if call.state is CallState.QUEUED:
                dialling.send_invite(step, call)
        history.back_again(step)
    resume.follow(step)
    transfer.settle(step)
    two_calls.settle(step)
    ownership.settle(step)
    lease.settle(step)
    devices.settle(step, phone)
    history.settle(step)
    folding.settle(step, phone, message)
    sound = sound_of(step.phone)
    if sound is not sound_of(phone):
        step.emit(PlaySound(sound))
    devices.announce(step, phone)
    return step.phone, tuple(step.effects)


def _route(step: Step, message: Message) -> None:
    match message:
        case CallReport():
            if isinstance(message, Referred):
                dialling.referred(step, message)
            else:
                reports.report(step, message)
        case CallWish():
            wishes.wish(step, message)
        case DialRequested():
            dialling.dial(step, message)
        case InviteReceived():
            dialling.invite_received(step, message)
        case Started():
            registration.started(step, message)
            resume.started(step, message)
        case RecordFound():
            resume.started(step, message)
        case ConnectRequested():
            registration.connect(step)
        case DisconnectRequested():
            registration.disconnect(step)
        case TakeOverRequested():
            lease.take_over(step)
        case TokenOffered():
            tokens.token_offered(step, message)
        case ConfigReceived():
            tokens.config_received(step, message)
        case ConfigFailed():
            tokens.config_failed(step, message)
        case DoNotDisturbChosen():
            history.choose_do_not_disturb(step, message)
        case HistoryRequested():
            history.retry(step)
        case HistoryReceived():
            history.received(step, message)
        case HistoryFailed():
            history.failed(step, message)
        case HistorySaved():
            history.remembered(step, message)
        case HistorySaveFailed():
            history.remember_failed(step, message)
        case OwnershipGranted():
            ownership.granted(step, message)
        case OwnerShown():
            ownership.followed(step, message)
            devices.shown_elsewhere(step, is_open=message.devices_open)
        case LeaseAnswered():
            lease.answered(step, message)
        case LeaseFailed():
            lease.failed(step, message)
        case PageLeft():
            resume.page_left(step)
            lease.page_left(step, message)
            history.page_left(step)
        case PageFrozen():
            ownership.frozen(step)
        case TransportUp():
            registration.transport_up(step)
        case TransportDown():
            registration.transport_down(step, message)
        case RegisterAccepted():
            registration.register_accepted(step)
        case RegisterFailed():
            registration.register_failed(step, message)
        case Unregistered():
            if step.link.state is LinkState.LEAVING:
                registration.leave(step)
            lease.unregistered(step)
        case Pong():
            keep_alive.pong(step, message)
            repair.line_lives(step)
        case WentOnline():
            _went_online(step)
        case WentOffline():
            step.change_link(offline=True)
        case WokeUp():
            _woke_up(step)
        case DevicesChanged():
            repair.devices_changed(step)
            devices.devices_changed(step)
        case VisibilityChanged(hidden=hidden):
            step.change(hidden=hidden)
        case SoundMessage():
            devices.hear(step, message)
        case PanelChosen():
            if step.phone.live_calls:
                step.change(panel=message.panel)
        case PageChosen():
            before = step.phone.page
            step.change(page=message.page)
            history.page_chosen(step, before)
            folding.keep_open(step)
        case FoldChosen():
            step.change(fold=Fold.FOLDED if message.folded else Fold.OPEN)
        case WidthChanged():
            step.change(wide=message.wide)
        case AudioUnlockRequested():
            step.emit(UnlockAudio())
        case ParentMistake():
            step.problem(message.code, **({"field": ", ".join(message.fields)} if message.fields else {}))
        case TimerFired():
            if step.phone.timers.get(message.name) == message.generation:
                late = step.at - step.phone.due.get(message.name, step.at)
                _timer_fired(step, message.name, late)
        case _:
            _unreachable(message)


def _unreachable(message: Message) -> Never:
    raise TypeError(f"no rule for {type(message).__name__}")


def _went_online(step: Step) -> None:
    if step.link.offline:
        step.change_link(offline=False)
        repair.network_changed(step)
    registration.retry(step)
    history.retry(step)
    keep_alive.ping(step)


def _woke_up(step: Step) -> None:
    """Do what a sleeping machine has missed, then see whether the line still lives."""
    overdue = sorted((at, name) for name, at in step.phone.due.items() if at <= step.at)
    for at, name in overdue:
        if step.phone.due.get(name) == at:  # none of those before has changed it
            step.stop_timers(name)
            _timer_fired(step, name, step.at - at)
    registration.retry(step)
    keep_alive.ping(step)


def _timer_fired(step: Step, name: str, late: float) -> None:
    kind, _, uuid = name.partition(":")
    step.forget_timers(name)
    match kind:
        case "reconnect":
            registration.retry(step)
        case "ping":
            if late >= keep_alive.LATE:
                _woke_up(step)
            keep_alive.ping(step)
        case "pong":
            keep_alive.no_pong(step, late=late)
        case "token":
            tokens.token_runs_out(step)
        case "credentials":
            tokens.credentials_run_out(step)
        case "lease":
            lease.renew(step)
        case "history":
            history.load(step)
        case "leave":
            registration.leave(step)
        case "ended":
            step.change(last_ended=None)
        case "banner":
            step.change(banner="")
        case "replaced":
            devices.replaced_was_shown(step)
        case "trial":
            devices.tried_out(step)
    call = step.phone.call(uuid) if uuid else None
    if call is None:
        return
    match kind:
        case "queue":
            end_call(step, call, Reason.UNAVAILABLE)
        case "invite":
            release_signalling(step, call)
            end_call(step, call, Reason.NO_ANSWER)
        case "ring":
            release_signalling(step, call, reject_status=480)
            end_call(step, call, Reason.NO_ANSWER)
        case "again":
            ownership.never_rang_again(step, call)
        case "transfer":
            transfer.ran_out(step, call)
        case "resume_limit":
            resume.ran_out(step, call)
        case "hold":
            reports.hold_again(step, call)
        case "sample":
            repair.sample(step, call)
        case "silence":
            repair.silent(step, call)
        case "ice":
            repair.mend(step, call)
        case "lost":
            repair.give_up(step, call)
