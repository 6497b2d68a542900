"""What is tried out before a call."""

from __future__ import annotations

import pytest

from embed_app.core.message import Message
from embed_app.core.screen.messages import PageChosen, PanelChosen
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.effects import (
    ListDevices,
    PlaySound,
    RunTrial,
)
from embed_app.core.sound.messages import (
    TrialMoved,
    TrialRequested,
    VoiceHeard,
)
from embed_app.core.sound.values import (
    DeviceKind,
    Sound,
    Trial,
)
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import Driver, answered_outbound, invite, registered
from tests.core.sound.headset import choose, with_devices


def settings() -> Driver:
    driver = with_devices(registered())
    driver.send(PageChosen(page=Page.SETTINGS))
    return driver.forget()


def test_the_level_is_measured_with_the_chosen_microphone_until_it_is_stopped() -> None:
    driver = settings()
    driver.send(choose(DeviceKind.MICROPHONE, "jabra"))
    driver.send(TrialRequested(trial=Trial.LEVEL))
    assert RunTrial(Trial.LEVEL, "jabra", "") in driver.last()
    driver.send(VoiceHeard())
    assert driver.phone.sounds.heard
    driver.send(TrialRequested(trial=Trial.LEVEL))
    assert RunTrial(Trial.NONE, "jabra", "") in driver.last()
    assert driver.phone.sounds.trial is Trial.NONE


@pytest.mark.parametrize("leave", [PageChosen(page=Page.DIALER), invite()])
def test_a_trial_ends_with_the_page_and_with_a_call(leave: Message) -> None:
    driver = settings()
    driver.send(TrialRequested(trial=Trial.LEVEL))
    driver.send(leave)
    assert RunTrial(Trial.NONE, "", "") in driver.last()
    assert Timer(TimerKind.TRIAL) not in driver.timers


def test_a_forgotten_microphone_is_not_left_open() -> None:
    driver = settings()
    driver.send(TrialRequested(trial=Trial.LEVEL))
    driver.fire(Timer(TimerKind.TRIAL))
    assert RunTrial(Trial.NONE, "", "") in driver.last()


def test_there_is_no_trial_beside_a_call() -> None:
    driver = answered_outbound()
    driver.send(PanelChosen(panel=Panel.DEVICES))
    driver.send(TrialRequested(trial=Trial.LEVEL))
    assert driver.asked(RunTrial) == 0


def test_the_echo_records_and_plays_and_is_over() -> None:
    driver = settings()
    driver.send(TrialRequested(trial=Trial.RECORDING))
    late = TrialMoved(trial=Trial.PLAYING)
    seen = []
    for moved in (late, TrialMoved(trial=Trial.NONE), late):
        driver.send(moved)
        seen.append(driver.phone.sounds.trial)
    assert seen == [Trial.PLAYING, Trial.NONE, Trial.NONE]


def test_the_echo_is_stopped_by_the_same_button() -> None:
    driver = settings()
    driver.send(TrialRequested(trial=Trial.RECORDING))
    driver.send(TrialMoved(trial=Trial.PLAYING))
    driver.send(TrialRequested(trial=Trial.RECORDING))
    assert driver.phone.sounds.trial is Trial.NONE


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("NotAllowedError", "mic_denied"),
        ("PolicyBlocked", "mic_blocked"),
        ("NotFoundError", "mic_missing"),
        ("NotReadableError", "mic_busy"),
    ],
)
def test_a_trial_without_a_microphone_says_why(failure: str, code: str) -> None:
    driver = settings()
    driver.send(TrialRequested(trial=Trial.LEVEL))
    driver.send(TrialMoved(trial=Trial.NONE, failure=failure))
    assert (driver.phone.banner, driver.errors()) == (code, [])


def test_names_are_asked_for_once_the_microphone_is_allowed() -> None:
    driver = registered()
    driver.send(PageChosen(page=Page.SETTINGS))
    driver.send(TrialRequested(trial=Trial.LEVEL))
    driver.forget()
    driver.send(TrialMoved(trial=Trial.LEVEL))
    assert driver.last() == (ListDevices(),)


def test_the_test_ring_rings_and_stops() -> None:
    driver = settings()
    driver.send(TrialRequested(trial=Trial.RING))
    assert PlaySound(Sound.RING) in driver.last()
    driver.fire(Timer(TimerKind.TRIAL))
    assert PlaySound(Sound.NONE) in driver.last()
