"""Fakes at the edge: they stand in for the browser, the PBX and the server behind `embed_app.shell.ports`.

They prove nothing about those; the end-to-end tests do. Each writes down what it was asked, and answers when
the test says so.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from embed_app.core.call.values import Dialog
from embed_app.core.history.effects import SaveHistory
from embed_app.core.link.challenges import AnswerRule
from embed_app.core.link.effects import HoldLease
from embed_app.core.link.messages import ConfigReceived, RegisterAccepted, Started, TransportUp
from embed_app.core.link.values import Link, Ownership, SipConfig
from embed_app.core.message import Message
from embed_app.core.phone import Phone, Settings
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.sound.values import Preferences, Ringtone, Sound, Trial
from embed_app.i18n.translator import Translator
from embed_app.shell.ports import Dispatch, Ports
from embed_app.shell.runtime import Runtime
from embed_app.ui.view import View
from tests.core.driver import GOOD, T0, config


class FakeUserAgent:
    """`asked`: (method, arguments) in order. `then[method]` is called after the method was noted."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.then: dict[str, Callable[[], None]] = {}
        self.dispatch: Dispatch = lambda _message: None
        self.answers: Sequence[AnswerRule] = ()

    def _note(self, method: str, *arguments: Any) -> None:
        self.asked.append((method, *arguments))
        self.then.get(method, lambda: None)()

    def listen(self, dispatch: Dispatch) -> None:
        self.dispatch = dispatch

    def configure(self, config: SipConfig, answers: Sequence[AnswerRule]) -> None:
        self.answers = answers
        self._note("configure", config)

    def connect(self, url: str) -> None:
        self._note("connect", url)

    def disconnect(self) -> None:
        self._note("disconnect")

    def register(self) -> None:
        self._note("register")

    def unregister(self) -> None:
        self._note("unregister")

    def invite(self, call_uuid: str, number: str, headers: Sequence[tuple[str, str]]) -> None:
        self._note("invite", call_uuid, number, tuple(headers))

    def expect(self, call_uuid: str, sip_call_id: str) -> None:
        self._note("expect", call_uuid, sip_call_id)

    def accept(self, call_uuid: str) -> None:
        self._note("accept", call_uuid)

    def reject(self, call_uuid: str, status: int) -> None:
        self._note("reject", call_uuid, status)

    def cancel(self, call_uuid: str) -> None:
        self._note("cancel", call_uuid)

    def bye(self, call_uuid: str) -> None:
        self._note("bye", call_uuid)

    def hold(self, call_uuid: str, held: bool) -> None:
        self._note("hold", call_uuid, held)

    def hold_microphone(self, call_uuid: str, on: bool) -> None:
        self._note("hold_microphone", call_uuid, on)

    def mute(self, call_uuid: str, muted: bool) -> None:
        self._note("mute", call_uuid, muted)

    def ping(self, *, by_options: bool) -> None:
        self._note("ping", by_options)

    def set_aside(self, call_uuid: str, aside: bool) -> None:
        self._note("set_aside", call_uuid, aside)

    def restart_ice(self, call_uuid: str) -> None:
        self._note("restart_ice", call_uuid)

    def sample_media(self, call_uuid: str) -> None:
        self._note("sample_media", call_uuid)

    def reopen_microphone(self, call_uuid: str) -> None:
        self._note("reopen_microphone", call_uuid)

    def send_dtmf(self, call_uuid: str, digits: str) -> None:
        self._note("send_dtmf", call_uuid, digits)

    def refer(self, call_uuid: str, number: str) -> None:
        self._note("refer", call_uuid, number)

    def refer_to_call(self, call_uuid: str, target: str, dialog: Dialog, name: str) -> None:
        self._note("refer_to_call", call_uuid, target, dialog, name)

    def replace(
        self, call_uuid: str, target: str, dialog: Dialog, *, muted: bool, held: bool, in_dialog: bool
    ) -> None:
        self._note("replace", call_uuid, target, dialog, muted, held, in_dialog)

    def cancel_replacement(self, call_uuid: str) -> None:
        self._note("cancel_replacement", call_uuid)

    def accept_takeover(self, call_uuid: str) -> None:
        self._note("accept_takeover", call_uuid)

    def refuse_takeover(self, call_uuid: str, status: int) -> None:
        self._note("refuse_takeover", call_uuid, status)

    def await_relay(self, *, on: bool) -> None:
        self._note("await_relay", on)

    def farewell(self, dialog: Dialog) -> None:
        self._note("farewell", dialog)

    def accept_refer(
        self, call_uuid: str, new_call_uuid: str, number: str, headers: Sequence[tuple[str, str]]
    ) -> None:
        self._note("accept_refer", call_uuid, new_call_uuid, number, headers)

    def reject_refer(self, call_uuid: str, new_call_uuid: str, status: int) -> None:
        self._note("reject_refer", call_uuid, new_call_uuid, status)

    def play(self) -> None:
        self._note("play")

    def use_devices(self, microphone: str, speaker: str) -> None:
        self._note("use_devices", microphone, speaker)

    def methods(self) -> list[str]:
        return [method for method, *_ in self.asked]


class FakeParentWindow:
    """A parent that listens. `kept` are messages it posted before the frame did."""

    def __init__(self) -> None:
        self.posted: list[Mapping[str, Any]] = []
        self.kept: list[str] = []
        self.holds_back = False
        self.trusted: list[tuple[str, ...]] = []
        self.receive: Callable[[str], None] = lambda _text: None
        self.on_post: Callable[[Mapping[str, Any]], None] = lambda _message: None

    def trust(self, token_origins: Sequence[str]) -> None:
        self.trusted.append(tuple(token_origins))

    def hold_back(self) -> None:
        self.holds_back = True

    def listen(self, receive: Callable[[str], None]) -> None:
        self.receive = receive
        for text in self.kept:
            receive(text)

    def post(self, message: Mapping[str, Any]) -> None:
        self.posted.append(
            json.loads(json.dumps(message))
        )  # as structured clone would: a copy, and plain data
        self.on_post(message)

    def send(self, type: str, payload: object = None, **more: object) -> None:
        message = {"source": "zorio-webphone", "type": type, **more}
        self.receive(json.dumps(message if payload is None else {**message, "payload": payload}))

    def types(self) -> list[str]:
        return [message["type"] for message in self.posted]

    def payloads(self, type: str) -> list[Any]:
        return [message["payload"] for message in self.posted if message["type"] == type]

    def responses(self, id: str) -> list[Mapping[str, Any]]:
        return [m for m in self.posted if m["type"] == "response" and m["id"] == id]


class FakeScreen:
    def __init__(self) -> None:
        self.shown: list[View] = []
        self.dispatch: Dispatch = lambda _message: None

    def show(self, view: View) -> None:
        self.shown.append(view)

    def listen(self, dispatch: Dispatch, new_uuid: Callable[[], str]) -> None:
        self.dispatch = dispatch


class FakeClock:
    """Time stands still until it is told to go on."""

    def __init__(self, now: float) -> None:
        self.time = now
        self.running: dict[str, tuple[float, Callable[[], None]]] = {}

    def now(self) -> float:
        return self.time

    def start(self, name: str, delay: float, fire: Callable[[], None]) -> None:
        self.running[name] = (self.time + delay, fire)

    def stop(self, name: str) -> None:
        self.running.pop(name, None)

    def advance(self, seconds: float) -> None:
        until = self.time + seconds
        while due := [(at, name) for name, (at, _) in self.running.items() if at <= until]:
            at, name = min(due)
            _, fire = self.running.pop(name)
            self.time = max(self.time, at)
            fire()
        self.time = until


class FakeRinger:
    def __init__(self) -> None:
        self.played: list[Sound] = []
        self.tuned: list[tuple[Ringtone, int, str, str]] = []

    def play(self, sound: Sound) -> None:
        self.played.append(sound)

    def tune(self, ringtone: Ringtone, volume: int, ringer: str, speaker: str) -> None:
        self.tuned.append((ringtone, volume, ringer, speaker))


class FakeDevices:
    """`asked`: (method, arguments) in order; the test answers through `dispatch`."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.dispatch: Dispatch = lambda _message: None

    def listen(self, dispatch: Dispatch) -> None:
        self.dispatch = dispatch

    def look(self) -> None:
        self.asked.append(("look",))

    def keep(self, preferences: Preferences) -> None:
        self.asked.append(("keep", preferences))

    def ask_for_notifications(self) -> None:
        self.asked.append(("ask_for_notifications",))

    def run(self, trial: Trial, microphone: str, speaker: str) -> None:
        self.asked.append(("run", trial, microphone, speaker))


class FakeAnnouncer:
    """`told`: (call, number, name, notify, vibrate), None for silence."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str, bool, bool] | None] = []

    def announce(self, call_uuid: str, number: str, name: str, *, notify: bool, vibrate: bool) -> None:
        self.told.append((call_uuid, number, name, notify, vibrate))

    def fall_silent(self) -> None:
        self.told.append(None)


class FakeBackend:
    """`asked`: the tokens, `leases`: what was asked of the lease; answers are given when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.leases: list[HoldLease] = []
        self.saved: list[SaveHistory] = []
        self.loads: list[str] = []
        self.checked: list[str] = []
        self._waiting: list[Dispatch] = []

    def fetch_config(self, token: str, token_expires_at: float, dispatch: Dispatch) -> None:
        self.asked.append(token)
        self._waiting.append(dispatch)

    def hold_lease(self, wish: HoldLease, dispatch: Dispatch) -> None:
        self.leases.append(wish)
        self.lease_asked = dispatch

    def check_access(self, ticket: str, dispatch: Dispatch) -> None:
        self.checked.append(ticket)

    def load_history(self, ticket: str, dispatch: Dispatch) -> None:
        self.loads.append(ticket)
        self.history_asked = dispatch

    def remember(self, what: SaveHistory, dispatch: Dispatch) -> None:
        self.saved.append(what)
        self.save_asked = dispatch

    def answer(self, message: Message, *, oldest: bool = True) -> None:
        self._waiting.pop(0 if oldest else -1)(message)


class FakeRecords:
    """`kept`: (record, token) of each change, None for a drop. `told`: the calls of the former page.
    `left`: the token that a frame finds which is reloaded alone; `soon`: the one it will find."""

    def __init__(self) -> None:
        self.kept: list[tuple[ResumeRecord, str] | None] = []
        self.sought: list[str] = []
        self.told: frozenset[str] = frozenset()
        self.dialled: tuple[float, ...] = ()
        self.left = self.soon = ""

    def keep(self, record: ResumeRecord, token: str) -> None:
        self.kept.append((record, token))

    def drop(self) -> None:
        self.kept.append(None)

    def find(self, token: str, dispatch: Dispatch) -> None:
        self.sought.append(token)
        self.answer = dispatch

    def leave_address(self, token: str, at_once: bool) -> None:
        self.soon = token
        if at_once:
            self.left = token

    def announced(self) -> frozenset[str]:
        return self.told

    def note_announced(self, calls: frozenset[str]) -> None:
        self.told = calls

    def note_dialled(self, times: tuple[float, ...]) -> None:
        self.dialled = times


class FakeBrowser:
    """The tabs that see each other. Nothing reaches them before `settle`, as in a browser."""

    def __init__(self) -> None:
        self.channels: list[FakeTabChannel] = []
        self._due: deque[Callable[[], None]] = deque()

    def later(self, work: Callable[[], None]) -> None:
        self._due.append(work)

    def settle(self) -> None:
        while self._due:
            self._due.popleft()()

    def elect(self) -> None:
        if self.channels and not any(channel.held for channel in self.channels):
            self.channels[0].held = True
            self.later(self.channels[0].grant)


class FakeTabChannel:
    """One tab's end; `posted`: what it said. After `leave` it sends and receives nothing, like a dead tab."""

    def __init__(self, browser: FakeBrowser | None = None) -> None:
        self.browser = browser or FakeBrowser()
        self.name = ""
        self.held = False
        self.posted: list[str] = []
        self._granted: Callable[[], None] = lambda: None
        self._receive: Callable[[str], None] = lambda _text: None

    def ask(self, name: str, granted: Callable[[], None], receive: Callable[[str], None]) -> None:
        self.name, self._granted, self._receive = name, granted, receive
        self.browser.channels.append(self)
        self.browser.elect()

    def grant(self) -> None:
        if self.held:
            self._granted()

    def leave(self) -> None:
        self.held = False
        if self in self.browser.channels:
            self.browser.channels.remove(self)
        self.browser.elect()

    def post(self, text: str) -> None:
        if self not in self.browser.channels:
            return
        self.posted.append(text)
        for other in self.browser.channels:
            if other is not self and other.name == self.name:
                self.browser.later(partial(other.hear, text))

    def hear(self, text: str) -> None:
        if self in self.browser.channels:
            self._receive(text)


class World:
    """A phone and everything around it, all of it fake. With a `browser`: one tab of several."""

    def __init__(
        self,
        browser: FakeBrowser | None = None,
        locale: str = "en",
        records: FakeRecords | None = None,
        layout: str = "docked",
    ) -> None:
        """`records`: those of the same tab's former page."""
        self.user_agent = FakeUserAgent()
        self.window = FakeParentWindow()
        self.screen = FakeScreen()
        self.clock = FakeClock(T0)
        self.ringer = FakeRinger()
        self.backend = FakeBackend()
        self.records = records or FakeRecords()
        self.tab_channel = FakeTabChannel(browser)
        self.devices = FakeDevices()
        self.announcer = FakeAnnouncer()
        ports = Ports(
            self.user_agent,
            self.window,
            self.screen,
            self.clock,
            self.ringer,
            self.backend,
            self.records,
            self.tab_channel,
            self.devices,
            self.announcer,
        )
        link = Link(ownership=Ownership.ALONE if browser is None else Ownership.NOT_ASKED)
        phone = Phone(settings=Settings(layout=layout), link=link)
        self.runtime = Runtime(phone, ports, Translator(locale))

    def start(self, raw: str | None = GOOD) -> World:
        self.runtime.start(Started(token=raw))
        return self

    def register(self) -> World:
        self.start()
        self.backend.answer(ConfigReceived(config=config()))
        self.user_agent.dispatch(TransportUp())
        self.user_agent.dispatch(RegisterAccepted())
        return self

    @property
    def phone(self) -> Phone:
        return self.runtime.phone
