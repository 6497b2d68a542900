"""What comes in, one after the other: what comes while something is worked on waits.

A parent's text becomes a message here. Whatever the text is, nothing is raised: a mistake becomes an `error`,
or the error of the response where the command carried an `id`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

from embed_app.core.message import Message, ParentMistake
from embed_app.protocol.commands import decode_command
from embed_app.protocol.envelope import SOURCE, Envelope, ProtocolError, open_envelope
from embed_app.protocol.from_parent import to_message
from embed_app.shell.answers import Answers
from embed_app.shell.faults import Guard
from embed_app.shell.flood import Flood, Verdict
from embed_app.shell.ports import Clock

Work = Callable[[], None]


class Worker(Protocol):
    """Who gets what has come in, one thing at a time."""

    def take(self, message: Message, command_id: str | None = None) -> None:
        """Carry it out. `command_id`: the parent waits for a response with this id."""

    def answer_state(self, command_id: str) -> None:
        """Answer `get_state`."""

    def answer_again(self, command_id: str) -> None:
        """The same answer as before."""


class Inbox:
    def __init__(
        self, worker: Worker, answers: Answers, guard: Guard, clock: Clock, new_uuid: Callable[[], str]
    ) -> None:
        """`new_uuid`: for the calls that commands start."""
        self._worker = worker
        self._answers = answers
        self._guard = guard
        self._clock = clock
        self._new_uuid = new_uuid
        self._flood = Flood(clock.now())
        self._queue: deque[tuple[Work, str | None]] = deque()
        self._busy = False

    def put(self, work: Work, command_id: str | None = None) -> None:
        """Do it now, or after what is being worked on. `command_id`: it is for this command of the parent."""
        self._queue.append((work, command_id))
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue:
                self._guard(*self._queue.popleft())
        finally:
            self._busy = False

    def receive(self, text: str) -> None:
        """One message of the parent, as JSON text. Never raises."""
        if SOURCE not in text:
            return  # not for us, and no reason to look closer at a thousand of them a second
        verdict = self._flood.judge(self._clock.now())
        if verdict is Verdict.DROP_AND_TELL:
            self.put(partial(self._worker.take, ParentMistake(code="too_many_messages")))
        if verdict is not Verdict.TAKE:
            return
        try:
            envelope = open_envelope(text)
        except ProtocolError as mistake:
            self.put(partial(self._once, mistake.id, _mistake_told(mistake)), mistake.id)
            return
        if envelope is not None:
            self.put(partial(self._command, envelope), envelope.id)

    def _command(self, envelope: Envelope) -> None:
        message: Message | None
        try:
            command = decode_command(envelope.type, envelope.payload, envelope.id)
            message = to_message(command, self._new_uuid)
        except ProtocolError as mistake:
            message = _mistake_told(mistake)
        self._once(envelope.id, message)

    def _once(self, command_id: str | None, message: Message | None) -> None:
        """Carry a command out, unless its id has come before. `message`: None for `get_state`."""
        if command_id is not None and self._answers.given(command_id) is not None:
            self._worker.answer_again(command_id)
        elif command_id is not None and self._answers.came_again(command_id):
            return  # it is answered as often as it came, once the owner has answered
        elif message is not None:
            self._worker.take(message, command_id)
        elif command_id is not None:
            self._worker.answer_state(command_id)


def _mistake_told(mistake: ProtocolError) -> ParentMistake:
    return ParentMistake(code=mistake.code, fields=mistake.fields)
