"""How calls begin and are given up, hold and mute, and which call a wish means."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import SetHold, SetMute
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallWish,
    DtmfRequested,
    HangupRequested,
    HoldChanged,
    HoldFailed,
    HoldRequested,
    MuteRequested,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.link.messages import (
    TransportDown,
)
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    answered_outbound,
    dial,
    registered,
)

# ---- hold and mute


def test_held_is_what_the_peer_accepted() -> None:
    driver = answered_outbound().forget()
    driver.send(HoldRequested())
    assert (driver.last(), driver.events, driver.call.held) == ((SetHold(CALL, True),), [], False)
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    assert [event.call.state for event in driver.told(ev.CallUpdated)] == ["held"]
    driver.send(HoldRequested())
    assert driver.last() == ()
    driver.send(UnholdRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=False))
    assert [event.call.held for event in driver.told(ev.CallUpdated)] == [True, False]


def test_an_unhold_in_the_same_breath_is_not_lost() -> None:
    driver = answered_outbound().forget()
    driver.send(HoldRequested())
    driver.send(UnholdRequested())
    assert driver.asked(SetHold) == 1, "one re-INVITE at a time"
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    assert driver.last() == (SetHold(CALL, False),)
    driver.send(HoldChanged(call_uuid=CALL, held=False))
    assert (driver.last(), driver.call.held) == ((), False)


def test_a_refused_hold_is_told_and_can_be_tried_again() -> None:
    driver = answered_outbound().forget()
    driver.send(HoldRequested())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=488))
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.call_uuid, error.error.detail) == (
        "hold_failed",
        CALL,
        {"status": 488},
    )
    driver.send(HoldRequested())
    assert driver.asked(SetHold) == 2


@pytest.mark.parametrize("wish", [HoldRequested(), TransferRequested(target="1002")])
def test_what_needs_the_wire_is_refused_without_it(wish: CallWish) -> None:
    driver = answered_outbound().forget()
    driver.send(TransportDown())
    driver.send(wish)
    assert driver.errors() == ["not_registered"]
    assert driver.call.live


def test_mute_is_known_before_there_is_a_track_to_mute() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(MuteRequested())
    driver.send(MuteRequested())
    assert driver.asked(SetMute) == 1
    driver.send(CallAccepted(call_uuid=CALL))
    assert SetMute(CALL, True) in driver.last()
    driver.send(UnmuteRequested())
    assert [event.call.muted for event in driver.told(ev.CallUpdated)] == [True, False]


# ---- which call


@pytest.mark.parametrize(
    "wish", [AnswerRequested(), HangupRequested(), MuteRequested(), DtmfRequested(digits="1")]
)
def test_without_a_call_it_is_told(wish: CallWish) -> None:
    driver = registered()
    driver.send(wish)
    assert (driver.errors(), driver.last()) == (["no_call"], ())
