"""Tells of a caller outside the frame: a desktop notification (Notifications API), the title, vibration."""

from __future__ import annotations

from typing import Any

import js
from pyodide.ffi import JsException, create_proxy, to_js

from embed_app.i18n.translator import Translator

FLASH_MS = 1000
VIBRATE_MS = 3000
PATTERN = (400, 200, 400)
"""Milliseconds on, off and on, every VIBRATE_MS."""


class BrowserAnnouncer:
    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._title = ""
        self._calm_title = ""
        self._notification: Any = None
        self._timers: list[Any] = []
        self._vibrating = False
        self._flash = create_proxy(self._flash_title)
        self._shake = create_proxy(self._vibrate)
        self._clicked = create_proxy(self._focus)

    def announce(self, call_uuid: str, number: str, name: str, *, notify: bool, vibrate: bool) -> None:
        self.fall_silent()
        who = name or number or self._translator.text("incoming.unknown")
        self._title = self._translator.text("incoming.spoken", name=who)
        self._calm_title = str(js.document.title)
        self._flash_title()
        self._timers.append(js.setInterval(self._flash, FLASH_MS))
        if vibrate and hasattr(js.navigator, "vibrate"):
            self._vibrating = True
            self._vibrate()
            self._timers.append(js.setInterval(self._shake, VIBRATE_MS))
        if notify:
            self._notify(call_uuid, who, number)

    def fall_silent(self) -> None:
        for timer in self._timers:
            js.clearInterval(timer)
        self._timers.clear()
        if self._vibrating:
            self._vibrating = False
            js.navigator.vibrate(0)
        if self._calm_title:
            js.document.title = self._calm_title
            self._calm_title = ""
        if self._notification is not None:
            self._notification.close()
            self._notification = None

    def _flash_title(self) -> None:
        calm = js.document.title == self._title
        js.document.title = self._calm_title if calm else self._title

    def _vibrate(self) -> None:
        js.navigator.vibrate(to_js(list(PATTERN)))

    def _notify(self, call_uuid: str, who: str, number: str) -> None:
        options = {
            "body": who if who == number else f"{who}\n{number}",
            "tag": call_uuid,  # one for the call, however many frames tell of it
            "requireInteraction": True,
        }
        try:
            made = js.Notification.new(
                self._translator.text("incoming.title"), to_js(options, dict_converter=js.Object.fromEntries)
            )
        except JsException:
            return  # a phone's browser has them for service workers only
        made.addEventListener("click", self._clicked)
        self._notification = made

    def _focus(self, _event: Any) -> None:
        js.window.focus()
        if self._notification is not None:
            self._notification.close()
