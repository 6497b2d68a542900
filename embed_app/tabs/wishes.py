"""Wishes of this tab that the owner has not answered yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from embed_app.core.message import Message
from embed_app.core.notices import Problem
from embed_app.shell.ports import Clock

ANSWERED_WITHIN = 5.0
"""Seconds for the owner to do what another tab wishes."""
Reply = Callable[[tuple[Problem, ...]], None]
"""Called once with what was wrong with a wish; () when nothing was."""


@dataclass(frozen=True, slots=True)
class Wish:
    message: Message
    reply: Reply


class PendingWishes:
    """By number: the owner answers by the number it was sent."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wishes: dict[int, Wish] = {}
        self._count = 0

    def add(self, message: Message, reply: Reply) -> int:
        """Its number. Without an answer in time, `reply` gets a `not_registered`."""
        self._count += 1
        number = self._count
        self._wishes[number] = Wish(message, reply)
        self._clock.start(f"wish:{number}", ANSWERED_WITHIN, partial(self._too_late, number))
        return number

    def numbers(self) -> list[int]:
        """In the order in which they were added."""
        return list(self._wishes)

    def message(self, number: int) -> Message:
        """Raises KeyError for one that is not pending."""
        return self._wishes[number].message

    def take(self, number: int) -> Wish | None:
        """No longer pending. None if it was answered before, or came too late."""
        self._clock.stop(f"wish:{number}")
        return self._wishes.pop(number, None)

    def answer(self, number: int, problems: tuple[Problem, ...]) -> None:
        """Nothing happens if it was answered before."""
        wish = self.take(number)
        if wish is not None:
            wish.reply(problems)

    def _too_late(self, number: int) -> None:
        self.answer(number, (Problem(code="not_registered"),))
