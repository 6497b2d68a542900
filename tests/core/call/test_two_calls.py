"""Two calls: one is talked to, the other waits, and there is one microphone (call waiting, swap)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.effects import (
    AcceptInvite,
    RejectInvite,
    SendBye,
    SendDtmf,
    SendInvite,
    SetAside,
    SetHold,
    SetMute,
)
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    DialogKnown,
    DialRequested,
    DtmfRequested,
    HangupRequested,
    HoldChanged,
    HoldFailed,
    HoldRequested,
    JoinRequested,
    MuteRequested,
    ReturnRequested,
    UnholdRequested,
)
from embed_app.core.call.values import CallState, TransferState
from embed_app.core.link.messages import OwnershipGranted, RegisterAccepted, TransportDown, TransportUp
from embed_app.core.link.values import LinkState
from embed_app.core.resume.effects import SendReplacement
from embed_app.core.screen.messages import PanelChosen
from embed_app.core.screen.values import Panel
from embed_app.core.sound.effects import PlaySound
from embed_app.core.sound.ringing import sound_of
from embed_app.core.sound.values import Sound
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    DIALOG,
    FOLLOWS,
    OTHER,
    THIRD,
    Driver,
    answered_inbound,
    answered_outbound,
    bye,
    dial,
    invite,
    phone_in,
    refer,
    registered,
)


def waiting_caller() -> Driver:
    driver = answered_outbound()
    driver.send(invite(OTHER))
    return driver


def two_calls() -> Driver:
    """OTHER is talked to, CALL is on hold."""
    driver = waiting_caller()
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    return driver


def held(driver: Driver) -> dict[str, bool]:
    return {call.uuid: call.held for call in driver.phone.live_calls}


def second(call_uuid: str = OTHER, number: str = "1002") -> DialRequested:
    return replace(dial(number, call_uuid), second=True)


# ---- call waiting


def test_a_caller_in_a_call_is_announced_and_beeps() -> None:
    driver = answered_outbound().forget()
    driver.send(invite(OTHER))
    assert driver.types() == ["incoming_call", "call_ringing"]
    assert PlaySound(Sound.WAITING) in driver.last()
    assert driver.phone.focus == CALL
    assert driver.asked(SetHold) == driver.asked(SetAside) == 0


def test_answering_puts_the_other_on_hold() -> None:
    driver = waiting_caller()
    driver.send(AnswerRequested())
    asked = driver.last()
    assert asked.index(SetAside(CALL, True)) < asked.index(SetHold(CALL, True))
    assert AcceptInvite(OTHER) in asked
    assert PlaySound(Sound.NONE) in asked
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    assert held(driver) == {CALL: True, OTHER: False}
    assert [event.call.uuid for event in driver.told(ev.CallUpdated)] == [CALL]


def test_declining_says_busy_nothing_else_changes() -> None:
    driver = waiting_caller()
    driver.send(HangupRequested(call_uuid=OTHER))
    assert RejectInvite(OTHER, 486) in driver.last()
    assert driver.reasons() == ["rejected"]
    assert held(driver) == {CALL: False}


def test_end_and_answer() -> None:
    driver = waiting_caller()
    driver.send(AnswerRequested(instead=True))
    asked = driver.last()
    assert asked.index(SendBye(CALL)) < asked.index(AcceptInvite(OTHER))
    assert driver.asked(SetHold) == 0
    (end,) = driver.told(ev.CallHangup)
    assert (end.call.uuid, end.reason) == (CALL, "local_hangup")


def test_the_end_of_the_call_turns_the_beep_into_a_ring() -> None:
    driver = waiting_caller()
    driver.send(bye())
    assert driver.last()[-1] == PlaySound(Sound.RING)
    assert driver.phone.focus == ""


def test_a_third_caller_is_busy_and_so_is_one_beside_a_call_that_is_dialled() -> None:
    driver = two_calls()
    driver.send(invite(THIRD))
    assert driver.last() == (RejectInvite(THIRD, 486),)
    dialling = answered_outbound()
    dialling.send(second())
    dialling.send(invite(THIRD))
    assert dialling.last() == (RejectInvite(THIRD, 486),)


def test_a_caller_may_wait_beside_a_call_on_hold() -> None:
    driver = answered_inbound()
    driver.send(HoldRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.send(invite(OTHER))
    driver.send(AnswerRequested())
    assert driver.asked(SetHold) == 1, "it is on hold already"
    assert SetAside(CALL, True) in driver.last()


def test_a_caller_who_gives_up_leaves_the_call_alone() -> None:
    driver = waiting_caller()
    driver.send(CallEnded(call_uuid=OTHER, by_remote=True, kind="cancel"))
    assert driver.reasons() == ["cancelled"]
    assert held(driver) == {CALL: False}
    assert sound_of(driver.phone) is Sound.NONE


# ---- swap, and the end of one


def test_unhold_swaps() -> None:
    driver = two_calls()
    driver.send(UnholdRequested(call_uuid=CALL))
    asked = driver.last()
    assert {SetHold(CALL, False), SetHold(OTHER, True)} <= set(asked)
    assert asked.index(SetAside(OTHER, True)) < asked.index(SetAside(CALL, False))
    assert driver.phone.focus == CALL


def test_swapping_faster_than_the_far_ends_answer_ends_as_last_wished() -> None:
    driver = two_calls()
    for uuid in (CALL, OTHER, CALL):
        driver.send(UnholdRequested(call_uuid=uuid))
    for _ in range(4):  # every re-INVITE is answered; what is wanted by then follows
        for call in driver.phone.live_calls:
            if call.hold_wanted is not None:
                driver.send(HoldChanged(call_uuid=call.uuid, held=call.hold_wanted))
    assert held(driver) == {CALL: False, OTHER: True}
    assert driver.phone.focus == CALL


def test_hang_up_without_a_uuid_means_the_one_that_is_talked_to() -> None:
    driver = two_calls()
    driver.send(HangupRequested())
    assert SendBye(OTHER) in driver.last()
    assert held(driver) == {CALL: True}, "and the other stays on hold"
    driver.send(UnholdRequested())
    assert driver.last() == (SetHold(CALL, False),), "one tap"


def test_the_keypad_of_a_call_goes_with_it() -> None:
    driver = two_calls()
    driver.send(PanelChosen(panel=Panel.KEYPAD))
    driver.send(bye(OTHER))
    assert driver.phone.panel is Panel.NONE


def test_each_wish_without_a_uuid_means_the_one_that_is_talked_to() -> None:
    driver = two_calls()
    driver.send(DtmfRequested(digits="1"))
    assert driver.last() == (SendDtmf(OTHER, "1"),)
    driver.send(MuteRequested())
    assert driver.last() == (SetMute(OTHER, True),)


def test_going_back_ends_the_other() -> None:
    driver = two_calls()
    driver.send(ReturnRequested(call_uuid=CALL))
    assert {SendBye(OTHER), SetHold(CALL, False), SetAside(CALL, False)} <= set(driver.last())
    assert driver.reasons() == ["local_hangup"]


def test_a_lost_line_costs_neither() -> None:
    driver = two_calls()
    driver.send(TransportDown())
    assert len(driver.phone.live_calls) == 2
    driver.send(UnholdRequested(call_uuid=CALL))
    assert driver.errors() == ["not_registered"]
    assert driver.phone.focus == OTHER


# ---- one microphone, whatever the peers say


def test_a_peer_that_refuses_to_be_held_is_set_aside_and_asked_once() -> None:
    driver = waiting_caller()
    driver.send(AnswerRequested())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=488))
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(MuteRequested())
    assert driver.asked(SetHold) == 1
    assert driver.phone.calls[0].aside
    driver.send(bye(OTHER))
    assert SetAside(CALL, False) in driver.last(), "it was never on hold: the talk goes on at once"


def test_a_hold_that_was_lost_with_the_line_is_asked_for_again() -> None:
    driver = waiting_caller()
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(TransportDown())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=0))
    assert driver.asked(SetHold) == 1
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    assert SetHold(CALL, True) in driver.last()


def test_a_call_answered_before_the_first_is_up_waits_for_it() -> None:
    driver = registered()
    driver.send(invite(CALL))
    driver.send(invite(OTHER))
    for uuid in (CALL, OTHER):
        driver.send(AnswerRequested(call_uuid=uuid))
    assert driver.asked(SetHold) == 0
    driver.send(CallAccepted(call_uuid=CALL))
    assert SetHold(CALL, True) in driver.last()


# ---- a second outgoing call


def test_the_agent_adds_a_call() -> None:
    driver = answered_outbound()
    driver.send(second())
    assert {SetAside(CALL, True), SetHold(CALL, True)} < set(driver.last())
    assert SendInvite(OTHER, "1002") in driver.last()
    driver.send(CallEnded(call_uuid=OTHER, by_remote=True, kind="reject", status=486))
    assert driver.reasons() == ["busy"]
    assert driver.phone.focus == CALL
    assert driver.errors() == []


@pytest.mark.parametrize("accepted", [True, False], ids=["held", "hold asked for"])
def test_a_parents_call_needs_the_first_on_hold(accepted: bool) -> None:
    driver = answered_outbound()
    driver.send(dial(call_uuid=OTHER))
    assert driver.errors() == ["call_in_progress"]
    driver.send(HoldRequested())
    if accepted:
        driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.send(dial(call_uuid=OTHER))
    assert driver.asked(SendInvite) == 2
    assert driver.phone.focus == OTHER


def test_there_is_no_third_call_and_none_beside_one_that_is_not_up() -> None:
    driver = two_calls()
    driver.send(second(THIRD))
    assert driver.errors() == ["call_in_progress"]
    dialling = registered()
    dialling.send(dial())
    dialling.send(second())
    assert dialling.errors() == ["call_in_progress"]
    ringing = waiting_caller()
    ringing.send(second(THIRD))
    assert ringing.errors() == ["call_in_progress"]


def test_a_second_call_is_not_kept_for_a_line_that_may_come() -> None:
    driver = answered_outbound()
    driver.send(TransportDown())
    driver.send(second())
    assert driver.errors() == ["not_registered"]


# ---- the frame with the line dies


def test_another_frame_takes_both_back_and_asks_nobody_about_a_transfer() -> None:
    left = two_calls()
    for uuid in (CALL, OTHER):
        dialog = replace(DIALOG, sip_call_id=uuid)
        left.send(DialogKnown(call_uuid=uuid, dialog=dialog))
    left.send(JoinRequested())
    driver = phone_in(LinkState.STANDBY)
    driver.send(OwnershipGranted(left=left.phone))
    assert (driver.phone.focus, held(driver)) == (OTHER, {CALL: True, OTHER: False})
    assert {call.transfer for call in driver.phone.live_calls} == {TransferState.NONE}
    driver.send(TransportUp())
    sent = {e.call_uuid: e.held for e in driver.effects if isinstance(e, SendReplacement)}
    assert sent == {CALL: True, OTHER: False}


# ---- a peer that gives us to somebody else


def test_who_is_transferred_talks_to_the_old_peer_until_the_new_one_answers() -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer())
    assert driver.phone.focus == CALL
    driver.send(CallAccepted(call_uuid=OTHER))
    assert driver.last()[:1] != (SetHold(CALL, True),)
    assert driver.asked(SetHold) == 0, "the old peer is about to hang up"
    assert {SetAside(CALL, True), SetAside(OTHER, False)} < set(driver.last())
    driver.send(bye(CALL))
    assert [call.state for call in driver.phone.live_calls] == [CallState.ANSWERED]
