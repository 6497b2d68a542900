"""Requests that cross, and callers who come together, in front of Kamailio (faults 30, 40 and 45)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import hangup_of, ring
from tests.e2e.world import until
from tests.real.bindings import bindings
from tests.real.kamailio import Kamailio
from tests.real.wire import Wire
from tests.real.world import RealWorld

OpenPhone = Callable[..., Phone]


def test_fault_40_the_caller_gives_up_as_the_answer_is_on_its_way(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    with fault(40, "CANCEL crosses the 200 in Kamailio", "no ghost call") as row:
        ring(bob, dora)
        wire.freeze("up")
        since = len(wire.tap.said)
        dora.send("answer")
        dora.wait_event("call_answered")
        bob.send("hangup")
        assert hangup_of(bob)["reason"] == "cancelled"
        wire.tap.wait_request("CANCEL", "down", since)
        wire.thaw()
        wire.tap.wait_request("BYE", "down", since)
        ended = hangup_of(dora)["reason"]
        assert ended == "remote_hangup"
        for phone in (bob, dora):
            assert phone.state()["calls"] == []
        row.seen(f"the 200 is answered with ACK and BYE: {ended}, once")


def test_what_rings_stops_when_the_caller_has_gone_for_good(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    """Nobody is left to say CANCEL: Kamailio does."""
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    ring(dora, bob)
    wire.refuses = True
    wire.cut()
    assert hangup_of(bob, seconds=5)["reason"] == "cancelled"
    assert hangup_of(dora)["reason"] == "signaling_lost"


def test_fault_45_two_call_at_once(alice: Phone, bob: Phone, carol: Phone) -> None:
    with fault(45, "two calls of Kamailio at once", "both shown, both end cleanly") as row:
        for caller in (bob, carol):
            caller.send("call", {"number": "1001"})
        until(lambda: len(alice.since("incoming_call")) == 2, "both callers")
        uuids = {
            e["payload"]["contact"]["number"]: e["payload"]["call"]["uuid"]
            for e in alice.since("incoming_call")
        }
        until(lambda: alice.frame.locator("#incoming-list > *").count() == 2, "both on the screen")
        alice.send("answer", {"call_uuid": uuids["1003"]})
        carol.wait_event("call_answered")
        alice.wait_audio(uuids["1003"])
        bob.send("hangup")
        assert hangup_of(bob)["reason"] == "cancelled"
        until(lambda: alice.types().count("call_hangup") == 1, "the end of the one that waited")
        carol.send("hangup")
        hangup_of(carol)
        until(lambda: alice.types().count("call_hangup") == 2, "both ends")
        ended = [(e["payload"]["call"]["uuid"], e["payload"]["reason"]) for e in alice.since("call_hangup")]
        assert ended == [(uuids["1002"], "cancelled"), (uuids["1003"], "remote_hangup")]
        assert alice.state()["calls"] == []
        row.seen(f"ends: {', '.join(reason for _, reason in ended)}")


def test_fault_30_two_crm_sites_are_one_binding(
    plain: Browser, one_place: RealWorld, kamailio: Kamailio
) -> None:
    context = plain.new_context()
    other = one_place.crm_origin.replace("127.0.0.1", "localhost")
    with fault(30, "two CRM sites, one extension of Kamailio", "said clearly, no ping-pong") as row:
        first = Phone.open(one_place, "1004", context=context)
        second = Phone.open(one_place, "1004", context=context, origin=other, locale="vi", wait="error")
        error = second.wait_event("error")
        assert (error["code"], error["fatal"]) == ("in_use_elsewhere", True)
        assert first.state()["state"] == "registered"
        [before] = bindings(kamailio, "1004")
        second.frame.get_by_role("button", name="Dùng ở đây").click()
        second.wait_event("registered")
        assert first.wait_event("unregistered", seconds=30)["reason"] == "remote"
        until(lambda: len(bindings(kamailio, "1004")) == 1, "one binding")
        [after] = bindings(kamailio, "1004")
        assert after.partition(";")[0] != before.partition(";")[0]
        states = [phone.state()["state"] for phone in (first, second)]
        assert states == ["refused", "registered"]
        row.seen(f"{error['code']}; one binding before and after Use here; the first is {states[0]}")
    for phone in (first, second):
        phone.assert_unharmed()
    context.close()
    until(lambda: not bindings(kamailio, "1004"), "both are gone")
