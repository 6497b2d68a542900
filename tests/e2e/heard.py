"""The log of everything that was posted to a page, and its judgement at the end of each test.

A fault of ours is part of it: what the console says of one, an exception nobody caught, an `error`
`internal`. A test that brings one about names it in `Log.expected`; any other fault fails the test.

Kept on this side, so that it outlives reloads and the page itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page

from tests.e2e.invariants import Judge

_MARK = "zorio-heard "
_LISTEN = """if (window === top) {
  let count = 0;
  addEventListener("message", (e) => {
    if (e.data?.source === "zorio-webphone")
      console.debug("zorio-heard " +
        JSON.stringify([performance.timeOrigin, ++count, Date.now() / 1000, e.data]));
  });
}"""
_TOLD_AS = ("error", "warning", "log")
"""To the browser what Python prints is a log, and its traceback a warning."""
_logs: list[Log] = []

Alive = Callable[[], set[str] | None]
"""The calls the phone has now; None where it is gone or nobody can say."""


class Log:
    """Of one page, from before its first script until it is closed."""

    def __init__(
        self, page: Page, name: str, alive: Alive = lambda: None, *, keeps_calls: bool = True
    ) -> None:
        self.name = name
        self.messages: list[dict[str, Any]] = []
        self._page = page
        self._alive = alive
        self._keeps_calls = keeps_calls
        self._judge = Judge()
        self._seen: set[tuple[float, int]] = set()
        self.expected: list[str] = []
        """Parts of the faults that the test is about."""
        self._faults: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._faults.append(f"exception {error}"))
        page.add_init_script(_LISTEN)
        _logs.append(self)

    def _hear(self, text: ConsoleMessage) -> None:
        if text.type == "debug" and text.text.startswith(_MARK):
            page, count, at, message = json.loads(text.text.removeprefix(_MARK))
            if (page, count) in self._seen:
                return  # the console of a page that comes back from the cache is told from its beginning
            self._seen.add((page, count))
            self.messages.append(message)
            self._judge.hear(message, page, at)
            if message["type"] == "error" and message["payload"]["code"] == "internal":
                self._faults.append(f"error internal {message['payload'].get('detail')}")
        elif text.type in _TOLD_AS and ("Traceback" in text.text or text.text.startswith("zorio-webphone:")):
            self._faults.append(text.text)

    @property
    def gone(self) -> bool:
        return self._page.is_closed()

    def settle(self) -> None:
        """What was announced and is not alive has ended. To be asked before the page is closed, too."""
        if self._judge.open_calls() and not self.gone:
            alive = self._alive()
            if alive is not None:
                self._judge.close(alive, keeps_calls=self._keeps_calls)

    def problems(self) -> list[str]:
        """Found since the last time somebody asked."""
        self.settle()
        with suppress(Error):  # what the console has said arrives before this answer
            self._page.evaluate("0")
        faults = [text for text in self._faults if not any(part in text for part in self.expected)]
        found = [*self._judge.problems, *(f"a fault: {text}" for text in faults)]
        self._judge.problems, self._faults, self.expected = [], [], []
        return [f"{self.name}: {problem}" for problem in found]


def judge_all() -> list[str]:
    """What is wrong in any log; those of closed pages are judged for the last time."""
    found = [problem for log in _logs for problem in log.problems()]
    _logs[:] = [log for log in _logs if not log.gone]
    return found


@pytest.fixture(autouse=True)
def every_log_is_in_order() -> Iterator[None]:
    """For all tests with pages. Set up before all other fixtures, and so the last to end."""
    yield
    problems = judge_all()
    assert not problems, "\n".join(problems)
