"""Which browser this is, to our server and to the PBX, and when its page goes.

One random name for all frames of a browser that can see each other, given by the head of the page
(public/fast-start/head.js) and kept in localStorage. To the server it is who holds an extension's lease
(`core/link/lease.py`). To the registrar it is the instance (RFC 5626 section 4.1). So a page that is
reloaded, or another tab that becomes the owner, is the same phone and no second one.
"""

from __future__ import annotations

from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.core.link.messages import PageFrozen, PageLeft
from embed_app.shell.ports import Dispatch


class LeaseHolder:
    def __init__(self, known_as: str = "") -> None:
        """`known_as`: the name under which a former page of this tab has left a call."""
        given = str(js.zorioBoot.leaseHolder)
        self.name = known_as or given
        self._is_known_again = bool(js.zorioBoot.leaseHolderIsKept) and self.name == given
        self._leaving: Any = None

    def watch(self, dispatch: Dispatch) -> None:
        def left(event: Any) -> None:
            dispatch(PageLeft(is_known_again=self._is_known_again))
            if event.persisted:
                dispatch(PageFrozen())

        self._leaving = create_proxy(left)
        js.window.addEventListener("pagehide", self._leaving)
