"""Effects, carried out: each is one call of one port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from embed_app.core.call.effects import (
    AcceptInvite,
    AcceptRefer,
    CallEffect,
    CancelInvite,
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
from embed_app.core.link.effects import (
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
from embed_app.core.media.effects import ReopenMicrophone, RestartIce, SampleMedia
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import (
    CancelReplacement,
    ExpectInvite,
    FindRecord,
    KeepEvents,
    PassOn,
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
from embed_app.tabs.sharing import Tabs


class Performer:
    def __init__(self, outside: Ports, tabs: Tabs, dispatch: Dispatch) -> None:
        """`dispatch` gets what comes of it."""
        self._outside = outside
        self._tabs = tabs
        self._dispatch = dispatch

    def perform(self, effect: Effect, phone: Phone) -> None:
        """`phone`: as it is after the step that asked for this."""
        agent = self._outside.user_agent
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
                agent.play()
            case Configure(config):
                agent.configure(config)
            case OpenTransport(url):
                agent.connect(url)
            case CloseTransport():
                agent.disconnect()
            case Ping(by_options):
                agent.ping(by_options=by_options)
            case Register():
                agent.register()
            case Unregister():
                agent.unregister()
            case FindRecord(token):
                self._outside.records.find(token, self._dispatch)
            case KeepEvents():
                self._outside.parent_window.keep()
            case HoldLease():
                self._outside.backend.hold_lease(effect, self._dispatch)
            case LoadHistory(ticket):
                self._outside.backend.load_history(ticket, self._dispatch)
            case SaveHistory():
                self._outside.backend.remember(effect, self._dispatch)
            case RequestOwnership(name):
                self._tabs.ask(name)
            case ReleaseOwnership():
                self._tabs.leave()
            case SendFarewell(dialog):
                agent.farewell(dialog)
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
        agent, uuid = self._outside.user_agent, effect.call_uuid
        match effect:
            case SendInvite(_, number, headers):
                agent.invite(uuid, number, headers)
            case PassOn(_, call):
                self._tabs.pass_on(call)
            case ExpectInvite(_, sip_call_id):
                agent.expect(uuid, sip_call_id)
            case AcceptInvite():
                agent.accept(uuid)
            case RejectInvite(_, status):
                agent.reject(uuid, status)
            case CancelInvite():
                agent.cancel(uuid)
            case SendReplacement(_, target, dialog, muted, held, in_dialog):
                agent.replace(uuid, target, dialog, muted=muted, held=held, in_dialog=in_dialog)
            case CancelReplacement():
                agent.cancel_replacement(uuid)
            case SendBye():
                agent.bye(uuid)
            case SetHold(_, held):
                agent.hold(uuid, held)
            case SetAside(_, aside):
                agent.set_aside(uuid, aside)
            case SetMute(_, muted):
                agent.mute(uuid, muted)
            case RestartIce():
                agent.restart_ice(uuid)
            case SampleMedia():
                agent.sample_media(uuid)
            case ReopenMicrophone():
                agent.reopen_microphone(uuid)
            case SendDtmf(_, digits):
                agent.send_dtmf(uuid, digits)
            case SendRefer(_, number):
                agent.refer(uuid, number)
            case SendAttendedRefer(_, target, dialog, name):
                agent.refer_to_call(uuid, target, dialog, name)
            case AcceptRefer(_, new_call_uuid):
                agent.accept_refer(uuid, new_call_uuid)
            case RejectRefer():
                agent.reject_refer(uuid)
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
