"""What is heard besides the call itself."""

from __future__ import annotations

from embed_app.core.call.messages import AnswerRequested, CallAccepted
from embed_app.core.sound.effects import (
    PlaySound,
)
from embed_app.core.sound.messages import (
    SwitchFlipped,
)
from embed_app.core.sound.values import (
    Sound,
    Switch,
)
from tests.core.driver import CALL, invite, registered
from tests.core.sound.headset import of


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
