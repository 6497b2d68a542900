"""One step of `update` while it is being worked out: the phone so far and the effects so far.

Local to one call of `update`, so the step stays pure from outside and readable inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from embed_app.core.call.values import Call
from embed_app.core.effect import Effect
from embed_app.core.link.values import Link
from embed_app.core.notices import Notice, Problem
from embed_app.core.phone import Phone
from embed_app.core.timers import StartTimer, StopTimer, Timer, TimerKind

BANNER_SHOWN_FOR = 8.0
"""Seconds."""


class Step:
    """`at`: when its message came, seconds since the epoch. `chance`: 0 to 1, what jitter is made of."""

    def __init__(self, phone: Phone, at: float, chance: float) -> None:
        live = phone.live_calls
        calls = phone.calls if len(live) == len(phone.calls) else live
        self.phone = replace(phone, calls=calls, notices=(), now=at)
        self.effects: list[Effect] = []
        self.at = at
        self.chance = chance

    @property
    def link(self) -> Link:
        return self.phone.link

    def emit(self, *effects: Effect) -> None:
        self.effects.extend(effects)

    def change(self, **fields: Any) -> None:
        """Other fields of the phone."""
        self.phone = replace(self.phone, **fields)

    def change_link(self, **fields: Any) -> None:
        self.phone = replace(self.phone, link=replace(self.phone.link, **fields))

    def change_media(self, call: Call, **fields: Any) -> Call:
        """The call with another `media`, put back."""
        changed = replace(call, media=replace(call.media, **fields))
        self.put(changed)
        return changed

    def change_sounds(self, **fields: Any) -> None:
        self.phone = replace(self.phone, sounds=replace(self.phone.sounds, **fields))

    def put(self, call: Call) -> None:
        """Add the call, or put it in the place of the one with its uuid."""
        calls = self.phone.calls
        if any(old.uuid == call.uuid for old in calls):
            self.change(calls=tuple(call if old.uuid == call.uuid else old for old in calls))
        else:
            self.change(calls=(*calls, call))

    def drop(self, call: Call) -> None:
        """As if the call had never been here: whoever asks for this knows where it is."""
        self.change(calls=tuple(other for other in self.phone.calls if other.uuid != call.uuid))
        self.stop_timers_of(call)

    # ---- what is told

    def notice(self, *notices: Notice) -> None:
        self.change(notices=self.phone.notices + notices)

    def problem(self, code: str, *, call_uuid: str | None = None, text: str = "", **detail: Any) -> None:
        """Tell the parent and, where it has no command `id`, the agent. `text`: see `Problem`."""
        facts = MappingProxyType(detail) if detail else None
        self.notice(Problem(code=code, call_uuid=call_uuid, detail=facts, text=text))

    def banner(self, code: str) -> None:
        """Show the agent an error for some seconds."""
        self.change(banner=code)
        self.start_timer(Timer(TimerKind.BANNER_SHOWN), BANNER_SHOWN_FOR)

    # ---- timers

    def runs(self, kind: TimerKind, call: Call | None = None) -> bool:
        """Whether the timer of this kind runs: of `call`, or without one that of the phone."""
        return Timer(kind, call.uuid if call is not None else "") in self.phone.timers

    def start_timer(self, timer: Timer, delay: float) -> None:
        """`delay`: seconds. One that runs already starts anew."""
        generation = self.phone.timer_count + 1
        timers = MappingProxyType({**self.phone.timers, timer: generation})
        due = MappingProxyType({**self.phone.due, timer: self.at + delay})
        self.change(timers=timers, due=due, timer_count=generation)
        self.emit(StartTimer(timer, delay, generation))

    def stop_timers(self, *timers: Timer) -> None:
        """Those that are not running are left out."""
        running = [timer for timer in timers if timer in self.phone.timers]
        if running:
            self.forget_timers(*running)
            self.emit(*(StopTimer(timer) for timer in running))

    def stop_timers_of(self, call: Call) -> None:
        self.stop_timers(*(timer for timer in self.phone.timers if timer.call_uuid == call.uuid))

    def forget_timers(self, *timers: Timer) -> None:
        """They fired."""
        self.change(timers=_without(self.phone.timers, timers), due=_without(self.phone.due, timers))


def _without(running: Mapping[Timer, Any], timers: tuple[Timer, ...]) -> Mapping[Timer, Any]:
    return MappingProxyType({timer: value for timer, value in running.items() if timer not in timers})
