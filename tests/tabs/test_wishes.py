"""Commands and taps in a tab that does not own the phone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from embed_app.core.call.messages import CallAccepted, CallProgress, HangupRequested, HoldRequested
from embed_app.core.link.messages import ConfigReceived
from embed_app.tabs.wishes import ANSWERED_WITHIN
from tests.core.driver import CALL, config
from tests.fakes import World
from tests.tabs.open_tabs import answered, events, ring, three


def test_click_to_call_in_any_tab_dials_in_the_owner() -> None:
    tabs, first, second, third = three()
    second.window.send(
        "call", {"number": "1002", "options": {"campaignId": 7, "headers": {"Lead": "x"}}}, id="c"
    )
    assert second.window.responses("c") == []
    tabs.settle()
    (answer,) = second.window.responses("c")
    (call,) = answer["payload"]["calls"]
    sent = next(entry for entry in first.user_agent.asked if entry[0] == "invite")
    assert sent[1:] == (call["uuid"], "1002", (("X-Zorio-Campaign-Id", "7"), ("X-Lead", "x")))
    assert "invite" not in second.user_agent.methods()
    first.user_agent.dispatch(CallProgress(call_uuid=call["uuid"], status=180))
    tabs.settle()
    assert events(third) == ["call_ringing"]
    assert [type for type in events(second) if type != "response"] == ["call_ringing"]


def test_a_refused_command_is_told_where_it_came_from_and_nowhere_else() -> None:
    tabs, first, second, third = three()
    second.window.send("call", {"number": "12@evil"}, id="c")
    third.window.send("hangup")
    tabs.settle()
    (answer,) = second.window.responses("c")
    assert (answer["ok"], answer["error"]["code"]) == (False, "invalid_number")
    assert [error["code"] for error in third.window.payloads("error")] == ["no_call"]
    assert third.screen.shown[-1].flash is None  # of no interest to the agent
    assert events(first) == []
    assert events(second) == ["response"]


def test_answer_hold_and_hangup_in_another_tab() -> None:
    tabs, first, second, _third = three()
    ring(tabs, first)
    second.window.send("answer")
    tabs.settle()
    assert first.user_agent.asked[-1] == ("accept", CALL)
    first.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    tabs.settle()
    second.screen.dispatch(HoldRequested(call_uuid=CALL))
    tabs.settle()
    assert ("hold", CALL, True) in first.user_agent.asked
    second.screen.dispatch(HangupRequested(call_uuid=CALL))
    tabs.settle()
    assert ("bye", CALL) in first.user_agent.asked
    for tab in tabs.alive:
        assert [payload["reason"] for payload in tab.window.payloads("call_hangup")] == ["local_hangup"]


def test_a_repeated_id_is_answered_again_and_carried_out_once() -> None:
    tabs, first, second, _third = three()
    for _ in range(2):
        second.window.send("call", {"number": "1002"}, id="same")
    tabs.settle()
    second.window.send("call", {"number": "1002"}, id="same")
    one, two, three_ = second.window.responses("same")
    assert one == two == three_
    assert one["ok"]
    assert first.user_agent.methods().count("invite") == 1


def test_the_answer_comes_after_the_events_it_caused() -> None:
    tabs, first, second, _third = three()
    answered(tabs, first)
    second.window.posted.clear()
    second.window.send("hangup", id="h")
    tabs.settle()
    assert second.window.types() == ["call_hangup", "response"]


def test_an_owner_that_does_not_answer_costs_the_command_not_the_phone() -> None:
    tabs, first, second, _third = three()
    second.window.send("call", {"number": "1002"}, id="c")
    second.clock.advance(ANSWERED_WITHIN)
    (answer,) = second.window.responses("c")
    assert answer["error"]["code"] == "not_registered"
    tabs.settle()  # it does answer after all
    assert len(second.window.responses("c")) == 1
    assert first.user_agent.methods().count("invite") == 1


def test_a_wish_under_way_when_the_owner_dies_is_carried_out_by_the_next() -> None:
    tabs, first, second, third = three()
    third.window.send("call", {"number": "1002"}, id="c")
    tabs.alive.remove(first)
    first.tab_channel.leave()  # before it heard of it
    tabs.settle()
    tabs.register(second)
    assert second.user_agent.methods().count("invite") == 1
    (answer,) = third.window.responses("c")
    assert answer["ok"]


def test_a_wish_of_the_very_tab_that_takes_over_is_carried_out_there() -> None:
    tabs, first, second, _third = three()
    second.window.send("call", {"number": "1002"}, id="c")
    first.tab_channel.leave()
    tabs.settle()
    tabs.register(second)
    assert second.user_agent.methods().count("invite") == 1
    assert second.window.responses("c")[0]["ok"]


@pytest.mark.parametrize("asks", ["the next owner", "another"])
def test_a_call_that_was_dialled_and_died_with_its_owner_is_not_dialled_again(asks: str) -> None:
    tabs, first, second, third = three()
    asker = second if asks == "the next owner" else third
    answers: list[Callable[[], None]] = []
    asker.window.send("call", {"number": "1002"}, id="c")
    original = asker.tab_channel.hear

    def hear(text: str) -> None:
        if json.loads(text)["type"] == "done":
            answers.append(lambda: original(text))  # it never arrives
        else:
            original(text)

    asker.tab_channel.hear = hear  # type: ignore[method-assign]
    tabs.settle()
    assert answers
    first.tab_channel.leave()
    tabs.settle()
    tabs.register(second)
    assert "invite" not in second.user_agent.methods()
    assert asker.window.responses("c")[0]["ok"]
    assert [p["reason"] for p in asker.window.payloads("call_hangup")] == ["signaling_lost"]


def said(tab: World, type: str) -> list[str]:
    return [text for text in tab.tab_channel.posted if json.loads(text)["type"] == type]


def test_a_wish_that_arrives_twice_is_carried_out_once() -> None:
    tabs, first, second, _third = three()
    second.window.send("call", {"number": "1002"})
    [wish] = said(second, "wish")
    tabs.settle()
    first.tab_channel.hear(wish)
    tabs.settle()
    assert len(said(first, "done")) == 1


def test_a_wish_is_sent_again_to_a_new_owner_only() -> None:
    tabs, first, _second, third = three()
    third.window.send("call", {"number": "1002"})
    ring(tabs, first)
    assert len(said(third, "wish")) == 1
    first.tab_channel.hear = lambda text: None  # type: ignore[method-assign]
    third.window.send("hangup")
    tabs.settle()
    tabs.kill(first)
    assert len(said(third, "wish")) == 3


def test_the_deadline_of_a_wish_ends_with_its_answer() -> None:
    tabs, _first, second, _third = three()
    before = set(second.clock.running)
    second.window.send("call", {"number": "1002"})
    assert len(set(second.clock.running) - before) == 1
    tabs.settle()
    assert set(second.clock.running) == before


def test_a_call_dialled_before_the_owner_was_known_is_passed_on() -> None:
    tabs, first, _second, _third = three()
    early = World(tabs.browser).start()
    early.window.send("call", {"number": "1002"}, id="c")
    assert early.window.responses("c")[0]["ok"]
    early.backend.answer(ConfigReceived(config=config()))
    tabs.settle()
    (call,) = first.phone.calls
    assert first.user_agent.methods().count("invite") == 1
    assert early.phone.calls == ()
    early.window.send("get_state", id="s")
    assert [c["uuid"] for c in early.window.responses("s")[0]["payload"]["calls"]] == [call.uuid]
    assert "call_hangup" not in early.window.types()


def test_a_call_passed_on_to_a_busy_phone_ends_with_a_word() -> None:
    tabs, first, _second, _third = three()
    answered(tabs, first)
    early = World(tabs.browser).start()
    early.window.send("call", {"number": "1002"})
    early.backend.answer(ConfigReceived(config=config()))
    tabs.settle()
    assert [p["reason"] for p in early.window.payloads("call_hangup")] == ["unavailable"]
    assert len(first.phone.calls) == 1
