"""The history, what was looked at, and do not disturb: what outlives the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from embed_app.core.call.effects import AcceptInvite, RejectInvite
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    HangupRequested,
    SilenceRequested,
)
from embed_app.core.call.values import Reason
from embed_app.core.history.effects import LoadHistory, SaveHistory
from embed_app.core.history.messages import (
    DoNotDisturbChosen,
    HistoryFailed,
    HistoryReceived,
    HistoryRequested,
    HistorySaved,
    HistorySaveFailed,
)
from embed_app.core.history.past_calls import PastCallsError, read_past_calls, write_past_call
from embed_app.core.history.values import Loaded, PastCall, missed_since
from embed_app.core.link.messages import (
    ConfigReceived,
    OwnershipGranted,
    OwnerShown,
    PageLeft,
    RegisterAccepted,
    Started,
    TransportDown,
    TransportUp,
    WentOnline,
)
from embed_app.core.link.values import Link, LinkState, Ownership
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.messages import PageChosen
from embed_app.core.screen.values import Page
from embed_app.core.sound.effects import AnnounceCaller, PlaySound
from embed_app.core.sound.values import Sound
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, GOOD, OTHER, T0, THIRD, Driver, bye, config, dial, invite, record
from tests.core.driver import registered as plain

KEEPS: dict[str, Any] = {"history_ticket": "ticket", "keeps_history": True}


def registered(**changes: Any) -> Driver:
    return plain(**(KEEPS | changes))


def past(uuid: str = OTHER, started_at: int = int(T0) - 100, **changes: Any) -> PastCall:
    fresh = PastCall(
        uuid=uuid,
        inbound=True,
        number="0987654321",
        name="Bình",
        started_at=started_at,
        answered_at=None,
        ended_at=started_at + 5,
        reason=Reason.NO_ANSWER,
    )
    return replace(fresh, **changes)


def saves(driver: Driver) -> list[SaveHistory]:
    return [effect for effect in driver.effects if isinstance(effect, SaveHistory)]


def saved(effect: SaveHistory) -> HistorySaved:
    calls = frozenset(call.uuid for call in effect.calls)
    return HistorySaved(calls=calls, seen_at=effect.seen_at, do_not_disturb=effect.do_not_disturb)


def end_a_call(driver: Driver, uuid: str = CALL) -> None:
    driver.send(invite(uuid))
    driver.send(CallEnded(call_uuid=uuid, by_remote=True, kind="cancel"))


# ---- calls that end


def test_a_call_is_saved_once_when_it_has_ended() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(CallProgress(call_uuid=CALL, status=180), after=2)
    driver.send(CallAccepted(call_uuid=CALL), after=3)
    assert saves(driver) == []
    driver.send(bye(), after=60.5)
    (effect,) = saves(driver)
    (call,) = effect.calls
    assert effect == SaveHistory("ticket", (call,))
    assert call == PastCall(
        uuid=CALL,
        inbound=False,
        number="0912345678",
        started_at=int(T0),
        answered_at=int(T0) + 5,
        ended_at=int(T0) + 65,
        reason=Reason.REMOTE_HANGUP,
    )
    assert driver.phone.history.calls == (call,)
    driver.send(saved(effect))
    driver.send(bye(), after=1)
    driver.send(WentOnline(), after=1)
    assert len(saves(driver)) == 1
    assert driver.phone.history.unsaved == ()


@pytest.mark.parametrize(
    ("end", "missed"),
    [
        (CallEnded(call_uuid=CALL, by_remote=True, kind="cancel"), True),
        (
            CallEnded(call_uuid=CALL, by_remote=True, kind="cancel", reason="SIP;cause=200"),
            False,  # another phone took it
        ),
        (HangupRequested(call_uuid=CALL), False),
        (TransportDown(reason="code 1006"), True),
    ],
)
def test_missed_is_what_nobody_took(end: Message, missed: bool) -> None:
    driver = registered()
    driver.send(invite())
    driver.send(end)
    (call,) = driver.phone.history.calls
    assert call.missed is missed


def test_a_call_that_rang_out_is_missed_and_an_answered_one_is_not() -> None:
    driver = registered()
    driver.send(invite())
    driver.fire(Timer(TimerKind.RINGING, CALL))
    driver.send(invite(OTHER), after=5)
    for step in (AnswerRequested(), CallAccepted(call_uuid=OTHER), bye(OTHER)):
        driver.send(step)
    assert [call.missed for call in driver.phone.history.calls] == [False, True]


def test_outbound_calls_are_never_missed() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(CallEnded(call_uuid=CALL, by_remote=True, kind="reject", status=486))
    (call,) = driver.phone.history.calls
    assert (call.missed, call.reason) == (False, Reason.BUSY)


def test_a_third_caller_who_heard_busy_is_in_the_history() -> None:
    driver = registered()
    for uuid in (CALL, OTHER, THIRD):
        driver.send(invite(uuid))
    assert RejectInvite(THIRD, 486) in driver.effects
    (call,) = driver.phone.history.calls
    assert (call.uuid, call.missed, call.reason) == (THIRD, True, Reason.BUSY)


# ---- saving


def test_what_could_not_be_saved_is_tried_again_with_what_came_meanwhile() -> None:
    driver = registered()
    end_a_call(driver)
    end_a_call(driver, OTHER)
    assert [[call.uuid for call in effect.calls] for effect in saves(driver)] == [[CALL]]
    driver.send(HistorySaveFailed(status=0, calls=frozenset((CALL,))))
    assert len(saves(driver)) == 1, "not at once"
    driver.fire(Timer(TimerKind.HISTORY_SAVE))
    assert [call.uuid for call in saves(driver)[-1].calls] == [CALL, OTHER]
    driver.send(saved(saves(driver)[-1]))
    assert driver.phone.history.unsaved == ()


def test_coming_online_saves_at_once() -> None:
    driver = registered()
    end_a_call(driver)
    driver.send(HistorySaveFailed(status=503, calls=frozenset((CALL,))))
    driver.send(WentOnline())
    assert len(saves(driver)) == 2


def test_many_are_saved_in_portions() -> None:
    driver = registered()
    for number in range(12):
        end_a_call(driver, f"call-{number}")
    driver.send(saved(saves(driver)[-1]))
    assert [len(effect.calls) for effect in saves(driver)] == [1, 10]
    driver.send(saved(saves(driver)[-1]))
    assert [len(effect.calls) for effect in saves(driver)] == [1, 10, 1]


def test_a_ticket_that_ran_out_is_not_used_again_until_there_is_another() -> None:
    driver = registered()
    end_a_call(driver)
    driver.send(HistorySaveFailed(status=401, calls=frozenset((CALL,))))
    driver.send(WentOnline(), after=60)
    end_a_call(driver, OTHER)
    assert len(saves(driver)) == 1
    driver.send(ConfigReceived(config=config(**(KEEPS | {"history_ticket": "new"}))))
    assert saves(driver)[-1].ticket == "new"
    assert [call.uuid for call in saves(driver)[-1].calls] == [CALL, OTHER]


def test_what_the_server_will_never_take_does_not_keep_the_rest_from_it() -> None:
    driver = registered()
    end_a_call(driver)
    end_a_call(driver, OTHER)
    driver.send(HistorySaveFailed(status=422, calls=frozenset((CALL,))))
    assert [[call.uuid for call in effect.calls] for effect in saves(driver)] == [[CALL], [OTHER]]


def test_where_the_server_keeps_no_history_the_page_has_its_own_calls() -> None:
    for driver in (plain(), registered(keeps_history=False)):
        end_a_call(driver)
        assert len(driver.phone.history.calls) == 1
        assert (saves(driver), driver.phone.history.unsaved) == ([], ())
        assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers


def test_a_page_that_goes_says_how_its_calls_end_if_nobody_takes_them_back() -> None:
    driver = registered()
    driver.send(invite())
    driver.send(AnswerRequested(call_uuid=CALL))
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(PageLeft(is_known_again=True), after=30)
    (effect,) = saves(driver)
    (call,) = effect.calls
    assert (call.uuid, call.reason, call.ended_at) == (CALL, Reason.LOCAL_HANGUP, int(T0) + 30)
    assert driver.phone.history.calls == (), "here it goes on"


def test_a_page_that_goes_says_nothing_of_a_call_that_may_ring_on() -> None:
    driver = registered()
    driver.send(invite())
    driver.send(PageLeft(is_known_again=True))
    assert saves(driver) == []


def test_a_call_that_was_taken_back_is_saved_once_under_its_uuid() -> None:
    driver = Driver()
    driver.send(Started(token=GOOD, record=record()))
    for step in (ConfigReceived(config=config(**KEEPS)), TransportUp(), RegisterAccepted()):
        driver.send(step)
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(bye(), after=10)
    (effect,) = saves(driver)
    assert [(call.uuid, call.started_at) for call in effect.calls] == [(CALL, int(T0) - 40)]


# ---- loading


def test_it_is_loaded_a_while_after_the_phone_is_ready() -> None:
    driver = Driver()
    driver.send(Started(token=GOOD))
    for step in (ConfigReceived(config=config(**KEEPS)), TransportUp()):
        driver.send(step)
    assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers
    driver.send(RegisterAccepted())
    assert driver.asked(LoadHistory) == 0
    driver.fire(Timer(TimerKind.HISTORY_LOAD))
    assert driver.last() == (LoadHistory("ticket"),)
    driver.send(HistoryReceived(calls=(past(),), seen_at=7))
    history = driver.phone.history
    assert (history.calls, history.loaded, history.seen_at) == ((past(),), Loaded.YES, 7)
    driver.send(RegisterAccepted())
    assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers
    assert saves(driver) == [], "what came from there need not go back"


def test_it_is_loaded_again_when_the_line_has_come_back() -> None:
    """A machine that slept was called by people who reached nobody; their PBX has told the server."""
    driver = registered()
    driver.fire(Timer(TimerKind.HISTORY_LOAD))
    driver.send(HistoryReceived(calls=(past(),), seen_at=0))
    told = driver.phone.saves
    driver.send(TransportDown(reason="code 1006"))
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers
    driver.send(RegisterAccepted())
    assert driver.phone.saves == told + 1, "the other frames look as well"
    driver.fire(Timer(TimerKind.HISTORY_LOAD))
    assert driver.last()[-1] == LoadHistory("ticket")
    driver.send(HistoryReceived(calls=(past(THIRD), past()), seen_at=0))
    assert {call.uuid for call in driver.phone.history.calls} == {OTHER, THIRD}
    driver.send(RegisterAccepted())
    assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers, (
        "a REGISTER that only refreshes brings nothing new"
    )


def test_who_wants_to_see_it_does_not_wait() -> None:
    driver = registered()
    driver.send(PageChosen(page=Page.HISTORY))
    assert LoadHistory("ticket") in driver.last()
    assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers


def test_what_is_loaded_joins_what_happened_here() -> None:
    driver = registered()
    end_a_call(driver)
    (ours,) = driver.phone.history.calls
    guess = replace(ours, reason=Reason.LOCAL_HANGUP)
    driver.send(HistoryReceived(calls=(guess, past()), seen_at=0))
    assert driver.phone.history.calls == (ours, past())


def test_at_most_a_hundred_are_shown() -> None:
    driver = registered()
    end_a_call(driver)
    calls = tuple(past(f"call-{n}", int(T0) - n) for n in range(1, 101))
    driver.send(HistoryReceived(calls=calls, seen_at=0))
    shown = driver.phone.history.calls
    assert (len(shown), shown[0].uuid, shown[-1].uuid) == (100, CALL, "call-99")


def test_a_failure_is_quiet_and_the_agent_may_try_again() -> None:
    driver = registered()
    driver.fire(Timer(TimerKind.HISTORY_LOAD))
    driver.forget()
    driver.send(HistoryFailed(status=503))
    assert (driver.events, driver.phone.history.loaded) == ([], Loaded.FAILED)
    driver.send(HistoryRequested())
    assert driver.last() == (LoadHistory("ticket"),)
    driver.send(HistoryFailed(status=401))
    driver.send(HistoryRequested())
    assert driver.asked(LoadHistory) == 1, "in vain with this ticket"


# ---- what was looked at


def test_missed_calls_count_until_they_are_looked_at() -> None:
    driver = registered()
    driver.send(HistoryReceived(calls=(past(), past("x", answered_at=int(T0) - 99)), seen_at=0))
    end_a_call(driver)
    assert missed_since(driver.phone.history.calls, driver.phone.history.seen_at) == 2
    driver.send(saved(saves(driver)[-1]))
    driver.send(PageChosen(page=Page.HISTORY), after=5)
    assert missed_since(driver.phone.history.calls, driver.phone.history.seen_at) == 0
    assert saves(driver)[-1] == SaveHistory("ticket", seen_at=int(T0) + 5)
    driver.send(saved(saves(driver)[-1]))
    end_a_call(driver, THIRD)
    driver.send(CallEnded(call_uuid=THIRD, by_remote=True, kind="cancel"), after=60)
    assert len(saves(driver)) == 3


def test_a_call_missed_in_the_second_in_which_the_agent_left_the_page_counts() -> None:
    """Both times are whole seconds: rather told once too often than not at all."""
    assert missed_since((past(ended_at=1000),), 1000) == 1
    assert missed_since((past(ended_at=1000),), 1001) == 0


def test_a_call_missed_while_the_page_is_open_counts_until_the_agent_leaves_it() -> None:
    driver = registered()
    driver.send(PageChosen(page=Page.HISTORY))
    driver.send(invite(), after=5)
    driver.send(CallEnded(call_uuid=CALL, by_remote=True, kind="cancel"), after=5)
    history = driver.phone.history
    assert missed_since(history.calls, history.seen_at) == 1
    driver.send(PageChosen(page=Page.DIALER), after=5)
    history = driver.phone.history
    assert missed_since(history.calls, history.seen_at) == 0


def test_the_other_pages_say_nothing_about_it() -> None:
    driver = registered()
    driver.send(PageChosen(page=Page.SETTINGS))
    assert (saves(driver), driver.phone.history.seen_at) == ([], 0)


# ---- do not disturb


def test_callers_hear_busy_and_nothing_rings() -> None:
    driver = registered(do_not_disturb=True)
    driver.send(invite())
    assert [effect for effect in driver.last() if not isinstance(effect, SaveHistory)] == [
        RejectInvite(CALL, 486)
    ]
    assert (driver.events, driver.phone.calls) == ([], ())
    (call,) = driver.phone.history.calls
    assert (call.uuid, call.number, call.name) == (CALL, "0987654321", "Bình")
    assert call.missed
    assert saves(driver)[-1].calls == (call,)


def test_it_is_told_and_saved_when_the_agent_switches_it() -> None:
    driver = registered()
    assert driver.send(DoNotDisturbChosen(on=True)) == [ev.DoNotDisturb(on=True)]
    assert saves(driver) == [SaveHistory("ticket", do_not_disturb=True)]
    driver.send(saved(saves(driver)[-1]))
    assert driver.send(DoNotDisturbChosen(on=True)) == []
    driver.send(DoNotDisturbChosen(on=False))
    assert [effect.do_not_disturb for effect in saves(driver)] == [True, False]
    driver.send(invite())
    assert "incoming_call" in driver.types()


def test_the_last_choice_is_saved_whatever_fails_meanwhile() -> None:
    driver = registered()
    driver.send(DoNotDisturbChosen(on=True))
    driver.send(DoNotDisturbChosen(on=False))
    driver.send(saved(saves(driver)[0]))
    assert [effect.do_not_disturb for effect in saves(driver)] == [True, False]


def test_it_is_on_before_the_first_invite_of_the_next_page() -> None:
    driver = Driver()
    driver.send(Started(token=GOOD))
    told = driver.send(ConfigReceived(config=config(**KEEPS, do_not_disturb=True)))
    assert told == [ev.DoNotDisturb(on=True)]
    assert driver.phone.do_not_disturb


def test_a_later_configuration_does_not_undo_what_was_chosen_meanwhile() -> None:
    driver = registered()
    driver.send(DoNotDisturbChosen(on=True))
    driver.send(ConfigReceived(config=config(**KEEPS)))
    assert driver.phone.do_not_disturb


def test_a_call_that_rings_or_is_up_goes_on() -> None:
    driver = registered()
    driver.send(invite())
    driver.send(DoNotDisturbChosen(on=True))
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=CALL))
    assert driver.types()[-1] == "call_answered"
    driver.send(invite(OTHER))
    assert RejectInvite(OTHER, 486) in driver.last()


# ---- other frames


def follower() -> Driver:
    driver = Driver(Phone(link=Link(ownership=Ownership.NOT_ASKED)))
    driver.send(Started(token=GOOD))
    driver.send(ConfigReceived(config=config(**KEEPS)))
    assert driver.state is LinkState.STANDBY
    driver.fire(Timer(TimerKind.HISTORY_LOAD))
    driver.send(HistoryReceived(calls=(), seen_at=0))
    return driver.forget()


def test_a_frame_without_the_line_loads_again_when_the_other_has_saved() -> None:
    driver = follower()
    driver.send(OwnerShown(calls=frozenset(), saves=1))
    assert driver.asked(LoadHistory) == 0
    driver.fire(Timer(TimerKind.HISTORY_LOAD))
    assert driver.last() == (LoadHistory("ticket"),)
    driver.send(OwnerShown(calls=frozenset(), saves=1))
    assert Timer(TimerKind.HISTORY_LOAD) not in driver.timers
    assert saves(driver) == []


def test_who_takes_the_line_over_goes_on_with_what_was_chosen_there() -> None:
    driver = follower()
    left = replace(driver.phone, do_not_disturb=True, link=replace(driver.phone.link, wanted=True))
    driver.send(OwnershipGranted(left=left))
    assert driver.phone.do_not_disturb
    assert saves(driver) == []


def test_each_save_is_counted_for_the_others() -> None:
    driver = registered()
    end_a_call(driver)
    driver.send(saved(saves(driver)[-1]))
    assert driver.phone.saves == 1


# ---- what the server answers


def test_what_is_written_is_what_is_read() -> None:
    answered = past("a", answered_at=int(T0) - 90, inbound=False, reason=Reason.TRANSFERRED)
    body = {"data": {"calls": [write_past_call(answered), write_past_call(past())], "seen_at": 3}}
    assert read_past_calls(body) == ((answered, past()), 3)


def test_names_and_numbers_are_cut_to_what_the_server_takes() -> None:
    written = write_past_call(past(name="x" * 500, number="9" * 500))
    assert (len(written["name"]), len(written["number"])) == (200, 64)


@pytest.mark.parametrize(
    "change",
    [
        {"uuid": 5},
        {"started_at": "x"},
        {"started_at": True},
        {"ended_at": -1},
        {"answered_at": []},
        {"name": None},
        {"number": 912},
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_by_name(change: dict[str, object]) -> None:
    body = {"data": {"calls": [write_past_call(past()) | change], "seen_at": 0}}
    with pytest.raises(PastCallsError, match=next(iter(change))):
        read_past_calls(body)


@pytest.mark.parametrize("body", [None, [], {}, {"data": 1}, {"data": {"calls": [1], "seen_at": 0}}])
def test_what_is_no_answer_at_all_is_refused(body: object) -> None:
    with pytest.raises(PastCallsError):
        read_past_calls(body)


def test_a_reason_of_a_newer_build_is_an_error() -> None:
    body = {"data": {"calls": [write_past_call(past()) | {"reason": "eaten_by_dog"}], "seen_at": 0}}
    assert read_past_calls(body)[0][0].reason is Reason.ERROR


# ---- silence


def test_silence_stops_the_ringer_and_nothing_else() -> None:
    driver = registered()
    driver.send(invite())
    driver.forget()
    assert driver.send(SilenceRequested(call_uuid=CALL)) == []
    assert PlaySound(Sound.NONE) in driver.last()
    assert {type(effect) for effect in driver.last()} == {PlaySound, AnnounceCaller}
    assert not any(isinstance(effect, AnnounceCaller) and effect.vibrate for effect in driver.last())
    driver.send(AnswerRequested())
    assert AcceptInvite(CALL) in driver.last()


def test_the_next_caller_rings_beside_a_silenced_one() -> None:
    driver = registered()
    driver.send(invite())
    driver.send(SilenceRequested())
    driver.send(invite(OTHER))
    assert [type(effect) for effect in driver.last()].count(PlaySound) == 1
