"""The composition root: the one file that names concrete adapters.

Nothing here or in `browser/` may read a property of `js` while it is imported: the fast start imports this
module when the frame is built, where there is no page (public/fast-start/README.md).
"""

from __future__ import annotations

from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.browser.backend import FetchBackend
from embed_app.browser.clock import BrowserClock
from embed_app.browser.parent_window import BrowserParentWindow
from embed_app.browser.ringer import AudioRinger
from embed_app.browser.screen import DomScreen
from embed_app.browser.sip_user_agent import SipUserAgent
from embed_app.core.messages import ParentMistake, PlaybackBlocked, PlaybackStarted, Started, WentOnline
from embed_app.core.model import Phone
from embed_app.core.update import sounding_call
from embed_app.i18n.translator import Translator
from embed_app.params import read_params
from embed_app.runtime import Ports, Runtime

_kept: list[Any] = []


def start() -> None:
    """Bring the phone up. Called again, as PyScript does after a fast start, it does nothing."""
    if _kept:
        return
    params = read_params(str(js.zorioBoot.search))
    ringer = AudioRinger()
    runtime = Runtime(
        Phone(settings=params.settings),
        Ports(
            user_agent=SipUserAgent(),
            parent_window=BrowserParentWindow(),
            screen=DomScreen(),
            clock=BrowserClock(),
            ringer=ringer,
            backend=FetchBackend(),
        ),
        Translator(params.settings.locale),
    )

    def ring_report(make: type[PlaybackBlocked] | type[PlaybackStarted]) -> None:
        call = sounding_call(runtime.phone)
        if call is not None:
            runtime.dispatch(make(call_uuid=call.uuid))

    ringer.listen(lambda: ring_report(PlaybackBlocked), lambda: ring_report(PlaybackStarted))
    online = create_proxy(lambda _event: runtime.dispatch(WentOnline()))
    js.window.addEventListener("online", online)
    _kept.extend((runtime, online))
    runtime.start(Started(token=params.token))
    for name in params.problems:
        runtime.dispatch(ParentMistake(code="invalid_parameter", fields=(name,)))
    js.zorioBoot.started()
