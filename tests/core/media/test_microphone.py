"""The microphone of a running call (fault 27)."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import (
    DialRequested,
    MicrophoneFailed,
)
from embed_app.core.media.effects import ReopenMicrophone
from embed_app.core.media.messages import (
    MicrophoneEnded,
    MicrophoneReady,
)
from embed_app.core.media.values import Microphone
from embed_app.core.sound.messages import DevicesChanged
from tests.core.driver import (
    CALL,
    registered,
)
from tests.core.wire import talking


def test_an_unplugged_microphone_is_replaced_without_a_word() -> None:
    driver, _ = talking()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    assert driver.last() == (ReopenMicrophone(CALL),)
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert (driver.events, driver.call.media.microphone) == ([], Microphone.WORKING)


def test_no_other_microphone_is_told_and_the_call_lives() -> None:
    driver, _ = talking()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    driver.send(MicrophoneFailed(call_uuid=CALL, name="NotFoundError"))
    assert (driver.errors(), driver.phone.banner, driver.call.live) == (["mic_lost"], "mic_lost", True)
    driver.send(DevicesChanged())
    assert driver.last() == (ReopenMicrophone(CALL),)
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert driver.phone.banner == ""
    driver.send(DevicesChanged())
    assert driver.last() == ()


@pytest.mark.parametrize("name", ["PolicyBlocked", "SecurityError"])
def test_a_microphone_the_page_may_not_ask_for_is_another_error_than_a_denied_one(name: str) -> None:
    driver = registered()
    driver.send(DialRequested(call_uuid=CALL, number="1002"))
    driver.send(MicrophoneFailed(call_uuid=CALL, name=name))
    assert driver.errors() == ["mic_blocked"]
