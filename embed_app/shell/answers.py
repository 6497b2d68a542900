"""The answers to commands that carried an `id`: each id is carried out once, and may be sent again."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

ANSWERS_KEPT = 500
"""Of the newest commands."""
Response = Mapping[str, Any]


class Answers:
    def __init__(self) -> None:
        self._given: OrderedDict[str, Response] = OrderedDict()
        self._waiting: Counter[str] = Counter()

    def given(self, command_id: str) -> Response | None:
        """The answer that went out for this id."""
        return self._given.get(command_id)

    def keep(self, command_id: str, response: Response) -> None:
        self._given[command_id] = response
        while len(self._given) > ANSWERS_KEPT:
            self._given.popitem(last=False)

    # ---- commands that another tab carries out

    def await_owner(self, command_id: str) -> None:
        """The command went to the owner; its answer comes later."""
        self._waiting[command_id] = 1

    def came_again(self, command_id: str) -> bool:
        """False if this id is not with the owner. Otherwise its answer is due once more."""
        if command_id not in self._waiting:
            return False
        self._waiting[command_id] += 1
        return True

    def owner_answered(self, command_id: str) -> int:
        """How often the command has come again meanwhile."""
        return self._waiting.pop(command_id, 1) - 1
