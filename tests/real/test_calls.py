"""Calls between phones through Kamailio, with the audio proved."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.phone import Phone
from tests.e2e.talk import documented, hangup_of, ring, talk, wait_silent
from tests.e2e.world import until
from tests.real.far_phone import far_phone
from tests.real.kamailio import Kamailio
from tests.server.pbx.phone import Phone as SipPhone

OpenPhone = Callable[..., Phone]


def test_two_phones_call_each_other_and_both_are_heard(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    alice.send("hangup")
    assert hangup_of(bob)["reason"] == "remote_hangup"
    assert hangup_of(alice)["reason"] == "local_hangup"
    assert documented(alice) == ["call_ringing", "call_answered", "call_hangup"]
    assert documented(bob) == ["incoming_call", "call_ringing", "call_answered", "call_hangup"]


def test_the_caller_is_who_the_credentials_say(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002", "options": {"campaignId": "7", "headers": {"Ticket": "A-1"}}})
    incoming = bob.wait_event("incoming_call")
    assert incoming["contact"]["number"] == "1001"
    assert incoming["call"]["display_name"] == "Nguyễn Văn An"
    alice.wait_event("call_ringing")
    alice.send("hangup")
    assert hangup_of(bob)["reason"] == "cancelled"
    assert hangup_of(alice)["reason"] == "cancelled"


def test_hold_and_unhold_from_either_side(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    for phone, uuid, other, their_uuid in ((alice, ours, bob, theirs), (bob, theirs, alice, ours)):
        phone.wait_audio(uuid)
        phone.mark()
        phone.send("hold")
        assert phone.wait_event("call_updated")["call"]["held"] is True
        wait_silent(other, their_uuid)
        phone.mark()
        phone.send("unhold")
        assert phone.wait_event("call_updated")["call"]["held"] is False
        phone.wait_audio(uuid)
        other.wait_audio(their_uuid)


def test_mute_is_silence_and_unmute_is_not(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    alice.send("mute")
    wait_silent(bob, theirs)
    alice.wait_audio(ours)
    alice.send("unmute")
    bob.wait_audio(theirs)


def test_digits_both_ways(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    for sender, receiver, digits in ((alice, bob, "159#"), (bob, alice, "*0D")):
        sender.send("send_dtmf", {"digits": digits})
        for digit in digits:
            receiver.wait_event("dtmf", digit=digit)
        assert [e["payload"]["digit"] for e in receiver.since("dtmf")] == list(digits)
    alice.wait_audio(ours)


def test_a_blind_transfer_joins_the_other_two(alice: Phone, bob: Phone, carol: Phone) -> None:
    ours, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    bob.mark()
    alice.send("transfer", {"target": "1003"})
    incoming = carol.wait_event("incoming_call")
    assert incoming["contact"]["number"] == "1002"
    carol.send("answer")
    at_carol = carol.wait_event("call_answered")["call"]["uuid"]
    assert hangup_of(alice)["reason"] == "transferred"
    at_bob = bob.wait_event("call_answered", seconds=20)["call"]["uuid"]
    carol.wait_audio(at_carol)
    bob.wait_audio(at_bob)
    carol.send("hangup")
    assert hangup_of(carol)["reason"] == "local_hangup"
    bob.wait_event("call_hangup", reason="remote_hangup")
    assert alice.since("error") == []
    assert ours not in [call["uuid"] for call in alice.state()["calls"]]


def test_an_attended_transfer_joins_the_other_two(alice: Phone, bob: Phone, carol: Phone) -> None:
    ours, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    alice.mark()
    bob.mark()
    alice.send("transfer", {"target": "1003", "mode": "attended"})
    at_carol = carol.wait_event("incoming_call")["call"]["uuid"]
    carol.send("answer")
    target = alice.wait_event("call_answered")["call"]["uuid"]
    carol.wait_audio(at_carol)
    wait_silent(bob, theirs)
    carol.mark()
    alice.send("transfer", {"target": "1003", "mode": "attended"})
    until(lambda: alice.types().count("call_hangup") == 2, "both calls are given away")
    ends = {e["payload"]["call"]["uuid"]: e["payload"]["reason"] for e in alice.since("call_hangup")}
    assert ends == {ours: "transferred", target: "transferred"}
    assert carol.wait_event("call_updated")["call"]["number"] == "1002"
    at_bob = bob.wait_event("call_answered")["call"]
    assert at_bob["number"] == "1003"
    carol.wait_audio(at_carol)
    bob.wait_audio(at_bob["uuid"])
    assert alice.since("error") == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "not_found"),
        (480, "unavailable"),
        (486, "busy"),
        (487, "no_answer"),
        (503, "error"),
        (600, "busy"),
        (603, "rejected"),
    ],
)
def test_a_refusal_says_why(alice: Phone, kamailio: Kamailio, status: int, reason: str) -> None:
    async def refuse(phone: SipPhone) -> None:
        invite = await phone.request("INVITE", 20)
        await phone.reply(invite, 180, "Ringing")
        await phone.reply(invite, status)
        await phone.request("ACK")

    with far_phone(kamailio, "2001", refuse):
        alice.send("call", {"number": "2001"})
        ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == (reason, 0)
    assert documented(alice) == ["call_ringing", "call_hangup"]


@pytest.mark.parametrize(("number", "reason"), [("8999", "not_found"), ("1004", "unavailable")])
def test_kamailio_itself_refuses(alice: Phone, number: str, reason: str) -> None:
    alice.send("call", {"number": number})
    assert hangup_of(alice)["reason"] == reason
    assert documented(alice) == ["call_hangup"]


def test_a_phone_declines(alice: Phone, bob: Phone) -> None:
    ring(alice, bob)
    bob.send("hangup")
    assert hangup_of(bob)["reason"] == "rejected"
    assert hangup_of(alice)["reason"] == "rejected"


def test_all_phones_of_an_extension_ring_and_one_has_it(bob: Phone, open_phone: OpenPhone) -> None:
    desk, laptop = open_phone("1004"), open_phone("1004")
    desk.mark()
    laptop.mark()
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


def test_a_closed_phone_is_away(alice: Phone, open_phone: OpenPhone) -> None:
    gone = open_phone("1004")
    gone.page.goto("about:blank")
    alice.send("call", {"number": "1004"})
    assert hangup_of(alice)["reason"] == "unavailable"
