"""How calls begin, and that nothing rings for ever."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import SendInvite
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import (
    ConfigReceived,
    RegisterAccepted,
    TransportUp,
    WentOnline,
)
from embed_app.core.link.values import LinkState
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import (
    CALL,
    OTHER,
    config,
    dial,
    invite,
    phone_in,
    registered,
)


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
