"""Two calls at once: call waiting with each choice, swap, a second outgoing call; a third is refused cleanly
and a second `call` command as well (faults 39, 45). One microphone: audio is proven after each."""

from __future__ import annotations

import time

import pytest

from server.pbx.services.call import Call
from server.pbx.sip.message import Request
from tests.e2e.phone import Phone
from tests.e2e.talk import (
    Stranger,
    call,
    documented,
    hangup_of,
    invites,
    ring,
    talk,
    wait_no_packets,
    wait_silent,
)
from tests.e2e.world import World, until


class Waiting:
    """Alice talks to Bob, and a customer rings."""

    def __init__(self, alice: Phone, bob: Phone, world: World) -> None:
        self.ours, self.theirs = talk(alice, bob)
        alice.wait_audio(self.ours)
        alice.mark()
        self.customer = Stranger(world, "1001")
        self.second = alice.wait_event("incoming_call")["call"]["uuid"]

    def answered(self, alice: Phone) -> Waiting:
        """Alice answers the customer: Bob waits."""
        alice.send("answer")
        self.customer.wait_for("answered")
        until(lambda: states(alice) == {self.ours: "held", self.second: "answered"}, "one held")
        return self


def states(phone: Phone) -> dict[str, str]:
    return {call["uuid"]: call["state"] for call in phone.state()["calls"]}


def beeps(phone: Phone) -> bool:
    return bool(phone.frame.evaluate("!document.getElementById('sound-waiting').paused"))


def rings(phone: Phone) -> bool:
    return bool(phone.frame.evaluate("!document.getElementById('sound-ring').paused"))


def test_a_waiting_caller_beeps_and_the_call_goes_on(alice: Phone, bob: Phone, world: World) -> None:
    both = Waiting(alice, bob, world)
    until(lambda: beeps(alice), "the beep")
    assert not rings(alice)
    alice.wait_audio(both.ours)
    bob.wait_audio(both.theirs)
    assert documented(alice) == ["incoming_call", "call_ringing"]
    third = Stranger(world, "1001", "0900000003", "Ba")
    third.wait_for("ended")
    assert third.call.status == 486
    both.customer.do("bye")
    assert hangup_of(alice)["reason"] == "cancelled"
    assert not beeps(alice)
    assert states(alice) == {both.ours: "answered"}


def test_answer_and_hold(alice: Phone, bob: Phone, world: World) -> None:
    both = Waiting(alice, bob, world).answered(alice)
    alice.wait_audio(both.second)
    wait_silent(bob, both.theirs)
    assert not beeps(alice)
    alice.send("hangup")
    assert hangup_of(alice)["call"]["uuid"] == both.second
    assert states(alice) == {both.ours: "held"}
    alice.send("unhold")
    until(lambda: states(alice) == {both.ours: "answered"}, "the call is back")
    alice.wait_audio(both.ours)
    bob.wait_audio(both.theirs)
    assert "error" not in alice.types()


@pytest.mark.slow
def test_decline(alice: Phone, bob: Phone, world: World) -> None:
    both = Waiting(alice, bob, world)
    alice.send("hangup", {"call_uuid": both.second})
    both.customer.wait_for("ended")
    assert both.customer.call.status == 486
    assert hangup_of(alice)["reason"] == "rejected"
    assert states(alice) == {both.ours: "answered"}
    alice.wait_audio(both.ours)
    bob.wait_audio(both.theirs)


@pytest.mark.slow
def test_end_and_answer(alice: Phone, bob: Phone, world: World) -> None:
    both = Waiting(alice, bob, world)
    alice.send("hangup")
    assert hangup_of(alice)["call"]["uuid"] == both.ours
    until(lambda: rings(alice) and not beeps(alice), "a ring in the place of the beep")
    alice.send("answer")
    alice.wait_audio(both.second)
    assert hangup_of(bob)["reason"] == "remote_hangup"


@pytest.mark.slow
def test_swap_there_and_back(alice: Phone, bob: Phone, world: World) -> None:
    both = Waiting(alice, bob, world).answered(alice)
    for talks, waits in ((both.ours, both.second), (both.second, both.ours)):
        alice.send("unhold", {"call_uuid": talks})
        until(lambda: states(alice) == {talks: "answered", waits: "held"}, "swapped")  # noqa: B023
        alice.wait_audio(talks)
        wait_no_packets(alice, waits) if waits == both.ours else None
        if talks == both.ours:
            bob.wait_audio(both.theirs)
        else:
            wait_silent(bob, both.theirs)
    assert "error" not in alice.types()


@pytest.mark.slow
def test_a_second_call_out_beside_one_on_hold(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.send("hold")
    alice.mark()
    alice.send("call", {"number": "*44"})
    second = alice.wait_event("call_answered")["call"]["uuid"]
    until(lambda: states(alice) == {ours: "held", second: "answered"}, "two calls")
    alice.wait_audio(second)
    wait_silent(bob, theirs)
    alice.send("hangup")
    alice.send("unhold")
    bob.wait_audio(theirs)
    alice.wait_audio(ours)


def test_a_peer_that_refuses_to_be_held_is_not_talked_to_by_mistake(
    alice: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One microphone: its echo is gone although the call is not on hold, and is back with the call."""

    async def refuse(call: Call, request: Request) -> None:
        call.phone.send(request.reply(488))

    monkeypatch.setattr("server.pbx.services.call.Call._renegotiate", refuse)
    uuid = call(alice, "*43")
    alice.wait_audio(uuid)
    alice.mark()
    alice.send("hold")
    assert alice.wait_event("error")["code"] == "hold_failed"
    alice.wait_audio(uuid)  # Chromium had stopped playing with the offer
    alice.mark()
    Stranger(world, "1001")
    second = alice.wait_event("incoming_call")["call"]["uuid"]
    alice.send("answer")
    assert alice.wait_event("error")["code"] == "hold_failed"
    alice.wait_audio(second)
    assert states(alice) == {uuid: "answered", second: "answered"}
    wait_silent(alice, uuid)
    alice.send("hangup", {"call_uuid": second})
    alice.wait_audio(uuid)


def test_who_hangs_up_while_waiting_leaves_the_talk_alone(alice: Phone, bob: Phone, world: World) -> None:
    both = Waiting(alice, bob, world).answered(alice)
    bob.send("hangup")
    ended = hangup_of(alice)
    assert (ended["call"]["uuid"], ended["reason"]) == (both.ours, "remote_hangup")
    alice.wait_audio(both.second)
    assert states(alice) == {both.second: "answered"}


@pytest.mark.slow
def test_a_third_caller_hears_busy_while_two_ring(alice: Phone, world: World) -> None:
    callers = [Stranger(world, "1001", f"090000000{n}", f"Khách {n}") for n in (1, 2)]
    until(lambda: alice.types().count("incoming_call") == 2, "both callers")
    third = Stranger(world, "1001", "0900000003", "Ba")
    third.wait_for("ended")
    assert third.call.status == 486
    for caller in callers:
        caller.do("bye")
        caller.wait_for("ended")
    until(lambda: alice.types().count("call_hangup") == 2, "both ends")
    assert documented(alice) == ["incoming_call", "call_ringing"] * 2 + ["call_hangup"] * 2


def test_a_second_call_command_is_refused_and_the_call_goes_on(alice: Phone, world: World) -> None:
    uuid = call(alice, "*44")
    alice.mark()
    before = len(world.wire)
    alice.send("call", {"number": "1002"})
    error = alice.wait_event("error")
    assert (error["code"], error["fatal"]) == ("call_in_progress", False)
    assert alice.ask("call", {"number": "1002"})["error"]["code"] == "call_in_progress"
    assert invites(world, before) == set()
    alice.wait_audio(uuid)
    assert documented(alice) == ["error"]


def test_a_double_click_makes_one_call(alice: Phone, bob: Phone, world: World) -> None:
    before = len(world.wire)
    alice.page.evaluate(
        """() => { for (let i = 0; i < 2; i++)
            tell({source: "zorio-webphone", type: "call", payload: {number: "1002"}}); }"""
    )
    bob.wait_event("incoming_call")
    assert alice.wait_event("error")["code"] == "call_in_progress"
    bob.send("answer")
    uuid = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(uuid)
    assert len(invites(world, before)) == 1
    assert bob.types().count("incoming_call") == 1


@pytest.mark.slow
def test_two_phones_that_call_each_other_at_once_are_busy_or_ring(alice: Phone, bob: Phone) -> None:
    """Each INVITE finds a phone that is calling itself: 486. One that comes before the other has dialled, or
    after its call has failed, simply rings. In no case anything is left behind."""
    at = time.time() * 1000 + 200
    for phone, number in ((alice, "1002"), (bob, "1001")):
        phone.page.evaluate(
            """([at, number]) => {
                const message = {source: "zorio-webphone", type: "call", payload: {number}};
                setTimeout(() => tell(message), at - Date.now());
            }""",
            [at, number],
        )
    pair = (alice, bob)
    until(
        lambda: (
            any(p.since("error", "call_hangup") for p in pair)
            and all(p.since("error", "call_hangup", "incoming_call", "call_ringing") for p in pair)
        ),
        "an outcome",
    )
    for phone in pair:
        assert {e["payload"]["reason"] for e in phone.since("call_hangup")} <= {"busy"}
        assert {e["payload"]["code"] for e in phone.since("error")} <= {"call_in_progress"}
        assert "call_answered" not in phone.types()
    assert any(phone.since("call_hangup", "error") for phone in pair)
    for phone in pair:
        phone.rest()
    talk(alice, bob)


@pytest.mark.slow
def test_a_phone_with_two_calls_refuses_another_phone(alice: Phone, bob: Phone, world: World) -> None:
    uuid = call(bob, "*44")
    Stranger(world, "1002")
    bob.wait_event("incoming_call")
    alice.send("call", {"number": "1002"})
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == ("busy", 0)
    bob.wait_audio(uuid)


@pytest.mark.slow
def test_one_after_the_other_works_at_once(alice: Phone, bob: Phone) -> None:
    """The end of a call frees the phone in the same instant."""
    first, _ = ring(alice, bob)
    alice.send("hangup")
    alice.send("call", {"number": "*44"})
    answered = alice.wait_event("call_answered")["call"]
    assert answered["uuid"] != first
    alice.wait_audio(answered["uuid"])
    assert hangup_of(bob)["reason"] == "cancelled"
