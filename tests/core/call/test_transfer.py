"""Attended transfer (RFC 5589): ask the target first, then join the two, or come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from embed_app.core.call.effects import (
    AcceptRefer,
    CancelInvite,
    RejectRefer,
    SendAttendedRefer,
    SendBye,
    SendInvite,
    SetAside,
    SetHold,
)
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    CallReport,
    CallWish,
    DialogKnown,
    HangupRequested,
    HoldChanged,
    JoinRequested,
    ReferAccepted,
    ReferFailed,
    ReferProgress,
    ReturnRequested,
    TransferRequested,
    UnholdRequested,
)
from embed_app.core.call.transfer import TARGET_LEAVES_WITHIN, TRANSFER_TIMEOUT
from embed_app.core.call.values import CallState, TransferState
from embed_app.core.link.messages import TransportDown
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    DIALOG,
    FOLLOWS,
    OTHER,
    THIRD,
    Driver,
    answered_outbound,
    bye,
    invite,
    refer,
    registered,
)

WITH_TARGET = replace(
    DIALOG,
    sip_call_id="dialog-2",
    remote_target="sip:x2@target.invalid;transport=ws",
    remote_uri="sip:1002@acme.example",
)


def ask(target: str = "1002", **changes: Any) -> TransferRequested:
    return replace(TransferRequested(target=target, attended=True, new_call_uuid=OTHER), **changes)


def asking() -> Driver:
    """CALL waits on hold, the target's phone rings."""
    driver = answered_outbound()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(ask())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.send(CallProgress(call_uuid=OTHER, status=180))
    return driver


def asked() -> Driver:
    """The target has answered."""
    driver = asking()
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(DialogKnown(call_uuid=OTHER, dialog=WITH_TARGET))
    return driver


def joining() -> Driver:
    driver = asked()
    driver.send(JoinRequested())
    driver.send(ReferAccepted(call_uuid=CALL))
    return driver


def transfers(driver: Driver) -> dict[str, TransferState]:
    return {call.uuid: call.transfer for call in driver.phone.live_calls}


def failures(driver: Driver) -> list[tuple[str | None, dict[str, Any]]]:
    return [(event.error.call_uuid, dict(event.error.detail or {})) for event in driver.told(ev.Error)]


def test_asking_holds_the_call_and_dials_the_target() -> None:
    driver = answered_outbound().forget()
    driver.send(ask("10.02"))
    assert {SetAside(CALL, True), SetHold(CALL, True), SendInvite(OTHER, "1002")} < set(driver.last())
    assert driver.phone.focus == OTHER
    assert driver.events == []


def test_joining_sends_refer_with_the_targets_dialog() -> None:
    driver = asked()
    driver.send(JoinRequested())
    expected = SendAttendedRefer(CALL, WITH_TARGET.remote_uri, WITH_TARGET, "1002")
    assert expected in driver.last()
    assert transfers(driver) == {CALL: TransferState.ASKED, OTHER: TransferState.TARGET}


def test_the_same_command_again_joins() -> None:
    driver = asked()
    driver.send(ask(new_call_uuid=THIRD))
    assert driver.asked(SendAttendedRefer) == 1
    assert driver.asked(SendInvite) == 2, "the call, and the one with the target; no third"


@pytest.mark.parametrize("target", ["1002", OTHER, "10-02"])
@pytest.mark.parametrize("call_uuid", [None, CALL])
def test_a_command_may_name_the_call_and_the_target(target: str, call_uuid: str | None) -> None:
    driver = asked()
    driver.send(ask(target, call_uuid=call_uuid, new_call_uuid=THIRD))
    (refer,) = (effect for effect in driver.effects if isinstance(effect, SendAttendedRefer))
    assert refer.call_uuid == CALL


def test_two_calls_that_came_by_themselves_can_be_joined() -> None:
    driver = answered_outbound()
    driver.send(invite(OTHER))
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(DialogKnown(call_uuid=OTHER, dialog=WITH_TARGET))
    driver.send(JoinRequested())
    assert driver.asked(SendAttendedRefer) == 1


# ---- it works


def test_the_targets_bye_and_the_notify_end_both() -> None:
    driver = joining()
    driver.send(bye(OTHER))
    assert driver.reasons() == ["transferred"]
    assert transfers(driver) == {CALL: TransferState.TRYING}
    driver.send(ReferProgress(call_uuid=CALL, status=200))
    assert SendBye(CALL) in driver.last()
    assert driver.reasons() == ["transferred"] * 2
    assert driver.errors() == []


@pytest.mark.parametrize(
    "done", [ReferProgress(call_uuid=CALL, status=200), bye(CALL)], ids=["NOTIFY", "BYE"]
)
def test_a_target_that_does_not_leave_is_left(done: CallReport) -> None:
    driver = joining()
    driver.send(done)
    assert driver.reasons() == ["transferred"]
    assert driver.due_in(Timer(TimerKind.TRANSFER, OTHER)) == TARGET_LEAVES_WITHIN
    driver.fire(Timer(TimerKind.TRANSFER, OTHER))
    assert SendBye(OTHER) in driver.last()
    assert driver.reasons() == ["transferred"] * 2


# ---- the way back


@pytest.mark.parametrize("status", [486, 603, 480, 404])
def test_a_target_that_does_not_take_the_call(status: int) -> None:
    driver = asking()
    driver.send(CallEnded(call_uuid=OTHER, by_remote=True, kind="reject", status=status))
    ((uuid, detail),) = failures(driver)
    assert (uuid, detail["status"], driver.errors()) == (CALL, status, ["transfer_failed"])
    assert driver.phone.banner == "transfer_failed"
    assert (driver.call.uuid if len(driver.phone.calls) == 1 else driver.phone.focus) == CALL
    driver.send(UnholdRequested())
    assert driver.last()[-1] == SetHold(CALL, False)


def test_a_target_that_does_not_answer() -> None:
    driver = asking()
    driver.fire(Timer(TimerKind.INVITING, OTHER))
    assert failures(driver) == [(CALL, {"status": 408, "reason": "no_answer"})]


@pytest.mark.parametrize("end", [HangupRequested(), ReturnRequested(call_uuid=CALL)])
def test_an_agent_who_gives_up_is_told_nothing(end: CallWish) -> None:
    driver = asking()
    driver.send(end)
    assert CancelInvite(OTHER) in driver.last()
    assert (driver.errors(), driver.reasons()) == ([], ["cancelled"])
    back = SetHold(CALL, False) in driver.last()
    assert back is isinstance(end, ReturnRequested)


def test_a_target_that_answered_and_hung_up_was_asked_and_said_no() -> None:
    driver = asked()
    driver.send(bye(OTHER))
    assert (driver.errors(), driver.reasons()) == ([], ["remote_hangup"])


@pytest.mark.parametrize(
    "no",
    [
        ReferFailed(call_uuid=CALL, status=603),
        ReferProgress(call_uuid=CALL, status=481),
    ],
)
def test_a_transfer_that_is_refused_leaves_both_calls(no: CallReport) -> None:
    driver = joining()
    driver.send(no)
    assert transfers(driver) == {CALL: TransferState.NONE, OTHER: TransferState.NONE}
    assert driver.errors() == ["transfer_failed"]
    assert driver.phone.focus == OTHER
    driver.send(JoinRequested())
    assert driver.asked(SendAttendedRefer) == 2, "it may be tried again"


def test_a_far_end_that_never_tells_is_given_up() -> None:
    driver = joining()
    assert driver.due_in(Timer(TimerKind.TRANSFER, CALL)) == TRANSFER_TIMEOUT
    driver.fire(Timer(TimerKind.TRANSFER, CALL))
    assert failures(driver) == [(CALL, {"status": 408})]
    assert transfers(driver) == {CALL: TransferState.NONE, OTHER: TransferState.NONE}


def test_a_caller_who_hangs_up_meanwhile_leaves_us_with_the_target() -> None:
    driver = asked()
    driver.send(JoinRequested())
    driver.send(bye(CALL))
    assert driver.reasons() == ["remote_hangup"]
    assert transfers(driver) == {OTHER: TransferState.NONE}


# ---- what cannot be


def test_what_cannot_be_joined() -> None:
    driver = answered_outbound()
    driver.send(JoinRequested())
    assert driver.errors() == ["invalid_state"]
    driver = asking()
    driver.send(JoinRequested())
    assert driver.errors() == ["invalid_state"], "the target has not answered"
    driver = joining()
    driver.send(JoinRequested())
    assert driver.errors() == ["invalid_state"], "it is under way"


def test_whom_nobody_can_be_asked_about() -> None:
    driver = asked()
    driver.send(ask("1003", new_call_uuid=THIRD))
    assert driver.errors() == ["call_in_progress"]
    driver = answered_outbound()
    driver.send(ask("1002@evil"))
    assert driver.errors() == ["invalid_number"]
    driver.send(TransportDown())
    driver.send(ask())
    assert driver.errors() == ["invalid_number", "not_registered"]


# ---- the other ends of it


def test_a_peer_that_joins_us_to_somebody_is_followed_to_a_number() -> None:
    driver = answered_outbound(rules=FOLLOWS)
    there = "abc@far;to-tag=one;from-tag=two"
    driver.send(refer("Bình", replaces=there))
    assert driver.last() == (RejectRefer(CALL, OTHER),)
    driver.send(refer("1003", replaces=there))
    assert AcceptRefer(CALL, OTHER, "1003", (("Replaces", there),)) in driver.last()
    assert driver.phone.calls[-1].state is CallState.INVITING


@pytest.mark.parametrize("same", [True, False], ids=["its page was reloaded", "somebody else"])
def test_who_takes_the_far_ends_place_is_shown(same: bool) -> None:
    driver = registered()
    driver.send(invite())
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.forget()
    taken = replace(
        DIALOG, sip_call_id="dialog-9", remote_uri=DIALOG.remote_uri if same else "sip:1003@acme.example"
    )
    driver.send(DialogKnown(call_uuid=CALL, dialog=taken, number="1003", display_name="Chi"))
    shown = ("0987654321", "Bình") if same else ("1003", "Chi")
    assert (driver.call.number, driver.call.display_name) == shown
    assert driver.types() == ([] if same else ["call_updated"])
