"""How calls begin and are given up, hold and mute, and which call a wish means."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import CancelInvite, SendBye, SendInvite, SetHold, SetMute
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
    Referred,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import (
    ConfigReceived,
    RegisterAccepted,
    TransportDown,
    TransportUp,
    WentOnline,
)
from embed_app.core.link.values import LinkState
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    OTHER,
    THIRD,
    answered_outbound,
    bye,
    config,
    dial,
    invite,
    phone_in,
    registered,
)

# ---- dialling


def test_two_clicks_are_one_invite() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(dial(call_uuid=OTHER), after=0.05)
    assert driver.asked(SendInvite) == 1
    assert driver.errors() == ["call_in_progress"]


@pytest.mark.parametrize(
    "state", [LinkState.CONFIGURING, LinkState.CONNECTING, LinkState.REGISTERING, LinkState.WAITING]
)
def test_a_call_before_the_phone_is_up_is_kept_and_sent(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(dial())
    assert driver.asked(SendInvite) == 0
    steps = {
        LinkState.CONFIGURING: (ConfigReceived(config=config()),),
        LinkState.WAITING: (WentOnline(),),
    }
    for step in (*steps.get(state, ()), TransportUp(), RegisterAccepted(), RegisterAccepted()):
        driver.send(step)
    assert driver.asked(SendInvite) == 1
    assert driver.call.state is CallState.INVITING


def test_a_kept_call_is_given_up_after_twenty_seconds() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(dial())
    assert driver.due_in(Timer(TimerKind.QUEUED, CALL)) == 20
    driver.fire(Timer(TimerKind.QUEUED, CALL))
    assert driver.reasons() == ["unavailable"]
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    assert driver.asked(SendInvite) == 0


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED])
def test_a_phone_that_is_not_coming_up_does_not_call(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(dial())
    assert (driver.errors(), driver.phone.calls) == (["not_registered"], ())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (TimerKind.QUEUED, "unavailable"),
        (TimerKind.INVITING, "no_answer"),
        (TimerKind.RINGING, "no_answer"),
    ],
)
def test_nothing_rings_for_ever(kind: TimerKind, reason: str) -> None:
    driver = phone_in(LinkState.REGISTERING) if kind is TimerKind.QUEUED else registered()
    driver.send(invite() if kind is TimerKind.RINGING else dial())
    driver.fire(Timer(kind, CALL))
    assert driver.reasons() == [reason]


def test_the_timers_of_a_call_end_with_it() -> None:
    driver = registered()
    for step in (dial(), CallAccepted(call_uuid=CALL), TransferRequested(target="1002"), bye()):
        driver.send(step)
    assert [timer for timer in driver.phone.timers if timer.call_uuid == CALL] == []


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


def test_an_unknown_uuid_never_means_the_active_call() -> None:
    driver = answered_outbound().forget()
    driver.send(HangupRequested(call_uuid=THIRD))
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.call_uuid, driver.call.live) == ("no_call", THIRD, True)


def test_a_uuid_chooses_and_none_means_the_answered_call() -> None:
    driver = answered_outbound()
    driver.send(Referred(call_uuid=CALL, new_call_uuid=OTHER, number="1003"))
    driver.forget().send(HangupRequested(call_uuid=OTHER))
    assert CancelInvite(OTHER) in driver.last()
    driver.send(HangupRequested())
    assert SendBye(CALL) in driver.last()
