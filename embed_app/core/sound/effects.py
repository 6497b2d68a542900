"""What the phone asks of ringer, devices and notifications."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.effect import Effect
from embed_app.core.sound.values import Preferences, Ringtone, Sound, Trial


@dataclass(frozen=True, slots=True)
class PlaySound(Effect):
    sound: Sound


@dataclass(frozen=True, slots=True)
class UnlockAudio(Effect):
    pass


@dataclass(frozen=True, slots=True)
class UseDevices(Effect):
    """For the calls there are and all that come. Each is the id of a device, "" the browser's own choice."""

    microphone: str
    speaker: str


@dataclass(frozen=True, slots=True)
class TuneRinger(Effect):
    """volume: in percent; ringer, speaker: ids, where it rings, and where it sounds beside a call."""

    ringtone: Ringtone
    volume: int
    ringer: str
    speaker: str


@dataclass(frozen=True, slots=True)
class ListDevices(Effect):
    """Answered by `DevicesListed`."""


@dataclass(frozen=True, slots=True)
class KeepPreferences(Effect):
    """For the pages that come, where the browser has a place for it."""

    preferences: Preferences


@dataclass(frozen=True, slots=True)
class AskForNotifications(Effect):
    """Answered by `PermissionAnswered`."""


@dataclass(frozen=True, slots=True)
class RunTrial(Effect):
    """In the place of the one that runs; NONE stops it. Answered by `TrialMoved` and `VoiceHeard`."""

    trial: Trial
    microphone: str
    speaker: str


@dataclass(frozen=True, slots=True)
class AnnounceCaller(Effect):
    """Tell an agent who looks elsewhere which call rings here. Without a call: none rings any more."""

    call_uuid: str = ""
    number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    notify: bool = False
    vibrate: bool = False
