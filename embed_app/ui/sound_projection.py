"""`project_sounds(view)`: the part of `project` that shows devices and sounds. Pure."""

from __future__ import annotations

from embed_app.ui.properties import Items, Properties, yes
from embed_app.ui.view import Devices, Select, SoundSettings, View


def project_sounds(view: View) -> tuple[dict[str, Properties], dict[str, Items]]:
    """(elements, lists) of what is open; the settings page and the panel in a call have their own selects."""
    elements: dict[str, Properties] = {}
    lists: dict[str, Items] = {}

    def put(id_: str, select: Select, *, enabled: bool = True) -> None:
        elements[id_] = {"value": select.chosen, "disabled": not enabled}
        lists[id_] = {o.value: {"option": {"value": o.value, "text": o.text}} for o in select.options}

    devices, settings = view.devices, view.sound_settings
    if devices is not None and settings is None:
        put("call-microphone", devices.microphone)
        put("call-speaker", devices.speaker, enabled=devices.can_choose_speaker)
        elements["call-devices-hint"] = _hint(devices)
    if devices is not None and settings is not None:
        put("microphone", devices.microphone)
        put("speaker", devices.speaker, enabled=devices.can_choose_speaker)
        put("ringer", devices.ringer, enabled=devices.can_choose_speaker)
        put("ringtone", settings.ringtone)
        elements["devices-hint"] = _hint(devices)
        elements |= _settings(settings)
    return elements, lists


def _hint(devices: Devices) -> Properties:
    return {"text": devices.hint, "hidden": not devices.hint}


def _settings(settings: SoundSettings) -> dict[str, Properties]:
    return {
        "volume": {"value": str(settings.volume)},
        "test-microphone": {"aria-pressed": yes(settings.testing_microphone)},
        "test-echo": {"aria-pressed": yes(settings.testing_echo)},
        "test-ring": {"aria-pressed": yes(settings.testing_ring)},
        "trial-text": {"text": settings.trial_text},
        "switch-waiting_beep": {"aria-checked": yes(settings.waiting_beep)},
        "switch-vibration": {"aria-checked": yes(settings.vibration), "hidden": not settings.can_vibrate},
        "switch-notifications": {"aria-checked": yes(settings.notifications)},
        "notifications-state": {"text": settings.notifications_state},
        "notifications-ask": {"hidden": not settings.can_ask},
    }
