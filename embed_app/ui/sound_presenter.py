"""Devices and sounds, as the agent chooses and tries them: on the settings page, and in a call."""

from __future__ import annotations

from embed_app.core.sound.values import DeviceKind, Permission, Ringtone, Sounds, Trial
from embed_app.i18n.translator import Translator
from embed_app.ui.view import Devices, Option, Select, SoundSettings

_TRIAL_TEXT = {
    Trial.NONE: "trial.none",
    Trial.LEVEL: "trial.quiet",
    Trial.RECORDING: "trial.recording",
    Trial.PLAYING: "trial.playing",
    Trial.RING: "trial.ring",
}


def devices(sounds: Sounds, translator: Translator, *, in_call: bool) -> Devices:
    return Devices(
        microphone=_device_select(sounds, DeviceKind.MICROPHONE, translator),
        speaker=_device_select(sounds, DeviceKind.SPEAKER, translator),
        ringer=_device_select(sounds, DeviceKind.RINGER, translator),
        can_choose_speaker=sounds.can_choose_speaker,
        hint=_hint(sounds, translator, in_call=in_call),
    )


def _device_select(sounds: Sounds, kind: DeviceKind, translator: Translator) -> Select:
    """One that was chosen and is gone stays on the list: it is taken again when it is back."""
    options = [Option("", translator.text("device.default"))]
    options += [Option(device.id, device.label) for device in sounds.devices(kind) if device.label]
    wanted, in_use = sounds.wants(kind), sounds.in_use(kind)
    if wanted is None:
        return Select(tuple(options), "")
    if in_use and any(option.value == in_use for option in options):
        return Select(tuple(options), in_use)
    absent = translator.text("device.absent", name=wanted.label)
    options.append(Option(wanted.id, absent if sounds.named else wanted.label))
    return Select(tuple(options), wanted.id)


def _hint(sounds: Sounds, translator: Translator, *, in_call: bool) -> str:
    """Whoever is in a call has allowed the microphone, or is being asked just now."""
    if not sounds.named:
        return "" if in_call else translator.text("device.unnamed")
    return "" if sounds.can_choose_speaker else translator.text("device.no_speaker")


def sound_settings(sounds: Sounds, translator: Translator) -> SoundSettings:
    wanted = sounds.wanted
    ringtones = tuple(Option(tone.value, translator.text(f"ringtone.{tone}")) for tone in Ringtone)
    return SoundSettings(
        ringtone=Select(ringtones, wanted.ringtone.value),
        volume=wanted.volume,
        waiting_beep=wanted.waiting_beep,
        vibration=wanted.vibration,
        can_vibrate=sounds.can_vibrate,
        notifications=wanted.notifications,
        notifications_state=_notifications_state(sounds, translator),
        can_ask=wanted.notifications and sounds.permission is Permission.ASKABLE,
        testing_microphone=sounds.trial is Trial.LEVEL,
        testing_echo=sounds.trial in (Trial.RECORDING, Trial.PLAYING),
        testing_ring=sounds.trial is Trial.RING,
        trial_text=trial_text(sounds, translator),
    )


def trial_text(sounds: Sounds, translator: Translator) -> str:
    heard = sounds.trial is Trial.LEVEL and sounds.heard
    return translator.text("trial.heard" if heard else _TRIAL_TEXT[sounds.trial])


def _notifications_state(sounds: Sounds, translator: Translator) -> str:
    state = sounds.permission.value if sounds.wanted.notifications else "off"
    return translator.text(f"notifications.{state}")
