"""Digits both ways: telephone-events on RTP (RFC 4733) and SIP INFO, each one exactly once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.pbx.media.media import Media
from server.pbx.services.call import Call as PbxCall
from server.pbx.sip.message import Request
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, call, requests, take_call, talk
from tests.e2e.world import World, until


def _digits(phone: Phone) -> str:
    return "".join(event["payload"]["digit"] for event in phone.since("dtmf"))


def _wait_digits(phone: Phone, digits: str) -> None:
    until(
        lambda: _digits(phone) == digits,
        f"{digits} at {phone.extension}, which heard {_digits(phone)}",
        seconds=15,
    )


def test_digits_of_one_phone_are_events_at_the_other(alice: Phone, bob: Phone, world: World) -> None:
    """All by RTP: not a single INFO is on the wire, and the call's audio goes on."""
    ours, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    before = len(world.wire)
    assert alice.ask("send_dtmf", {"digits": "159*#D"})["ok"] is True
    _wait_digits(bob, "159*#D")
    bob.send("send_dtmf", {"digits": "00", "call_uuid": theirs})
    _wait_digits(alice, "00")
    assert requests(world, "INFO", before) == []
    assert {e["payload"]["call"]["uuid"] for e in alice.since("dtmf")} == {ours}
    assert {e["payload"]["call"]["state"] for e in bob.since("dtmf")} == {"answered"}
    bob.wait_audio(theirs)


def test_digits_sent_one_by_one_are_queued_and_not_lost(alice: Phone, bob: Phone) -> None:
    _, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    for digit in "112233":
        alice.send("send_dtmf", {"digits": digit})
    _wait_digits(bob, "112233")


@pytest.mark.slow
def test_the_digit_service_sends_every_digit_back(alice: Phone) -> None:
    uuid = call(alice, "*45")
    until(lambda: alice.stats(uuid).get("packets_received", 0) > 10, "media is up")
    alice.send("send_dtmf", {"digits": "4711"})
    _wait_digits(alice, "4711")


@pytest.mark.slow
def test_a_comma_pauses_for_two_seconds(alice: Phone, bob: Phone) -> None:
    _, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    bob.page.evaluate(
        """() => { window.heardAt = []; addEventListener("message",
            (e) => e.data?.type === "dtmf" && heardAt.push(performance.now())); }"""
    )
    alice.send("send_dtmf", {"digits": "1,2"})
    _wait_digits(bob, "12")
    first, second = bob.page.evaluate("heardAt")
    assert 1700 < second - first < 5000


def test_a_customer_is_heard_by_info_and_by_rtp(alice: Phone, world: World) -> None:
    customer = Stranger(world, "1001")
    alice.wait_event("incoming_call")
    alice.send("answer")
    uuid = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(uuid)
    customer.do("send_info", "7")
    _wait_digits(alice, "7")
    customer.do("send_rtp_digit", "8")
    _wait_digits(alice, "78")
    customer.do("send_info", "#")
    customer.do("send_info", "#")
    _wait_digits(alice, "78##")  # twice by one way: two key presses


@pytest.mark.slow
def test_a_digit_that_comes_both_ways_is_one_event(alice: Phone, world: World) -> None:
    customer = Stranger(world, "1001")
    alice.wait_event("incoming_call")
    alice.send("answer")
    uuid = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(uuid)
    for digit in "52":
        customer.do("send_info", digit)
        customer.do("send_rtp_digit", digit)
        _wait_digits(alice, "52"[: "52".index(digit) + 1])
    customer.do("send_rtp_digit", "9")
    until(lambda: "9" in _digits(alice), "the last digit, after everything else")
    assert _digits(alice) == "529"


def _without_telephone_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain PBX leg: its offer knows none, so digits go to it as INFO."""
    offer = Media.offer

    async def plain(self: Media) -> str:
        sdp = await offer(self)
        types = re.findall(r"a=rtpmap:(\d+) telephone-event", sdp)
        for number in types:
            sdp = re.sub(rf"^a=(rtpmap|fmtp):{number} .*\r\n", "", sdp, flags=re.MULTILINE)
            sdp = re.sub(rf"^(m=audio .*?) {number}\b", r"\1", sdp, flags=re.MULTILINE)
        return sdp

    monkeypatch.setattr(Media, "offer", plain)


def test_digits_that_are_refused_are_told_once_and_without_the_digits(
    alice: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_telephone_events(monkeypatch)
    asked: list[str] = []
    receive = PbxCall.receive

    def refuse_info(call: PbxCall, request: Request) -> None:
        if request.method != "INFO":
            return receive(call, request)
        asked.append(request.method)
        return call.phone.send(request.reply(415))

    monkeypatch.setattr(PbxCall, "receive", refuse_info)
    _, uuid = take_call(alice, world)
    alice.wait_audio(uuid)
    alice.mark()
    assert alice.ask("send_dtmf", {"digits": "4711"})["ok"] is True
    told = alice.wait_event("error")
    assert (told["code"], told["call_uuid"], told["fatal"]) == ("dtmf_failed", uuid, False)
    assert told["detail"] == {"status": 415}
    assert alice.ask("send_dtmf", {"digits": "8"})["ok"] is True
    until(lambda: len(alice.since("error")) == 2, "the error of the second command")
    assert len(asked) == 2, "what is left of a refused number stays here"
    assert [call["state"] for call in alice.state()["calls"]] == ["answered"]


def test_a_peer_without_telephone_events_gets_info(
    alice: Phone, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each digit by itself, in order."""
    _without_telephone_events(monkeypatch)
    customer = Stranger(world, "1001")
    alice.wait_event("incoming_call")
    alice.send("answer")
    uuid = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(uuid)
    before = len(world.wire)
    alice.send("send_dtmf", {"digits": "12#"})
    expected: list[Any] = [("1", "info"), ("2", "info"), ("#", "info")]
    until(lambda: customer.call.digits == expected, "the digits by INFO")
    bodies = [text.partition("\r\n\r\n")[2] for text in requests(world, "INFO", before)]
    assert [body.splitlines()[0] for body in bodies] == ["Signal=1", "Signal=2", "Signal=#"]
