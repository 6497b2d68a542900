"""What comes in: one after the other, and each command with an id once."""

from __future__ import annotations

import json

from embed_app.core.call.messages import CallAccepted
from embed_app.core.link.messages import TransportDown, Unregistered
from embed_app.core.link.values import LinkState
from embed_app.shell.answers import Answers
from embed_app.shell.faults import Guard
from embed_app.shell.flood import BURST
from embed_app.shell.inbox import Inbox
from tests.core.driver import CALL, T0, URLS, invite
from tests.fakes import FakeClock, World


def test_what_is_dispatched_while_busy_waits_its_turn(world: World) -> None:
    """The shim says transport_down from within disconnect()."""
    world.register()
    world.user_agent.then["unregister"] = lambda: world.user_agent.dispatch(Unregistered())
    world.user_agent.then["disconnect"] = lambda: world.user_agent.dispatch(TransportDown(reason="closed"))
    world.window.send("disconnect")
    assert world.window.types()[-2:] == ["unregistered", "disconnected"]
    assert world.phone.link.state is LinkState.IDLE


def test_a_kept_call_rings_out_as_soon_as_the_phone_is_registered(world: World) -> None:
    world.window.kept = [
        json.dumps({"source": "zorio-webphone", "type": "call", "payload": {"number": "1002"}})
    ]
    world.register()
    assert [entry[0] for entry in world.user_agent.asked] == ["configure", "connect", "register", "invite"]
    assert world.user_agent.asked[1] == ("connect", URLS[0])


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


def test_the_runtime_drops_a_flood_with_one_error_and_answers_afterwards() -> None:
    world = World().register()
    before = len(world.window.posted)
    for _ in range(5000):
        world.window.send("no_such_command")
    told = [m["payload"]["code"] for m in world.window.posted[before:] if m["type"] == "error"]
    assert told.count("too_many_messages") == 1
    assert len(told) <= BURST + 2
    world.clock.advance(2)
    world.window.send("get_state", id="after")
    assert world.window.responses("after")[0]["ok"] is True


def test_what_is_not_for_us_neither_counts_nor_is_read() -> None:
    world = World().register()
    before = len(world.window.posted)
    for n in range(5000):
        world.window.receive(json.dumps({"source": "an-analytics-script", "n": n}))
    world.window.send("get_state", id="still")
    assert [m["type"] for m in world.window.posted[before:]] == ["response"]


def test_what_is_put_in_while_something_is_worked_on_waits_for_its_end(world: World) -> None:
    done: list[str] = []
    inbox = Inbox(
        world.runtime, Answers(), Guard(lambda *_: done.append("fault")), FakeClock(T0), lambda: CALL
    )

    def work() -> None:
        inbox.put(lambda: done.append("second"))
        done.append("first")
        raise LookupError

    inbox.put(work)
    assert done == ["first", "fault", "second"]
