"""Microphones, loudspeakers, rings, and what the agent wants of them, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sound(StrEnum):
    NONE = "none"
    RING = "ring"
    RINGBACK = "ringback"
    WAITING = "waiting"


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
