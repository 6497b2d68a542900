"""Which call a wish means."""

from __future__ import annotations

from embed_app.core.call.effects import CancelInvite, SendBye
from embed_app.core.call.messages import (
    HangupRequested,
)
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    FOLLOWS,
    OTHER,
    THIRD,
    answered_outbound,
    refer,
)


def test_an_unknown_uuid_never_means_the_active_call() -> None:
    driver = answered_outbound().forget()
    driver.send(HangupRequested(call_uuid=THIRD))
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.call_uuid, driver.call.live) == ("no_call", THIRD, True)


def test_a_uuid_chooses_and_none_means_the_answered_call() -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer())
    driver.forget().send(HangupRequested(call_uuid=OTHER))
    assert CancelInvite(OTHER) in driver.last()
    driver.send(HangupRequested())
    assert SendBye(CALL) in driver.last()
