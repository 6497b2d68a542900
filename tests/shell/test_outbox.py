"""What the parent is told: `ready` first, events, then the response."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embed_app.core.call.values import CallState
from embed_app.core.link.messages import Unregistered
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.i18n.translator import Translator
from embed_app.protocol.events import Connected
from embed_app.shell import runtime
from embed_app.shell.answers import Answers
from embed_app.shell.outbox import Outbox
from tests.core.driver import CALL, invite, token
from tests.fakes import FakeParentWindow, FakeScreen, World


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


def test_without_a_token_it_says_so_and_is_ready_for_one(world: World) -> None:
    world.start(None)
    assert world.window.types() == ["ready", "error"]
    assert world.window.payloads("error")[0]["code"] == "token_missing"
    world.window.send("refresh_token", {"token": token(origins=["https://crm.example"])})
    assert world.backend.asked == [token(origins=["https://crm.example"])]
    assert world.window.trusted == [("https://crm.example",)]


def test_events_come_before_the_answer_and_the_answer_before_what_follows(world: World) -> None:
    world.register()
    world.window.posted.clear()
    world.user_agent.then["unregister"] = lambda: world.user_agent.dispatch(Unregistered())
    world.window.send("disconnect", id="a")
    assert world.window.types() == ["response", "unregistered"]


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


def test_get_state_tells_a_late_parent_everything(world: World) -> None:
    world.register()
    world.user_agent.dispatch(invite())
    world.window.send("get_state", id="s")
    (answer,) = world.window.responses("s")
    assert answer["payload"]["state"] == "registered"
    assert answer["payload"]["extension"] == "1001"
    (call,) = answer["payload"]["calls"]
    assert call == world.window.payloads("incoming_call")[0]["call"]


def test_a_fault_after_the_response_is_an_event_and_no_second_response() -> None:
    window, answers = FakeParentWindow(), Answers()
    outbox = Outbox(window, FakeScreen(), Translator("en"), answers)
    outbox.open(Connected())
    fault = Problem(code="internal")
    outbox.tell_fault(fault, Phone(), "a")
    outbox.tell_fault(fault, Phone(), "a")
    outbox.tell_fault(fault, Phone(), None)
    assert window.types() == ["connected", "response", "error", "error"]
