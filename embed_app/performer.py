"""Effects, carried out: each is one call of one port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from embed_app.core import effects as do
from embed_app.core.messages import ConfigAnswer, Message, TimerFired
from embed_app.core.model import Phone
from embed_app.ports import Dispatch, Ports
from embed_app.tabs import Tabs


class Performer:
    def __init__(self, outside: Ports, tabs: Tabs, dispatch: Dispatch) -> None:
        """`dispatch` gets what comes of it."""
        self._outside = outside
        self._tabs = tabs
        self._dispatch = dispatch

    def perform(self, effect: do.Effect, phone: Phone) -> None:
        """`phone`: as it is after the step that asked for this."""
        agent = self._outside.user_agent
        match effect:
            case do.FetchConfig(token):
                link_token = phone.link.token
                expires_at = link_token.expires_at if link_token else 0.0
                self._outside.backend.fetch_config(token, expires_at, self._answer_to(token))
            case do.StartTimer(name, delay, generation):
                self._outside.clock.start(name, delay, self._timer(name, generation))
            case do.StopTimer(name):
                self._outside.clock.stop(name)
            case do.PlaySound(sound):
                self._outside.ringer.play(sound)
            case do.TuneRinger(ringtone, volume, ringer, speaker):
                self._outside.ringer.tune(ringtone, volume, ringer, speaker)
            case do.AnnounceCaller(uuid, number, name, notify, vibrate) if uuid:
                self._outside.announcer.announce(uuid, number, name, notify=notify, vibrate=vibrate)
            case do.AnnounceCaller():
                self._outside.announcer.fall_silent()
            case do.UnlockAudio():
                agent.play()
            case do.Configure(config):
                agent.configure(config)
            case do.OpenTransport(url):
                agent.connect(url)
            case do.CloseTransport():
                agent.disconnect()
            case do.Ping(by_options):
                agent.ping(by_options=by_options)
            case do.Register():
                agent.register()
            case do.Unregister():
                agent.unregister()
            case do.FindRecord(token):
                self._outside.records.find(token, self._dispatch)
            case do.KeepEvents():
                self._outside.parent_window.keep()
            case do.HoldLease():
                self._outside.backend.hold_lease(effect, self._dispatch)
            case do.LoadHistory(ticket):
                self._outside.backend.load_history(ticket, self._dispatch)
            case do.Remember():
                self._outside.backend.remember(effect, self._dispatch)
            case do.AskForLine(name):
                self._tabs.ask(name)
            case do.LeaveLine():
                self._tabs.leave()
            case do.SendFarewell(dialog):
                agent.farewell(dialog)
            case do.CallEffect():
                self._perform_call(effect)
            case _:
                self._perform_devices(effect)

    def _perform_devices(self, effect: do.Effect) -> None:
        devices = self._outside.devices
        match effect:
            case do.UseDevices(microphone, speaker):
                self._outside.user_agent.use_devices(microphone, speaker)
            case do.ListDevices():
                devices.look()
            case do.KeepPreferences(preferences):
                devices.keep(preferences)
            case do.AskForNotifications():
                devices.ask_for_notifications()
            case do.RunTrial(trial, microphone, speaker):
                devices.run(trial, microphone, speaker)
            case _:
                raise TypeError(type(effect).__name__)

    def _perform_call(self, effect: do.CallEffect) -> None:
        agent, uuid = self._outside.user_agent, effect.call_uuid
        match effect:
            case do.SendInvite(_, number, headers):
                agent.invite(uuid, number, headers)
            case do.PassOn(_, call):
                self._tabs.pass_on(call)
            case do.ExpectInvite(_, sip_call_id):
                agent.expect(uuid, sip_call_id)
            case do.AcceptInvite():
                agent.accept(uuid)
            case do.RejectInvite(_, status):
                agent.reject(uuid, status)
            case do.CancelInvite():
                agent.cancel(uuid)
            case do.SendReplacement(_, target, dialog, muted, held, in_dialog):
                agent.replace(uuid, target, dialog, muted=muted, held=held, in_dialog=in_dialog)
            case do.CancelReplacement():
                agent.cancel_replacement(uuid)
            case do.SendBye():
                agent.bye(uuid)
            case do.SetHold(_, held):
                agent.hold(uuid, held)
            case do.SetAside(_, aside):
                agent.set_aside(uuid, aside)
            case do.SetMute(_, muted):
                agent.mute(uuid, muted)
            case do.RestartIce():
                agent.restart_ice(uuid)
            case do.SampleMedia():
                agent.sample_media(uuid)
            case do.ReopenMicrophone():
                agent.reopen_microphone(uuid)
            case do.SendDtmf(_, digits):
                agent.send_dtmf(uuid, digits)
            case do.SendRefer(_, number):
                agent.refer(uuid, number)
            case do.SendAttendedRefer(_, target, dialog, name):
                agent.refer_to_call(uuid, target, dialog, name)
            case do.AcceptRefer(_, new_call_uuid):
                agent.accept_refer(uuid, new_call_uuid)
            case do.RejectRefer():
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

    def _timer(self, name: str, generation: int) -> Callable[[], None]:
        return lambda: self._dispatch(TimerFired(name=name, generation=generation))
