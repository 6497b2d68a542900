"""Two callers at once (fault 45): both are shown, one is answered, both end."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import AcceptInvite, RejectInvite
from embed_app.core.call.messages import AnswerRequested, CallAccepted, CallEnded, HangupRequested
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import TransportDown
from embed_app.core.sound.effects import PlaySound
from embed_app.core.sound.values import Sound
from embed_app.protocol import events as ev
from tests.core.driver import CALL, OTHER, THIRD, Driver, dial, invite, registered


def two_callers() -> Driver:
    driver = registered()
    driver.send(invite(CALL))
    driver.send(invite(OTHER))
    return driver


def test_both_are_shown_and_a_third_hears_busy() -> None:
    driver = two_callers()
    assert [event.call.uuid for event in driver.told(ev.IncomingCall)] == [CALL, OTHER]
    driver.send(invite(THIRD))
    assert driver.last() == (RejectInvite(THIRD, 486),)


@pytest.mark.parametrize(("answered", "other"), [(CALL, OTHER), (OTHER, CALL)])
def test_answering_one_lets_the_other_ring_on_more_softly(answered: str, other: str) -> None:
    driver = two_callers()
    driver.send(AnswerRequested(call_uuid=answered))
    assert AcceptInvite(answered) in driver.last()
    assert PlaySound(Sound.WAITING) in driver.last()
    driver.send(CallAccepted(call_uuid=answered))
    states = {call.uuid: call.state for call in driver.phone.live_calls}
    assert states == {answered: CallState.ANSWERED, other: CallState.RINGING}
    assert driver.told(ev.CallHangup) == []
    driver.send(HangupRequested())
    assert [(event.call.uuid, event.reason) for event in driver.told(ev.CallHangup)] == [
        (answered, "local_hangup")
    ]
    assert PlaySound(Sound.RING) in driver.last()


def test_each_may_be_declined_or_give_up_by_itself() -> None:
    driver = two_callers()
    driver.send(HangupRequested(call_uuid=OTHER))
    driver.send(CallEnded(call_uuid=CALL, by_remote=True, kind="cancel"))
    assert [event.reason for event in driver.told(ev.CallHangup)] == ["rejected", "cancelled"]
    assert driver.phone.live_calls == ()


def test_a_lost_line_ends_both() -> None:
    driver = two_callers()
    driver.send(TransportDown())
    assert [event.reason for event in driver.told(ev.CallHangup)] == ["signaling_lost"] * 2


def test_who_calls_out_is_busy() -> None:
    """Nobody can be put on hold yet; and two phones that call each other at once must not both ring."""
    driver = registered()
    driver.send(dial())
    driver.send(invite(OTHER))
    assert driver.last() == (RejectInvite(OTHER, 486),)
