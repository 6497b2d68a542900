"""The dialer's field: the number, and whom it may be (a combobox, WAI-ARIA 1.2)."""

from __future__ import annotations

from typing import Any

import js

from embed_app.browser.fields import NumberField
from embed_app.browser.page import Page
from embed_app.ui.numbers import number_in
from embed_app.ui.people import Person, suggested
from embed_app.ui.suggestions import project_suggestions

_STEPS = {"ArrowDown": 1, "ArrowUp": -1}
_ROOM = 48
"""Height of one suggestion and its border, in CSS pixels."""


class DialField(NumberField):
    def __init__(self, page: Page) -> None:
        super().__init__("dial-number")
        self._page = page
        self.people: tuple[Person, ...] = ()
        """Whom to suggest."""
        self._found: tuple[Person, ...] = ()
        self._active: int | None = None

    def _write(self, text: str, caret: int) -> None:
        super()._write(text, caret)
        self._suggest()

    def _suggest(self) -> None:
        found = suggested(self.people, self.value) if self.people else ()
        if found and not self._has_focus():
            found = found[:1] if self._room_above() >= _ROOM else ()
        self._show(found, None)

    def close(self) -> None:
        if self._found:
            self._show((), None)

    def _show(self, found: tuple[Person, ...], active: int | None) -> None:
        if (found, active) != (self._found, self._active):
            self._found, self._active = found, active
            self._page.write(project_suggestions(found, active, above=not self._has_focus()))

    def _room_above(self) -> float:
        """Between the field and the status line, in CSS pixels: none in a low frame."""
        status = js.document.getElementById("status").getBoundingClientRect()
        return float(self.element.getBoundingClientRect().top - status.bottom)

    def _has_focus(self) -> bool:
        return bool(js.document.activeElement == self.element)

    def choose(self, number: str) -> None:
        """One of the suggestions; another press calls it."""
        self.value = number
        self.close()

    def paste(self, text: str) -> None:
        """Pasted anywhere: the number in it takes the place of what stood there."""
        number = number_in(text)
        if number:
            self.value = number

    def key_down(self, event: Any) -> bool:
        """Whether the key was for the suggestions."""
        if not self._found or event.target.id != "dial-number" or event.isComposing:
            return False
        if event.key in _STEPS:
            count = len(self._found)
            start = self._active if self._active is not None else (-1 if event.key == "ArrowDown" else count)
            self._show(self._found, (start + _STEPS[event.key]) % count)
        elif event.key == "Enter" and self._active is not None:
            self.choose(self._found[self._active].number)
        elif event.key == "Escape":
            self.close()
        else:
            return False
        event.preventDefault()
        return True
