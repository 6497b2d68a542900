"""The runtime between fakes of its ports: order, responses, and that nothing stops it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embed_app.core.call.messages import CallAccepted, InviteSent
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import ConfigFailed, ConfigReceived, PageLeft, TransportDown, Unregistered
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.sound.values import Sound
from embed_app.shell import runtime
from tests.core.driver import CALL, GOOD, T0, URLS, config, invite, token
from tests.fakes import World


@pytest.fixture
def world() -> World:
    return World()


# ---- starting


def test_ready_comes_once_and_before_kept_commands_run(world: World) -> None:
    world.window.kept = [
        json.dumps({"source": "zorio-webphone", "type": "call", "id": str(n), "payload": {"number": "1002"}})
        for n in range(2)
    ]
    world.start()
    assert world.window.types() == ["ready", "response", "response"]
    assert world.window.payloads("ready") == [
        {"version": runtime.VERSION, "state": "configuring", "extension": "1001"}
    ]
    assert [m["ok"] for m in world.window.posted[1:]] == [True, False]
    (call,) = world.phone.calls
    assert call.state is CallState.QUEUED


def test_a_kept_call_rings_out_as_soon_as_the_phone_is_registered(world: World) -> None:
    world.window.kept = [
        json.dumps({"source": "zorio-webphone", "type": "call", "payload": {"number": "1002"}})
    ]
    world.register()
    assert [entry[0] for entry in world.user_agent.asked] == ["configure", "connect", "register", "invite"]
    assert world.user_agent.asked[1] == ("connect", URLS[0])


def test_without_a_token_it_says_so_and_is_ready_for_one(world: World) -> None:
    world.start(None)
    assert world.window.types() == ["ready", "error"]
    assert world.window.payloads("error")[0]["code"] == "token_missing"
    world.window.send("refresh_token", {"token": token(origins=["https://crm.example"])})
    assert world.backend.asked == [token(origins=["https://crm.example"])]
    assert world.window.trusted == [("https://crm.example",)]


def test_every_step_is_shown(world: World) -> None:
    world.register()
    shown = len(world.screen.shown)
    world.user_agent.dispatch(invite())
    assert len(world.screen.shown) == shown + 1
    assert world.ringer.played == [Sound.RING]


# ---- order


def test_what_is_dispatched_while_busy_waits_its_turn(world: World) -> None:
    """The shim says transport_down from within disconnect()."""
    world.register()
    world.user_agent.then["unregister"] = lambda: world.user_agent.dispatch(Unregistered())
    world.user_agent.then["disconnect"] = lambda: world.user_agent.dispatch(TransportDown(reason="closed"))
    world.window.send("disconnect")
    assert world.window.types()[-2:] == ["unregistered", "disconnected"]
    assert world.phone.link.state is LinkState.IDLE


def test_events_come_before_the_answer_and_the_answer_before_what_follows(world: World) -> None:
    world.register()
    world.window.posted.clear()
    world.user_agent.then["unregister"] = lambda: world.user_agent.dispatch(Unregistered())
    world.window.send("disconnect", id="a")
    assert world.window.types() == ["response", "unregistered"]


def test_the_far_end_is_served_before_the_parent_is_told(world: World) -> None:
    world.register()
    asked_by_then: list[tuple[str, ...]] = []
    world.window.on_post = lambda _message: asked_by_then.append(
        tuple(kind for kind, *_ in world.user_agent.asked)
    )
    world.user_agent.asked.clear()
    world.window.send("call", {"number": "1002"}, id="a")
    assert asked_by_then[0] == ("invite",)
    world.window.send("hangup")
    world.user_agent.dispatch(invite())
    world.user_agent.asked.clear()
    asked_by_then.clear()
    world.window.send("answer", id="b")
    assert asked_by_then[0][:1] == ("accept",)


def test_messages_carry_the_time_they_came(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    world.clock.advance(2)
    world.window.send("answer")
    world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    world.clock.advance(5.5)
    world.window.send("hangup")
    (hangup,) = world.window.payloads("call_hangup")
    assert (hangup["billsec"], hangup["reason"]) == (5, "local_hangup")


def test_timers_fire_through_the_clock(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    world.clock.advance(60)
    assert ("reject", CALL, 480) in world.user_agent.asked
    assert world.window.payloads("call_hangup")[0]["reason"] == "no_answer"


def test_an_answer_to_a_replaced_token_is_known_for_one(world: World) -> None:
    world.start(token(expires_at=T0 - 1))
    world.window.send("refresh_token", {"token": GOOD})
    world.backend.answer(ConfigFailed(status=401))
    world.backend.answer(ConfigReceived(config=config()))
    assert "error" not in world.window.types()
    assert world.user_agent.methods() == ["configure", "connect"]


# ---- responses


@pytest.mark.parametrize(
    ("type", "payload"),
    [
        ("connect", {}),
        ("call", {"number": "1002"}),
        ("get_state", {}),
        ("call", {"number": "12@evil"}),
        ("call", {"number": 5}),
        ("call", None),
        ("call", {"number": "1", "options": {"headers": {"a b": "c"}}}),
        ("call", {"number": "1", "options": []}),
        ("hangup", {}),
        ("answer", {"call_uuid": CALL}),
        ("hold", {}),
        ("send_dtmf", {"digits": "1"}),
        ("transfer", {"target": "1"}),
        ("refresh_token", {"token": "x"}),
        ("refresh_token", {"token": token(extension="1009")}),
        ("make_tea", {}),
        (5, {}),
        ("call", [1]),
    ],
)
def test_each_id_gets_exactly_one_answer_and_its_error_only_there(
    world: World, type: Any, payload: Any
) -> None:
    world.register()
    world.window.posted.clear()
    world.window.send(type, payload, id="q-1")
    (answer,) = world.window.responses("q-1")
    assert "error" not in world.window.types()
    if answer["ok"]:
        assert answer.keys() == {"source", "type", "id", "ok", "payload"}
    else:
        assert answer.keys() == {"source", "type", "id", "ok", "error"}
        assert (
            {"code", "message", "fatal"}
            <= answer["error"].keys()
            <= {"code", "message", "fatal", "detail", "call_uuid"}
        )


def test_without_an_id_there_is_no_answer_and_errors_are_events(world: World) -> None:
    world.register()
    world.window.posted.clear()
    for type, payload in (
        ("get_state", {}),
        ("mute", {}),
        ("call", {"number": "1002"}),
        ("call", {"number": "x"}),
    ):
        world.window.send(type, payload)
    assert world.window.types() == ["error", "error"]
    assert [error["code"] for error in world.window.payloads("error")] == ["no_call", "invalid_number"]


def test_a_repeated_id_is_answered_again_and_not_executed_again(world: World) -> None:
    world.register()
    for _ in range(3):
        world.window.send("call", {"number": "1002"}, id="same")
    first, second, third = world.window.responses("same")
    assert first == second == third
    assert first["ok"]
    assert world.user_agent.methods().count("invite") == 1


def test_a_repeated_id_keeps_its_answer_whatever_comes_with_it(world: World) -> None:
    world.register()
    world.window.send("get_state", id="same")
    world.window.send("call", "no object", id="same")
    first, second = world.window.responses("same")
    assert first == second


def test_an_id_that_comes_again_while_the_first_is_worked_on_is_not_executed_twice(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    world.window.send("answer")
    world.user_agent.dispatch(CallAccepted(call_uuid=CALL))

    def twice() -> None:
        for _ in range(2):
            world.window.send("send_dtmf", {"digits": "1"}, id="same")

    world.user_agent.then["mute"] = twice
    world.window.send("mute")
    first, second = world.window.responses("same")
    assert first == second
    assert world.user_agent.methods().count("send_dtmf") == 1


def test_get_state_tells_a_late_parent_everything(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    world.window.send("get_state", id="s")
    (answer,) = world.window.responses("s")
    assert answer["payload"]["state"] == "registered"
    assert answer["payload"]["extension"] == "1001"
    (call,) = answer["payload"]["calls"]
    assert call == world.window.payloads("incoming_call")[0]["call"]


def test_get_state_asked_from_within_a_step_sees_the_steps_before_it(world: World) -> None:
    world.register()

    def drop_and_ask() -> None:
        world.user_agent.dispatch(TransportDown())
        world.window.send("get_state", id="s")

    world.user_agent.then["mute"] = drop_and_ask
    world.user_agent.dispatch(invite())
    world.window.send("mute")
    (answer,) = world.window.responses("s")
    assert answer["payload"]["state"] == "waiting"


# ---- faults inside


def test_a_bug_in_a_rule_is_told_and_the_phone_lives_on(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.register()

    def wrong(phone: Phone, message: Message) -> Any:
        raise LookupError("0912345678 swordfish")

    with monkeypatch.context() as patch:
        patch.setattr(runtime, "update", wrong)
        world.window.send("call", {"number": "0912345678"})
        world.window.send("call", {"number": "0912345678"}, id="a")
    world.window.send("call", {"number": "0912345678"}, id="b")
    (event,) = world.window.payloads("error")
    (broken,), (well,) = world.window.responses("a"), world.window.responses("b")
    assert (event["code"], broken["error"]["code"], well["ok"]) == ("internal", "internal", True)
    told = capsys.readouterr().out + json.dumps(event)
    assert "LookupError" in told
    assert "0912345678" not in told
    assert "swordfish" not in told


def test_one_adapter_that_fails_does_not_cost_the_other_effects(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    world.window.send("answer")
    world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    shown = len(world.screen.shown)

    def broken() -> None:
        raise OSError

    world.user_agent.then["bye"] = broken
    world.window.send("disconnect", id="d")
    assert world.user_agent.methods()[-2:] == ["bye", "unregister"]
    assert world.phone.link.state is LinkState.LEAVING
    assert world.window.payloads("error")[0]["code"] == "internal"
    assert world.window.responses("d")[0]["ok"]
    assert len(world.screen.shown) == shown + 1


def test_a_screen_that_fails_does_not_stop_the_phone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.register()

    def broken(view: object) -> None:
        raise OSError

    monkeypatch.setattr(world.screen, "show", broken)
    world.user_agent.dispatch(invite())
    world.window.send("answer")
    assert world.user_agent.asked[-1] == ("accept", CALL)


@pytest.mark.parametrize("ends", ["hangup", "answer"])
def test_a_frame_reloaded_alone_finds_its_token_while_there_is_a_call(world: World, ends: str) -> None:
    """And only then: the address is nowhere else on purpose."""
    world.register()
    assert world.records.left == ""
    world.user_agent.dispatch(invite())
    assert world.records.left == GOOD
    renewed = token(expires_at=T0 + 900)
    world.window.send("refresh_token", {"token": renewed})
    assert world.records.left == renewed
    world.window.send(ends)
    if ends == "answer":
        world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
        assert world.records.left == renewed
        world.window.send("hangup")
    assert world.records.soon == ""


def test_leaving_the_address_holds_no_invite_up(world: World) -> None:
    world.register()
    world.window.send("call", {"number": "0912345678"})
    assert (world.records.soon, world.records.left) == (GOOD, "")
    [call] = world.phone.calls
    world.user_agent.dispatch(InviteSent(call_uuid=call.uuid, sip_call_id="of-the-invite"))
    assert world.records.left == GOOD


def test_a_page_that_goes_with_a_call_keeps_its_events_to_itself(world: World) -> None:
    """The next page tells of it."""
    world.register()
    world.runtime.dispatch(PageLeft(is_known_again=True))
    assert not world.window.keeps, "there is nothing to tell twice"
    world.runtime.dispatch(invite())
    world.runtime.dispatch(PageLeft(is_known_again=True))
    assert world.window.keeps
