"""What the agent wants of the sound, as text and back."""

from __future__ import annotations

import pytest

from embed_app.core.sound.messages import (
    VolumeChosen,
)
from embed_app.core.sound.preferences import read_preferences, write_preferences
from embed_app.core.sound.values import (
    Device,
    Preferences,
    Ringtone,
)
from tests.core.driver import registered
from tests.core.sound.headset import JABRA


def test_preferences_survive_being_written() -> None:
    wanted = Preferences(
        microphone=JABRA,
        ringer=Device("x", "Loa “to”"),
        ringtone=Ringtone.BELL,
        volume=35,
        waiting_beep=False,
        notifications=False,
        vibration=False,
    )
    assert read_preferences(write_preferences(wanted)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "null",
        "{}",
        '{"microphone": 7, "speaker": {"id": 1, "label": "x"}, "ringer": {"id": "", "label": ""}}',
        '{"ringtone": "polka", "volume": "loud", "waiting_beep": 1, "notifications": null, "other": 3}',
        '{"ringtone": [], "volume": true, "vibration": {}}',
    ],
)
def test_what_makes_no_sense_keeps_its_default(text: str) -> None:
    assert read_preferences(text) == Preferences()


@pytest.mark.parametrize(("kept", "percent"), [(-5, 0), (30, 30), (4000, 100)])
def test_a_volume_is_a_percentage(kept: int, percent: int) -> None:
    assert read_preferences(f'{{"volume": {kept}}}').volume == percent
    driver = registered()
    driver.send(VolumeChosen(percent=kept))
    assert driver.phone.sounds.wanted.volume == percent
