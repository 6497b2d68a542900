"""Blind transfer (REFER, RFC 3515): completed, refused, and the call that goes on."""

from __future__ import annotations

import pytest

from tests.e2e.phone import Phone
from tests.e2e.talk import (
    Stranger,
    call,
    documented,
    hangup_of,
    header,
    let_be_transferred,
    refuse_refer,
    requests,
    take_call,
    talk,
)
from tests.e2e.world import World, until


@pytest.fixture
def carol(third: Phone) -> Phone:
    return third


def test_a_transferred_call_goes_on_between_the_others(alice: Phone, bob: Phone, carol: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    alice.send("transfer", {"target": "1003"})
    incoming = carol.wait_event("incoming_call")
    assert incoming["contact"]["number"] == "1002"
    carol.send("answer")
    at_carol = carol.wait_event("call_answered")["call"]["uuid"]
    left = hangup_of(alice)
    assert (left["reason"], left["call"]["uuid"]) == ("transferred", ours)
    old = bob.wait_event("call_hangup")
    assert old["call"]["uuid"] == theirs
    calls = bob.state()["calls"]
    assert [(c["direction"], c["number"], c["state"]) for c in calls] == [("outbound", "1003", "answered")]
    assert calls[0]["uuid"] != theirs
    bob.wait_audio(calls[0]["uuid"])
    carol.wait_audio(at_carol)
    assert "error" not in alice.types() + bob.types() + carol.types()
    assert documented(bob).count("call_hangup") == 1
    bob.send("hangup")
    assert hangup_of(carol)["reason"] == "remote_hangup"


@pytest.mark.slow
def test_a_service_can_be_transferred_to_a_phone(alice: Phone, bob: Phone, world: World) -> None:
    """A PBX carries out the REFER itself: the tone goes on at bob's."""
    uuid = call(alice, "*44")
    alice.wait_audio(uuid)
    before = len(world.wire)
    answer = alice.ask("transfer", {"target": "1002", "call_uuid": uuid})
    assert answer["ok"] is True
    bob.wait_event("incoming_call")
    refer = requests(world, "REFER", before)
    assert len(refer) == 1
    assert "sip:1002@" in (header(refer[0], "Refer-To") or "")
    assert documented(alice) == ["call_ringing", "call_answered"]
    bob.send("answer")
    theirs = bob.wait_event("call_answered")["call"]["uuid"]
    assert hangup_of(alice)["reason"] == "transferred"
    bob.wait_audio(theirs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "status"), [("*46", 486), ("1099", 404), ("1004", 480)], ids=["busy", "not found", "away"]
)
def test_a_transfer_that_fails_leaves_the_call_with_us(
    alice: Phone, bob: Phone, target: str, status: int
) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    alice.mark()
    bob.mark()
    alice.send("transfer", {"target": target})
    if target.startswith("*"):
        let_be_transferred(bob, target)
    error = alice.wait_event("error")
    assert (error["code"], error["fatal"], error["call_uuid"]) == ("transfer_failed", False, ours)
    assert error["detail"]["status"] == status
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    assert documented(alice) == ["error"]
    assert [c["state"] for c in alice.state()["calls"]] == ["answered"]
    assert theirs in [c["uuid"] for c in bob.state()["calls"]]
    until(lambda: len(bob.state()["calls"]) == 1, "bob has only the call with us")


@pytest.mark.slow
def test_after_a_failed_transfer_another_can_succeed(alice: Phone, bob: Phone, world: World) -> None:
    customer = Stranger(world, "1001")
    alice.wait_event("incoming_call")
    alice.send("answer")
    uuid = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(uuid)
    customer.wait_for("answered")
    alice.send("transfer", {"target": "*49"})
    assert alice.wait_event("error")["detail"]["status"] == 603
    alice.send("transfer", {"target": "1002"})
    bob.wait_event("incoming_call")
    bob.send("answer")
    bob.wait_audio(bob.wait_event("call_answered")["call"]["uuid"])
    assert hangup_of(alice)["reason"] == "transferred"


def test_a_peer_that_knows_no_refer_fails_the_transfer(
    alice: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_refer(monkeypatch, 405)
    _, uuid = take_call(alice, world)
    alice.send("transfer", {"target": "1002"})
    error = alice.wait_event("error")
    assert (error["code"], error["detail"]["status"]) == ("transfer_failed", 405)
    alice.wait_audio(uuid)
