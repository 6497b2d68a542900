"""The step between fakes of the ports: take, decide, tell, perform, show."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import CallAccepted
from embed_app.core.link.messages import ConfigFailed, ConfigReceived, PageLeft
from embed_app.core.sound.values import Sound
from tests.core.driver import CALL, GOOD, T0, config, invite, token
from tests.fakes import World


def test_every_step_is_shown(world: World) -> None:
    world.register()
    shown = len(world.screen.shown)
    world.user_agent.dispatch(invite())
    assert len(world.screen.shown) == shown + 1
    assert world.ringer.played == [Sound.RING]


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


def test_a_page_that_goes_with_a_call_keeps_its_events_to_itself(world: World) -> None:
    """The next page tells of it."""
    world.register()
    world.runtime.dispatch(PageLeft(is_known_again=True))
    assert not world.window.holds_back, "there is nothing to tell twice"
    world.runtime.dispatch(invite())
    world.runtime.dispatch(PageLeft(is_known_again=True))
    assert world.window.holds_back


def test_a_step_tells_then_performs_then_shows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the far end waits for goes before all of it, and leaving the address, which may block, after the
    other effects."""
    world.register()
    done: list[str] = []
    for port, method, name in (
        (world.window, "post", "told"),
        (world.records, "keep", "record"),
        (world.ringer, "play", "performed"),
        (world.user_agent, "accept", "accepted"),
        (world.records, "leave_address", "address"),
        (world.screen, "show", "shown"),
    ):
        monkeypatch.setattr(port, method, lambda *_, name=name: done.append(name))
    world.user_agent.dispatch(invite())
    assert done == ["told", "told", "record", "performed", "address", "shown"]
    done.clear()
    world.window.send("answer", id="a")
    assert done[:2] == ["accepted", "told"]
    assert done[-2:] == ["performed", "shown"]
