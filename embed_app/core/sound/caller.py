"""How a caller is told of beside the screen and the ring: a notification, vibration, the title."""

from __future__ import annotations

from embed_app.core.call.selection import ringing_call
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.sound.effects import (
    AnnounceCaller,
)
from embed_app.core.sound.values import (
    Permission,
)
from embed_app.core.step import Step


def announce_caller(step: Step, before: Phone, _message: Message) -> None:
    """After everything else of the step: whoever answers does not wait for a notification to close."""
    caller = caller_to_announce(step.phone)
    if caller != caller_to_announce(before):
        step.emit(caller)


def caller_to_announce(phone: Phone) -> AnnounceCaller:
    """Who rings here, and how that is told beside the screen and the ring."""
    call = ringing_call(phone)
    if call is None:
        return AnnounceCaller()
    sounds = phone.sounds
    notify = sounds.wanted.notifications and sounds.permission is Permission.GRANTED and phone.hidden
    vibrate = sounds.wanted.vibration and not call.silenced
    return AnnounceCaller(call.uuid, call.number, call.display_name, notify=notify, vibrate=vibrate)
