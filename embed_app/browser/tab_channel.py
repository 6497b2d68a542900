"""The tabs of this browser that share an extension: Web Locks elect the owner, a BroadcastChannel joins all.

Both are partitioned by the site of the parent (in Chromium, Firefox and Safari alike): tabs of two CRMs never
see each other here. Where a user blocks site data both throw, and the tab is on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, create_once_callable, create_proxy, to_js


def can_share() -> bool:
    """False where it is known at once that this tab will be on its own."""
    return bool(getattr(js.navigator, "locks", None)) and bool(getattr(js, "BroadcastChannel", None))


class BrowserTabChannel:
    def __init__(self) -> None:
        self._channel: Any = None
        self._handler: Any = None
        self._held = False
        self._let_go: Callable[[], None] | None = None

    def ask(self, name: str, granted: Callable[[], None], receive: Callable[[str], None]) -> None:
        self.leave()
        self._open(name, receive)
        aborter = js.AbortController.new()

        def keep(resolve: Any, _reject: Any) -> None:
            self._let_go = resolve

        # Made before it is needed: the lock lasts until `resolve` is called, or the page is gone.
        until_left = js.Promise.new(create_once_callable(keep))
        release = self._let_go

        def on_lock(_lock: Any) -> Any:
            self._held = True
            granted()
            return until_left

        def let_go() -> None:
            if self._held and release is not None:
                release()
            else:
                aborter.abort()

        def refused(error: Any) -> None:
            if str(error.name) != "AbortError":
                granted()  # the browser keeps the tabs apart: this one is alone

        self._let_go = let_go
        options = to_js({"signal": aborter.signal}, dict_converter=js.Object.fromEntries)
        try:
            request = js.navigator.locks.request(name, options, create_once_callable(on_lock))
        except JsException:
            granted()
        else:
            request.catch(create_once_callable(refused))

    def leave(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._handler.destroy()
            self._channel = None
        if self._let_go is not None:
            self._let_go()
            self._let_go = None
        self._held = False

    def post(self, text: str) -> None:
        if self._channel is not None:
            self._channel.postMessage(text)

    def _open(self, name: str, receive: Callable[[str], None]) -> None:
        try:
            self._channel = js.BroadcastChannel.new(name)
        except JsException:
            return

        def on_message(event: Any) -> None:
            if not self._held:  # another tab is the owner: the socket opened ahead is not needed
                js.zorioBoot.takeSocket("")
            receive(str(event.data))

        self._handler = create_proxy(on_message)
        self._channel.addEventListener("message", self._handler)
