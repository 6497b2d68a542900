"""One step of `update` while it is being worked out: the phone so far and the effects so far.

Local to one call of `update`, so the step stays pure from outside and readable inside.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from embed_app.core.call.values import Call
from embed_app.core.effect import Effect
from embed_app.core.link.values import Link
from embed_app.core.notices import Notice, Problem
from embed_app.core.phone import Phone
from embed_app.core.timers import StartTimer, StopTimer

BANNER_SHOWN_FOR = 8.0


class Step:
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
        self.phone = replace(self.phone, **fields)

    def change_link(self, **fields: Any) -> None:
        self.phone = replace(self.phone, link=replace(self.phone.link, **fields))

    def change_media(self, call: Call, **fields: Any) -> Call:
        """The call with another `media`, put back."""
        changed = replace(call, media=replace(call.media, **fields))
        self.put(changed)
        return changed

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
        self.stop_timers(*(name for name in self.phone.timers if name.endswith(f":{call.uuid}")))

    def notice(self, *notices: Notice) -> None:
        self.change(notices=self.phone.notices + notices)

    def problem(self, code: str, *, call_uuid: str | None = None, **detail: Any) -> None:
        """Tell the parent and, where it has no command `id`, the agent."""
        facts = MappingProxyType(detail) if detail else None
        self.notice(Problem(code=code, call_uuid=call_uuid, detail=facts))

    def banner(self, code: str) -> None:
        """Show the agent an error for some seconds."""
        self.change(banner=code)
        self.start_timer("banner", BANNER_SHOWN_FOR)

    def start_timer(self, name: str, delay: float) -> None:
        generation = self.phone.timer_count + 1
        timers = MappingProxyType({**self.phone.timers, name: generation})
        due = MappingProxyType({**self.phone.due, name: self.at + delay})
        self.change(timers=timers, due=due, timer_count=generation)
        self.emit(StartTimer(name, delay, generation))

    def stop_timers(self, *names: str) -> None:
        running = [name for name in names if name in self.phone.timers]
        if running:
            self.forget_timers(*running)
            self.emit(*(StopTimer(name) for name in running))

    def forget_timers(self, *names: str) -> None:
        """They fired."""
        timers = {name: gen for name, gen in self.phone.timers.items() if name not in names}
        due = {name: at for name, at in self.phone.due.items() if name not in names}
        self.change(timers=MappingProxyType(timers), due=MappingProxyType(due))
