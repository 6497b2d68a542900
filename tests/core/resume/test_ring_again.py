"""A call that nobody has answered yet, and its page goes: what rings here rings on, what we dial ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.effects import AcceptInvite, CancelInvite, RejectInvite, SendBye
from embed_app.core.call.messages import AnswerRequested, CallAccepted, CallProgress, DialogKnown
from embed_app.core.call.values import CallState, Direction
from embed_app.core.link.messages import (
    ConfigReceived,
    OwnerShown,
    PageLeft,
    RegisterAccepted,
    Started,
    TransportUp,
    WokeUp,
)
from embed_app.core.link.values import Link, Ownership
from embed_app.core.message import Message
from embed_app.core.phone import Phone, Settings
from embed_app.core.resume.effects import ExpectInvite, KeepEvents
from embed_app.core.resume.record import read_record, write_record
from embed_app.core.resume.resume import record_of
from embed_app.core.resume.ring_again import RINGS_AGAIN_WITHIN
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.shared import SHARED
from embed_app.core.sound.effects import PlaySound
from embed_app.core.sound.values import Sound
from embed_app.core.timers import StopTimer, Timer, TimerKind
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
UP: tuple[Message, ...] = (ConfigReceived(config=config()), TransportUp(), RegisterAccepted())


def left_ringing(state: CallState = CallState.RINGING) -> ResumeRecord:
    found = record(Direction.INBOUND)
    call = replace(found.call, state=state, started_at=T0 - 5, answered_at=None, dialog=None)
    return replace(found, call=call)


def start(found: ResumeRecord, phone: Phone | None = None, *, owner_gone: bool | None = None) -> Driver:
    driver = Driver(phone)
    driver.send(Started(token=GOOD, record=found, owner_gone=owner_gone))
    return driver


def come_up(driver: Driver) -> None:
    for step in UP:
        driver.send(step)


def test_what_rang_rings_at_once_in_the_next_page_and_is_the_same_call() -> None:
    driver = start(left_ringing())
    assert driver.types() == ["incoming_call", "call_ringing"]
    assert driver.told(ev.IncomingCall)[0].call.uuid == CALL
    assert PlaySound(Sound.RING) in driver.effects
    assert ExpectInvite(CALL, "sip-1") in driver.effects
    assert driver.due_in(Timer(TimerKind.RING_AGAIN, CALL)) == RINGS_AGAIN_WITHIN
    come_up(driver)
    driver.forget()
    driver.send(invite())
    assert driver.events == []
    assert Timer(TimerKind.RING_AGAIN, CALL) not in driver.timers
    assert driver.call.started_at == T0 - 5
    driver.send(AnswerRequested())
    assert AcceptInvite(CALL) in driver.last()
    assert types(driver.send(CallAccepted(call_uuid=CALL))) == ["call_answered"]


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.ANSWERING])
def test_who_answers_before_it_rings_again_has_answered(state: CallState) -> None:
    driver = start(left_ringing(state))
    if state is CallState.RINGING:
        driver.send(AnswerRequested())
    come_up(driver)
    driver.send(invite())
    assert driver.last() == (StopTimer(Timer(TimerKind.RING_AGAIN, CALL)), AcceptInvite(CALL))


def test_a_caller_who_gave_up_meanwhile_is_told_once() -> None:
    driver = start(left_ringing())
    come_up(driver)
    driver.fire(Timer(TimerKind.RING_AGAIN, CALL))
    assert driver.reasons() == ["signaling_lost"]
    assert driver.told(ev.CallHangup)[0].billsec == 0
    assert ExpectInvite("", "sip-1") in driver.last()
    driver.send(invite(OTHER))
    assert driver.types()[-2:] == ["incoming_call", "call_ringing"]


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.ANSWERING])
def test_nothing_rings_from_a_record_that_is_too_old(state: CallState) -> None:
    found = left_ringing(state)
    driver = start(replace(found, alive_at=T0 - SHARED.record_lives_s - 1))
    assert driver.types() == ["call_hangup"]
    assert driver.reasons() == ["signaling_lost"]
    assert PlaySound(Sound.RING) not in driver.effects


@pytest.mark.parametrize("there", [frozenset({CALL}), frozenset[str]()])
def test_the_frame_that_has_the_line_by_now_knows_better(there: frozenset[str]) -> None:
    driver = start(left_ringing(), Phone(link=Link(ownership=Ownership.NOT_ASKED)))
    driver.send(UP[0])
    assert driver.state == "standby"
    driver.send(OwnerShown(calls=there))
    assert driver.reasons() == ([] if there else ["signaling_lost"])
    assert Timer(TimerKind.RING_AGAIN, CALL) not in driver.timers
    driver.send(WokeUp())
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
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(invite(OTHER))
    found = record_of(driver.phone)
    assert found is not None
    assert [(call.uuid, call.state, call.held) for call in found.calls] == [
        (CALL, CallState.ANSWERED, False),
        (OTHER, CallState.RINGING, False),
    ]


@pytest.mark.parametrize("progress", [(), (CallProgress(call_uuid=CALL, status=180),)])
def test_a_page_that_goes_cancels_what_it_dials_and_the_next_one_says_so(
    progress: tuple[Message, ...],
) -> None:
    """What a page says while its frame is taken out of the parent's page does not arrive there."""
    driver = registered()
    driver.send(dial())
    for step in progress:
        driver.send(step)
    found = record_of(driver.phone)
    assert found is not None
    assert driver.send(LEFT) == []
    assert driver.last()[:2] == (KeepEvents(), CancelInvite(CALL))
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
    assert SendBye(CALL) in driver.last()
    assert not any(isinstance(effect, RejectInvite) for effect in driver.last()), "it rings again"
    assert sorted(driver.reasons()) == ["local_hangup", "signaling_lost"]
