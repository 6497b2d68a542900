"""Async tests beside Playwright, whose own event loop occupies the main thread."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec

from tests.server.pbx import world

P = ParamSpec("P")


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run an async test function in a thread of its own; 30 seconds at most."""
    told = world.story(test)

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(told, *args, **kwargs).result()

    return run
