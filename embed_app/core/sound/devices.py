"""Which devices the calls and the ring use.

What is in use follows from what the agent wants and from what there is (`Sounds.in_use`): one that goes away
is replaced by the browser's own choice and comes back when it is plugged in again. After each step the user
agent and the ringer are told what changed, and nothing else; so nothing of this is on the way of a call of an
agent who has chosen nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core.link.messages import DisconnectRequested, OwnerShown
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.effects import (
    AskForNotifications,
    KeepPreferences,
    ListDevices,
    TuneRinger,
    UseDevices,
)
from embed_app.core.sound.messages import (
    DeviceChosen,
    DevicesChanged,
    DevicesListed,
    NotificationsAsked,
    PermissionAnswered,
    PreferencesFound,
    RingtoneChosen,
    SwitchFlipped,
    VolumeChosen,
)
from embed_app.core.sound.values import (
    MOST_VOLUME,
    Device,
    DeviceKind,
    Permission,
    Sounds,
)
from embed_app.core.step import Step
from embed_app.core.timers import Timer, TimerKind

REPLACED_SHOWN_FOR = 8.0
NOT_REAL = frozenset({"", "default", "communications"})
"""Ids of what Chromium lists beside the devices: the same once more, under the name of its use."""


def device_chosen(step: Step, message: DeviceChosen) -> None:
    there = (device for device in step.phone.sounds.devices(message.kind) if device.id == message.device_id)
    _want(step, **{message.kind.value: next(there, None)})


def ringtone_chosen(step: Step, message: RingtoneChosen) -> None:
    _want(step, ringtone=message.ringtone)


def volume_chosen(step: Step, message: VolumeChosen) -> None:
    _want(step, volume=min(MOST_VOLUME, max(0, message.percent)))


def switch_flipped(step: Step, message: SwitchFlipped) -> None:
    _want(step, **{message.switch.value: message.on})


def notifications_asked(step: Step, _message: NotificationsAsked) -> None:
    if step.phone.sounds.permission is Permission.ASKABLE:
        step.emit(AskForNotifications())


def permission_answered(step: Step, message: PermissionAnswered) -> None:
    step.change_sounds(permission=message.permission)


def preferences_found(step: Step, message: PreferencesFound) -> None:
    step.change_sounds(wanted=message.preferences)
    if _has_chosen(step.phone.sounds):
        step.emit(ListDevices())


def _want(step: Step, **fields: Any) -> None:
    wanted = replace(step.phone.sounds.wanted, **fields)
    if wanted != step.phone.sounds.wanted:
        step.change_sounds(wanted=wanted)
        step.emit(KeepPreferences(wanted))


def _has_chosen(sounds: Sounds) -> bool:
    return any(sounds.wants(kind) for kind in DeviceKind)


def devices_listed(step: Step, message: DevicesListed) -> None:
    before = step.phone.sounds
    step.change_sounds(
        microphones=_real(message.microphones),
        speakers=_real(message.speakers),
        can_choose_speaker=message.can_choose_speaker,
        can_vibrate=message.can_vibrate,
        permission=message.permission,
    )
    for kind in DeviceKind:
        if before.in_use(kind) and not step.phone.sounds.in_use(kind):
            tell_replaced(step, kind)


def _real(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    return tuple(device for device in devices if device.id not in NOT_REAL)


def devices_changed(step: Step, _message: DevicesChanged) -> None:
    """Plugged in or out. Who has chosen nothing and looks at no list needs none."""
    sounds = step.phone.sounds
    if sounds.microphones or _has_chosen(sounds):
        step.emit(ListDevices())


def tell_replaced(step: Step, kind: DeviceKind) -> None:
    """The agent hears, for some seconds, that another device is in use than a moment ago."""
    step.change_sounds(replaced=kind)
    step.start_timer(Timer(TimerKind.REPLACED_SHOWN), REPLACED_SHOWN_FOR)


def replaced_was_shown(step: Step, _late: float) -> None:
    step.change_sounds(replaced=None)


def disconnect_requested(step: Step, _message: DisconnectRequested) -> None:
    """The note of a replaced device was about a call that has ended now."""
    if step.phone.sounds.replaced is not None:
        step.change_sounds(replaced=None)
        step.stop_timers(Timer(TimerKind.REPLACED_SHOWN))


# ---- what follows from the phone


def tell_changes(step: Step, before: Phone, _message: Message) -> None:
    """After every step: tell the outside what changed in it."""
    phone = step.phone
    opened = is_open(phone) and not is_open(before)
    if opened:
        step.emit(ListDevices())
    if phone.sounds is not before.sounds:
        _use(step, before.sounds)


def is_open(phone: Phone) -> bool:
    """Whether the agent looks at a list of devices."""
    in_call = phone.panel is Panel.DEVICES and bool(phone.live_calls)
    return in_call or (phone.page is Page.SETTINGS and not phone.live_calls)


def owner_shown(step: Step, message: OwnerShown) -> None:
    """The call is the owner's, the devices it is shown with are this browser's."""
    if message.devices_open and not step.phone.sounds.named:
        step.emit(ListDevices())


def _use(step: Step, before: Sounds) -> None:
    sounds = step.phone.sounds
    if _for_calls(sounds) != _for_calls(before):
        step.emit(UseDevices(*_for_calls(sounds)))
    if _for_ringing(sounds) != _for_ringing(before):
        step.emit(TuneRinger(*_for_ringing(sounds)))


def _for_calls(sounds: Sounds) -> tuple[str, str]:
    return sounds.in_use(DeviceKind.MICROPHONE), sounds.in_use(DeviceKind.SPEAKER)


def _for_ringing(sounds: Sounds) -> tuple[Any, ...]:
    """Beside a call it beeps where the call is heard: on the agent's ear."""
    wanted = sounds.wanted
    ringer, speaker = sounds.in_use(DeviceKind.RINGER), sounds.in_use(DeviceKind.SPEAKER)
    return wanted.ringtone, wanted.volume, ringer, speaker
