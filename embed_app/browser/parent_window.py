"""`window.parent` behind boot.js: who may speak, and to whom we speak (contract section 3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.protocol.parent_origin import is_allowed, targets


class BrowserParentWindow:
    def __init__(self) -> None:
        self._customer: tuple[str, ...] = tuple(str(item) for item in js.zorioBoot.parentOrigins)
        self._token: tuple[str, ...] = ()
        self._known = ""
        self._checked = ""
        self._receive: Callable[[str], None] = lambda _text: None
        self._handler = create_proxy(self._on_message)
        self._held_back: list[Mapping[str, Any]] | None = None
        self._hidden = create_proxy(self._on_hidden)
        self._shown = create_proxy(self._on_shown)
        js.window.addEventListener("pagehide", self._hidden)
        js.window.addEventListener("pageshow", self._shown)

    def trust(self, token_origins: Sequence[str]) -> None:
        self._token = tuple(token_origins)
        self._checked = ""

    def listen(self, receive: Callable[[str], None]) -> None:
        """Messages kept since first paint come at once, in order; later ones as they arrive."""
        self._receive = receive
        js.zorioBoot.takeMessages(self._handler)

    def post(self, message: Mapping[str, Any]) -> None:
        if self._held_back is not None:
            self._held_back.append(message)
            return
        text = json.dumps(message)
        if self._known and self._allowed(self._known):
            js.zorioBoot.post(text, self._known)
            return
        for origin in targets(str(js.zorioBoot.parentOriginHint), self._customer, self._token):
            js.zorioBoot.post(text, origin)

    def _on_hidden(self, event: Any) -> None:
        """Into the browser's cache, and the parent with us: what is posted now would be lost on the way."""
        if event.persisted:
            self.hold_back()

    def hold_back(self) -> None:
        """Post nothing until the page is shown again."""
        if self._held_back is None:
            self._held_back = []

    def _on_shown(self, _event: Any) -> None:
        held_back, self._held_back = self._held_back, None
        for message in held_back or ():
            self.post(message)

    def _on_message(self, text: str, origin: str) -> None:
        """boot.js hands over what `window.parent` has posted, and nothing of other windows."""
        # The patterns are read once for each origin and token: a flood must cost little.
        if origin == self._checked or self._allowed(origin):
            self._known = self._checked = origin
            self._receive(text)

    def _allowed(self, origin: str) -> bool:
        return is_allowed(origin, self._customer) and (not self._token or is_allowed(origin, self._token))
