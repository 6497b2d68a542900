"""The fields the agent types into, and the running clock: what lives on the screen only, not in the model."""

from __future__ import annotations

import time
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.ui.numbers import retyped, significant, without_one
from embed_app.ui.projection import minutes

LONG_NUMBER = 16  # characters that fit a narrow frame at full size


class NumberField:
    """An <input type=tel> that the keys on the screen write into as well. Numbers stand there as people write
    them, while they are typed already."""

    def __init__(self, id_: str) -> None:
        self.element: Any = js.document.getElementById(id_)
        self._before = ""

    @property
    def value(self) -> str:
        return str(self.element.value)

    @value.setter
    def value(self, text: str) -> None:
        self._write(text, len(text))

    def _write(self, text: str, caret: int) -> None:
        text, caret = retyped(text, caret)
        if text != self.value:
            self.element.value = text
            self.element.setSelectionRange(caret, caret)
        self._before = text
        self.element.toggleAttribute("data-long", len(text) > LONG_NUMBER)

    def typed(self, kind: str) -> None:
        """The person has typed, pasted or deleted something. `kind`: the event's `inputType`."""
        text, caret = self.value, int(self.element.selectionStart)
        if significant(text) == significant(self._before) and len(text) == len(self._before) - 1:
            # Only a space is gone, and it would come back at once: the digit beside it was meant.
            if kind == "deleteContentBackward":
                text, caret = without_one(text, caret)
            elif kind == "deleteContentForward":
                text = text[:caret] + text[caret + 1 :]
        self._write(text, caret)

    def insert(self, text: str) -> None:
        """At the caret, over the selection. Without focus(), which would open a phone's own keyboard."""
        field = self.element
        if len(self.value) + len(text) <= int(field.maxLength):
            field.setRangeText(text, field.selectionStart, field.selectionEnd, "end")
        self._write(self.value, int(field.selectionStart))
        field.scrollLeft = field.scrollWidth

    def delete(self) -> None:
        field = self.element
        start, end = int(field.selectionStart), int(field.selectionEnd)
        if start < end:
            self._write(self.value[:start] + self.value[end:], start)
        else:
            self._write(*without_one(self.value, start))


class CallClock:
    """mm:ss since the time in `data-from`, renewed as each second begins. In no live region."""

    def __init__(self, id_: str) -> None:
        self._element: Any = js.document.getElementById(id_)
        self._from = ""
        self._timer: Any = None
        self._tick_proxy = create_proxy(self._tick)

    def follow(self) -> None:
        """Read `data-from` again; "" stops the clock."""
        since = str(self._element.getAttribute("data-from") or "")
        if since != self._from:
            self._from = since
            js.clearTimeout(self._timer)
            self._tick()

    def _tick(self) -> None:
        if not self._from:
            self._element.textContent = ""
            return
        elapsed = time.time() - float(self._from)
        self._element.textContent = minutes(elapsed)
        self._timer = js.setTimeout(self._tick_proxy, 1020 - round(elapsed * 1000) % 1000)
