"""Devices, ringtones and what is tried out before a call: the policy, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.messages import AnswerRequested, CallAccepted, CallEnded, MicrophoneFailed
from embed_app.core.effect import Effect
from embed_app.core.link.messages import DisconnectRequested, OwnerShown
from embed_app.core.link.values import LinkState
from embed_app.core.media.effects import ReopenMicrophone
from embed_app.core.media.messages import MicrophoneEnded, MicrophoneReady
from embed_app.core.message import Message
from embed_app.core.screen.messages import PageChosen, PanelChosen, VisibilityChanged
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.effects import (
    AnnounceCaller,
    AskForNotifications,
    KeepPreferences,
    ListDevices,
    PlaySound,
    RunTrial,
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
    SwitchFlipped,
    TrialMoved,
    TrialRequested,
    VoiceHeard,
    VolumeChosen,
)
from embed_app.core.sound.preferences import read_preferences, write_preferences
from embed_app.core.sound.values import (
    Device,
    DeviceKind,
    Permission,
    Preferences,
    Ringtone,
    Sound,
    Switch,
    Trial,
)
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import CALL, Driver, answered_inbound, answered_outbound, invite, phone_in, registered

JABRA, BUILT_IN, LOUD = Device("jabra", "Jabra"), Device("in", "Built-in"), Device("loud", "Loudspeaker")
DEFAULT = Device("default", "Default - Jabra")
LISTED = DevicesListed(
    microphones=(DEFAULT, JABRA, BUILT_IN),
    speakers=(DEFAULT, JABRA, LOUD),
    can_choose_speaker=True,
    can_vibrate=False,
    permission=Permission.ASKABLE,
)


def choose(kind: DeviceKind, device_id: str) -> DeviceChosen:
    return DeviceChosen(kind=kind, device_id=device_id)


def with_devices(driver: Driver) -> Driver:
    driver.send(LISTED)
    return driver.forget()


def of(kind: type[Effect], driver: Driver) -> list[Effect]:
    return [effect for effect in driver.effects if isinstance(effect, kind)]


# ---- choosing


def test_each_kind_of_device_is_chosen_kept_and_used_for_itself() -> None:
    driver = with_devices(registered())
    driver.send(choose(DeviceKind.MICROPHONE, "jabra"))
    assert of(UseDevices, driver) == [UseDevices("jabra", "")]
    driver.send(choose(DeviceKind.SPEAKER, "jabra"))
    assert of(UseDevices, driver)[-1] == UseDevices("jabra", "jabra")
    driver.send(choose(DeviceKind.RINGER, "loud"))
    assert len(of(UseDevices, driver)) == 2, "the ring is no business of the calls"
    assert of(TuneRinger, driver)[-1] == TuneRinger(Ringtone.SOFT, 100, "loud", "jabra")
    assert of(KeepPreferences, driver)[-1] == KeepPreferences(
        Preferences(microphone=JABRA, speaker=JABRA, ringer=LOUD)
    )


def test_the_browser_s_own_choice_can_be_chosen_again() -> None:
    driver = with_devices(registered())
    driver.send(choose(DeviceKind.MICROPHONE, "jabra"))
    driver.send(choose(DeviceKind.MICROPHONE, ""))
    assert driver.phone.sounds.wanted == Preferences()
    assert driver.last() == (KeepPreferences(Preferences()), UseDevices("", ""))


def test_what_is_listed_twice_and_what_has_no_id_is_no_device() -> None:
    driver = registered()
    driver.send(replace(LISTED, microphones=(Device("", ""), DEFAULT, JABRA), speakers=(Device("", ""),)))
    assert driver.phone.sounds.microphones == (JABRA,)
    assert driver.phone.sounds.speakers == ()


def test_a_device_that_was_never_listed_is_the_browser_s_own_choice() -> None:
    driver = with_devices(registered())
    driver.send(choose(DeviceKind.MICROPHONE, "made up"))
    assert driver.effects == []


def test_choosing_touches_no_call_that_uses_it_already() -> None:
    driver = with_devices(answered_outbound())
    for _ in range(2):
        driver.send(choose(DeviceKind.MICROPHONE, "jabra"))
    assert len(of(UseDevices, driver)) == 1


# ---- remembered


def test_what_was_kept_is_used_before_anything_is_listed() -> None:
    driver = registered()
    driver.send(PreferencesFound(preferences=Preferences(microphone=JABRA, volume=40)))
    assert of(UseDevices, driver) == [UseDevices("jabra", "")]
    assert of(TuneRinger, driver) == [TuneRinger(Ringtone.SOFT, 40, "", "")]
    assert driver.asked(ListDevices) == 1, "it may be gone"
    assert driver.asked(KeepPreferences) == 0


def test_who_has_chosen_nothing_lists_nothing_and_changes_nothing() -> None:
    driver = registered()
    driver.send(PreferencesFound(preferences=Preferences()))
    driver.send(DevicesChanged())
    assert driver.effects == []


def test_a_device_is_known_again_by_its_name_when_its_id_is_another() -> None:
    """Ids change when the site's data is cleared, and in another CRM's frame they are others anyway."""
    driver = registered()
    driver.send(PreferencesFound(preferences=Preferences(microphone=Device("old id", "Jabra"))))
    driver.send(LISTED)
    assert driver.last() == (UseDevices("jabra", ""),)
    assert driver.phone.sounds.replaced is None


def test_without_names_what_was_kept_is_trusted() -> None:
    driver = registered()
    driver.send(PreferencesFound(preferences=Preferences(speaker=JABRA)))
    driver.send(replace(LISTED, microphones=(Device("", ""),), speakers=()))
    assert driver.phone.sounds.in_use(DeviceKind.SPEAKER) == "jabra"
    assert driver.phone.sounds.replaced is None


# ---- plugged out and in


def test_a_chosen_device_that_goes_is_replaced_told_and_taken_again() -> None:
    driver = with_devices(answered_outbound())
    driver.send(choose(DeviceKind.MICROPHONE, "jabra"))
    driver.send(DevicesChanged())
    assert ListDevices() in driver.last()
    driver.send(replace(LISTED, microphones=(DEFAULT, BUILT_IN)))
    assert UseDevices("", "") in driver.last()
    assert driver.phone.sounds.replaced is DeviceKind.MICROPHONE
    driver.fire(Timer(TimerKind.REPLACED_SHOWN))
    assert driver.phone.sounds.replaced is None
    driver.send(LISTED)
    assert driver.last() == (UseDevices("jabra", ""),)
    assert (driver.errors(), driver.call.live) == ([], True)


def test_the_notice_of_a_replaced_device_does_not_outlive_a_disconnect() -> None:
    driver = with_devices(answered_outbound())
    driver.send(choose(DeviceKind.SPEAKER, "jabra"))
    driver.send(replace(LISTED, speakers=(DEFAULT, LOUD)))
    driver.send(DisconnectRequested())
    assert driver.phone.sounds.replaced is None
    assert Timer(TimerKind.REPLACED_SHOWN) not in driver.timers


def test_a_replaced_microphone_leaves_no_timer_behind_a_disconnect() -> None:
    """Contract section 3: `disconnect` cancels every timer."""
    driver = answered_outbound()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert Timer(TimerKind.REPLACED_SHOWN) in driver.timers
    driver.send(DisconnectRequested())
    assert driver.timers.keys() <= {Timer(TimerKind.ENDED_SHOWN), Timer(TimerKind.LEAVE)}


def test_a_microphone_that_stops_in_a_call_is_replaced_and_the_agent_told() -> None:
    driver = answered_outbound()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    assert driver.last() == (ReopenMicrophone(CALL),)
    assert driver.phone.sounds.replaced is None
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert driver.phone.sounds.replaced is DeviceKind.MICROPHONE


def test_a_microphone_that_is_plugged_in_again_is_no_other_one() -> None:
    driver = answered_outbound()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    driver.send(MicrophoneFailed(call_uuid=CALL, name="NotFoundError"))
    driver.send(DevicesChanged())
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert driver.phone.sounds.replaced is None


def test_a_microphone_changed_by_hand_is_no_news() -> None:
    driver = answered_outbound()
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert driver.phone.sounds.replaced is None


# ---- the lists are asked for where somebody looks


def test_devices_are_listed_when_they_are_looked_at() -> None:
    driver = registered()
    driver.send(PageChosen(page=Page.SETTINGS))
    assert driver.last() == (ListDevices(),)
    driver.send(PageChosen(page=Page.SETTINGS))
    assert driver.last() == ()
    driver = answered_outbound()
    driver.send(PanelChosen(panel=Panel.DEVICES))
    assert driver.last() == (ListDevices(),)


def test_a_frame_that_shows_another_one_s_call_lists_its_own_devices() -> None:
    driver = phone_in(LinkState.STANDBY)
    driver.send(OwnerShown(calls=frozenset({CALL}), devices_open=True))
    assert driver.last() == (ListDevices(),)
    driver.send(LISTED)
    driver.send(OwnerShown(calls=frozenset({CALL}), devices_open=True))
    assert driver.last() == ()


def test_nothing_of_this_is_on_the_way_of_a_call() -> None:
    """Latency: an agent who has chosen nothing causes no effect of sound but the ring itself."""
    for driver in (answered_outbound(), answered_inbound()):
        for kind in (UseDevices, ListDevices, TuneRinger, KeepPreferences, RunTrial):
            assert driver.asked(kind) == 0


# ---- trying out


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


# ---- callers


def test_the_beep_of_a_waiting_call_can_be_switched_off_and_the_ring_cannot() -> None:
    driver = registered()
    driver.send(SwitchFlipped(switch=Switch.WAITING_BEEP, on=False))
    driver.send(invite())
    assert PlaySound(Sound.RING) in driver.effects
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.forget()
    driver.send(invite("waiting"))
    assert of(PlaySound, driver) == []


def hidden(permission: Permission = Permission.GRANTED) -> Driver:
    driver = registered()
    driver.send(PermissionAnswered(permission=permission))
    driver.send(VisibilityChanged(hidden=True))
    return driver.forget()


def announced(driver: Driver) -> list[tuple[str, bool]]:
    found = [effect for effect in driver.effects if isinstance(effect, AnnounceCaller)]
    return [(effect.call_uuid, effect.notify) for effect in found]


def test_a_caller_is_announced_to_an_agent_who_looks_elsewhere_until_the_ringing_stops() -> None:
    driver = hidden()
    driver.send(invite())
    (told,) = of(AnnounceCaller, driver)
    assert told == AnnounceCaller(CALL, "0987654321", "Bình", notify=True, vibrate=True)
    driver.send(CallEnded(call_uuid=CALL, by_remote=True, kind="cancel"))
    assert announced(driver) == [(CALL, True), ("", False)]


def test_a_notification_comes_and_goes_with_the_page_s_visibility() -> None:
    driver = hidden()
    driver.send(VisibilityChanged(hidden=False))
    driver.send(invite())
    driver.send(VisibilityChanged(hidden=True))
    driver.send(VisibilityChanged(hidden=False))
    assert announced(driver) == [(CALL, False), (CALL, True), (CALL, False)]


@pytest.mark.parametrize("permission", [p for p in Permission if p is not Permission.GRANTED])
def test_no_notification_without_permission(permission: Permission) -> None:
    driver = hidden(permission)
    driver.send(invite())
    assert announced(driver) == [(CALL, False)]


def test_no_notification_and_no_vibration_for_who_wants_none() -> None:
    driver = hidden()
    driver.send(SwitchFlipped(switch=Switch.NOTIFICATIONS, on=False))
    driver.send(SwitchFlipped(switch=Switch.VIBRATION, on=False))
    driver.send(invite())
    (told,) = of(AnnounceCaller, driver)
    assert isinstance(told, AnnounceCaller)
    assert (told.notify, told.vibrate) == (False, False)


def test_permission_is_asked_for_only_where_it_can_be_given() -> None:
    for permission in Permission:
        driver = hidden(permission)
        driver.send(NotificationsAsked())
        assert driver.asked(AskForNotifications) == (permission is Permission.ASKABLE)


def test_a_phone_that_is_not_registered_has_settings_too() -> None:
    driver = phone_in(LinkState.WAITING)
    driver.send(LISTED)
    driver.send(choose(DeviceKind.MICROPHONE, "jabra"))
    assert driver.phone.sounds.in_use(DeviceKind.MICROPHONE) == "jabra"


# ---- what is kept


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
