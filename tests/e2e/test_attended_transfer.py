"""Attended transfer (REFER with Replaces, RFC 5589): completed, refused, with a target that is silent or
busy, and audio between whoever is left."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from server.pbx.sip.address import NameAddr
from server.pbx.sip.message import Request
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
    wait_silent,
)
from tests.e2e.world import World, until


@pytest.fixture
def carol(third: Phone) -> Phone:
    return third


def states(phone: Phone) -> dict[str, str]:
    return {call["uuid"]: call["state"] for call in phone.state()["calls"]}


def ask_target(phone: Phone, number: str) -> None:
    assert phone.ask("transfer", {"target": number, "mode": "attended"})["ok"] is True


def asked(alice: Phone, waiting: str, number: str) -> str:
    """The target has answered, and alice talks to it; its call's uuid at alice's."""
    alice.mark()
    ask_target(alice, number)
    target = alice.wait_event("call_answered")["call"]["uuid"]
    until(lambda: states(alice) == {waiting: "held", target: "answered"}, "the first call waits")
    return str(target)


def take_back(alice: Phone, ours: str, bob: Phone, theirs: str) -> None:
    """The call that waited goes on: both hear each other."""
    alice.send("unhold")
    alice.wait_audio(ours)
    bob.wait_audio(theirs)


def test_between_three_phones(alice: Phone, bob: Phone, carol: Phone, world: World) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    alice.mark()
    ask_target(alice, "1003")
    at_carol = carol.wait_event("incoming_call")["call"]
    assert at_carol["number"] == "1001"
    carol.send("answer")
    target = alice.wait_event("call_answered")["call"]["uuid"]
    carol.wait_audio(at_carol["uuid"])
    wait_silent(bob, theirs)
    before = len(world.wire)
    bob.mark()
    carol.mark()
    ask_target(alice, "1003")
    until(lambda: alice.types().count("call_hangup") == 2, "both calls are given away")
    ends = {e["payload"]["call"]["uuid"]: e["payload"]["reason"] for e in alice.since("call_hangup")}
    assert ends == {ours: "transferred", target: "transferred"}
    refer_to = header(requests(world, "REFER", before)[0], "Refer-To") or ""
    assert refer_to.startswith('"1003" <sip:')
    assert ";to-tag=" in unquote(refer_to)
    # carol's call goes on, and says with whom; bob's is a new one
    bob.wait_event("call_hangup")
    (at_bob,) = bob.state()["calls"]
    assert (at_bob["direction"], at_bob["number"], at_bob["state"]) == ("outbound", "1003", "answered")
    updated = carol.wait_event("call_updated")["call"]
    assert (updated["uuid"], updated["number"], updated["state"]) == (at_carol["uuid"], "1002", "answered")
    assert "incoming_call" not in carol.types()
    bob.wait_audio(at_bob["uuid"])
    carol.wait_audio(at_carol["uuid"])
    assert "error" not in alice.types() + bob.types() + carol.types()
    bob.send("hangup")
    assert hangup_of(carol)["reason"] == "remote_hangup"


@pytest.mark.slow
def test_a_customer_outside_to_a_phone(alice: Phone, bob: Phone, world: World) -> None:
    _, ours = take_call(alice, world, name="Bình")
    alice.mark()
    ask_target(alice, "1002")
    at_bob = bob.wait_event("incoming_call")["call"]["uuid"]
    bob.send("answer")
    target = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(target)
    bob.mark()
    # by uuids, as a parent would that has not dialled the target's number itself
    payload = {"call_uuid": ours, "target": target, "mode": "attended"}
    assert alice.ask("transfer", payload)["ok"] is True
    until(lambda: alice.types().count("call_hangup") == 2, "both calls are given away")
    until(lambda: bob.state()["calls"][0]["number"] == "0987654321", "bob sees the customer")
    assert [c["uuid"] for c in bob.state()["calls"]] == [at_bob]
    bob.wait_audio(at_bob)


def test_a_phone_to_a_service(alice: Phone, bob: Phone) -> None:
    ours, _ = talk(alice, bob)
    asked(alice, ours, "*44")
    bob.mark()
    ask_target(alice, "*44")
    let_be_transferred(bob, "*44")
    until(lambda: alice.types().count("call_hangup") == 2, "both calls are given away")
    bob.wait_event("call_answered")
    (at_bob,) = bob.state()["calls"]
    assert at_bob["number"] == "*44"
    bob.wait_audio(at_bob["uuid"])


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ("*46", 486, "busy"),
        pytest.param("*49", 603, "rejected", marks=pytest.mark.slow),
        pytest.param("1099", 404, "not_found", marks=pytest.mark.slow),
    ],
)
def test_a_target_that_does_not_take_the_call(
    alice: Phone, bob: Phone, target: str, status: int, reason: str
) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    alice.mark()
    alice.send("transfer", {"target": target, "mode": "attended"})
    error = alice.wait_event("error")
    assert (error["code"], error["call_uuid"]) == ("transfer_failed", ours)
    assert error["detail"] == {"status": status, "reason": reason}
    assert hangup_of(alice)["reason"] == reason
    until(lambda: states(alice) == {ours: "held"}, "the call waits")
    take_back(alice, ours, bob, theirs)


def test_a_target_that_is_silent_and_an_agent_who_comes_back(alice: Phone, bob: Phone, carol: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.mark()
    ask_target(alice, "1003")
    carol.wait_event("incoming_call")
    alice.wait_event("call_ringing")
    alice.send("hangup")
    assert hangup_of(alice)["reason"] == "cancelled"
    assert hangup_of(carol)["reason"] == "cancelled"
    take_back(alice, ours, bob, theirs)
    assert "error" not in documented(alice)


@pytest.mark.slow
def test_a_target_that_never_answers(
    alice: Phone, bob: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PBX gives up; our own limit is longer (90 s) and tested in the core."""
    monkeypatch.setattr(world.pbx._proxy._forks, "_no_answer_after", 2.0)
    ours, theirs = talk(alice, bob)
    alice.mark()
    ask_target(alice, "*47")
    error = alice.wait_event("error")
    assert (error["code"], error["call_uuid"]) == ("transfer_failed", ours)
    assert error["detail"] == {"status": 408, "reason": "no_answer"}
    take_back(alice, ours, bob, theirs)


def test_a_target_that_says_no_and_hangs_up(alice: Phone, bob: Phone, carol: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.mark()
    ask_target(alice, "1003")
    carol.wait_event("incoming_call")
    carol.send("answer")
    alice.wait_event("call_answered")
    carol.send("hangup")
    assert hangup_of(alice)["reason"] == "remote_hangup"
    assert states(alice) == {ours: "held"}
    take_back(alice, ours, bob, theirs)


def test_a_far_end_that_refuses_to_be_transferred_leaves_both_calls(
    alice: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_refer(monkeypatch, 603)
    _, ours = take_call(alice, world)
    target = asked(alice, ours, "*44")
    alice.send("transfer", {"target": "*44", "mode": "attended"})
    error = alice.wait_event("error")
    assert (error["code"], error["detail"], error["call_uuid"]) == ("transfer_failed", {"status": 603}, ours)
    assert states(alice) == {ours: "held", target: "answered"}
    alice.wait_audio(target)
    alice.send("unhold", {"call_uuid": ours})
    alice.wait_audio(ours)


def test_a_target_that_will_not_be_replaced_stays_with_us(
    alice: Phone, bob: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its phone knows nothing of Replaces, or has hung up in this very moment: NOTIFY says so."""
    ours, theirs = talk(alice, bob)
    target = asked(alice, ours, "*43")

    def gone(phone: object, request: Request, replaces: object) -> None:
        phone.flow.submit(request.reply(481))  # type: ignore[attr-defined]

    monkeypatch.setattr("server.pbx.services.service_phone.ServicePhone._replace", gone)
    bob.mark()
    alice.send("transfer", {"target": "*43", "mode": "attended"})
    let_be_transferred(bob, "*43")
    error = alice.wait_event("error")
    assert (error["code"], error["detail"]["status"]) == ("transfer_failed", 481)
    assert states(alice) == {ours: "held", target: "answered"}
    alice.wait_audio(target)
    alice.send("unhold", {"call_uuid": ours})
    until(lambda: len(bob.state()["calls"]) == 1, "bob has only the call with us")
    bob.wait_audio(theirs)


def replaces(customer: Stranger) -> str:
    """The header that names the customer's call, as its peer sees it."""
    call = customer.call
    return f"{call._dialog.call_id};to-tag={call.remote_tag};from-tag={call.key[1]}"


def test_nobody_takes_a_place_unasked(alice: Phone, world: World) -> None:
    """Who knows the dialog but was not sent by its peer is refused (RFC 3891 section 5)."""
    customer, uuid = take_call(alice, world, sound="silence")
    host = NameAddr.parse(customer.call._dialog.remote).sip_uri.host
    for sent_by, status in ((None, 403), ("0911111111", 403), ("0987654321", 200)):
        headers = {"Replaces": replaces(customer)}
        if sent_by:
            headers["Referred-By"] = f"<sip:{sent_by}@{host}>"
        thief = Stranger(world, "1001", "0900000009", "Ai đó", headers=headers)
        thief.wait_for("answered" if status == 200 else "ended")
        assert thief.call.status == status
    assert [c["uuid"] for c in alice.state()["calls"]] == [uuid]
    alice.wait_audio(uuid)


@pytest.mark.parametrize("comes", [True, False])
def test_whoever_is_replaced_may_leave_before_the_other_is_there(
    alice: Phone, world: World, comes: bool
) -> None:
    """Its BYE and the INVITE that replaces it cross while alice's phone makes its answer."""
    customer, uuid = take_call(alice, world, sound="silence")
    alice.mark()

    def cross(call: Any) -> None:
        customer.call.bye()
        if not comes:
            call.cancel()

    other = Stranger(world, "1001", headers={"Replaces": replaces(customer)}, at_once=cross)
    if not comes:
        assert hangup_of(alice)["reason"] == "remote_hangup"
        return
    other.wait_for("answered")
    alice.wait_audio(uuid)
    assert alice.since("call_hangup") == []
    other.do("bye")
    assert hangup_of(alice)["reason"] == "remote_hangup"


@pytest.mark.slow
def test_a_call_with_a_service_can_be_the_one_that_is_given_away(alice: Phone, bob: Phone) -> None:
    uuid = call(alice, "*44")
    alice.mark()
    ask_target(alice, "1002")
    at_bob = bob.wait_event("incoming_call")["call"]["uuid"]
    bob.send("answer")
    alice.wait_event("call_answered")
    assert states(alice)[uuid] == "held"
    ask_target(alice, "1002")
    until(lambda: alice.types().count("call_hangup") == 2, "both calls are given away")
    bob.wait_audio(at_bob)


def test_a_replaces_that_would_break_out_of_its_header_is_refused(alice: Phone, world: World) -> None:
    customer, uuid = take_call(alice, world)
    before = len(world.wire)
    refer_to = "<sip:1002@phone.example?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc%0D%0AX-Evil%3A%201>"
    customer.do("_request", "REFER", [("Refer-To", refer_to)])
    until(lambda: _answers(world, before) == ["400"], "refused")
    assert requests(world, "INVITE", before) == []
    alice.wait_audio(uuid)


def _answers(world: World, since: int) -> list[str]:
    """The final statuses of REFERs that phones were sent."""
    return [
        text.split()[1]
        for way, text in world.wire[since:]
        if way == "in" and text.startswith("SIP/2.0") and " REFER" in (header(text, "CSeq") or "")
    ]
