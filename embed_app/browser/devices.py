"""Microphones, loudspeakers and the agent's choice among them (Media Capture and Streams,
Audio Output Devices).

The choice is kept in localStorage, which the other frames of this browser see too; where that is denied it
lasts as long as the page. Nothing here is asked of the browser before the phone is up.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from embed_app.browser.sound_trials import SoundTrials
from embed_app.browser.tasks import Tasks
from embed_app.core.shared import SHARED
from embed_app.core.sound.messages import DevicesListed, PermissionAnswered, PreferencesFound
from embed_app.core.sound.preferences import read_preferences, write_preferences
from embed_app.core.sound.values import Device, Permission, Preferences, Trial
from embed_app.shell.ports import Dispatch

KEY = SHARED.sound_key
_PERMISSIONS = {
    "default": Permission.ASKABLE,
    "granted": Permission.GRANTED,
    "denied": Permission.DENIED,
}


class BrowserDevices:
    def __init__(self) -> None:
        self._dispatch: Dispatch = lambda _message: None
        self._tasks = Tasks()
        self._kept: Any = None
        self._trials = SoundTrials(lambda message: self._dispatch(message))

    def listen(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    def watch(self) -> None:
        """Tell what was kept, now and whenever another frame keeps something. Once the phone is up."""
        self._kept = create_proxy(self._changed_elsewhere)
        js.window.addEventListener("storage", self._kept)
        if _permission() is Permission.GRANTED:
            self._dispatch(PermissionAnswered(permission=Permission.GRANTED))
        text = _stored()
        if text:
            self._dispatch(PreferencesFound(preferences=read_preferences(text)))

    def _changed_elsewhere(self, event: Any) -> None:
        if event.key == KEY and event.newValue:
            self._dispatch(PreferencesFound(preferences=read_preferences(str(event.newValue))))

    def keep(self, preferences: Preferences) -> None:
        try:
            js.localStorage.setItem(KEY, write_preferences(preferences))
        except JsException:
            return  # denied, or full

    def look(self) -> None:
        self._tasks.run(self._look())

    async def _look(self) -> None:
        microphones, speakers = [], []
        try:
            for info in await js.navigator.mediaDevices.enumerateDevices():
                device = Device(str(info.deviceId), str(info.label))
                if info.kind == "audioinput":
                    microphones.append(device)
                elif info.kind == "audiooutput":
                    speakers.append(device)
        except (JsException, AttributeError):
            pass  # not allowed, or no such thing here: then there are none to choose from
        self._dispatch(
            DevicesListed(
                microphones=tuple(microphones),
                speakers=tuple(speakers),
                can_choose_speaker=_can_choose_speaker(),
                can_vibrate=hasattr(js.navigator, "vibrate") and js.navigator.maxTouchPoints > 0,
                permission=_permission(),
            )
        )

    def ask_for_notifications(self) -> None:
        self._tasks.run(self._ask())

    async def _ask(self) -> None:
        with suppress(JsException, AttributeError):  # what it may do now is told in any case
            await js.Notification.requestPermission()
        self._dispatch(PermissionAnswered(permission=_permission()))

    def run(self, trial: Trial, microphone: str, speaker: str) -> None:
        self._trials.run(trial, microphone, speaker)


def _stored() -> str:
    try:
        text = js.localStorage.getItem(KEY)
    except JsException:
        return ""
    return str(text) if text else ""


def _permission() -> Permission:
    notification = getattr(js, "Notification", None)
    if not notification:
        return Permission.ABSENT
    return _PERMISSIONS.get(str(notification.permission), Permission.DENIED)


def _can_choose_speaker() -> bool:
    """Whether this browser has it and the iframe's `allow` does not forbid it."""
    policy = getattr(js.document, "featurePolicy", None)
    feature = "speaker-selection"
    forbidden = policy and feature in policy.features() and not policy.allowsFeature(feature)
    return not forbidden and hasattr(js.HTMLMediaElement.prototype, "setSinkId")
