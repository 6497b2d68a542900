"""A page that finds the record of a call takes it back, or says once that it is lost (RFC 3891)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from embed_app.core.call.dialog import replacement_targets
from embed_app.core.call.effects import RejectInvite, SetAside, SetHold, SetMute
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallProgress,
    CallWish,
    DialogKnown,
    DtmfRequested,
    HangupRequested,
    HoldChanged,
    HoldRequested,
    MicrophoneFailed,
    MuteRequested,
    UnholdRequested,
)
from embed_app.core.call.values import CallState, Direction
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    RegisterAccepted,
    Started,
    TokenOffered,
    TransportDown,
    TransportUp,
)
from embed_app.core.link.values import LinkState
from embed_app.core.media.values import MediaWatch
from embed_app.core.message import Message
from embed_app.core.phone import Phone, Settings
from embed_app.core.resume.effects import CancelReplacement, FindRecord, SendFarewell, SendReplacement
from embed_app.core.resume.messages import RecordFound, ReplacementFailed
from embed_app.core.resume.record import read_record, write_record
from embed_app.core.resume.replacement import GIVE_UP_AFTER, TRY_FOR
from embed_app.core.resume.resume import record_of
from embed_app.core.resume.values import ResumeRecord
from embed_app.core.sound.effects import PlaySound
from embed_app.core.sound.values import Sound
from embed_app.core.timers import StartTimer, StopTimer, Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    DIALOG,
    GOOD,
    OTHER,
    T0,
    THIRD,
    Driver,
    answered_outbound,
    bye,
    config,
    dial,
    invite,
    record,
    resuming,
    token,
    types,
)

UP: tuple[Message, ...] = (ConfigReceived(config=config()), TransportUp(), RegisterAccepted())
BOTH = pytest.mark.parametrize("direction", list(Direction))


def replacements(driver: Driver) -> list[SendReplacement]:
    return [effect for effect in driver.effects if isinstance(effect, SendReplacement)]


def start(**changes: Any) -> Driver:
    driver = Driver()
    driver.send(Started(token=GOOD, record=record(**changes)))
    return driver


@BOTH
def test_it_comes_back_under_its_uuid_and_is_told_once(direction: Direction) -> None:
    driver = resuming(direction)
    assert types(driver.send(CallAccepted(call_uuid=CALL))) == ["call_updated"]
    (updated,) = driver.told(ev.CallUpdated)
    assert updated.resumed is True
    assert (updated.call.uuid, updated.call.state, updated.call.direction) == (CALL, "answered", direction)
    assert driver.call.answered_at == T0 - 30
    assert driver.types() == ["connected", "registered", "call_updated"]
    driver.send(bye(), after=5)
    (ended,) = driver.told(ev.CallHangup)
    assert (ended.reason, ended.billsec) == ("remote_hangup", 35)


def test_a_page_without_a_token_looks_for_it_once_it_has_one() -> None:
    """Whose record it may take is not known before; some parents send their token by message only."""
    driver = Driver()
    driver.send(Started(token=None))
    assert driver.asked(FindRecord) == 0
    driver.send(TokenOffered(token=GOOD), after=5)
    assert FindRecord(GOOD) in driver.last()
    driver.send(RecordFound(record=record()))
    for step in UP:
        driver.send(step)
    assert len(replacements(driver)) == 1
    assert types(driver.send(CallAccepted(call_uuid=CALL))) == ["call_updated"]
    driver.send(TokenOffered(token=token(expires_at=1.9e9)))
    assert driver.asked(FindRecord) == 1


def test_it_is_asked_for_as_soon_as_the_line_is_up_and_before_registering() -> None:
    driver = start()
    driver.send(UP[0])
    assert replacements(driver) == []
    driver.send(UP[1])
    assert replacements(driver) == [SendReplacement(CALL, DIALOG.remote_target, DIALOG, False, False)]
    assert driver.state is LinkState.REGISTERING


@pytest.mark.parametrize(("muted", "held"), [(True, False), (False, True), (True, True)])
def test_mute_and_hold_come_back_with_it(muted: bool, held: bool) -> None:
    found = record()
    driver = Driver()
    call = replace(found.call, muted=muted, held=held)
    driver.send(Started(token=GOOD, record=replace(found, call=call)))
    for step in UP:
        driver.send(step)
    (sent,) = replacements(driver)
    assert (sent.muted, sent.held) == (muted, held)
    driver.send(CallAccepted(call_uuid=CALL))
    (updated,) = driver.told(ev.CallUpdated)
    assert (updated.call.muted, updated.call.held) == (muted, held)
    assert updated.call.state == ("held" if held else "answered")


def test_muting_while_it_comes_back_counts() -> None:
    driver = resuming()
    driver.send(MuteRequested())
    assert driver.last() == (SetMute(CALL, True),)
    driver.send(CallAccepted(call_uuid=CALL))
    assert SetMute(CALL, True) in driver.last()
    assert driver.call.muted


@pytest.mark.parametrize("status", [0, 404, 408, 480, 500, 503])
def test_a_far_end_that_is_not_there_yet_is_asked_again(status: int) -> None:
    driver = resuming()
    driver.send(ReplacementFailed(call_uuid=CALL, status=status))
    assert driver.told(ev.CallHangup) == []
    driver.fire(Timer(TimerKind.RESUME_TRY, CALL))
    first, second = replacements(driver)
    assert (first.target, second.target) == replacement_targets(DIALOG)
    driver.send(CallAccepted(call_uuid=CALL))
    assert driver.call.state is CallState.ANSWERED


def test_a_proxy_that_does_not_know_the_contact_is_asked_for_the_address_of_record() -> None:
    driver = resuming()
    driver.send(ReplacementFailed(call_uuid=CALL, status=403))
    driver.fire(Timer(TimerKind.RESUME_TRY, CALL))
    assert [sent.target for sent in replacements(driver)] == [DIALOG.remote_target, DIALOG.remote_uri]
    driver.send(ReplacementFailed(call_uuid=CALL, status=403))
    assert driver.told(ev.CallHangup)[0].reason == "signaling_lost"


def test_a_far_end_without_replaces_gets_an_offer_in_the_old_dialog() -> None:
    driver = resuming()
    driver.send(ReplacementFailed(call_uuid=CALL, status=420))
    first, second = replacements(driver)
    assert (first.in_dialog, second.in_dialog) == (False, True)
    assert second.target == DIALOG.remote_target
    driver.send(ReplacementFailed(call_uuid=CALL, status=491))
    driver.fire(Timer(TimerKind.RESUME_TRY, CALL))
    assert replacements(driver)[-1] == second
    driver.send(CallAccepted(call_uuid=CALL))
    assert [event.resumed for event in driver.told(ev.CallUpdated)] == [True]
    assert not driver.call.resume_in_dialog


@pytest.mark.parametrize("status", [403, 420, 481, 488])
def test_where_that_does_not_work_either_it_ends_once(status: int) -> None:
    driver = resuming()
    for answer in (420, status, status):
        driver.send(ReplacementFailed(call_uuid=CALL, status=answer))
    assert driver.reasons() == ["signaling_lost"]
    assert len(replacements(driver)) == 2
    assert driver.asked(SendFarewell) == 1


@pytest.mark.parametrize("status", [403, 481, 486, 488, 603])
def test_a_final_answer_ends_it_once(status: int) -> None:
    driver = resuming()
    if status != 481:
        driver.send(ReplacementFailed(call_uuid=CALL, status=480))
        driver.fire(Timer(TimerKind.RESUME_TRY, CALL))
    driver.now = T0
    driver.send(ReplacementFailed(call_uuid=CALL, status=status), after=2)
    (ended,) = driver.told(ev.CallHangup)
    assert (ended.reason, ended.billsec) == ("signaling_lost", 32)
    assert driver.send(ReplacementFailed(call_uuid=CALL, status=status)) == []


def test_no_answer_is_tried_again_and_given_up_in_the_end() -> None:
    driver = resuming()
    tries = 1
    while Timer(TimerKind.RESUME_LIMIT, CALL) in driver.timers:
        name = min(driver.timers, key=lambda name: driver.timers[name][0])
        driver.fire(name)
        tries += name == Timer(TimerKind.RESUME_TRY, CALL)
    assert tries == pytest.approx(GIVE_UP_AFTER / TRY_FOR, abs=1)
    (ended,) = driver.told(ev.CallHangup)
    assert ended.reason == "signaling_lost"
    assert CancelReplacement(CALL) in driver.effects
    assert SendFarewell(DIALOG) in driver.effects


def test_a_far_end_that_is_at_work_is_given_time() -> None:
    """Giving a try up while its 200 is on the way would end the call at the far end."""
    driver = resuming()
    driver.send(CallProgress(call_uuid=CALL, status=180))
    assert driver.due_in(Timer(TimerKind.RESUME_TRY, CALL)) >= driver.due_in(
        Timer(TimerKind.RESUME_LIMIT, CALL)
    )
    assert driver.call.state.value == "resuming"
    assert driver.events[-1].type == "registered"


def test_a_line_that_drops_meanwhile_is_waited_for() -> None:
    driver = resuming()
    driver.send(TransportDown(reason="code 1006"), after=0.1)
    assert driver.call.state is CallState.RESUMING
    assert Timer(TimerKind.RESUME_TRY, CALL) not in driver.timers
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    assert len(replacements(driver)) == 2


def test_a_server_that_does_not_answer_costs_the_call_only_in_the_end() -> None:
    driver = start()
    driver.send(ConfigFailed(status=503))
    assert driver.call.state is CallState.RESUMING
    driver.fire(Timer(TimerKind.RESUME_LIMIT, CALL))
    assert driver.told(ev.CallHangup)[0].reason == "signaling_lost"


def test_hanging_up_meanwhile_reaches_the_far_end() -> None:
    driver = resuming()
    driver.send(HangupRequested())
    assert driver.told(ev.CallHangup)[0].reason == "local_hangup"
    assert [e for e in driver.last() if not isinstance(e, StopTimer | StartTimer)] == [
        CancelReplacement(CALL),
        SendFarewell(DIALOG),
    ]


def test_hanging_up_before_the_line_is_up_reaches_the_far_end_later() -> None:
    driver = start()
    driver.send(HangupRequested(call_uuid=CALL))
    assert driver.told(ev.CallHangup)[0].reason == "local_hangup"
    assert driver.asked(SendFarewell) == 1, "the user agent owes it until the line is up"
    for step in UP:
        driver.send(step)
    assert driver.asked(SendFarewell) == 1
    assert replacements(driver) == []


def test_a_microphone_that_is_refused_ends_it_at_both_ends() -> None:
    driver = resuming()
    driver.send(MicrophoneFailed(call_uuid=CALL, name="NotAllowedError"))
    assert driver.told(ev.CallHangup)[0].reason == "mic_denied"
    assert SendFarewell(DIALOG) in driver.last()


def test_it_connects_for_a_call_also_where_it_would_not_by_itself() -> None:
    driver = Driver(Phone(settings=Settings(auto_register=False)))
    driver.send(Started(token=GOOD, record=record()))
    assert driver.state is LinkState.CONFIGURING


def test_meanwhile_nobody_is_called_but_another_caller_rings() -> None:
    """It may have rung at the page before: whoever registers anew is offered what rings."""
    driver = resuming()
    driver.send(dial(call_uuid="other"))
    assert driver.errors() == ["call_in_progress"]
    driver.send(invite(OTHER))
    assert PlaySound(Sound.WAITING) in driver.last()
    driver.send(invite(THIRD))
    assert driver.last() == (RejectInvite(THIRD, 486),)


def test_a_call_answered_meanwhile_puts_the_resumed_one_on_hold() -> None:
    driver = resuming()
    driver.send(invite(OTHER))
    driver.send(AnswerRequested())
    assert SetAside(CALL, True) in driver.last()
    driver.send(CallAccepted(call_uuid=CALL))
    assert SetHold(CALL, True) in driver.last()


@pytest.mark.parametrize("wish", [HoldRequested(), DtmfRequested(digits="1"), AnswerRequested()])
def test_what_needs_the_line_is_refused_meanwhile(wish: CallWish) -> None:
    driver = resuming()
    driver.send(replace(wish, call_uuid=CALL))
    assert driver.errors() == ["invalid_state"]
    assert driver.call.state is CallState.RESUMING


# ---- whose it is


@pytest.mark.parametrize(
    "raw",
    [token(extension="1002"), token(customer="other"), "junk", None],
    ids=["user", "customer", "junk", "no"],
)
def test_a_record_of_somebody_else_is_left_alone(raw: str | None) -> None:
    driver = Driver()
    driver.send(Started(token=raw, record=record()))
    assert driver.phone.calls == ()
    assert driver.told(ev.CallHangup) == []


def test_resume_0_takes_nothing_back_and_keeps_nothing() -> None:
    driver = Driver(Phone(settings=Settings(resume=False)))
    driver.send(Started(token=GOOD, record=record()))
    assert driver.phone.calls == ()
    for step in (
        *UP,
        dial(),
        CallAccepted(call_uuid=CALL),
        DialogKnown(call_uuid=CALL, dialog=DIALOG),
    ):
        driver.send(step)
    assert driver.call.state is CallState.ANSWERED
    assert record_of(driver.phone) is None


@pytest.mark.parametrize(
    ("released", "owner_gone", "silent_for", "taken"),
    [
        (True, None, 0.1, True),  # reloaded
        (False, True, 0.1, True),  # crashed: the browser has let go of the lock
        (False, False, 0.1, False),  # a duplicated tab
        (False, False, 20.0, False),  # the same, and the owner's timers are held back
        (False, None, 0.1, False),  # a duplicated tab of a browser without locks
        (False, None, 6.0, True),  # crashed there
    ],
)
def test_only_a_call_without_an_owner_is_taken(
    released: bool, owner_gone: bool | None, silent_for: float, taken: bool
) -> None:
    driver = Driver()
    found = record(released=released, alive_at=T0 - silent_for)
    driver.send(Started(token=GOOD, record=found, owner_gone=owner_gone))
    assert bool(driver.phone.live_calls) is taken


def test_one_that_is_too_old_is_ended_as_of_then() -> None:
    driver = Driver()
    found = record(Direction.INBOUND, alive_at=T0 - 61)
    found = replace(found, call=replace(found.call, answered_at=T0 - 161))
    events = driver.send(Started(token=GOOD, record=found))
    assert types(events) == ["call_hangup"]
    (ended,) = driver.told(ev.CallHangup)
    assert (ended.reason, ended.billsec) == ("signaling_lost", 100)
    assert not driver.asked(SendFarewell)


# ---- two calls


def two_records() -> ResumeRecord:
    found = record()
    other = replace(found.call, uuid=OTHER, held=True, dialog=replace(DIALOG, sip_call_id="dialog-2"))
    return replace(found, others=(other,))


def resuming_two() -> Driver:
    driver = Driver()
    driver.send(Started(token=GOOD, record=two_records()))
    for step in UP:
        driver.send(step)
    return driver


def test_both_calls_are_taken_back_and_the_agent_is_with_the_same_one() -> None:
    driver = resuming_two()
    sent = {e.call_uuid: e.held for e in driver.effects if isinstance(e, SendReplacement)}
    assert sent == {CALL: False, OTHER: True}
    assert driver.phone.focus == CALL
    assert SetAside(OTHER, True) in driver.effects
    for uuid in (OTHER, CALL):
        driver.send(CallAccepted(call_uuid=uuid))
    resumed = [(e.call.uuid, e.call.state) for e in driver.told(ev.CallUpdated) if e.resumed]
    assert resumed == [(OTHER, "held"), (CALL, "answered")]
    assert driver.phone.focus == CALL


@pytest.mark.parametrize(("lost", "kept"), [(CALL, OTHER), (OTHER, CALL)])
def test_one_of_two_that_is_lost_costs_only_itself(lost: str, kept: str) -> None:
    driver = resuming_two()
    driver.send(ReplacementFailed(call_uuid=lost, status=481))
    driver.send(CallAccepted(call_uuid=kept))
    assert [(e.call.uuid, e.reason) for e in driver.told(ev.CallHangup)] == [(lost, "signaling_lost")]
    assert (driver.phone.focus, driver.call.held) == (kept, kept == OTHER)


def test_two_that_are_too_old_both_end() -> None:
    driver = Driver()
    driver.send(Started(token=GOOD, record=replace(two_records(), alive_at=T0 - 100)))
    assert driver.reasons() == ["signaling_lost"] * 2


def test_the_one_the_agent_is_with_is_kept_first_and_the_other_on_hold() -> None:
    driver = resuming_two()
    for uuid in (OTHER, CALL):
        driver.send(CallAccepted(call_uuid=uuid))
    driver.send(UnholdRequested(call_uuid=OTHER))
    kept = record_of(driver.phone)
    assert kept is not None
    assert [(call.uuid, call.held) for call in kept.calls] == [(OTHER, True), (CALL, True)]
    driver.send(HoldChanged(call_uuid=OTHER, held=False))
    kept = record_of(driver.phone)
    assert kept is not None
    assert [(call.uuid, call.held) for call in kept.calls] == [(OTHER, False), (CALL, True)]
    assert [call.uuid for call in read_record(write_record(kept)).calls] == [OTHER, CALL]


# ---- what the next page finds


def test_an_answered_call_is_kept_as_it_is_now() -> None:
    driver = answered_outbound()
    assert record_of(driver.phone) is None, "without its dialog it could not be replaced"
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(MuteRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    kept = record_of(driver.phone)
    assert kept is not None
    found = read_record(write_record(replace(kept, alive_at=T0, released=True)))
    assert (found.extension, found.customer) == ("1001", "acme")
    assert found.call == replace(driver.call, state=CallState.RESUMING, media=MediaWatch())
    driver.send(bye())
    assert record_of(driver.phone) is None


def test_a_call_that_is_resuming_is_kept_too() -> None:
    driver = resuming()
    kept = record_of(driver.phone)
    assert kept is not None
    assert kept.call.uuid == CALL


def test_a_call_that_only_rings_has_no_dialog_to_take_back() -> None:
    driver = resuming()
    driver.send(ReplacementFailed(call_uuid=CALL, status=481))
    driver.send(dial(call_uuid="other"))
    driver.send(DialogKnown(call_uuid="other", dialog=DIALOG))
    found = record_of(driver.phone)
    assert found is not None
    assert [(call.uuid, call.state, call.dialog) for call in found.calls] == [
        ("other", CallState.INVITING, None)
    ]


# ---- the far end came back in another dialog


def test_offers_under_way_are_void_in_the_new_dialog() -> None:
    driver = answered_outbound()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(HoldRequested())
    driver.send(DialogKnown(call_uuid=CALL, dialog=replace(DIALOG, sip_call_id="dialog-2")))
    assert driver.last() == (SetHold(CALL, True),)
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    assert driver.call.held
    assert driver.call.dialog is not None
    assert driver.call.dialog.sip_call_id == "dialog-2"
    assert "call_hangup" not in driver.types()
