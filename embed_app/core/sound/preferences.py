"""What the agent wants of the sound, as text for the browser's storage."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from embed_app.core.sound.values import MOST_VOLUME, Device, DeviceKind, Preferences, Ringtone

_LONGEST = 300


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
