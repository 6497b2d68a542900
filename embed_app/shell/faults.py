"""Faults of our own code: a line in the console and an `error` `internal`. Kind and place, never data."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from types import MappingProxyType

from embed_app.core.notices import Problem


def report(kind: str, place: str) -> Problem:
    """Print the fault to the console. Returns what the parent is told of it.

    kind: the name of the exception. place: file and line, or the function.
    """
    print(f"zorio-webphone: {kind} at {place}")
    return Problem(code="internal", detail=MappingProxyType({"kind": kind, "where": place}))


def report_error(error: Exception) -> Problem:
    """`report` for a Python exception. Its text is left out: it may hold a number or a token."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return report(type(error).__name__, place)


class Guard:
    """Runs work. One bad message or one broken adapter must not stop the phone or cost what comes next."""

    def __init__(self, tell: Callable[[Problem, str | None], None]) -> None:
        """`tell` gets each fault, and the id of the command in which it happened."""
        self._tell = tell

    def __call__(self, work: Callable[[], None], command_id: str | None = None) -> None:
        """Never raises."""
        try:
            work()
        except Exception as error:  # noqa: BLE001
            self._tell(report_error(error), command_id)
