"""Which tab owns the phone, and what the tabs tell each other.

    the owner                                 the other tabs
      each step -> its phone (`phone`)  --->    shown and announced there as if it were theirs (`shown.py`)
      the step, or its problems         <---    wishes of their parents and agents (`wish`)
                                        --->    what was wrong with a wish, and nothing else (`done`)
                                        <---    a tab that was just opened asks for the phone (`hello`)

`term` counts the owners: what an earlier one posted comes too late. Messages keep their form: another tab may
run an older build while the server is upgraded.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import replace
from typing import Any, Protocol

from embed_app.core.call.messages import CallNotTaken, DialRequested
from embed_app.core.call.values import Call
from embed_app.core.link.messages import ConfigAnswer, OwnershipGranted, TokenOffered
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message, ParentMistake
from embed_app.core.notices import Notice, Problem, TokenExpiring
from embed_app.core.phone import Phone
from embed_app.shell.ports import Clock, TabChannel
from embed_app.tabs.codec import (
    CodecError,
    read_phone,
    read_problems,
    read_wish,
    write_phone,
    write_problems,
    write_wish,
)
from embed_app.tabs.shared_fields import FORWARDED
from embed_app.tabs.shown import Shown
from embed_app.tabs.wishes import PendingWishes, Reply

_ASKERS_BUSINESS = (*FORWARDED, TokenOffered, ParentMistake, ConfigAnswer)
"""What goes wrong with these concerns the parent or agent who asked, or the token of this one tab."""


class Host(Protocol):
    """The phone of this tab, as far as other tabs reach it. Each call waits for what is worked on."""

    def dispatch(self, message: Message) -> None: ...
    def carry_out(self, message: Message, reply: Reply) -> None:
        """A wish of another tab: what is wrong with it is told there and nowhere else."""

    def follow(self, owners: Phone) -> None:
        """The owner has taken a step; this is its phone now."""


class Coordinator:
    def __init__(self, host: Host, shown: Shown, channel: TabChannel, clock: Clock, tab: str) -> None:
        """`tab`: a name no other tab has."""
        self._host = host
        self._shown = shown
        self._channel = channel
        self._tab = tab
        self._is_owner = False
        self._term = 0
        self._phone = Phone()
        self._published: dict[str, Any] = {}
        self._others_listen = False
        self._pending = PendingWishes(clock)
        self._carried_out: deque[tuple[str, int]] = deque(maxlen=100)
        self._owners_calls: set[str] = set()
        """Every call an owner has shown: none of them is dialled again."""

    # ---- who is the owner

    def request_ownership(self, name: str) -> None:
        """`name`: the same for all tabs that share the extension. OwnershipGranted comes once it is ours."""
        self._channel.ask(name, self._granted, self._receive)
        if not self._is_owner:
            self._post("hello")

    def release_ownership(self) -> None:
        self._channel.leave()
        self._is_owner = False
        self._shown.follow_nobody()

    def _granted(self) -> None:
        left = self._shown.follow_nobody()
        self._is_owner = True
        self._term += 1
        self._host.dispatch(OwnershipGranted(left=left))
        for number in self._pending.numbers():
            wish = self._pending.take(number)
            if wish is not None and self._was_dialled(wish.message):
                wish.reply(())
            elif wish is not None:
                self._host.carry_out(wish.message, wish.reply)

    def _was_dialled(self, message: Message) -> bool:
        """Whether an owner that is gone has carried the wish out: it showed the call, then."""
        return isinstance(message, DialRequested) and message.call_uuid in self._owners_calls

    # ---- the owner tells the others

    def publish(self, phone: Phone, message: Message) -> None:
        """After each step of this tab's phone: `message` has led to `phone`."""
        self._phone = phone
        granted = isinstance(message, OwnershipGranted)
        if not self._is_owner or not (self._others_listen or granted):
            return
        notices = tuple(notice for notice in phone.notices if _is_for_all(notice, message))
        written = write_phone(replace(phone, notices=notices))
        if written != self._published or notices or granted:
            self._post_phone(written)

    def _post_phone(self, written: dict[str, Any]) -> None:
        self._published = written
        self._post("phone", term=self._term, phone=written)

    # ---- the others ask the owner

    def forwards(self, message: Message, own: Phone) -> bool:
        """Whether the owner is to carry this out, and not this tab."""
        return own.link.state is LinkState.STANDBY and isinstance(message, FORWARDED)

    def forward(self, message: Message, reply: Reply) -> None:
        """`message` is one of FORWARDED."""
        self._post_wish(self._pending.add(message, reply))

    def pass_on(self, call: Call) -> None:
        """A call that was dialled here before it was known who the owner is."""
        message = DialRequested(
            call_uuid=call.uuid,
            number=call.number,
            campaign_id=call.campaign_id,
            lead_id=call.lead_id,
            headers=call.headers,
            by_hand=call.by_hand,
        )

        def reply(problems: tuple[Problem, ...]) -> None:
            if problems:
                self._host.dispatch(CallNotTaken(call_uuid=call.uuid))

        self.forward(message, reply)

    def _post_wish(self, number: int) -> None:
        self._post("wish", number=number, message=write_wish(self._pending.message(number)))

    # ---- the channel

    def _post(self, type: str, **more: Any) -> None:
        self._channel.post(json.dumps({"type": type, "from": self._tab, **more}))

    def _receive(self, text: str) -> None:
        """From another tab, perhaps of another build. Never raises."""
        try:
            data = json.loads(text)
            handle = {"hello": self._on_hello, "phone": self._on_phone, "wish": self._on_wish}
            handle.get(data["type"], self._on_done)(data)
        except (ValueError, LookupError, TypeError) as error:
            print(f"zorio-webphone: a message of another tab was not understood: {type(error).__name__}")

    def _on_hello(self, _data: dict[str, Any]) -> None:
        self._others_listen = True
        if self._is_owner:  # for one that comes late; the others see no difference
            calm = replace(self._phone, notices=(), calls=self._phone.live_calls)
            self._post_phone(write_phone(calm))

    def _on_phone(self, data: dict[str, Any]) -> None:
        term = int(data["term"])
        if self._is_owner or term < self._term:
            return
        phone = read_phone(data["phone"])
        asked_before = self._pending.numbers() if term > self._term else []
        if 0 < self._term < term:
            self._post("hello")  # the new owner may have come after us
        self._term = term
        self._owners_calls.update(call.uuid for call in phone.calls)
        self._host.follow(phone)
        for number in asked_before:
            if self._was_dialled(self._pending.message(number)):
                self._pending.answer(number, ())
            else:
                self._post_wish(number)

    def _on_wish(self, data: dict[str, Any]) -> None:
        if not self._is_owner:
            return
        to, number = str(data["from"]), int(data["number"])
        if (to, number) in self._carried_out:
            return  # sent again, because it was not known who the owner is
        self._carried_out.append((to, number))

        def reply(problems: tuple[Problem, ...]) -> None:
            self._post("done", to=to, number=number, problems=write_problems(problems))

        try:
            message = read_wish(data["message"])
        except CodecError:
            reply((Problem(code="unknown_command"),))  # of a newer build
        else:
            self._host.carry_out(message, reply)

    def _on_done(self, data: dict[str, Any]) -> None:
        if data["type"] == "done" and data["to"] == self._tab:
            number = int(data["number"])
            self._pending.answer(number, read_problems(data["problems"]))


def _is_for_all(notice: Notice, message: Message) -> bool:
    if isinstance(notice, TokenExpiring):
        return False
    return not (isinstance(notice, Problem) and isinstance(message, _ASKERS_BUSINESS))
