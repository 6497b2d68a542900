"""Effects, carried out: each is one call of one port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from embed_app.core.call.effects import (
    AcceptInvite,
    AcceptRefer,
    CallEffect,
    CancelInvite,
    HoldMicrophone,
    RejectInvite,
    RejectRefer,
    SendAttendedRefer,
    SendBye,
    SendDtmf,
    SendInvite,
    SendRefer,
    SetAside,
    SetHold,
    SetMute,
)
from embed_app.core.effect import Effect
from embed_app.core.history.effects import LoadHistory, SaveHistory
from embed_app.core.link.challenges import answer_rules
from embed_app.core.link.effects import (
    CheckAccess,
    CloseTransport,
    Configure,
    FetchConfig,
    HoldLease,
    OpenTransport,
    Ping,
    Register,
    ReleaseOwnership,
    RequestOwnership,
    Unregister,
)
from embed_app.core.link.messages import ConfigAnswer
from embed_app.core.media.effects import AwaitRelay, ReopenMicrophone, RestartIce, SampleMedia
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import (
    AcceptTakeover,
    CancelReplacement,
    ExpectInvite,
    FindRecord,
    KeepEvents,
    PassOn,
    RefuseTakeover,
    SendFarewell,
    SendReplacement,
)
from embed_app.core.sound.effects import (
    AnnounceCaller,
    AskForNotifications,
    KeepPreferences,
    ListDevices,
    PlaySound,
    RunTrial,
    TuneRinger,
    UnlockAudio,
    UseDevices,
)
from embed_app.core.timers import StartTimer, StopTimer, Timer, TimerFired
from embed_app.shell.ports import Dispatch, Ports
from embed_app.tabs.coordinator import Coordinator


class Performer:
    def __init__(self, outside: Ports, tabs: Coordinator, dispatch: Dispatch) -> None:
        """`dispatch` gets what comes of it."""
        self._outside = outside
        self._tabs = tabs
        self._dispatch = dispatch

    def perform(self, effect: Effect, phone: Phone) -> None:
        """`phone`: as it is after the step that asked for this."""
        user_agent = self._outside.user_agent
        match effect:
            case FetchConfig(token):
                link_token = phone.link.token
                expires_at = link_token.expires_at if link_token else 0.0
                self._outside.backend.fetch_config(token, expires_at, self._answer_to(token))
            case StartTimer(timer, delay, generation):
                self._outside.clock.start(str(timer), delay, self._timer(timer, generation))
            case StopTimer(timer):
                self._outside.clock.stop(str(timer))
            case PlaySound(sound):
                self._outside.ringer.play(sound)
            case TuneRinger(ringtone, volume, ringer, speaker):
                self._outside.ringer.tune(ringtone, volume, ringer, speaker)
            case AnnounceCaller(uuid, number, name, notify, vibrate) if uuid:
                self._outside.announcer.announce(uuid, number, name, notify=notify, vibrate=vibrate)
            case AnnounceCaller():
                self._outside.announcer.fall_silent()
            case UnlockAudio():
                user_agent.play()
            case Configure(config):
                user_agent.configure(config, answer_rules(phone.link))
            case OpenTransport(url):
                user_agent.connect(url)
            case CloseTransport():
                user_agent.disconnect()
            case Ping(by_options):
                user_agent.ping(by_options=by_options)
            case Register():
                user_agent.register()
            case Unregister():
                user_agent.unregister()
            case FindRecord(token):
                self._outside.records.find(token, self._dispatch)
            case KeepEvents():
                self._outside.parent_window.hold_back()
            case HoldLease():
                self._outside.backend.hold_lease(effect, self._dispatch)
            case CheckAccess(ticket):
                self._outside.backend.check_access(ticket, self._dispatch)
            case LoadHistory(ticket):
                self._outside.backend.load_history(ticket, self._dispatch)
            case SaveHistory():
                self._outside.backend.remember(effect, self._dispatch)
            case RequestOwnership(name):
                self._tabs.request_ownership(name)
            case ReleaseOwnership():
                self._tabs.release_ownership()
            case AwaitRelay(on):
                user_agent.await_relay(on=on)
            case SendFarewell(dialog):
                user_agent.farewell(dialog)
            case CallEffect():
                self._perform_call(effect)
            case _:
                self._perform_devices(effect)

    def _perform_devices(self, effect: Effect) -> None:
        devices = self._outside.devices
        match effect:
            case UseDevices(microphone, speaker):
                self._outside.user_agent.use_devices(microphone, speaker)
            case ListDevices():
                devices.look()
            case KeepPreferences(preferences):
                devices.keep(preferences)
            case AskForNotifications():
                devices.ask_for_notifications()
            case RunTrial(trial, microphone, speaker):
                devices.run(trial, microphone, speaker)
            case _:
                raise TypeError(type(effect).__name__)

    def _perform_call(self, effect: CallEffect) -> None:
        user_agent, uuid = self._outside.user_agent, effect.call_uuid
        match effect:
            case SendInvite(_, number, headers):
                user_agent.invite(uuid, number, headers)
            case PassOn(_, call):
                self._tabs.pass_on(call)
            case ExpectInvite(_, sip_call_id):
                user_agent.expect(uuid, sip_call_id)
            case AcceptInvite():
                user_agent.accept(uuid)
            case RejectInvite(_, status):
                user_agent.reject(uuid, status)
            case CancelInvite():
                user_agent.cancel(uuid)
            case SendReplacement(_, target, dialog, muted, held, in_dialog):
                user_agent.replace(uuid, target, dialog, muted=muted, held=held, in_dialog=in_dialog)
            case AcceptTakeover():
                user_agent.accept_takeover(uuid)
            case RefuseTakeover(_, status):
                user_agent.refuse_takeover(uuid, status)
            case CancelReplacement():
                user_agent.cancel_replacement(uuid)
            case SendBye():
                user_agent.bye(uuid)
            case SetHold(_, held):
                user_agent.hold(uuid, held)
            case HoldMicrophone(_, on):
                user_agent.hold_microphone(uuid, on)
            case SetAside(_, aside):
                user_agent.set_aside(uuid, aside)
            case SetMute(_, muted):
                user_agent.mute(uuid, muted)
            case RestartIce():
                user_agent.restart_ice(uuid)
            case SampleMedia():
                user_agent.sample_media(uuid)
            case ReopenMicrophone():
                user_agent.reopen_microphone(uuid)
            case SendDtmf(_, digits):
                user_agent.send_dtmf(uuid, digits)
            case SendRefer(_, number):
                user_agent.refer(uuid, number)
            case SendAttendedRefer(_, target, dialog, name):
                user_agent.refer_to_call(uuid, target, dialog, name)
            case AcceptRefer(_, new_call_uuid, number, headers):
                user_agent.accept_refer(uuid, new_call_uuid, number, headers)
            case RejectRefer(_, new_call_uuid, status):
                user_agent.reject_refer(uuid, new_call_uuid, status)
            case _:
                raise TypeError(type(effect).__name__)

    def _answer_to(self, token: str) -> Callable[[Message], None]:
        """The server's answer says which token it is for: meanwhile the parent may have sent another."""

        def dispatch(message: Message) -> None:
            if isinstance(message, ConfigAnswer):
                message = replace(message, token=token)
            self._dispatch(message)

        return dispatch

    def _timer(self, timer: Timer, generation: int) -> Callable[[], None]:
        return lambda: self._dispatch(TimerFired(timer=timer, generation=generation))
