"""What a tab shows and tells while another one owns the phone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from embed_app.core.call.messages import CallAccepted, CallEnded, DialRequested, DigitReceived, HoldChanged
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import (
    ConfigReceived,
    PageFrozen,
    Started,
    TransportDown,
    TransportUp,
    WokeUp,
)
from embed_app.core.link.values import Link, LinkState, Ownership
from embed_app.core.notices import DigitHeard
from embed_app.core.phone import Phone
from embed_app.core.sound.values import Sound
from embed_app.tabs.shown import Shown, merged
from tests.core.driver import CALL, GOOD, OTHER, answered_inbound, config
from tests.fakes import World
from tests.tabs.open_tabs import answered, events, ring, three


def test_every_event_of_a_call_reaches_each_parent_once_and_in_order() -> None:
    tabs, first, second, third = three()
    answered(tabs, first)
    for report in (
        HoldChanged(call_uuid=CALL, held=True),
        DigitReceived(call_uuid=CALL, digit="5", via="rtp"),
    ):
        first.user_agent.dispatch(report)
    tabs.settle()
    first.user_agent.dispatch(CallEnded(call_uuid=CALL, by_remote=True, kind="bye"))
    tabs.settle()
    first.clock.advance(10)
    tabs.settle()
    expected = ["incoming_call", "call_ringing", "call_answered", "call_updated", "dtmf", "call_hangup"]
    assert events(first) == events(second) == events(third) == expected
    for type in expected:
        assert second.window.payloads(type) == first.window.payloads(type)


def test_the_ring_is_heard_in_one_tab_and_the_card_is_seen_in_all() -> None:
    tabs, first, second, third = three()
    ring(tabs, first)
    assert first.ringer.played == [Sound.RING]
    assert second.ringer.played == third.ringer.played == []
    assert [len(tab.screen.shown[-1].incoming) for tab in tabs.alive] == [1, 1, 1]
    assert second.screen.shown[-1].lang == "en"
    assert third.screen.shown[-1].lang == "vi"
    assert third.screen.shown[-1].status.text != second.screen.shown[-1].status.text


def test_a_problem_of_the_connection_is_told_to_all_and_in_their_language() -> None:
    tabs, first, second, third = three()
    first.user_agent.dispatch(TransportDown(reason="code 1006"))
    tabs.settle()
    first.clock.advance(1)
    first.user_agent.dispatch(TransportDown(reason="code 1006"))
    tabs.settle()
    assert events(second) == events(third) == events(first)
    assert events(first)[:3] == ["disconnected", "unregistered", "auto_reconnect"]
    (ours,), (theirs,) = second.window.payloads("error"), third.window.payloads("error")
    assert ours["code"] == theirs["code"] == "network_unreachable"
    assert ours["message"] != theirs["message"]


def test_the_agent_sees_a_refusal_on_the_screen_it_happened_on() -> None:
    tabs, first, second, third = three()
    second.screen.dispatch(DialRequested(call_uuid=OTHER, number="12@evil"))
    tabs.settle()
    assert any(view.flash is not None for view in second.screen.shown)
    assert not any(view.flash is not None for view in first.screen.shown + third.screen.shown)


def test_a_call_whose_end_was_missed_between_the_tabs_ends_all_the_same() -> None:
    tabs, first, second, third = three()
    second.tab_channel.hear = lambda text: None  # type: ignore[method-assign]  # a frozen page
    ring(tabs, first)
    tabs.kill(first)
    assert [p["reason"] for p in third.window.payloads("call_hangup")] == ["signaling_lost"]


def test_a_late_tab_is_told_the_state_at_once_and_the_others_hear_nothing_of_it() -> None:
    tabs, first, second, _third = three()
    ring(tabs, first)
    for tab in tabs.alive:
        tab.window.posted.clear()
    late = tabs.open()
    assert events(late) == ["connected", "registered", "incoming_call", "call_ringing"]
    assert events(first) == events(second) == []
    late.window.send("get_state", id="s")
    (answer,) = late.window.responses("s")
    assert answer["payload"]["state"] == "registered"
    assert answer["payload"]["extension"] == "1001"
    assert [call["uuid"] for call in answer["payload"]["calls"]] == [CALL]


def test_a_tab_that_comes_late_is_told_of_the_call() -> None:
    tabs, first, _second, _third = three()
    answered(tabs, first)
    assert "call_answered" in events(tabs.open())


def test_a_reloaded_tab_finds_its_call_in_the_other_one() -> None:
    """The record it left for itself is not needed: the other tab has taken the call back already."""
    tabs, first, second, _third = three()
    answered(tabs, first)
    record = first.records.kept[-1]
    assert record is not None
    tabs.kill(first)
    second.user_agent.dispatch(TransportUp())
    second.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    again = World(tabs.browser)
    call = replace(record[0].call, state=CallState.RESUMING)
    again.runtime.start(
        Started(token=GOOD, record=replace(record[0], call=call, released=True, alive_at=again.clock.now()))
    )
    again.backend.answer(ConfigReceived(config=config()))
    tabs.settle()
    assert "replace" not in again.user_agent.methods()
    assert [type for type in events(again) if type.startswith("call_")] == ["call_updated"]
    assert again.window.payloads("call_updated")[0]["resumed"] is True
    again.clock.advance(60)
    assert "call_hangup" not in again.window.types()


def test_a_reloaded_tab_beside_the_one_with_the_call_is_not_told_again_that_it_was_answered() -> None:
    tabs, first, second, _third = three()
    answered(tabs, first)
    for _ in range(2):  # the second time it is the reloaded one that is reloaded
        tabs.kill(second)
        second = tabs.open(records=second.records)
        assert [type for type in events(second) if type.startswith("call_")] == ["call_updated"]
        assert second.window.payloads("call_updated")[0]["resumed"] is True
    first.window.send("hangup")
    tabs.settle()
    assert events(second)[-1] == "call_hangup"
    assert second.records.announced() == frozenset()
    fourth = tabs.open()
    assert not [type for type in events(fourth) if type.startswith("call_")]


def standby(**fields: Any) -> Phone:
    return Phone(link=Link(state=LinkState.STANDBY), **fields)


def test_a_notice_of_the_owner_is_told_once() -> None:
    shown = Shown(standby())
    shown.follow(Phone(notices=(DigitHeard(call_uuid=CALL, digit="5"),)))
    shown.step(standby(), frozenset())
    [notice] = shown.phone.notices
    assert notice == DigitHeard(call_uuid=CALL, digit="5")
    shown.step(standby(), frozenset())
    assert len(shown.phone.notices) == 0


def test_a_call_that_had_ended_before_it_was_seen_here_is_not_shown() -> None:
    rang = replace(answered_inbound().phone, notices=())
    ended = replace(rang, calls=tuple(replace(call, state=CallState.ENDED) for call in rang.calls))
    assert merged(standby(), standby(), ended).calls == ()
    assert merged(rang, standby(), ended).calls == ended.calls, "its end is told where it was seen"


def test_a_tab_that_is_opened_after_a_digit_does_not_repeat_it() -> None:
    tabs, first, second, _third = three()
    answered(tabs, first)
    first.user_agent.dispatch(DigitReceived(call_uuid=CALL, digit="5", via="rtp"))
    tabs.settle()
    late = tabs.open()
    assert len(second.window.payloads("dtmf")) == 1
    assert late.window.payloads("dtmf") == []


def test_a_tab_that_was_put_away_has_forgotten_the_owners_calls_when_it_is_back() -> None:
    """They may be over for long."""
    tabs, first, second, third = three()
    ring(tabs, first)
    second.runtime.dispatch(PageFrozen())
    third.runtime.dispatch(PageFrozen())
    tabs.kill(first)
    second.runtime.dispatch(WokeUp())
    tabs.settle()
    assert second.phone.link.ownership is Ownership.OWNER
    assert second.phone.calls == ()
