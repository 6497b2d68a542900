"""One phone in many tabs: the frame that has the line, and those that show what it does.

    the one with the line                     the others
      each step -> its phone (`phone`)  --->    shown and announced there as if it were theirs
      the step, or its problems         <---    wishes of their parents and agents (`wish`)
                                        --->    what was wrong with it, and nothing else (`done`)

Every frame derives events and screen from the phone it shows, so each parent hears every event once, each in
its own language. `term` counts the frames that have had the line: what an earlier one posted comes too late.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from embed_app.core.call.messages import CallNotTaken, DialRequested
from embed_app.core.call.values import Call
from embed_app.core.link.messages import ConfigAnswer, OwnershipGranted, TokenOffered
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message, ParentMistake
from embed_app.core.notices import Notice, Problem, TokenExpiring
from embed_app.core.phone import Phone
from embed_app.shell import ports
from embed_app.tabs.codec import (
    FORWARDED,
    MirrorError,
    merged,
    read_phone,
    read_problems,
    read_wish,
    write_phone,
    write_problems,
    write_wish,
)

ANSWERED_WITHIN = 5.0
"""Seconds for the frame with the line to do what another one wishes."""
Reply = Callable[[tuple[Problem, ...]], None]
"""What was wrong with a wish; () when nothing was."""
_ASKERS_BUSINESS = (
    *FORWARDED,
    TokenOffered,
    ParentMistake,
    ConfigAnswer,
)
"""What goes wrong with these concerns the parent or agent who asked, or the token of this one frame."""


class Desk(Protocol):
    """The runtime, as far as other frames reach it."""

    def dispatch(self, message: Message) -> None: ...
    def obey(self, message: Message, reply: Reply) -> None: ...
    def mirrored(self, there: Phone) -> None: ...


@dataclass(slots=True)
class _Wish:
    message: Message
    reply: Reply


class Tabs:
    def __init__(self, line: ports.Ownership, clock: ports.Clock, frame: str) -> None:
        """`frame`: a name no other frame has."""
        self._line = line
        self._clock = clock
        self._frame = frame
        self._desk: Desk | None = None
        self._has_line = False
        self._term = 0
        self._mirror: Phone | None = None
        self._news: tuple[Notice, ...] = ()
        self._known_calls: set[str] = set()
        self._wishes: dict[int, _Wish] = {}
        self._obeyed: deque[tuple[str, int]] = deque(maxlen=100)
        self._count = 0
        self._audience = False
        self._phone = Phone()
        self._told: dict[str, Any] = {}

    def serve(self, desk: Desk) -> None:
        self._desk = desk

    # ---- the line

    def ask(self, name: str) -> None:
        self._line.ask(name, self._granted, self._receive)
        if not self._has_line:
            self._post("hello")

    def leave(self) -> None:
        self._line.leave()
        self._has_line = False
        self._mirror = None

    def _granted(self) -> None:
        left, self._mirror = self._mirror, None
        self._has_line = True
        self._term += 1
        self._at_desk.dispatch(OwnershipGranted(left=left))
        for number in list(self._wishes):
            wish = self._take_wish(number)
            if wish is not None and not self._was_dialled(wish):
                self._at_desk.obey(wish.message, wish.reply)

    def _was_dialled(self, wish: _Wish) -> bool:
        """Whether the frame that is gone had dialled before: it showed the call, then. It is not dialled
        twice."""
        message = wish.message
        done = isinstance(message, DialRequested) and message.call_uuid in self._known_calls
        if done:
            wish.reply(())
        return done

    # ---- what is shown here

    def follow(self, there: Phone) -> None:
        """From now on, and until the next one comes, this is the phone of the frame that has the line."""
        self._mirror = there
        self._news = there.notices

    def shown(self, before: Phone, own: Phone) -> Phone:
        """Our own phone, or the one of the frame that has the line. `before`: what was shown last."""
        news, self._news = self._news, ()
        follows = own.link.state is LinkState.STANDBY
        return merged(before, own, self._mirror if follows else None, news)

    # ---- with the line: tell the others

    def publish(self, phone: Phone, message: Message) -> None:
        """After each step of the frame that has the line."""
        self._phone = phone
        if not self._has_line:
            return
        granted = isinstance(message, OwnershipGranted)
        if not self._audience and not granted:
            return
        notices = tuple(n for n in phone.notices if _is_for_all(n, message))
        written = write_phone(replace(phone, notices=notices))
        if written != self._told or notices or granted:
            self._post_phone(written)

    def _post_phone(self, written: dict[str, Any]) -> None:
        self._told = written
        self._post("phone", term=self._term, phone=written)

    # ---- without it: ask the one that has it

    def forwards(self, message: Message, own: Phone) -> bool:
        return own.link.state is LinkState.STANDBY and isinstance(message, FORWARDED)

    def forward(self, message: Message, reply: Reply) -> None:
        self._count += 1
        self._wishes[self._count] = _Wish(message, reply)
        self._clock.start(f"wish:{self._count}", ANSWERED_WITHIN, partial(self._unanswered, self._count))
        self._post_wish(self._count)

    def _post_wish(self, number: int) -> None:
        self._post("wish", number=number, message=write_wish(self._wishes[number].message))

    def _take_wish(self, number: int) -> _Wish | None:
        self._clock.stop(f"wish:{number}")
        return self._wishes.pop(number, None)

    def pass_on(self, call: Call) -> None:
        """A call that was dialled here before it was known who has the line."""
        message = DialRequested(
            call_uuid=call.uuid,
            number=call.number,
            campaign_id=call.campaign_id,
            lead_id=call.lead_id,
            headers=call.headers,
        )

        def reply(problems: tuple[Problem, ...]) -> None:
            if problems:
                self._at_desk.dispatch(CallNotTaken(call_uuid=call.uuid))

        self.forward(message, reply)

    def _unanswered(self, number: int) -> None:
        wish = self._take_wish(number)
        if wish is not None:
            wish.reply((Problem(code="not_registered"),))

    # ---- the channel

    def _post(self, type: str, **more: Any) -> None:
        self._line.post(json.dumps({"type": type, "from": self._frame, **more}))

    def _receive(self, text: str) -> None:
        """From another frame of ours, perhaps of another build. Never raises."""
        try:
            data = json.loads(text)
            handle = {"hello": self._on_hello, "phone": self._on_phone, "wish": self._on_wish}
            handle.get(data["type"], self._on_done)(data)
        except (ValueError, LookupError, TypeError) as error:
            print(f"zorio-webphone: a message of another tab was not understood: {type(error).__name__}")

    def _on_hello(self, data: dict[str, Any]) -> None:
        self._audience = True
        if self._has_line:  # for one that comes late; the others see no difference
            calm = replace(self._phone, notices=(), calls=self._phone.live_calls)
            self._post_phone(write_phone(calm))

    def _on_phone(self, data: dict[str, Any]) -> None:
        term = int(data["term"])
        if self._has_line or term < self._term:
            return
        phone = read_phone(data["phone"])
        asked_before = list(self._wishes) if term > self._term else []
        if 0 < self._term < term:
            self._post("hello")  # it may have come after us
        self._term = term
        self._known_calls.update(call.uuid for call in phone.calls)
        self._at_desk.mirrored(phone)
        for number in asked_before:
            if self._was_dialled(self._wishes[number]):
                self._take_wish(number)
            else:
                self._post_wish(number)

    def _on_wish(self, data: dict[str, Any]) -> None:
        if not self._has_line:
            return
        to, number = str(data["from"]), int(data["number"])
        if (to, number) in self._obeyed:
            return  # sent again, because it was not known who has the line
        self._obeyed.append((to, number))

        def reply(problems: tuple[Problem, ...]) -> None:
            self._post("done", to=to, number=number, problems=write_problems(problems))

        try:
            message = read_wish(data["message"])
        except MirrorError:
            reply((Problem(code="unknown_command"),))  # of a newer build
        else:
            self._at_desk.obey(message, reply)

    def _on_done(self, data: dict[str, Any]) -> None:
        if data["type"] != "done" or data["to"] != self._frame:
            return
        number = int(data["number"])
        problems = read_problems(data["problems"])
        wish = self._take_wish(number)
        if wish is not None:
            wish.reply(problems)

    @property
    def _at_desk(self) -> Desk:
        if self._desk is None:
            raise LookupError("nobody serves")
        return self._desk


def without_problems(phone: Phone) -> tuple[Phone, tuple[Problem, ...]]:
    """What went wrong in this step, taken out of the phone."""
    problems = tuple(notice for notice in phone.notices if isinstance(notice, Problem))
    others = tuple(notice for notice in phone.notices if not isinstance(notice, Problem))
    return replace(phone, notices=others), problems


def _is_for_all(notice: Notice, message: Message) -> bool:
    if isinstance(notice, TokenExpiring):
        return False
    return not (isinstance(notice, Problem) and isinstance(message, _ASKERS_BUSINESS))
