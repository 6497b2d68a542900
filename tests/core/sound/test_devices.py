"""Devices, ringtones and what is tried out before a call: the policy, without a browser."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.messages import MicrophoneFailed
from embed_app.core.link.messages import DisconnectRequested, OwnerShown
from embed_app.core.link.values import LinkState
from embed_app.core.media.effects import ReopenMicrophone
from embed_app.core.media.messages import MicrophoneEnded, MicrophoneReady
from embed_app.core.screen.messages import PageChosen, PanelChosen
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.effects import (
    AskForNotifications,
    KeepPreferences,
    ListDevices,
    RunTrial,
    TuneRinger,
    UseDevices,
)
from embed_app.core.sound.messages import (
    DevicesChanged,
    NotificationsAsked,
    PreferencesFound,
)
from embed_app.core.sound.values import (
    Device,
    DeviceKind,
    Permission,
    Preferences,
    Ringtone,
)
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import CALL, answered_inbound, answered_outbound, phone_in, registered
from tests.core.sound.headset import BUILT_IN, DEFAULT, JABRA, LISTED, LOUD, choose, hidden, of, with_devices

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


# ---- notifications, and a phone that is not registered


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
