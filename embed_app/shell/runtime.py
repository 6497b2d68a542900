"""One message at a time: take, decide, tell, perform, show.

The other tabs stand around the step: they may carry the message out instead, and they are told afterwards.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from embed_app.core.call.effects import AcceptInvite, SendInvite
from embed_app.core.effect import Effect
from embed_app.core.link.messages import OwnerShown
from embed_app.core.message import Message
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.core.screen.folding import seen_of
from embed_app.core.screen.values import Panel
from embed_app.core.update import update
from embed_app.i18n.translator import Translator
from embed_app.protocol.events import Ready
from embed_app.shell.answers import Answers
from embed_app.shell.faults import Guard
from embed_app.shell.inbox import Inbox
from embed_app.shell.next_page import NextPage
from embed_app.shell.outbox import Outbox
from embed_app.shell.performer import Performer
from embed_app.shell.ports import Ports
from embed_app.tabs.coordinator import Coordinator
from embed_app.tabs.shown import Shown
from embed_app.tabs.wishes import Reply

VERSION = "0.1.0"


def new_uuid() -> str:
    return str(uuid.uuid4())


class Runtime:
    """`dispatch(message)` is the single way in. A message that comes while another is worked on waits."""

    def __init__(self, phone: Phone, outside: Ports, translator: Translator) -> None:
        self.phone = phone
        self._outside = outside
        self._shown = Shown(phone)
        self._answers = Answers()
        self._outbox = Outbox(outside.parent_window, outside.screen, translator, self._answers)
        self._next_page = NextPage(outside.records)
        self._guard = Guard(self._tell_fault)
        self._inbox = Inbox(self, self._answers, self._guard, outside.clock, new_uuid)
        self._tabs = Coordinator(self, self._shown, outside.tab_channel, outside.clock, new_uuid())
        self._performer = Performer(outside, self._tabs, self.dispatch)

    def start(self, first: Message) -> None:
        """Show, listen, and say `ready` once commands are taken."""
        self._outside.user_agent.listen(self.dispatch)
        self._outside.screen.listen(self.dispatch, new_uuid)
        self._outside.devices.listen(self.dispatch)
        self.dispatch(first)
        link = self.phone.link
        extension = link.token.extension if link.token else None
        self._outbox.open(Ready(version=VERSION, state=link.state.value, extension=extension))
        self._outside.parent_window.listen(self._inbox.receive)

    # ---- in: from the phone itself, from the other tabs, from the inbox

    def dispatch(self, message: Message) -> None:
        """Something has happened: to SIP, the network, the page or the agent."""
        self._inbox.put(partial(self.take, message))

    def carry_out(self, message: Message, reply: Reply) -> None:
        """A wish of another tab: what is wrong with it is told there and nowhere else."""
        self._inbox.put(partial(self._take, message, None, reply))

    def follow(self, owners: Phone) -> None:
        """The owner of the phone is another tab, and this is its phone now."""
        self._inbox.put(partial(self._follow, owners))

    def take(self, message: Message, command_id: str | None = None) -> None:
        self._take(message, command_id, None)

    def answer_state(self, command_id: str) -> None:
        self._outbox.answer_state(command_id, self._shown.phone)

    def answer_again(self, command_id: str) -> None:
        self._outbox.answer_again(command_id)

    # ---- around the step: the other tabs

    def _take(self, message: Message, command_id: str | None, reply: Reply | None) -> None:
        """Let the owner carry `message` out, or take a step of our own and tell the other tabs of it."""
        if self._tabs.forwards(message, self.phone):
            self._tabs.forward(message, reply or self._reply_to(command_id))
            return
        problems = self._step(message, command_id, private=reply is not None)
        self._guard(partial(self._tabs.publish, self.phone, message))
        if reply is not None:
            reply(problems)

    def _follow(self, owners: Phone) -> None:
        self._shown.follow(owners)
        calls = seen_of(owners) | {call.uuid for call in owners.calls}
        devices_open = owners.panel is Panel.DEVICES
        self.take(OwnerShown(calls=calls, devices_open=devices_open, saves=owners.saves))

    def _reply_to(self, command_id: str | None) -> Reply:
        """What happens here when the owner has done what was wished."""
        if command_id is not None:
            self._answers.await_owner(command_id)

        def reply(problems: tuple[Problem, ...]) -> None:
            self._inbox.put(partial(self._replied, command_id, problems), command_id)

        return reply

    def _replied(self, command_id: str | None, problems: tuple[Problem, ...]) -> None:
        before = self._shown.put_problems(problems)
        self._outbox.tell(before, self._shown.phone, command_id)
        if command_id is not None:
            for _ in range(self._answers.owner_answered(command_id)):
                self._outbox.answer_again(command_id)
        self._outbox.show(self._shown.phone)

    # ---- the step

    def _step(self, message: Message, command_id: str | None, *, private: bool) -> tuple[Problem, ...]:
        """`private`: what goes wrong is neither told nor shown here, but returned."""
        # take
        stamped = replace(message, at=self._outside.clock.now(), chance=random.random())  # noqa: S311 - jitter

        # decide
        self.phone, effects = update(self.phone, stamped)
        before = self._shown.step(self.phone, self._next_page.announced)
        problems = self._shown.take_problems() if private else ()
        urgent = _urgent(effects)

        # tell; but an INVITE or its answer first: the far end waits for it, and telling takes milliseconds
        self._outbox.trust(self.phone.link.token)
        self._perform(effects[:urgent])
        self._guard(partial(self._outbox.tell, before, self._shown.phone, command_id), command_id)
        self._guard(partial(self._next_page.note_announced, self._shown.phone))
        self._guard(partial(self._next_page.keep_record, self.phone))
        self._guard(partial(self._next_page.note_dialled, self.phone))

        # perform
        self._perform(effects[urgent:])
        self._guard(partial(self._next_page.leave_address, self.phone))  # last: it may block for 10 ms

        # show
        self._guard(partial(self._outbox.show, self._shown.phone))
        return problems

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self._guard(partial(self._performer.perform, effect, self.phone))

    def _tell_fault(self, problem: Problem, command_id: str | None) -> None:
        self._outbox.tell_fault(problem, self.phone, command_id)


def _urgent(effects: Sequence[Effect]) -> int:
    """How many of them come before the parent is told: up to the last one that the far end waits for."""
    found = (n for n, effect in enumerate(effects, 1) if isinstance(effect, (SendInvite, AcceptInvite)))
    return max(found, default=0)
