"""The screen: shows Views on the page and turns what the agent does into Messages.

Every control carries `data-action`; `ui/gestures.py` says what it means. Handled here are only the things
that never leave the screen: typing, the clock, and where the focus goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.browser.dial_field import DialField
from embed_app.browser.fields import CallClock, NumberField
from embed_app.browser.page import Page
from embed_app.core.call.messages import DialRequested
from embed_app.core.message import Message
from embed_app.core.screen.values import Page as Where
from embed_app.ui.gestures import Gesture, wish_of
from embed_app.ui.projection import project
from embed_app.ui.view import Banner, InCall, Screen, View

FLASH_MS = 7000
LONG_PRESS_MS = 500
_KEYS = frozenset("0123456789*#")
_BEGIN = _KEYS | {"+"}
_NOT_TWICE = frozenset(
    {
        "dial",
        "redial",
        "answer",
        "answer_end",
        "decline",
        "hangup",
        "swap",
        "return",
        "join",
        "transfer_ask",
        "accept_transfer",
    }
)
_SECTIONS = {Screen.IN_CALL: "call", Screen.INCOMING: "incoming", Screen.PROBLEM: "problem"}


def _opens(before: InCall | None, now: InCall | None, panel: str) -> bool:
    """Whether this panel is open now and was not before."""
    return bool(getattr(now, panel, False)) and not getattr(before, panel, False)


class DomScreen:
    def __init__(self, sound_key: Callable[[str], None] = lambda _key: None) -> None:
        """`sound_key`: let a key be heard that is pressed here."""
        self._page = Page()
        self._sound_key = sound_key
        self._number = DialField(self._page)
        self._target = NumberField("transfer-target")
        self._added = NumberField("add-number")
        self._tones: Any = js.document.getElementById("tones-sent")
        self._clock = CallClock("call-timer")
        self._view: View | None = None
        self._flash: Banner | None = None
        self._flash_timer: Any = None
        self._press_timer: Any = None
        self._long_pressed = False
        self._dialled = ""
        self._dispatch: Callable[[Message], None] = lambda _message: None
        self._new_uuid: Callable[[], str] = str
        self._proxies = {name: create_proxy(getattr(self, name)) for name in ("_flash_over", "_long_press")}

    # ---- out: what the phone shows

    def show(self, view: View) -> None:
        if view.flash is not None:
            self._flash = view.flash
            js.clearTimeout(self._flash_timer)
            self._flash_timer = js.setTimeout(self._proxies["_flash_over"], FLASH_MS)
        before, self._view = self._view, view
        self._number.people = view.people
        focused = js.document.activeElement
        self._page.write(project(replace(view, flash=self._flash)))
        self._clock.follow()
        if view.transfer is None:  # else what is typed is only covered
            self._forget_typed(before.in_call if before else None, view.in_call)
        self._keep_focus(focused, before, view)

    def _flash_over(self) -> None:
        self._flash = None
        if self._view is not None:
            self.show(replace(self._view, flash=None))

    def _forget_typed(self, before: InCall | None, now: InCall | None) -> None:
        if now is not None and before is None:
            self._number.close()
            if self._dialled:
                self._number.value = ""
        if now is None or before is None or not (now.keypad_open and before.keypad_open):
            self._tones.textContent = ""
        if now is None or not now.transfer_open:
            self._target.value = ""
        if now is None or not now.add_open:
            self._added.value = ""

    def _keep_focus(self, focused: Any, before: View | None, now: View) -> None:
        """Never takes the focus from the parent: only moves one that is ours already and would be lost.

        It goes to the screen itself, not to a button, so that a key still held down presses nothing.
        """
        if not js.document.hasFocus() or before is None:
            return
        if _opens(before.in_call, now.in_call, "transfer_open"):
            self._target.element.focus()
        elif _opens(before.in_call, now.in_call, "add_open"):
            self._added.element.focus()
        elif now.folding is not None and now.folding.folded:
            js.document.getElementById("unfold").focus()
        elif focused and not focused.checkVisibility():
            section = "incoming" if now.incoming else _SECTIONS.get(now.screen, now.page.value)
            js.document.getElementById(section).focus()

    # ---- in: what the agent does

    def listen(self, dispatch: Callable[[Message], None], new_uuid: Callable[[], str]) -> None:
        self._dispatch, self._new_uuid = dispatch, new_uuid
        for event, handler in (
            ("click", self._clicked),
            ("submit", self._submitted),
            ("input", self._typed),
            ("change", self._changed),
            ("paste", self._pasted),
            ("focusout", lambda _event: self._number.close()),
            ("keydown", self._key_down),
            ("pointerdown", self._pointer_down),
            ("pointerup", self._pointer_up),
            ("pointercancel", self._pointer_up),
        ):
            proxy = self._proxies[event] = create_proxy(handler)
            js.document.addEventListener(event, proxy)

    def _act(self, action: str, value: str = "", call_uuid: str = "") -> None:
        if self._view is None:
            return
        gesture = Gesture(action=action, value=value, call_uuid=call_uuid)
        wish = wish_of(gesture, self._view, self._new_uuid)
        if wish is None:
            return
        if self._flash is not None:
            js.clearTimeout(self._flash_timer)
            self._flash_over()  # the agent goes on: what was wrong before is history
        if isinstance(wish, DialRequested):
            self._dialled = wish.number
        self._dispatch(wish)
        if action == "tone":
            self._tones.append(value)
            self._sound_key(value)

    def _clicked(self, event: Any) -> None:
        button = event.target.closest("[data-action]")
        if not button:  # null comes as JsNull, which is not None
            return
        action = str(button.getAttribute("data-action"))
        value = str(button.getAttribute("data-value") or button.getAttribute("data-number") or "")
        if action in _NOT_TWICE and event.detail > 1:
            return  # a double click on Call must not land on Hang up, which stands in its place
        if action == "backspace":
            self._number.delete()
            self._stay_open()
        elif action == "key":
            if not self._long_pressed:
                self._number.insert(value)
                self._sound_key(value)
            self._stay_open()
            self._long_pressed = False
        elif action == "suggestion":
            self._number.choose(value)
        elif action == "transfer_ask":
            self._act(action, self._target.value)
        else:
            self._act(action, value, str(button.getAttribute("data-call") or ""))

    def _changed(self, event: Any) -> None:
        """A select, or a slider that was let go of."""
        action = event.target.getAttribute("data-choice")
        if action:
            self._act(str(action), str(event.target.value))

    def _typed(self, event: Any) -> None:
        for field in (self._number, self._target, self._added):
            if event.target.id == field.element.id:
                field.typed(str(getattr(event, "inputType", "")))
        self._stay_open()

    def _pasted(self, event: Any) -> None:
        if event.target.tagName != "INPUT" and self._dialer_is_shown() and event.clipboardData:
            self._number.paste(str(event.clipboardData.getData("text")))
            self._number.element.focus()

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        if event.target.id == "transfer-panel":
            self._act("transfer_go", self._target.value)
        elif event.target.id == "add-panel":
            self._act("add_go", self._added.value)
        elif self._number.value.strip():
            self._act("dial", self._number.value)
        else:
            last = self._dialled or (self._view.last_dialled if self._view else "")
            self._number.value = last  # Call on an empty field brings the last number back
            self._number.close()

    def _stay_open(self) -> None:
        """An overlay that opened for a call does not fold under the agent's fingers."""
        if self._view is not None and self._view.folding is not None and self._view.folding.for_now:
            self._act("unfold")

    def _key_down(self, event: Any) -> None:
        if self._view is None or event.ctrlKey or event.metaKey or event.altKey or event.defaultPrevented:
            return
        if self._number.key_down(event):
            return
        call = self._view.in_call
        if event.key == "Escape":
            opened = call is not None and (
                call.keypad_open or call.transfer_open or call.add_open or call.devices_open
            )
            self._act("close_panel" if opened else "fold")
        elif event.target.tagName in ("INPUT", "SELECT"):
            return
        elif call is not None and call.keypad_open and event.key in _KEYS:
            self._act("tone", str(event.key))
        elif self._dialer_is_shown() and event.key in _BEGIN:
            event.preventDefault()  # else the field, which gets the focus now, types it again
            self._number.insert(str(event.key))
            self._stay_open()
            self._number.element.focus()  # so that Backspace and Enter go on from here

    def _dialer_is_shown(self) -> bool:
        view = self._view
        return view is not None and view.screen in (Screen.DIALER, Screen.ENDED) and view.page is Where.DIALER

    def _pointer_down(self, event: Any) -> None:
        self._long_pressed = False
        if event.target.closest('[role="option"]'):
            event.preventDefault()  # the field keeps the focus, and so its suggestions until the click
        if event.target.closest('[data-action="key"][data-value="0"]'):
            self._press_timer = js.setTimeout(self._proxies["_long_press"], LONG_PRESS_MS)

    def _pointer_up(self, _event: Any) -> None:
        js.clearTimeout(self._press_timer)

    def _long_press(self) -> None:
        self._long_pressed = True
        self._number.insert("+")
