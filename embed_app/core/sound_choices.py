"""Microphones, loudspeakers, and what the agent wants of the sound. Part of `model`, judged by `sounds`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class DeviceKind(StrEnum):
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    """The caller's voice."""
    RINGER = "ringer"
    """Where it rings: often not on the headset."""


class Ringtone(StrEnum):
    """Each is a file of this name in public/sounds/."""

    SOFT = "soft"
    BELL = "bell"
    BRIGHT = "bright"
    SHORT = "short"


class Switch(StrEnum):
    """What is either on or off; the names of fields of `Preferences`."""

    WAITING_BEEP = "waiting_beep"
    NOTIFICATIONS = "notifications"
    VIBRATION = "vibration"


class Permission(StrEnum):
    """For desktop notifications (Notifications API section 2.2). ABSENT: there are none in this browser."""

    ABSENT = "absent"
    ASKABLE = "askable"
    GRANTED = "granted"
    DENIED = "denied"


class Trial(StrEnum):
    """What is tried out before a call."""

    NONE = "none"
    LEVEL = "level"
    RECORDING = "recording"
    PLAYING = "playing"
    RING = "ring"


@dataclass(frozen=True, slots=True)
class Device:
    """One that the browser named. Its id changes when the site's data is cleared, its label does not."""

    id: str
    label: str


MOST_VOLUME = 100
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A device is None where the agent takes whatever the browser takes. volume: of the ring, in percent."""

    microphone: Device | None = None
    speaker: Device | None = None
    ringer: Device | None = None
    ringtone: Ringtone = Ringtone.SOFT
    volume: int = MOST_VOLUME
    waiting_beep: bool = True
    notifications: bool = True
    vibration: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """What the agent wants, what there is, and what is being tried out."""

    wanted: Preferences = Preferences()
    microphones: tuple[Device, ...] = ()
    speakers: tuple[Device, ...] = ()
    can_choose_speaker: bool = False
    can_vibrate: bool = False
    permission: Permission = Permission.ABSENT
    trial: Trial = Trial.NONE
    heard: bool = False
    """Whether the microphone that is tried out has brought a voice."""
    replaced: DeviceKind | None = None
    """One that went away just now, so that the browser's own choice is in its place."""

    @property
    def named(self) -> bool:
        """Whether the browser tells which devices there are: only to whom it has let use a microphone."""
        return any(device.label for device in (*self.microphones, *self.speakers))

    def devices(self, kind: DeviceKind) -> tuple[Device, ...]:
        return self.microphones if kind is DeviceKind.MICROPHONE else self.speakers

    def wants(self, kind: DeviceKind) -> Device | None:
        device: Device | None = getattr(self.wanted, kind)
        return device

    def in_use(self, kind: DeviceKind) -> str:
        """The id of the device to use; "" for the browser's own choice."""
        wanted = self.wants(kind)
        if wanted is None:
            return ""
        if not self.named:
            return wanted.id
        there = self.devices(kind)
        same = [device for device in there if device.id == wanted.id]
        same = same or [device for device in there if device.label == wanted.label]
        return same[0].id if same else ""


_REFUSALS = {
    "NotAllowedError": "mic_denied",
    "PolicyBlocked": "mic_blocked",
    "SecurityError": "mic_blocked",
    "NotFoundError": "mic_missing",
    "OverconstrainedError": "mic_missing",
}


def microphone_code(name: str) -> str:
    """The error code for the DOMException that getUserMedia failed with (Media Capture and Streams 10.3.11);
    PolicyBlocked: the page may not even ask."""
    return _REFUSALS.get(name, "mic_busy")


def write_preferences(preferences: Preferences) -> str:
    """JSON, for `read_preferences`."""
    return json.dumps(asdict(preferences), ensure_ascii=False)


def read_preferences(text: str) -> Preferences:
    """What makes no sense in it keeps its default, whichever build wrote it. Never raises."""
    try:
        given = json.loads(text)
    except ValueError:
        return Preferences()
    if not isinstance(given, dict):
        return Preferences()
    read = {f.name: _read(f.name, given[f.name]) for f in fields(Preferences) if f.name in given}
    return Preferences(**{name: value for name, value in read.items() if value is not None})


def _read(name: str, value: Any) -> Any:
    """None where it is nothing for this field."""
    if name in tuple(DeviceKind):
        return _read_device(value)
    if name == "ringtone":
        return Ringtone(value) if value in tuple(Ringtone) else None
    if name == "volume":
        whole = isinstance(value, int) and not isinstance(value, bool)
        return min(MOST_VOLUME, max(0, value)) if whole else None
    return value if isinstance(value, bool) else None


def _read_device(value: Any) -> Device | None:
    if not isinstance(value, dict):
        return None
    id_, label = value.get("id"), value.get("label")
    if not (isinstance(id_, str) and isinstance(label, str) and id_):
        return None
    return Device(id_[:_LONGEST], label[:_LONGEST])
