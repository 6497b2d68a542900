"""What happens around the page: the network, sleep, devices, room. Each becomes a Message; no policy here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.core.link.messages import WentOffline, WentOnline, WokeUp
from embed_app.core.message import Message
from embed_app.core.screen.messages import VisibilityChanged, WidthChanged
from embed_app.core.sound.messages import DevicesChanged
from embed_app.shell.ports import Dispatch


class Surroundings:
    """Listens from the start until the page goes away."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._kept: list[Any] = []
        self._on(js.window, "online", WentOnline)
        self._on(js.window, "offline", WentOffline)
        self._on(js.document, "visibilitychange", WokeUp, when=lambda _event: not js.document.hidden)
        self._on(js.document, "visibilitychange", _visibility)
        self._on(js.window, "pageshow", WokeUp, when=lambda event: event.persisted)
        # Chromium's sign that Wi-Fi became a cable or a phone's network; others do not have it.
        self._on(getattr(js.navigator, "connection", None), "change", WokeUp)
        self._on(getattr(js.navigator, "mediaDevices", None), "devicechange", DevicesChanged)
        self._room = js.matchMedia("(min-width: 45rem)")
        self._on(self._room, "change", lambda: WidthChanged(wide=bool(self._room.matches)))
        if self._room.matches:
            dispatch(WidthChanged(wide=True))
        if not js.navigator.onLine:
            dispatch(WentOffline())
        if js.document.hidden:
            dispatch(_visibility())

    def _on(
        self,
        target: Any,
        event: str,
        make: Callable[[], Message],
        when: Callable[[Any], bool] = lambda _event: True,
    ) -> None:
        if target is None:
            return

        def heard(happened: Any) -> None:
            if when(happened):
                self._dispatch(make())

        handler = create_proxy(heard)
        target.addEventListener(event, handler)
        self._kept.append(handler)


def _visibility() -> VisibilityChanged:
    return VisibilityChanged(hidden=bool(js.document.hidden))
