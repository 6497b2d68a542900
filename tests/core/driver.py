"""Drives `update` and `announce` as the runtime does, under a clock of its own; remembers what came out."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, TypeVar

from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    DialRequested,
    InviteReceived,
    Referred,
)
from embed_app.core.call.values import Call, CallState, Dialog, Direction
from embed_app.core.effect import Effect
from embed_app.core.link.call_rules import CallRules, FollowTransfers
from embed_app.core.link.messages import (
    ConfigReceived,
    DisconnectRequested,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TransportDown,
    TransportUp,
)
from embed_app.core.link.values import Link, LinkState, Ownership, SipConfig
from embed_app.core.message import Message
from embed_app.core.phone import Phone, Settings
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.timers import StartTimer, StopTimer, Timer, TimerFired
from embed_app.core.update import update
from embed_app.protocol import events as ev
from embed_app.protocol.to_parent import announce

T0 = 1_750_000_000.0
CALL = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
THIRD = "33333333-3333-4333-8333-333333333333"
DIALOG = Dialog(
    sip_call_id="dialog-1",
    local_tag="ours",
    remote_tag="theirs",
    remote_target="sip:x1@far.invalid;transport=ws",
    remote_uri="sip:0912345678@acme.example",
    sequence=2,
    routes=("<sip:proxy.acme.example;lr>",),
    instance_id="44444444-4444-4444-8444-444444444444",
)
URLS = ("wss://one.example/ws", "wss://two.example/ws")

E = TypeVar("E", bound=ev.Event)
OPEN_RULES = CallRules(
    dial_allow=("!", "+!", "[0-9*#]!"),
    dial_deny=(),
    open_codes=("[0-9*#]!",),
    calls_per_minute=None,
    calls_at_once=None,
)
"""For tests that are about something else: every number may be dialled, by anybody."""


def token(
    extension: object = "1001", customer: object = "acme", expires_at: object = T0 + 300, **claims: object
) -> str:
    """An embed token as the server makes it, with a signature nobody here can check."""
    body = {"sub": extension, "tid": customer, "exp": expires_at, **claims}
    parts = ({"alg": "HS256", "typ": "JWT"}, body)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


GOOD = token()


def config(**changes: Any) -> SipConfig:
    return replace(
        SipConfig(
            extension="1001",
            display_name="An",
            sip_uri="sip:1001@acme.example",
            resume_ticket="resume-ticket",
            auth_username="1001",
            auth_password="swordfish",
            credentials_expire_in=None,
            wss_urls=URLS,
            ice_servers=(),
            token_expires_in=300.0,
            rules=OPEN_RULES,
        ),
        **changes,
    )


def describe(code: str) -> str:
    return f"text of {code}"


class Driver:
    """`send` is one step. `timers` are those a clock would hold by now: timer -> (due, generation)."""

    def __init__(self, phone: Phone | None = None) -> None:
        self.phone = phone or Phone()
        self.now = T0
        self.events: list[ev.Event] = []
        self.effects: list[Effect] = []
        self._last: tuple[Effect, ...] = ()
        self.timers: dict[Timer, tuple[float, int]] = {}

    def send(self, message: Message, *, after: float = 0.0, chance: float = 0.5) -> list[ev.Event]:
        """The events of this step."""
        self.now += after
        if isinstance(message, TimerFired):
            running = self.timers.get(message.timer, (0, 0))[1]
            if running == message.generation:
                del self.timers[message.timer]
        before = self.phone
        self.phone, self._last = update(before, replace(message, at=self.now, chance=chance))
        events = list(announce(before, self.phone, describe))
        self.events += events
        self.effects += self._last
        for effect in self._last:
            if isinstance(effect, StartTimer):
                self.timers[effect.timer] = (self.now + effect.delay, effect.generation)
            elif isinstance(effect, StopTimer):
                self.timers.pop(effect.timer, None)
        assert {timer: gen for timer, (_, gen) in self.timers.items()} == dict(self.phone.timers)
        return events

    def fire(self, timer: Timer) -> list[ev.Event]:
        """Let the time pass until this timer is due."""
        due, generation = self.timers[timer]
        self.now = max(self.now, due)
        return self.send(TimerFired(timer=timer, generation=generation))

    def due_in(self, timer: Timer) -> float:
        return self.timers[timer][0] - self.now

    @property
    def state(self) -> LinkState:
        return self.phone.link.state

    @property
    def call(self) -> Call:
        (call,) = self.phone.calls
        return call

    def last(self) -> tuple[Effect, ...]:
        """What the last step asked for."""
        return self._last

    def types(self) -> list[str]:
        """Of every event so far."""
        return [event.type for event in self.events]

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def errors(self) -> list[str]:
        return [event.error.code for event in self.told(ev.Error)]

    def reasons(self) -> list[str]:
        """Why each call that ended did."""
        return [event.reason for event in self.told(ev.CallHangup)]

    def asked(self, kind: type[Effect]) -> int:
        """How often this effect was asked for so far."""
        return sum(isinstance(effect, kind) for effect in self.effects)

    def forget(self) -> Driver:
        """Only what comes from now on counts."""
        self.events.clear()
        self.effects.clear()
        return self


def types(events: list[ev.Event]) -> list[str]:
    return [event.type for event in events]


def phone_in(state: LinkState, **config_changes: Any) -> Driver:
    """A phone brought to a link state by the messages that lead there; two URLs, static credentials."""
    ownership = Ownership.NOT_ASKED if state is LinkState.STANDBY else Ownership.ALONE
    settings = Settings(auto_register=state is not LinkState.IDLE)
    driver = Driver(Phone(settings=settings, link=Link(ownership=ownership)))
    driver.send(Started(token=GOOD))
    steps: list[Message] = []
    up = (ConfigReceived(config=config(**config_changes)), TransportUp(), RegisterAccepted())
    match state:
        case LinkState.IDLE | LinkState.CONFIGURING:
            pass
        case LinkState.STANDBY | LinkState.CONNECTING:
            steps += up[:1]
        case LinkState.REGISTERING:
            steps += up[:2]
        case LinkState.REGISTERED:
            steps += up
        case LinkState.WAITING:
            steps += (*up, TransportDown(reason="code 1006"))
        case LinkState.LEAVING:
            steps += (*up, DisconnectRequested())
        case LinkState.REFUSED:
            steps += (*up[:2], RegisterFailed(status=403))
    for step in steps:
        driver.send(step)
    assert driver.state is state
    return driver.forget()


def registered(**config_changes: Any) -> Driver:
    return phone_in(LinkState.REGISTERED, **config_changes)


def dial(number: str = "0912345678", call_uuid: str = CALL) -> DialRequested:
    return DialRequested(call_uuid=call_uuid, number=number)


def invite(call_uuid: str = CALL, **changes: Any) -> InviteReceived:
    fresh = InviteReceived(call_uuid=call_uuid, sip_call_id="sip-1", number="0987654321", display_name="Bình")
    return replace(fresh, **changes)


def bye(call_uuid: str = CALL) -> CallEnded:
    return CallEnded(call_uuid=call_uuid, by_remote=True, kind="bye")


def answered_outbound(number: str = "0912345678", **config_changes: Any) -> Driver:
    driver = registered(**config_changes)
    for step in (dial(number), CallProgress(call_uuid=CALL, status=180), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    return driver


FOLLOWS = replace(OPEN_RULES, follow_transfers=FollowTransfers.ALWAYS)
"""Rules of an account whose phones follow any peer."""


def refer(number: str = "1003", call_uuid: str = CALL, **changes: Any) -> Referred:
    """The peer wants us to call `number` in its place, at our own SIP domain."""
    fresh = Referred(
        call_uuid=call_uuid, new_call_uuid=OTHER, scheme="sip", number=number, host="acme.example"
    )
    return replace(fresh, **changes)


def record(direction: Direction = Direction.OUTBOUND, **changes: Any) -> ResumeRecord:
    """Of a call that was answered 30 s ago; the page before went away in this very moment."""
    call = Call(
        uuid=CALL,
        direction=direction,
        number="0912345678",
        state=CallState.RESUMING,
        started_at=T0 - 40,
        answered_at=T0 - 30,
        sip_call_id="sip-1",
        dialog=DIALOG,
    )
    found = ResumeRecord(extension="1001", customer="acme", call=call, alive_at=T0, released=True)
    return replace(found, **changes)


def resuming(direction: Direction = Direction.OUTBOUND) -> Driver:
    """Registered, and the first try to take the call back is under way."""
    driver = Driver()
    driver.send(Started(token=GOOD, record=record(direction)))
    for step in (ConfigReceived(config=config()), TransportUp(), RegisterAccepted()):
        driver.send(step)
    assert driver.call.state is CallState.RESUMING
    return driver


def answered_inbound() -> Driver:
    driver = registered()
    for step in (invite(), AnswerRequested(), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    return driver
