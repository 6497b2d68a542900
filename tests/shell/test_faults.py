"""Faults of our own code: told by kind and place, and the phone lives on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embed_app.core.call.messages import CallAccepted
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.shell import faults, runtime
from tests.core.driver import CALL, invite
from tests.fakes import World


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


def test_a_fault_is_one_line_in_the_console_and_an_internal_error(capsys: pytest.CaptureFixture[str]) -> None:
    problem = faults.report("TypeError", "onInvite")
    assert capsys.readouterr().out == "zorio-webphone: TypeError at onInvite\n"
    assert (problem.code, problem.detail) == ("internal", {"kind": "TypeError", "where": "onInvite"})


def test_an_exception_is_told_by_the_place_it_was_raised_at() -> None:
    told: list[tuple[Problem, str | None]] = []

    def wrong() -> None:
        raise ValueError("0912345678")

    guard = faults.Guard(lambda problem, command_id: told.append((problem, command_id)))
    guard(wrong, "a")
    guard(lambda: None, "b")
    [(problem, command_id)] = told
    assert command_id == "a"
    assert problem.detail is not None
    assert problem.detail["kind"] == "ValueError"
    assert problem.detail["where"].startswith("test_faults.py:")
    assert "0912345678" not in repr(problem)
