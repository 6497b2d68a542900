"""What a press or a choice among devices and sounds means. Pure."""

from __future__ import annotations

from embed_app.core.message import Message
from embed_app.core.screen.messages import PanelChosen
from embed_app.core.screen.values import Panel
from embed_app.core.sound.messages import (
    DeviceChosen,
    NotificationsAsked,
    RingtoneChosen,
    SwitchFlipped,
    TrialRequested,
    VolumeChosen,
)
from embed_app.core.sound.values import DeviceKind, Ringtone, Switch, Trial
from embed_app.ui.view import View

_DEVICES = {f"choose_{kind}": kind for kind in DeviceKind}
_TRIALS = {"test_microphone": Trial.LEVEL, "test_echo": Trial.RECORDING, "test_ring": Trial.RING}


def sound_wish(action: str, value: str, view: View) -> Message | None:
    """The wish behind a gesture; None where it is none of these or means nothing on this view."""
    if action == "devices" and view.in_call is not None:
        return PanelChosen(panel=Panel.NONE if view.in_call.devices_open else Panel.DEVICES)
    if view.devices is None:
        return None
    if action in _DEVICES:
        return DeviceChosen(kind=_DEVICES[action], device_id=value)
    settings = view.sound_settings
    if settings is None:
        return None
    match action:
        case "choose_ringtone" if value in tuple(Ringtone):
            return RingtoneChosen(ringtone=Ringtone(value))
        case "choose_volume" if value.isascii() and value.isdigit():
            return VolumeChosen(percent=int(value))
        case "switch" if value in tuple(Switch):
            return SwitchFlipped(switch=Switch(value), on=not getattr(settings, value))
        case "ask_notifications":
            return NotificationsAsked()
        case _ if action in _TRIALS:
            return TrialRequested(trial=_TRIALS[action])
    return None
