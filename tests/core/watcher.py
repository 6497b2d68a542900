"""What must always be true of the phone: of its events, of its effects, of itself."""

from __future__ import annotations

from embed_app.core.call.effects import (
    AcceptInvite,
    AcceptRefer,
    CallEffect,
    CancelInvite,
    HoldMicrophone,
    RejectInvite,
    RejectRefer,
    SendAttendedRefer,
    SendDtmf,
    SendInvite,
    SendRefer,
    SetAside,
    SetHold,
    SetMute,
)
from embed_app.core.call.selection import rings_here
from embed_app.core.call.two_calls import MAX_CALLS
from embed_app.core.call.values import CallState, Direction, TransferState
from embed_app.core.call.voice import on_hold
from embed_app.core.effect import Effect
from embed_app.core.link.effects import FetchConfig, Ping, Register
from embed_app.core.link.values import LinkState
from embed_app.core.media.effects import ReopenMicrophone, RestartIce, SampleMedia
from embed_app.core.media.values import NoSound
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import CancelReplacement, SendReplacement
from embed_app.core.screen.values import Panel
from embed_app.core.sound.effects import PlaySound
from embed_app.core.sound.ringing import sound_of
from embed_app.core.sound.values import Sound
from embed_app.core.timers import StartTimer, Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import Driver

IN_TALK = (CallState.ANSWERING, CallState.ANSWERED, CallState.RESUMING)
INBOUND_ORDER = ("incoming_call", "call_ringing", "call_answered")
NEED_AN_ANSWERED_CALL: tuple[type[CallEffect], ...] = (
    SetHold,
    SendDtmf,
    SendRefer,
    SendAttendedRefer,
    RestartIce,
    SampleMedia,
    ReopenMicrophone,
)


class Watcher:
    """Remembers what a parent was told and what was asked of SIP; raises AssertionError."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.ended: dict[str, int] = {}
        self.told_of: dict[str, list[str]] = {}
        self.answered: dict[str, float] = {}
        self.lost: dict[str, float] = {}  # a page before us saw them alive for the last time
        self.invited: set[str] = set()
        self.aside: set[str] = set()  # as SIP was told
        self.registered = False
        self.up = False

    # ---- what must be true of the events

    def hear(self, events: list[ev.Event]) -> None:
        for event in events:
            match event:
                case ev.Registered():
                    assert self.up
                    assert not self.registered, "registered twice without unregistered between"
                    self.registered = True
                case ev.Unregistered():
                    self.registered = False
                case ev.Connected():
                    assert not self.up
                    self.up = True
                case ev.Disconnected():
                    assert self.up
                    self.up = False
                case (
                    ev.IncomingCall()
                    | ev.CallRinging()
                    | ev.CallAnswered()
                    | ev.CallHangup()
                    | ev.CallUpdated()
                ):
                    self._hear_of_call(event, event.call)
                case ev.Dtmf() | ev.AudioAutoplayBlocked():
                    assert event.call.uuid not in self.ended
                case _:
                    pass
        assert self.registered == (self._driver.state in (LinkState.REGISTERED, LinkState.LEAVING))

    def _hear_of_call(self, event: ev.Event, call: ev.CallObject) -> None:
        assert call.uuid not in self.ended, "an event about a call after its call_hangup"
        heard = self.told_of.setdefault(call.uuid, [])
        match event:
            case ev.IncomingCall():
                assert (heard, call.direction, call.state) == ([], "inbound", "ringing")
            case ev.CallRinging():
                assert "call_answered" not in heard
                assert heard.count("call_ringing") == 0
            case ev.CallAnswered():
                assert "call_answered" not in heard
                self.answered[call.uuid] = self._driver.now
            case ev.CallHangup():
                self.ended[call.uuid] = event.billsec
                since = self.answered.get(call.uuid)
                until = self.lost.get(call.uuid, self._driver.now)
                assert event.billsec == (0 if since is None else int(until - since))
                assert (call.state, call.answered_at is None) == ("ended", since is None)
                assert call.ended_at is not None
        heard.append(event.type)
        if call.direction == "inbound":
            order = [type for type in heard if type in INBOUND_ORDER]
            assert tuple(order) == INBOUND_ORDER[: len(order)]

    # ---- what must be true of the effects

    def see(self, before: Phone, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case SendInvite(uuid) | AcceptRefer(_, uuid):
                    assert uuid not in self.invited, "two INVITEs for one call"
                    self.invited.add(uuid)
                    if isinstance(effect, SendInvite):
                        assert self._driver.state is LinkState.REGISTERED
                case RejectInvite(uuid, 486 | 480) if before.call(uuid) is None:
                    assert uuid not in self.told_of, "rejected what had been announced"
                case RejectRefer():
                    pass
                case SetAside(uuid, aside):
                    assert (uuid in self.aside) is not aside, "told twice"
                    (self.aside.add if aside else self.aside.remove)(uuid)
                case SetMute(uuid) | HoldMicrophone(uuid):
                    assert before.call(uuid) or self._driver.phone.call(uuid), f"{effect} on no call"
                case CallEffect(uuid):
                    call = before.call(uuid)
                    assert call is not None, f"{effect} on a call that is over"
                    if isinstance(effect, NEED_AN_ANSWERED_CALL):
                        now = self._driver.phone.call(uuid)  # it may have been answered in this very step
                        assert CallState.ANSWERED in (call.state, now.state if now else None)
                    if isinstance(effect, AcceptInvite):
                        assert (call.direction, call.state) == (Direction.INBOUND, CallState.RINGING)
                    if isinstance(effect, SendReplacement | CancelReplacement):
                        assert call.state is CallState.RESUMING
                    if isinstance(effect, CancelInvite):
                        assert call.direction is Direction.OUTBOUND
                        assert uuid in self.invited
                case Register() | Ping():
                    assert self._driver.phone.link.transport.value == "up"
                case FetchConfig(raw):
                    assert self._driver.phone.link.token is not None
                    assert raw == self._driver.phone.link.token.raw
                case PlaySound(sound):
                    assert sound is sound_of(self._driver.phone) is not sound_of(before)
                case StartTimer(delay=delay):
                    assert delay >= 0
                case _:
                    pass

    # ---- what must be true of the phone

    def phone_makes_sense(self) -> None:
        phone = self._driver.phone
        live = phone.live_calls
        assert len(live) <= MAX_CALLS + 1, "two calls, and the one that one of them is transferred to"
        assert len({call.uuid for call in phone.calls}) == len(phone.calls)
        if not live:
            assert phone.panel is Panel.NONE
        ringing = {call.direction for call in live if call.state is CallState.RINGING}
        sound = sound_of(phone)
        assert (sound is Sound.NONE) == (not ringing)
        if sound in (Sound.RING, Sound.WAITING):
            assert Direction.INBOUND in ringing
        if sound is Sound.RING:
            assert all(call.state not in IN_TALK for call in live), "nobody is rung in the ear"
        self._one_call_is_heard()
        alive = {call.uuid for call in live}
        assert {timer.call_uuid for timer in phone.timers if timer.call_uuid} <= alive
        assert phone.due.keys() == phone.timers.keys()
        assert phone.timers.keys() >= {Timer(TimerKind.PONG)} or phone.link.keep_alive.pinged_at is None
        assert not phone.timers.keys() >= {Timer(TimerKind.PING), Timer(TimerKind.PONG)}
        assert (Timer(TimerKind.RECONNECT) in phone.timers) == (phone.link.state is LinkState.WAITING)
        assert (Timer(TimerKind.LEAVE) in phone.timers) == (phone.link.state is LinkState.LEAVING)
        assert (phone.link.refusal != "") == (phone.link.state is LinkState.REFUSED)
        for call in live:
            once_answered = (CallState.ANSWERED, CallState.RESUMING)
            assert (call.answered_at is not None) == (call.state in once_answered)
            assert (Timer(TimerKind.RESUME_LIMIT, call.uuid) in phone.timers) == (
                call.state is CallState.RESUMING
            )
            assert isinstance(call.media.state, NoSound) == (
                Timer(TimerKind.MEDIA_LOST, call.uuid) in phone.timers
            )
            if call.state is CallState.ANSWERED:
                assert Timer(TimerKind.SAMPLE, call.uuid) in phone.timers
            if call.state is CallState.QUEUED:
                assert Timer(TimerKind.QUEUED, call.uuid) in phone.timers
            if call.state is CallState.RINGING and call.direction is Direction.INBOUND:
                assert Timer(TimerKind.RINGING, call.uuid) in phone.timers

    def _one_call_is_heard(self) -> None:
        """Whoever is not in focus is set aside, and on hold as far as the peer lets itself be."""
        phone = self._driver.phone
        here = [call for call in phone.live_calls if not rings_here(call)]
        assert (phone.focus != "") == bool(here)
        for call in here:
            assert (call.uuid in self.aside) == call.aside == (call.uuid != phone.focus)
            if call.aside and call.state is CallState.ANSWERED and phone.link.state is LinkState.REGISTERED:
                followed = any(other.in_place_of == call.uuid for other in here)
                assert on_hold(call) or call.hold_refused or followed
            if call.transfer is TransferState.TARGET:
                referred = any(other.transfer_to == call.uuid for other in here)
                assert referred or Timer(TimerKind.TRANSFER, call.uuid) in phone.timers

    def everything_ended(self) -> None:
        """After a disconnect: each call that was told of or sent has had its call_hangup."""
        phone = self._driver.phone
        assert phone.live_calls == ()
        assert set(self.told_of) | self.invited == set(self.ended)
        assert all(seconds == 0 for uuid, seconds in self.ended.items() if uuid not in self.answered)
        assert set(phone.timers) <= {Timer(TimerKind.ENDED_SHOWN)}
        assert phone.link.state is LinkState.IDLE
        assert not self.registered
