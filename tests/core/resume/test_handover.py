"""The tab that owned the phone is gone: what becomes of each of its calls in the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.messages import CallAccepted
from embed_app.core.call.values import CallState, Direction
from embed_app.core.link.messages import OwnershipGranted, RegisterAccepted, TransportUp
from embed_app.core.link.values import Link, LinkState
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import SendReplacement
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import CALL, DIALOG, Driver, phone_in, record


def left(direction: Direction, state: CallState, **fields: object) -> Driver:
    """The next tab, which has seen this one call of the owner."""
    call = replace(record(direction).call, state=state, **fields)  # type: ignore[arg-type]
    driver = phone_in(LinkState.STANDBY)
    owner = Phone(link=Link(state=LinkState.REGISTERED, wanted=True), calls=(call,), focus=call.uuid)
    driver.send(OwnershipGranted(left=owner))
    return driver


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("state", [CallState.ANSWERED, CallState.RESUMING])
def test_an_answered_call_is_taken_back_also_from_a_tab_that_was_about_to(
    direction: Direction, state: CallState
) -> None:
    driver = left(direction, state, resume_tries=3)
    assert driver.call.state.value == "resuming"
    assert Timer(TimerKind.RESUME_LIMIT, CALL) in driver.timers
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    (sent,) = (effect for effect in driver.effects if isinstance(effect, SendReplacement))
    assert sent.target == DIALOG.remote_target, "the tries of the other tab do not count"
    driver.send(CallAccepted(call_uuid=CALL))
    assert driver.call.state.value == "answered"


@pytest.mark.parametrize(
    ("direction", "state"),
    [
        (Direction.OUTBOUND, CallState.QUEUED),
        (Direction.OUTBOUND, CallState.INVITING),
        (Direction.OUTBOUND, CallState.RINGING),
        (Direction.OUTBOUND, CallState.ANSWERED),
        (Direction.INBOUND, CallState.ANSWERED),
    ],
)
def test_a_call_that_cannot_be_taken_back_ends(direction: Direction, state: CallState) -> None:
    """One that was dialled, or whose dialog was not known yet."""
    driver = left(direction, state, dialog=None)
    assert driver.call.state is CallState.ENDED
    assert driver.reasons() == ["signaling_lost"]


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.ANSWERING])
def test_a_call_that_rang_is_awaited_and_ends_if_it_does_not_ring_again(state: CallState) -> None:
    driver = left(Direction.INBOUND, state, dialog=None, answered_at=None)
    assert driver.call.state is state
    driver.fire(Timer(TimerKind.RING_AGAIN, CALL))
    assert driver.call.state is CallState.ENDED
    assert driver.reasons() == ["signaling_lost"]
