"""Time and timers by the browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

LONGEST_MS = 2**31 - 1  # setTimeout counts in a signed 32-bit integer; beyond it fires at once


class BrowserClock:
    def __init__(self) -> None:
        self._running: dict[str, tuple[int, Any]] = {}

    def now(self) -> float:
        return time.time()

    def start(self, name: str, delay: float, fire: Callable[[], None]) -> None:
        self.stop(name)

        def fired() -> None:
            self.stop(name)
            fire()

        proxy = create_proxy(fired)
        self._running[name] = (js.setTimeout(proxy, min(LONGEST_MS, round(delay * 1000))), proxy)

    def stop(self, name: str) -> None:
        handle, proxy = self._running.pop(name, (None, None))
        if proxy is not None:
            js.clearTimeout(handle)
            proxy.destroy()
