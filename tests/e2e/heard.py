"""The log of everything that was posted to a page, and its judgement at the end of each test.

Kept on this side, so that it outlives reloads and the page itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

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
        page.on("console", self._hear)
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
        found, self._judge.problems = self._judge.problems, []
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
