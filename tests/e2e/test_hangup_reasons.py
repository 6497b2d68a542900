"""Every way a call can end that the demo PBX can cause: reason, billsec, and exactly one `call_hangup`."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, call, documented, hangup_of, invites, requests, ring, talk
from tests.e2e.world import World, until

OpenPhone = Callable[..., Phone]

REFUSALS = [
    ("1099", "not_found"),  # 404: nobody has this extension
    ("1004", "unavailable"),  # 480: not registered
    ("*46", "busy"),  # 486
    ("*49", "rejected"),  # 603
    pytest.param("5403", "forbidden", marks=pytest.mark.slow),
    pytest.param("5404", "not_found", marks=pytest.mark.slow),
    pytest.param("5408", "no_answer", marks=pytest.mark.slow),
    pytest.param("5480", "unavailable", marks=pytest.mark.slow),
    pytest.param("5500", "error", marks=pytest.mark.slow),
    ("5503", "error"),
    ("5600", "busy"),
]


@pytest.mark.parametrize(("number", "reason"), REFUSALS)
def test_a_refused_call_says_why(alice: Phone, world: World, number: str, reason: str) -> None:
    before = len(world.wire)
    alice.send("call", {"number": number})
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == (reason, 0)
    assert ended["call"]["number"] == number
    assert ended["call"]["answered_at"] is None
    assert documented(alice) == ["call_hangup"]
    assert len(invites(world, before)) == 1


@pytest.mark.slow
def test_local_and_remote_hangup_bill_the_seconds_from_answer_to_end(alice: Phone, bob: Phone) -> None:
    ours, _ = talk(alice, bob)
    started = time.monotonic()
    until(lambda: time.monotonic() - started > 2.2, "two seconds of talk")
    bob.send("hangup")
    ends = {"remote_hangup": hangup_of(alice), "local_hangup": hangup_of(bob)}
    for reason, ended in ends.items():
        assert ended["reason"] == reason
        answered, end = (
            datetime.fromisoformat(ended["call"][f"{name}_at"]) for name in ("answered", "ended")
        )
        seconds = (end - answered).total_seconds()
        assert ended["billsec"] == int(seconds)
        assert 2 <= seconds <= time.monotonic() - started + 1
    assert {
        e["payload"]["call"]["uuid"] for e in alice.since("call_ringing", "call_answered", "call_hangup")
    } == {ours}
    assert documented(alice) == ["call_ringing", "call_answered", "call_hangup"]
    assert documented(bob) == ["incoming_call", "call_ringing", "call_answered", "call_hangup"]


def test_declining_rejects_at_both_ends(alice: Phone, bob: Phone) -> None:
    ring(alice, bob)
    bob.send("hangup")
    declined, refused = hangup_of(bob), hangup_of(alice)
    assert (declined["reason"], declined["billsec"]) == ("rejected", 0)
    assert (refused["reason"], refused["billsec"]) == ("rejected", 0)
    assert documented(bob) == ["incoming_call", "call_ringing", "call_hangup"]


def test_cancelling_while_it_rings_is_cancelled_at_both_ends(alice: Phone, bob: Phone) -> None:
    ring(alice, bob)
    alice.send("hangup")
    gave_up, missed = hangup_of(alice), hangup_of(bob)
    assert (gave_up["reason"], gave_up["billsec"]) == ("cancelled", 0)
    assert (missed["reason"], missed["billsec"]) == ("cancelled", 0)
    assert documented(alice) == ["call_ringing", "call_hangup"]


def test_a_stranger_who_gives_up_cancels(alice: Phone, world: World) -> None:
    customer = Stranger(world, "1001", number="0911222333", name="Mai")
    incoming = alice.wait_event("incoming_call")
    assert incoming["contact"] == {"number": "0911222333", "display_name": "Mai", "external_id": None}
    customer.do("cancel")
    assert hangup_of(alice)["reason"] == "cancelled"


def test_the_cancelled_call_of_another_phone_was_answered_elsewhere(
    bob: Phone, open_phone: OpenPhone, world: World
) -> None:
    """One extension in two browsers: both ring, one answers."""
    desk, laptop = open_phone("1004"), open_phone("1004")
    desk.mark()
    laptop.mark()
    assert world.pbx.bindings["1004"] == 2
    bob.send("call", {"number": "1004"})
    desk.wait_event("incoming_call")
    laptop.wait_event("incoming_call")
    laptop.send("answer")
    uuid = laptop.wait_event("call_answered")["call"]["uuid"]
    elsewhere = hangup_of(desk)
    assert (elsewhere["reason"], elsewhere["billsec"]) == ("answered_elsewhere", 0)
    laptop.wait_audio(uuid)
    assert documented(laptop) == ["incoming_call", "call_ringing", "call_answered"]
    assert documented(desk) == ["incoming_call", "call_ringing", "call_hangup"]
    bob.send("hangup")
    assert hangup_of(laptop)["reason"] == "remote_hangup"


def test_a_line_lost_while_ringing_out_is_signaling_lost(alice: Phone, world: World) -> None:
    alice.send("call", {"number": "*47"})
    alice.wait_event("call_ringing")
    world.pbx.drop_connections()
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == ("signaling_lost", 0)
    alice.wait_event("registered")
    assert documented(alice).count("call_hangup") == 1


def test_a_line_lost_while_ringing_in_is_signaling_lost(alice: Phone, world: World) -> None:
    customer = Stranger(world, "1001")
    alice.wait_event("incoming_call")
    world.pbx.drop_connections()
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == ("signaling_lost", 0)
    customer.wait_for("ended")
    alice.wait_event("registered")


def test_without_a_microphone_a_call_ends_with_mic_denied(open_phone: OpenPhone, world: World) -> None:
    """The frame's `allow` is missing, so the browser itself refuses getUserMedia."""
    phone = open_phone("1004", allow="")
    phone.mark()
    before = len(world.wire)
    phone.send("call", {"number": "*43"})
    error = phone.wait_event("error")
    assert error["code"] in ("mic_denied", "mic_blocked")
    ended = hangup_of(phone)
    assert (ended["reason"], ended["billsec"]) == ("mic_denied", 0)
    assert error["call_uuid"] == ended["call"]["uuid"]
    assert invites(world, before) == set()
    phone.mark()
    customer = Stranger(world, "1004")
    phone.wait_event("incoming_call")
    phone.send("answer")
    assert hangup_of(phone)["reason"] == "mic_denied"
    customer.wait_for("ended")
    assert customer.call.status >= 400
    assert sorted(documented(phone)) == ["call_hangup", "call_ringing", "error", "incoming_call"]


def test_a_microphone_the_user_denied(open_phone: OpenPhone, world: World) -> None:
    context = world.browser.new_context()
    context.add_init_script(
        "MediaDevices.prototype.getUserMedia = () => "
        "Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));"
    )
    phone = open_phone("1004", context=context)
    phone.mark()
    phone.send("call", {"number": "*43"})
    assert phone.wait_event("error")["code"] == "mic_denied"
    assert hangup_of(phone)["reason"] == "mic_denied"


def test_hangup_right_after_call_leaves_no_ghost(alice: Phone, bob: Phone, world: World) -> None:
    before = len(world.wire)
    alice.page.evaluate(
        """() => { for (const [type, payload] of [["call", {number: "1002"}], ["hangup", {}]])
            tell({source: "zorio-webphone", type, payload}); }"""
    )
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == ("cancelled", 0)
    _no_call_left(alice, bob, world, before)


def _no_call_left(alice: Phone, bob: Phone, world: World, before: int) -> None:
    """After the two phones have called each other once more, nothing of the earlier call is left."""
    until(lambda: not bob.state()["calls"], "bob is idle")
    alice.rest()
    bob.rest()
    talk(alice, bob)
    assert len(bob.state()["calls"]) == 1
    assert len(alice.state()["calls"]) == 1
    assert len(requests(world, "INVITE", before, "out")) <= 2


@pytest.mark.parametrize("first", ["caller", "callee"])
def test_answer_and_cancel_in_the_same_instant_end_both(
    alice: Phone, bob: Phone, world: World, first: str
) -> None:
    """CANCEL crosses 200: whoever wins, both phones end, once, and no call is left behind."""
    before = len(world.wire)
    ours, theirs = ring(alice, bob)
    steps = [(alice, "hangup", ours), (bob, "answer", theirs)]
    for phone, command, uuid in steps if first == "caller" else reversed(steps):
        phone.send(command, {"call_uuid": uuid})
    given_up, answered = hangup_of(alice), hangup_of(bob)
    assert given_up["reason"] in ("cancelled", "local_hangup")
    assert answered["reason"] in ("cancelled", "remote_hangup")
    _no_call_left(alice, bob, world, before)


def test_a_stranger_hangs_up_in_the_instant_of_the_answer(alice: Phone, world: World) -> None:
    """CANCEL if our 200 is not there yet, else BYE."""
    customer = Stranger(world, "1001")
    uuid = alice.wait_event("incoming_call")["call"]["uuid"]
    alice.send("answer", {"call_uuid": uuid})
    customer.do("bye")
    assert hangup_of(alice)["reason"] in ("cancelled", "remote_hangup")
    alice.rest()
    alice.wait_audio(call(alice, "*44"))
