"""Several frames of one browser: one phone. Their parents and screens are told by their own runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from embed_app.core.call.messages import (
    CallAccepted,
    CallEnded,
    CallProgress,
    DialogKnown,
    DialRequested,
    DigitReceived,
    HangupRequested,
    HoldChanged,
    HoldRequested,
)
from embed_app.core.call.values import CallState, Dialog
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TransportDown,
    TransportUp,
    Unregistered,
)
from embed_app.core.link.values import LinkState, Ownership
from embed_app.core.resume.messages import ReplacementFailed
from embed_app.core.sound.values import Sound
from embed_app.tabs.wishes import ANSWERED_WITHIN
from tests.core.driver import CALL, GOOD, OTHER, config, invite, token
from tests.fakes import FakeBrowser, FakeRecords, World

DIALOG = Dialog(
    call_id="sip-1",
    local_tag="ours",
    remote_tag="theirs",
    remote_target="sip:x@far.invalid",
    remote_uri="sip:x@a",
)
SILENT = {"ready"}


class Tabs:
    """Frames in the order they were opened; the first of them that lives has the line."""

    def __init__(self) -> None:
        self.browser = FakeBrowser()
        self.frames: list[World] = []

    def open(self, locale: str = "en", records: FakeRecords | None = None) -> World:
        """A frame up to the point where it knows whether it registers. `records`: see World."""
        frame = World(self.browser, locale, records).start()
        self.frames.append(frame)
        frame.backend.answer(ConfigReceived(config=config()))
        self.browser.settle()
        return frame

    def settle(self) -> None:
        self.browser.settle()

    def register(self, frame: World) -> None:
        frame.user_agent.dispatch(TransportUp())
        frame.user_agent.dispatch(RegisterAccepted())
        self.settle()

    def kill(self, frame: World) -> None:
        self.frames.remove(frame)
        frame.tab_channel.leave()
        self.settle()


def three() -> tuple[Tabs, World, World, World]:
    """A registered frame and two more, their windows silent so far."""
    tabs = Tabs()
    first = tabs.open()
    tabs.register(first)
    second, third = tabs.open(), tabs.open("vi")
    for frame in tabs.frames:
        frame.window.posted.clear()
    return tabs, first, second, third


def events(frame: World) -> list[str]:
    return [type for type in frame.window.types() if type not in SILENT]


def ring(tabs: Tabs, frame: World) -> None:
    frame.user_agent.dispatch(invite())
    tabs.settle()


def answered(tabs: Tabs, frame: World) -> None:
    ring(tabs, frame)
    frame.window.send("answer")
    frame.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    frame.user_agent.dispatch(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    tabs.settle()


# ---- who registers


def test_a_frame_on_its_own_asks_for_the_line_only_once_it_is_configured() -> None:
    frame = World(FakeBrowser()).start()
    assert frame.backend.asked == [GOOD]
    assert frame.tab_channel.name == ""
    frame.backend.answer(ConfigReceived(config=config()))
    assert frame.tab_channel.name == "zorio-phone:acme:1001"
    assert "connect" not in frame.user_agent.methods()
    frame.tab_channel.browser.settle()
    assert frame.user_agent.methods() == ["configure", "connect"]
    assert frame.phone.link.ownership is Ownership.OWNER


def test_of_three_frames_one_connects_and_all_parents_hear_that_it_is_registered() -> None:
    tabs = Tabs()
    first, second, third = tabs.open(), tabs.open(), tabs.open()
    tabs.register(first)
    assert first.user_agent.methods() == ["configure", "connect", "register"]
    assert second.user_agent.methods() == third.user_agent.methods() == ["configure"]
    assert events(first) == events(second) == events(third) == ["connected", "registered"]
    assert [frame.phone.link.state for frame in tabs.frames] == [
        LinkState.REGISTERED,
        LinkState.STANDBY,
        LinkState.STANDBY,
    ]


def test_a_late_frame_is_told_the_state_at_once_and_the_others_hear_nothing_of_it() -> None:
    tabs, first, second, _third = three()
    ring(tabs, first)
    for frame in tabs.frames:
        frame.window.posted.clear()
    late = tabs.open()
    assert events(late) == ["connected", "registered", "incoming_call", "call_ringing"]
    assert events(first) == events(second) == []
    late.window.send("get_state", id="s")
    (answer,) = late.window.responses("s")
    assert answer["payload"]["state"] == "registered"
    assert answer["payload"]["extension"] == "1001"
    assert [call["uuid"] for call in answer["payload"]["calls"]] == [CALL]


def test_frames_of_different_extensions_each_register() -> None:
    tabs = Tabs()
    tabs.open()
    other = World(tabs.browser).start(token(extension="1009"))
    other.backend.answer(ConfigReceived(config=config(extension="1009")))
    assert other.tab_channel.name == "zorio-phone:acme:1009"


def test_a_frame_that_shall_not_register_by_itself_takes_no_line() -> None:
    frame = World(FakeBrowser())
    frame.runtime.phone = replace(
        frame.runtime.phone, settings=replace(frame.runtime.phone.settings, auto_register=False)
    )
    frame.start()
    assert frame.tab_channel.name == ""
    frame.window.send("connect")
    frame.backend.answer(ConfigReceived(config=config()))
    frame.tab_channel.browser.settle()
    assert "connect" in frame.user_agent.methods()


# ---- what the others show


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


def test_the_ring_is_heard_in_one_frame_and_the_card_is_seen_in_all() -> None:
    tabs, first, second, third = three()
    ring(tabs, first)
    assert first.ringer.played == [Sound.RING]
    assert second.ringer.played == third.ringer.played == []
    assert [len(frame.screen.shown[-1].incoming) for frame in tabs.frames] == [1, 1, 1]
    assert second.screen.shown[-1].lang == "en"
    assert third.screen.shown[-1].lang == "vi"
    assert third.screen.shown[-1].status.text != second.screen.shown[-1].status.text


def test_a_problem_of_the_line_is_told_to_all_and_in_their_language() -> None:
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


def test_neither_token_nor_credentials_leave_the_frame() -> None:
    tabs = Tabs()
    secret = config(
        auth_password="swordfish", ice_servers=({"urls": ["turn:t"], "credential": "ice-secret"},)
    )
    first = World(tabs.browser).start()
    tabs.frames.append(first)
    first.backend.answer(ConfigReceived(config=secret))
    tabs.settle()
    tabs.register(first)
    second = tabs.open()
    answered(tabs, first)
    said = "".join(first.tab_channel.posted + second.tab_channel.posted)
    assert CALL in said
    for word in (GOOD, GOOD.split(".")[1], "swordfish", "ice-secret", "wss://"):
        assert word not in said


# ---- wishes


def test_click_to_call_in_any_frame_dials_in_the_one_with_the_line() -> None:
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


def test_the_agent_sees_a_refusal_on_the_screen_it_happened_on() -> None:
    tabs, first, second, third = three()
    second.screen.dispatch(DialRequested(call_uuid=OTHER, number="12@evil"))
    tabs.settle()
    assert any(view.flash is not None for view in second.screen.shown)
    assert not any(view.flash is not None for view in first.screen.shown + third.screen.shown)


def test_answer_hold_and_hangup_in_another_frame() -> None:
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
    for frame in tabs.frames:
        assert [payload["reason"] for payload in frame.window.payloads("call_hangup")] == ["local_hangup"]


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


def test_a_frame_that_does_not_answer_costs_the_command_not_the_phone() -> None:
    tabs, first, second, _third = three()
    second.window.send("call", {"number": "1002"}, id="c")
    second.clock.advance(ANSWERED_WITHIN)
    (answer,) = second.window.responses("c")
    assert answer["error"]["code"] == "not_registered"
    tabs.settle()  # it does answer after all
    assert len(second.window.responses("c")) == 1
    assert first.user_agent.methods().count("invite") == 1


def test_disconnect_in_one_frame_switches_the_phone_off_and_connect_in_another_on_again() -> None:
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


def test_a_switched_off_phone_stays_off_when_its_frame_goes() -> None:
    tabs, first, second, _third = three()
    first.window.send("disconnect")
    first.user_agent.dispatch(Unregistered())
    first.user_agent.dispatch(TransportDown(reason="closed"))
    tabs.settle()
    tabs.kill(first)
    assert "connect" not in second.user_agent.methods()
    second.window.send("connect")
    assert "connect" in second.user_agent.methods()


# ---- tokens


def test_each_frame_renews_its_own_token_and_warns_its_own_parent() -> None:
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


def test_a_bad_token_shows_its_panel_even_where_another_frame_is_registered() -> None:
    tabs, _first, _second, _third = three()
    bad = World(tabs.browser).start()
    bad.backend.answer(ConfigFailed(status=401))
    tabs.settle()
    assert bad.tab_channel.name == ""
    assert events(bad) == ["error"]
    assert bad.window.payloads("error")[0]["fatal"] is True


def test_a_frame_whose_token_went_bad_gives_the_line_to_one_with_a_good_token() -> None:
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


# ---- the frame with the line dies


def test_another_frame_registers_and_the_rest_follow_it() -> None:
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
    for frame in (second, third):
        assert frame.window.types().count("incoming_call") == 1
        assert frame.window.types().count("call_ringing") == 1
        assert frame.window.types().count("call_answered") == 1
        assert "call_hangup" not in frame.window.types()


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
    for frame in (second, third):
        assert [p["reason"] for p in frame.window.payloads("call_hangup")] == ["signaling_lost"]
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
    for frame in (second, third):
        (ended,) = frame.window.payloads("call_hangup")
        assert (ended["reason"], ended["call"]["uuid"]) == ("signaling_lost", call.uuid)


def test_an_answered_call_is_taken_back_by_the_next_frame() -> None:
    tabs, first, second, third = three()
    answered(tabs, first)
    tabs.kill(first)
    second.user_agent.dispatch(TransportUp())
    replaced = next(entry for entry in second.user_agent.asked if entry[0] == "replace")
    assert replaced[1] == CALL
    second.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    tabs.settle()
    for frame in (second, third):
        assert "call_hangup" not in frame.window.types()
        (updated,) = frame.window.payloads("call_updated")
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
    for frame in (second, third):
        assert [p["reason"] for p in frame.window.payloads("call_hangup")] == ["signaling_lost"]


def test_a_wish_under_way_when_the_frame_dies_is_carried_out_by_the_next() -> None:
    tabs, first, second, third = three()
    third.window.send("call", {"number": "1002"}, id="c")
    tabs.frames.remove(first)
    first.tab_channel.leave()  # before it heard of it
    tabs.settle()
    tabs.register(second)
    assert second.user_agent.methods().count("invite") == 1
    (answer,) = third.window.responses("c")
    assert answer["ok"]


def test_a_wish_of_the_very_frame_that_takes_over_is_carried_out_there() -> None:
    tabs, first, second, _third = three()
    second.window.send("call", {"number": "1002"}, id="c")
    first.tab_channel.leave()
    tabs.settle()
    tabs.register(second)
    assert second.user_agent.methods().count("invite") == 1
    assert second.window.responses("c")[0]["ok"]


def test_a_call_that_was_dialled_and_died_with_its_frame_is_not_dialled_again() -> None:
    tabs, first, second, _third = three()
    answers: list[Callable[[], None]] = []
    second.window.send("call", {"number": "1002"}, id="c")
    original = second.tab_channel.hear

    def hear(text: str) -> None:
        if json.loads(text)["type"] == "done":
            answers.append(lambda: original(text))  # it never arrives
        else:
            original(text)

    second.tab_channel.hear = hear  # type: ignore[method-assign]
    tabs.settle()
    assert answers
    first.tab_channel.leave()
    tabs.settle()
    tabs.register(second)
    assert "invite" not in second.user_agent.methods()
    assert second.window.responses("c")[0]["ok"]
    assert [p["reason"] for p in second.window.payloads("call_hangup")] == ["signaling_lost"]


def test_what_the_dead_frame_said_last_comes_too_late() -> None:
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


def test_a_call_whose_end_was_missed_between_the_frames_ends_all_the_same() -> None:
    tabs, first, second, third = three()
    second.tab_channel.hear = lambda text: None  # type: ignore[method-assign]  # a frozen page
    ring(tabs, first)
    tabs.kill(first)
    assert [p["reason"] for p in third.window.payloads("call_hangup")] == ["signaling_lost"]


# ---- a frame that comes back


def test_a_reloaded_frame_finds_its_call_in_the_other_one() -> None:
    """The record it left for itself is not needed: the other frame has taken the call back already."""
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


def test_a_reloaded_frame_beside_the_one_with_the_call_is_not_told_again_that_it_was_answered() -> None:
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


def test_a_frame_that_comes_late_is_told_of_the_call() -> None:
    tabs, first, _second, _third = three()
    answered(tabs, first)
    assert "call_answered" in events(tabs.open())


def test_a_call_dialled_before_the_role_was_known_is_passed_on() -> None:
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
