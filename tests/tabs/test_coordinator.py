"""Which tab owns the phone, and who follows when the owner goes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from embed_app.core.call.messages import CallAccepted, CallProgress
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    RegisterFailed,
    TransportDown,
    TransportUp,
    Unregistered,
)
from embed_app.core.link.values import LinkState, Ownership
from embed_app.core.resume.messages import ReplacementFailed
from embed_app.core.screen.messages import PageChosen
from embed_app.core.screen.values import Page
from embed_app.core.sound.values import Sound
from tests.core.driver import CALL, GOOD, config, invite, token
from tests.fakes import FakeBrowser, World
from tests.tabs.open_tabs import OpenTabs, answered, events, ring, three


def test_a_tab_on_its_own_asks_for_the_phone_only_once_it_is_configured() -> None:
    tab = World(FakeBrowser()).start()
    assert tab.backend.asked == [GOOD]
    assert tab.tab_channel.name == ""
    tab.backend.answer(ConfigReceived(config=config()))
    assert tab.tab_channel.name == "zorio-phone:acme:1001"
    assert "connect" not in tab.user_agent.methods()
    tab.tab_channel.browser.settle()
    assert tab.user_agent.methods() == ["configure", "connect"]
    assert tab.phone.link.ownership is Ownership.OWNER


def test_of_three_tabs_one_connects_and_all_parents_hear_that_it_is_registered() -> None:
    tabs = OpenTabs()
    first, second, third = tabs.open(), tabs.open(), tabs.open()
    tabs.register(first)
    assert first.user_agent.methods() == ["configure", "connect", "register"]
    assert second.user_agent.methods() == third.user_agent.methods() == ["configure"]
    assert events(first) == events(second) == events(third) == ["connected", "registered"]
    assert [tab.phone.link.state for tab in tabs.alive] == [
        LinkState.REGISTERED,
        LinkState.STANDBY,
        LinkState.STANDBY,
    ]


def test_tabs_of_different_extensions_each_register() -> None:
    tabs = OpenTabs()
    tabs.open()
    other = World(tabs.browser).start(token(extension="1009"))
    other.backend.answer(ConfigReceived(config=config(extension="1009")))
    assert other.tab_channel.name == "zorio-phone:acme:1009"


def test_a_tab_that_shall_not_register_by_itself_does_not_ask_for_the_phone() -> None:
    tab = World(FakeBrowser())
    tab.runtime.phone = replace(
        tab.runtime.phone, settings=replace(tab.runtime.phone.settings, auto_register=False)
    )
    tab.start()
    assert tab.tab_channel.name == ""
    tab.window.send("connect")
    tab.backend.answer(ConfigReceived(config=config()))
    tab.tab_channel.browser.settle()
    assert "connect" in tab.user_agent.methods()


def test_disconnect_in_one_tab_switches_the_phone_off_and_connect_in_another_on_again() -> None:
    tabs, first, second, third = three()
    second.window.send("disconnect", id="d")
    tabs.settle()
    first.user_agent.dispatch(Unregistered())
    first.user_agent.dispatch(TransportDown(reason="closed"))
    tabs.settle()
    assert third.window.payloads("unregistered") == [{"reason": "manual"}]
    assert first.phone.link.state == "idle"
    third.window.send("connect")
    tabs.settle()
    assert first.phone.link.state is LinkState.CONNECTING
    assert "connect" not in third.user_agent.methods()


def test_a_switched_off_phone_stays_off_when_its_owner_goes() -> None:
    tabs, first, second, _third = three()
    first.window.send("disconnect")
    first.user_agent.dispatch(Unregistered())
    first.user_agent.dispatch(TransportDown(reason="closed"))
    tabs.settle()
    tabs.kill(first)
    assert "connect" not in second.user_agent.methods()
    second.window.send("connect")
    assert "connect" in second.user_agent.methods()


def test_each_tab_renews_its_own_token_and_warns_its_own_parent() -> None:
    tabs, first, second, third = three()
    fresh = token(jti="fresh")
    second.window.send("refresh_token", {"token": fresh}, id="r")
    assert second.window.responses("r")[0]["ok"]
    assert second.backend.asked[-1] == fresh
    assert fresh not in "".join(second.tab_channel.posted)
    second.backend.answer(ConfigReceived(config=config()))
    first.clock.advance(250)
    tabs.settle()
    assert len(first.window.payloads("token_expiring")) == 1
    assert second.window.payloads("token_expiring") == third.window.payloads("token_expiring") == []


def test_a_bad_token_shows_its_panel_even_where_another_tab_is_registered() -> None:
    tabs, _first, _second, _third = three()
    bad = World(tabs.browser).start()
    bad.backend.answer(ConfigFailed(status=401))
    tabs.settle()
    assert bad.tab_channel.name == ""
    assert events(bad) == ["error"]
    assert bad.window.payloads("error")[0]["fatal"] is True


def test_an_owner_whose_token_went_bad_gives_the_phone_to_one_with_a_good_token() -> None:
    tabs, first, second, third = three()
    first.clock.time += 1e6
    first.user_agent.dispatch(RegisterFailed(status=403))
    tabs.settle()
    assert second.phone.link.ownership == "asked", "the PBX refuses all of them alike"
    first.window.send("connect")
    first.backend.answer(ConfigFailed(status=401))
    tabs.settle()
    assert first.phone.link.ownership is Ownership.NOT_ASKED
    assert second.phone.link.ownership is Ownership.OWNER
    assert "connect" in second.user_agent.methods()
    assert third.phone.link.ownership is Ownership.ASKED


def test_another_tab_registers_and_the_rest_follow_it() -> None:
    tabs, first, second, third = three()
    tabs.kill(first)
    assert second.user_agent.methods() == ["configure", "connect"]
    tabs.register(second)
    gone_and_back = ["disconnected", "unregistered", "connected", "registered"]
    assert events(second) == events(third) == gone_and_back
    assert second.window.payloads("unregistered") == [{"reason": "transport_disconnect"}]
    third.window.send("call", {"number": "1002"})
    tabs.settle()
    assert "invite" in second.user_agent.methods()
    tabs.kill(second)
    assert "connect" in third.user_agent.methods()


def test_a_ringing_call_rings_on_under_its_uuid() -> None:
    tabs, first, second, third = three()
    ring(tabs, first)
    tabs.kill(first)
    assert second.ringer.played == [Sound.RING]
    assert ("expect", CALL, "sip-1") in second.user_agent.asked
    tabs.register(second)
    second.user_agent.dispatch(invite())
    third.window.send("answer")
    tabs.settle()
    assert second.user_agent.asked[-1] == ("accept", CALL)
    second.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    tabs.settle()
    for tab in (second, third):
        assert tab.window.types().count("incoming_call") == 1
        assert tab.window.types().count("call_ringing") == 1
        assert tab.window.types().count("call_answered") == 1
        assert "call_hangup" not in tab.window.types()


def test_an_agent_quicker_than_the_pbx_still_gets_the_call() -> None:
    tabs, first, second, _third = three()
    ring(tabs, first)
    tabs.kill(first)
    second.window.send("answer")
    tabs.register(second)
    second.user_agent.dispatch(invite())
    assert second.user_agent.methods().count("accept") == 2, "the first one had nothing to accept"


def test_a_call_declined_before_it_rang_again_is_declined_when_it_does() -> None:
    tabs, first, second, third = three()
    ring(tabs, first)
    tabs.kill(first)
    second.window.send("hangup")
    tabs.register(second)
    second.user_agent.dispatch(invite())
    tabs.settle()
    assert second.user_agent.asked[-1] == ("reject", CALL, 603)
    assert third.window.payloads("call_hangup")[0]["reason"] == "rejected"
    assert third.window.types().count("incoming_call") == 1


def test_a_call_that_does_not_ring_again_ends_once() -> None:
    tabs, first, second, third = three()
    ring(tabs, first)
    tabs.kill(first)
    tabs.register(second)
    second.clock.advance(60)
    tabs.settle()
    for tab in (second, third):
        assert [p["reason"] for p in tab.window.payloads("call_hangup")] == ["signaling_lost"]
    assert ("expect", "", "sip-1") in second.user_agent.asked
    assert second.ringer.played == [Sound.RING, Sound.NONE]


@pytest.mark.parametrize("progress", [None, 180])
def test_a_call_on_its_way_out_ends_once_for_all(progress: int | None) -> None:
    tabs, first, second, third = three()
    first.window.send("call", {"number": "1002"})
    (call,) = first.phone.calls
    if progress is not None:
        first.user_agent.dispatch(CallProgress(call_uuid=call.uuid, status=progress))
    tabs.settle()
    tabs.kill(first)
    for tab in (second, third):
        (ended,) = tab.window.payloads("call_hangup")
        assert (ended["reason"], ended["call"]["uuid"]) == ("signaling_lost", call.uuid)


def test_an_answered_call_is_taken_back_by_the_next_tab() -> None:
    tabs, first, second, third = three()
    answered(tabs, first)
    tabs.kill(first)
    second.user_agent.dispatch(TransportUp())
    replaced = next(entry for entry in second.user_agent.asked if entry[0] == "replace")
    assert replaced[1] == CALL
    second.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    tabs.settle()
    for tab in (second, third):
        assert "call_hangup" not in tab.window.types()
        (updated,) = tab.window.payloads("call_updated")
        assert updated["resumed"] is True
        assert updated["call"]["uuid"] == CALL
    (call,) = second.phone.calls
    assert call.state is CallState.ANSWERED


def test_an_answered_call_that_cannot_be_taken_back_ends_once() -> None:
    tabs, first, second, third = three()
    answered(tabs, first)
    tabs.kill(first)
    second.user_agent.dispatch(TransportUp())
    second.user_agent.dispatch(ReplacementFailed(call_uuid=CALL, status=481))
    tabs.settle()
    for tab in (second, third):
        assert [p["reason"] for p in tab.window.payloads("call_hangup")] == ["signaling_lost"]


def test_what_the_dead_owner_said_last_comes_too_late() -> None:
    tabs, first, second, third = three()
    ring(tabs, first)
    late = first.tab_channel.posted[-1]
    tabs.kill(first)
    tabs.register(second)
    second.clock.advance(10)
    tabs.settle()
    before = events(third)
    third.tab_channel.hear(late)
    second.tab_channel.hear(late)
    assert events(third) == before


def test_nonsense_on_the_channel_harms_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    tabs, first, second, _third = three()
    for text in (
        "",
        "[]",
        "{}",
        '{"type":"phone"}',
        '{"type":"phone","term":9,"phone":{"link":5}}',
        '{"type":"phone","term":"x","phone":{}}',
        '{"type":"wish","from":"x","number":1,"message":{"kind":"Started","token":"x"}}',
        '{"type":"wish","from":"x","number":1,"message":7}',
        '{"type":"done","to":"x"}',
        '{"type":7}',
    ):
        first.tab_channel.hear(text)
        second.tab_channel.hear(text)
    tabs.settle()
    assert events(first) == events(second) == []
    ring(tabs, first)
    assert events(second) == ["incoming_call", "call_ringing"]
    assert "0987" not in capsys.readouterr().out


def said(tab: World) -> list[str]:
    return [json.loads(text)["type"] for text in tab.tab_channel.posted]


def test_an_owner_without_other_tabs_tells_nobody_what_happens() -> None:
    tabs = OpenTabs()
    only = tabs.open()
    tabs.register(only)
    before = said(only)
    ring(tabs, only)
    assert said(only) == before
    tabs.open()
    assert said(only) == [*before, "phone"]


def test_a_step_that_changes_nothing_for_the_others_is_not_told() -> None:
    """Which page this tab shows is its own affair."""
    _tabs, first, _second, _third = three()
    before = said(first)
    first.screen.dispatch(PageChosen(page=Page.SETTINGS))
    assert first.phone.page is Page.SETTINGS
    assert said(first) == before


def test_a_new_owner_that_was_opened_after_the_others_learns_that_they_listen() -> None:
    tabs = OpenTabs()
    first = tabs.open()
    tabs.register(first)
    second = tabs.open()
    receive = second.tab_channel.hear
    second.tab_channel.hear = lambda text: None  # type: ignore[method-assign]  # as if not yet there
    third = tabs.open()
    second.tab_channel.hear = receive  # type: ignore[method-assign]
    tabs.kill(first)
    tabs.register(second)
    ring(tabs, second)
    assert "incoming_call" in events(third)
