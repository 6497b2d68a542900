"""Which devices the calls and the ring use, what is tried out before a call, and how a caller is told of.

What is in use follows from what the agent wants and from what there is (`Sounds.in_use`): one that goes away
is replaced by the browser's own choice and comes back when it is plugged in again. After each step the user
agent and the ringer are told what changed, and nothing else; so nothing of this is on the way of a call of an
agent who has chosen nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core import effects as do
from embed_app.core import sound_messages as msg
from embed_app.core.call import ringing_call
from embed_app.core.model import Page, Panel, Phone
from embed_app.core.sound_choices import (
    MOST_VOLUME,
    Device,
    DeviceKind,
    Permission,
    Sounds,
    Trial,
    microphone_code,
)
from embed_app.core.turn import Turn

REPLACED_SHOWN_FOR = 8.0
TRIED_FOR = {Trial.LEVEL: 30.0, Trial.RING: 6.0}
"""Seconds: a microphone that was forgotten is not left open. The echo ends by itself."""
NOT_REAL = frozenset({"", "default", "communications"})
"""Ids of what Chromium lists beside the devices: the same once more, under the name of its use."""


def hear(turn: Turn, message: msg.SoundMessage) -> None:
    sounds = turn.phone.sounds
    match message:
        case msg.DeviceChosen(kind=kind, device_id=device_id):
            there = (device for device in sounds.devices(kind) if device.id == device_id)
            _want(turn, **{kind.value: next(there, None)})
        case msg.RingtoneChosen(ringtone=ringtone):
            _want(turn, ringtone=ringtone)
        case msg.VolumeChosen(percent=percent):
            _want(turn, volume=min(MOST_VOLUME, max(0, percent)))
        case msg.SwitchFlipped(switch=switch, on=on):
            _want(turn, **{switch.value: on})
        case msg.NotificationsAsked():
            if sounds.permission is Permission.ASKABLE:
                turn.emit(do.AskForNotifications())
        case msg.PermissionAnswered(permission=permission):
            _change(turn, permission=permission)
        case msg.PreferencesFound(preferences=preferences):
            _change(turn, wanted=preferences)
            if _has_chosen(turn.phone.sounds):
                turn.emit(do.ListDevices())
        case msg.DevicesListed():
            _listed(turn, message)
        case msg.TrialRequested(trial=trial):
            _try_out(turn, trial)
        case msg.TrialMoved():
            _trial_moved(turn, message)
        case msg.VoiceHeard():
            _change(turn, heard=sounds.trial is Trial.LEVEL)


def _change(turn: Turn, **fields: Any) -> None:
    turn.change(sounds=replace(turn.phone.sounds, **fields))


def _want(turn: Turn, **fields: Any) -> None:
    wanted = replace(turn.phone.sounds.wanted, **fields)
    if wanted != turn.phone.sounds.wanted:
        _change(turn, wanted=wanted)
        turn.emit(do.KeepPreferences(wanted))


def _has_chosen(sounds: Sounds) -> bool:
    return any(sounds.wants(kind) for kind in DeviceKind)


def _listed(turn: Turn, message: msg.DevicesListed) -> None:
    before = turn.phone.sounds
    _change(
        turn,
        microphones=_real(message.microphones),
        speakers=_real(message.speakers),
        can_choose_speaker=message.can_choose_speaker,
        can_vibrate=message.can_vibrate,
        permission=message.permission,
    )
    for kind in DeviceKind:
        if before.in_use(kind) and not turn.phone.sounds.in_use(kind):
            tell_replaced(turn, kind)


def _real(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    return tuple(device for device in devices if device.id not in NOT_REAL)


def devices_changed(turn: Turn) -> None:
    """Plugged in or out. Who has chosen nothing and looks at no list needs none."""
    sounds = turn.phone.sounds
    if sounds.microphones or _has_chosen(sounds):
        turn.emit(do.ListDevices())


def tell_replaced(turn: Turn, kind: DeviceKind) -> None:
    """The agent hears, for some seconds, that another device is in use than a moment ago."""
    _change(turn, replaced=kind)
    turn.start_timer("replaced", REPLACED_SHOWN_FOR)


def replaced_was_shown(turn: Turn) -> None:
    _change(turn, replaced=None)


# ---- trying out


def _try_out(turn: Turn, trial: Trial) -> None:
    """Not beside a call: it would be heard there, or take its microphone."""
    sounds = turn.phone.sounds
    running = sounds.trial in (Trial.RECORDING, Trial.PLAYING) and trial is Trial.RECORDING
    if trial is sounds.trial or running or turn.phone.live_calls:
        trial = Trial.NONE
    if trial is sounds.trial:
        return
    _change(turn, trial=trial, heard=False)
    turn.stop_timers("trial")
    if trial in TRIED_FOR:
        turn.start_timer("trial", TRIED_FOR[trial])
    turn.emit(do.RunTrial(trial, sounds.in_use(DeviceKind.MICROPHONE), sounds.in_use(DeviceKind.SPEAKER)))


def tried_out(turn: Turn) -> None:
    _try_out(turn, Trial.NONE)


def _trial_moved(turn: Turn, message: msg.TrialMoved) -> None:
    if turn.phone.sounds.trial is Trial.NONE:
        return
    _change(turn, trial=message.trial)
    if message.trial is Trial.NONE:
        turn.stop_timers("trial")
    if message.failure:
        turn.banner(microphone_code(message.failure))
    elif message.trial is not Trial.NONE and not turn.phone.sounds.named:
        turn.emit(do.ListDevices())  # the browser lets us use a microphone: now it tells their names


# ---- what follows from the phone


def settle(turn: Turn, before: Phone) -> None:
    """Tell the outside what changed in this step."""
    phone = turn.phone
    opened = is_open(phone) and not is_open(before)
    if opened:
        turn.emit(do.ListDevices())
    if phone.sounds.trial is not Trial.NONE and (phone.live_calls or not is_open(phone)):
        _try_out(turn, Trial.NONE)
    if phone.sounds is not before.sounds:
        _use(turn, before.sounds)


def is_open(phone: Phone) -> bool:
    """Whether the agent looks at a list of devices."""
    in_call = phone.panel is Panel.DEVICES and bool(phone.live_calls)
    return in_call or (phone.page is Page.SETTINGS and not phone.live_calls)


def shown_elsewhere(turn: Turn, *, is_open: bool) -> None:
    """The call is another frame's, the devices it is shown with are this browser's."""
    if is_open and not turn.phone.sounds.named:
        turn.emit(do.ListDevices())


def _use(turn: Turn, before: Sounds) -> None:
    sounds = turn.phone.sounds
    if _for_calls(sounds) != _for_calls(before):
        turn.emit(do.UseDevices(*_for_calls(sounds)))
    if _for_ringing(sounds) != _for_ringing(before):
        turn.emit(do.TuneRinger(*_for_ringing(sounds)))


def _for_calls(sounds: Sounds) -> tuple[str, str]:
    return sounds.in_use(DeviceKind.MICROPHONE), sounds.in_use(DeviceKind.SPEAKER)


def _for_ringing(sounds: Sounds) -> tuple[Any, ...]:
    """Beside a call it beeps where the call is heard: on the agent's ear."""
    wanted = sounds.wanted
    ringer, speaker = sounds.in_use(DeviceKind.RINGER), sounds.in_use(DeviceKind.SPEAKER)
    return wanted.ringtone, wanted.volume, ringer, speaker


def announce(turn: Turn, before: Phone) -> None:
    """After everything else of the step: whoever answers does not wait for a notification to close."""
    caller = caller_to_announce(turn.phone)
    if caller != caller_to_announce(before):
        turn.emit(caller)


def caller_to_announce(phone: Phone) -> do.AnnounceCaller:
    """Who rings here, and how that is told beside the screen and the ring."""
    call = ringing_call(phone)
    if call is None:
        return do.AnnounceCaller()
    sounds = phone.sounds
    notify = sounds.wanted.notifications and sounds.permission is Permission.GRANTED and phone.hidden
    vibrate = sounds.wanted.vibration and not call.silenced
    return do.AnnounceCaller(call.uuid, call.number, call.display_name, notify=notify, vibrate=vibrate)
