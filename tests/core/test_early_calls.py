"""A call that nobody has answered yet, and its page goes: what rings here rings on, what we dial ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.line import RINGS_AGAIN_WITHIN
from embed_app.core.line_messages import LineFollowed, PageLeft
from embed_app.core.model import CallState, Direction, Link, Phone, Settings, Sound
from embed_app.core.places import Line
from embed_app.core.resume import RECORD_LIVES, record_of
from embed_app.core.resume_record import ResumeRecord, read_record, write_record
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    DIALOG,
    GOOD,
    OTHER,
    T0,
    Driver,
    answered_outbound,
    config,
    dial,
    invite,
    record,
    registered,
    types,
)

LEFT = PageLeft(is_known_again=True)
UP: tuple[msg.Message, ...] = (msg.ConfigReceived(config=config()), msg.TransportUp(), msg.RegisterAccepted())


def left_ringing(state: CallState = CallState.RINGING) -> ResumeRecord:
    found = record(Direction.INBOUND)
    call = replace(found.call, state=state, started_at=T0 - 5, answered_at=None, dialog=None)
    return replace(found, call=call)


def start(found: ResumeRecord, phone: Phone | None = None, *, owner_gone: bool | None = None) -> Driver:
    driver = Driver(phone)
    driver.send(msg.Started(token=GOOD, record=found, owner_gone=owner_gone))
    return driver


def come_up(driver: Driver) -> None:
    for step in UP:
        driver.send(step)


def test_what_rang_rings_at_once_in_the_next_page_and_is_the_same_call() -> None:
    driver = start(left_ringing())
    assert driver.types() == ["incoming_call", "call_ringing"]
    assert driver.told(ev.IncomingCall)[0].call.uuid == CALL
    assert do.PlaySound(Sound.RING) in driver.effects
    assert do.ExpectInvite(CALL, "sip-1") in driver.effects
    assert driver.due_in(f"again:{CALL}") == RINGS_AGAIN_WITHIN
    come_up(driver)
    driver.forget()
    driver.send(invite())
    assert driver.events == []
    assert f"again:{CALL}" not in driver.timers
    assert driver.call.started_at == T0 - 5
    driver.send(msg.AnswerRequested())
    assert do.AcceptInvite(CALL) in driver.last()
    assert types(driver.send(msg.CallAccepted(call_uuid=CALL))) == ["call_answered"]


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.ANSWERING])
def test_who_answers_before_it_rings_again_has_answered(state: CallState) -> None:
    driver = start(left_ringing(state))
    if state is CallState.RINGING:
        driver.send(msg.AnswerRequested())
    come_up(driver)
    driver.send(invite())
    assert driver.last() == (do.StopTimer(f"again:{CALL}"), do.AcceptInvite(CALL))


def test_a_caller_who_gave_up_meanwhile_is_told_once() -> None:
    driver = start(left_ringing())
    come_up(driver)
    driver.fire(f"again:{CALL}")
    assert driver.reasons() == ["signaling_lost"]
    assert driver.told(ev.CallHangup)[0].billsec == 0
    assert do.ExpectInvite("", "sip-1") in driver.last()
    driver.send(invite(OTHER))
    assert driver.types()[-2:] == ["incoming_call", "call_ringing"]


def test_nothing_rings_from_a_record_that_is_too_old() -> None:
    found = left_ringing()
    driver = start(replace(found, alive_at=T0 - RECORD_LIVES - 1))
    assert driver.types() == ["call_hangup"]
    assert driver.reasons() == ["signaling_lost"]
    assert do.PlaySound(Sound.RING) not in driver.effects


@pytest.mark.parametrize("there", [frozenset({CALL}), frozenset[str]()])
def test_the_frame_that_has_the_line_by_now_knows_better(there: frozenset[str]) -> None:
    driver = start(left_ringing(), Phone(link=Link(line=Line.NONE)))
    driver.send(UP[0])
    assert driver.state == "standby"
    driver.send(LineFollowed(calls=there))
    assert driver.reasons() == ([] if there else ["signaling_lost"])
    assert f"again:{CALL}" not in driver.timers
    driver.send(msg.WokeUp())
    assert driver.phone.live_calls == ()


def test_a_ringing_call_is_left_for_the_next_page_behind_those_that_are_up() -> None:
    driver = registered()
    driver.send(invite())
    (rings,) = driver.phone.live_calls
    found = record_of(driver.phone)
    assert found is not None
    assert (found.call, found.others) == (rings, ())
    assert read_record(write_record(found)).call.state is CallState.RINGING

    driver = answered_outbound()
    driver.send(msg.DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(invite(OTHER))
    found = record_of(driver.phone)
    assert found is not None
    assert [(call.uuid, call.state, call.held) for call in found.calls] == [
        (CALL, CallState.ANSWERED, False),
        (OTHER, CallState.RINGING, False),
    ]


@pytest.mark.parametrize("progress", [(), (msg.CallProgress(call_uuid=CALL, status=180),)])
def test_a_page_that_goes_cancels_what_it_dials_and_the_next_one_says_so(
    progress: tuple[msg.Message, ...],
) -> None:
    """What a page says while its frame is taken out of the parent's page does not arrive there."""
    driver = registered()
    driver.send(dial())
    for step in progress:
        driver.send(step)
    found = record_of(driver.phone)
    assert found is not None
    assert driver.send(LEFT) == []
    assert driver.last()[:2] == (do.KeepEvents(), do.CancelInvite(CALL))
    found = replace(read_record(write_record(found)), alive_at=T0, released=True)
    following = start(found)
    assert following.types() == ["call_hangup"]
    assert following.reasons() == ["cancelled"]
    assert following.phone.live_calls == ()
    assert start(replace(found, released=False), owner_gone=True).reasons() == ["signaling_lost"], "a crash"


def test_a_page_that_goes_leaves_what_rings_and_what_is_up() -> None:
    driver = answered_outbound()
    driver.send(invite(OTHER))
    assert driver.send(LEFT) == []
    assert {call.uuid for call in driver.phone.live_calls} == {CALL, OTHER}


def test_with_resume_0_no_call_outlives_its_page() -> None:
    driver = answered_outbound()
    driver.phone = replace(driver.phone, settings=Settings(resume=False))
    driver.send(invite(OTHER))
    driver.send(LEFT)
    assert do.SendBye(CALL) in driver.last()
    assert not any(isinstance(effect, do.RejectInvite) for effect in driver.last()), "it rings again"
    assert sorted(driver.reasons()) == ["local_hangup", "signaling_lost"]
