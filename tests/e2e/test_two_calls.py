"""Two calls at once: the second is refused cleanly and the first is not touched (faults 39, 45)."""

from __future__ import annotations

import time

from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, call, documented, hangup_of, invites, ring, talk
from tests.e2e.world import World, until


def test_a_second_caller_hears_busy_and_the_call_goes_on(alice: Phone, bob: Phone, world: World) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    alice.mark()
    customer = Stranger(world, "1001")
    customer.wait_for("ended")
    assert customer.call.status == 486
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    assert alice.ask("get_state")["payload"]["calls"][0]["uuid"] == ours
    assert documented(alice) == []


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
            any(p.since("error") for p in pair) or all(p.since("call_hangup", "incoming_call") for p in pair)
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


def test_a_busy_phone_refuses_another_phone(alice: Phone, bob: Phone) -> None:
    uuid = call(bob, "*44")
    alice.send("call", {"number": "1002"})
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == ("busy", 0)
    bob.wait_audio(uuid)


def test_one_after_the_other_works_at_once(alice: Phone, bob: Phone) -> None:
    """The end of a call frees the phone in the same instant."""
    first, _ = ring(alice, bob)
    alice.send("hangup")
    alice.send("call", {"number": "*44"})
    answered = alice.wait_event("call_answered")["call"]
    assert answered["uuid"] != first
    alice.wait_audio(answered["uuid"])
    assert hangup_of(bob)["reason"] == "cancelled"
