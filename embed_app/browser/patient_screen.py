"""What goes to the wire goes before what the agent sees of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.shell.ports import Dispatch, Screen
from embed_app.ui.view import View

PATIENCE_MS = 25
"""From the click to the INVITE the browser comes back to the page several times (microphone, offer, network:
15 ms). Drawing in between, with the layout that follows, makes it longer; nobody sees a picture 25 ms
sooner."""


class PatientScreen:
    """Shows on `screen` a moment later, and of views that follow each other closely only the last."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._view: View | None = None
        self._waits = False
        self._shown = False
        self._draw_proxy: Any = create_proxy(self._draw)

    def show(self, view: View) -> None:
        self._view = view
        if not self._shown or view.flash is not None:  # the start waits for it; a flash is in this view only
            self._shown = True
            self._screen.show(view)
            self._view = None
        elif not self._waits:
            self._waits = True
            js.setTimeout(self._draw_proxy, PATIENCE_MS)

    def _draw(self) -> None:
        self._waits = False
        view, self._view = self._view, None
        if view is not None:
            self._screen.show(view)

    def listen(self, dispatch: Dispatch, new_uuid: Callable[[], str]) -> None:
        self._screen.listen(dispatch, new_uuid)
