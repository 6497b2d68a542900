"""Each effect becomes one call of one port, with what the effect says."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from embed_app.core.call.effects import CallEffect
from embed_app.core.effect import Effect
from embed_app.core.link.effects import FetchConfig
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import PassOn
from embed_app.core.sound.effects import AnnounceCaller
from embed_app.core.timers import StartTimer, TimerFired
from embed_app.shell.performer import Performer
from embed_app.shell.ports import Ports
from embed_app.tabs.coordinator import Coordinator

Call = tuple[str, str, dict[str, Any]]
"""Port, method, and the arguments by the names the port has for them."""
PORTS = get_type_hints(Ports)


class Recorder:
    """A port: writes down which of its methods was called, and with what."""

    def __init__(self, port: str, kind: type, calls: list[Call]) -> None:
        self._port = port
        self._kind = kind
        self._calls = calls

    def __getattr__(self, method: str) -> Callable[..., None]:
        signature = inspect.signature(getattr(self._kind, method))

        def call(*arguments: Any, **named: Any) -> None:
            given = signature.bind(None, *arguments, **named).arguments
            self._calls.append((self._port, method, {k: v for k, v in given.items() if k != "self"}))

        return call


def kinds(base: type[Effect] = Effect) -> Iterator[type[Effect]]:
    """`slots=True` makes each dataclass twice; the second is the one its module has."""
    for kind in base.__subclasses__():
        yield from kinds(kind)
        if kind is getattr(sys.modules[kind.__module__], kind.__name__, None) and kind is not CallEffect:
            yield kind


ALL = sorted(set(kinds()), key=lambda kind: kind.__name__)


def example(kind: type[Effect]) -> Effect:
    """Each field has its own name as its value."""
    values: dict[str, Any] = {field.name: field.name for field in fields(kind)}
    return kind(**values)


def perform(effect: Effect, dispatched: list[Any] | None = None) -> list[Call]:
    calls: list[Call] = []
    ports: Any = {name: Recorder(name, kind, calls) for name, kind in PORTS.items()}
    tabs: Any = Recorder("tabs", Coordinator, calls)
    results = [] if dispatched is None else dispatched
    Performer(Ports(**ports), tabs, results.append).perform(effect, Phone())
    return calls


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_each_effect_is_one_call_that_says_all_of_it(kind: type[Effect]) -> None:
    """The generation of a timer comes back when it fires; a call that is passed on has its uuid."""
    effect = example(kind)
    [(_port, _method, arguments)] = perform(effect)
    wanted = {field.name for field in fields(kind)}
    elsewhere = {StartTimer: {"generation"}, PassOn: {"call_uuid"}}.get(kind, set())
    said = {argument for argument in arguments.values() if isinstance(argument, str)}
    assert effect in arguments.values() or wanted - said == elsewhere
    assert {k: v for k, v in arguments.items() if k in wanted and v != k} == {}


def test_no_two_effects_are_the_same_call() -> None:
    assert len(ALL) > 40
    done = [perform(example(kind))[0][:2] for kind in ALL]
    assert sorted(done) == sorted(set(done))


def test_what_is_done_to_a_call_is_asked_of_sip() -> None:
    asked = {kind: perform(example(kind))[0][0] for kind in ALL if issubclass(kind, CallEffect)}
    assert {kind.__name__: port for kind, port in asked.items() if port != "user_agent"} == {"PassOn": "tabs"}


def test_a_timer_that_fires_says_its_generation() -> None:
    dispatched: list[Any] = []
    [(_port, _method, arguments)] = perform(example(StartTimer), dispatched)
    arguments["fire"]()
    assert dispatched == [TimerFired(timer="timer", generation="generation")]  # type: ignore[arg-type]


def test_an_effect_nobody_performs_is_a_fault() -> None:
    class Unknown(Effect):
        pass

    class UnknownToCalls(CallEffect):
        pass

    for effect in (Unknown(), UnknownToCalls("uuid")):
        with pytest.raises(TypeError, match="Unknown"):
            perform(effect)


def test_a_caller_without_a_uuid_is_nobody_and_ends_the_announcement() -> None:
    assert [call[:2] for call in perform(AnnounceCaller())] == [("announcer", "fall_silent")]


def test_the_settings_are_asked_for_with_the_token() -> None:
    [(port, method, arguments)] = perform(FetchConfig("raw"))
    assert (port, method) == ("backend", "fetch_config")
    assert (arguments["token"], arguments["token_expires_at"]) == ("raw", 0.0)
