"""`update(phone, message) -> (phone, effects)`: the whole phone, pure. Never raises for any message."""

from __future__ import annotations

from types import MappingProxyType
from typing import Never

from embed_app.core import call_reports, call_wishes, dialing, registration
from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.call import end_call, release_line
from embed_app.core.model import Call, CallState, Direction, LinkState, Phone, Sound
from embed_app.core.release_cause import Reason
from embed_app.core.turn import Turn


def update(phone: Phone, message: msg.Message) -> tuple[Phone, tuple[do.Effect, ...]]:
    """One step. `phone.notices` and ended calls of the step before are gone in the result."""
    turn = Turn(phone, message.at, message.chance)
    _route(turn, message)
    if turn.link.state is LinkState.REGISTERED and phone.link.state is not LinkState.REGISTERED:
        for call in turn.phone.live_calls:
            if call.state is CallState.QUEUED:
                dialing.send_invite(turn, call)
    sound = sound_of(turn.phone)
    if sound is not sound_of(phone):
        turn.emit(do.PlaySound(sound))
    return turn.phone, tuple(turn.effects)


def sound_of(phone: Phone) -> Sound:
    """What should be heard besides the call itself."""
    call = sounding_call(phone)
    if call is None:
        return Sound.NONE
    return Sound.RING if call.direction is Direction.INBOUND else Sound.RINGBACK


def sounding_call(phone: Phone) -> Call | None:
    """The call that rings, here or there."""
    return next((call for call in phone.live_calls if call.state is CallState.RINGING), None)


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
        case msg.ConnectRequested():
            registration.connect(turn)
        case msg.DisconnectRequested():
            registration.disconnect(turn)
        case msg.TokenOffered():
            registration.token_offered(turn, message)
        case msg.ConfigReceived():
            registration.config_received(turn, message)
        case msg.ConfigFailed():
            registration.config_failed(turn, message)
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
        case msg.WentOnline():
            registration.retry(turn)
        case msg.PanelChosen():
            if turn.phone.live_calls:
                turn.change(panel=message.panel)
        case msg.AudioUnlockRequested():
            turn.emit(do.UnlockAudio())
        case msg.ParentMistake():
            turn.problem(message.code, **({"field": ", ".join(message.fields)} if message.fields else {}))
        case msg.TimerFired():
            if turn.phone.timers.get(message.name) == message.generation:
                _timer_fired(turn, message.name)
        case _:
            _unreachable(message)


def _unreachable(message: msg.Message) -> Never:
    raise TypeError(f"no rule for {type(message).__name__}")


def _timer_fired(turn: Turn, name: str) -> None:
    kind, _, uuid = name.partition(":")
    left = {key: generation for key, generation in turn.phone.timers.items() if key != name}
    turn.change(timers=MappingProxyType(left))
    match kind:
        case "reconnect":
            registration.retry(turn)
        case "token":
            registration.token_runs_out(turn)
        case "credentials":
            registration.credentials_run_out(turn)
        case "leave":
            registration.leave(turn)
        case "ended":
            turn.change(last_ended=None)
        case "banner":
            turn.change(banner="")
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
        case "transfer":
            call_reports.transfer_failed(turn, call, 408)
