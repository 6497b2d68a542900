"""The microphone of a running call: another one takes its place when it stops."""

from __future__ import annotations

from embed_app.core.call.values import Call, CallState
from embed_app.core.media.effects import ReopenMicrophone
from embed_app.core.media.messages import MicrophoneEnded, MicrophoneReady
from embed_app.core.media.values import Microphone
from embed_app.core.sound import devices
from embed_app.core.sound.messages import DevicesChanged
from embed_app.core.sound.values import DeviceKind
from embed_app.core.step import Step


def ended(step: Step, call: Call, _message: MicrophoneEnded) -> None:
    """Unplugged: another one may be there. Only when that one fails is anybody told."""
    if call.state is not CallState.ANSWERED:
        return
    step.change_media(call, microphone=Microphone.LOST)
    step.emit(ReopenMicrophone(call.uuid))


def ready(step: Step, call: Call, _message: MicrophoneReady) -> None:
    if call.state is not CallState.ANSWERED:
        return
    before = call.media.microphone
    step.change_media(call, microphone=Microphone.WORKING)
    if step.phone.banner == "mic_lost":
        step.change(banner="")
    elif before is Microphone.LOST:
        devices.tell_replaced(step, DeviceKind.MICROPHONE)


def devices_changed(step: Step, _message: DevicesChanged) -> None:
    for call in step.phone.live_calls:
        if call.state is CallState.ANSWERED and call.media.microphone is Microphone.LOST:
            step.emit(ReopenMicrophone(call.uuid))
