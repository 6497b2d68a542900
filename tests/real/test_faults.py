"""What Kamailio and the way to it can do to a phone and its calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.e2e.crm import Gap
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import documented, hangup_of, let_pass, ring, talk, wait_silent
from tests.e2e.world import until
from tests.real.kamailio import SECRET, Kamailio
from tests.real.program import free_port
from tests.real.wire import Wire
from tests.real.world import RealWorld

OpenPhone = Callable[..., Phone]
SILENCE = 1500
"""Milliseconds: packets come every 20, and nothing of the line may hold them up."""


def _back(*phones: Phone) -> None:
    for phone in phones:
        phone.wait_event("registered", seconds=35)


def _is_registered(phone: Phone) -> bool:
    return bool(phone.state()["state"] == "registered")


def _hold_and_hang_up(alice: Phone, ours: str, bob: Phone, theirs: str) -> None:
    """The call is whole: hold, unhold, audio both ways, and an end that both hear of exactly once."""
    alice.mark()
    alice.send("hold")
    assert alice.wait_event("call_updated")["call"]["held"] is True
    wait_silent(bob, theirs)
    alice.mark()
    alice.send("unhold")
    assert alice.wait_event("call_updated")["call"]["held"] is False
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    bob.send("hangup")
    assert hangup_of(bob)["reason"] == "local_hangup"
    assert hangup_of(alice)["reason"] == "remote_hangup"


def test_fault_04_restarted_while_idle_both_register_again(
    alice: Phone, bob: Phone, kamailio: Kamailio
) -> None:
    """Two phones that have lost their line in the same moment do not come back in step."""
    with fault(4, "Kamailio killed and restarted, idle", "registered again within 35 s, jittered") as row:
        killed = time.monotonic()
        kamailio.kill()
        try:
            for phone in (alice, bob):
                phone.wait_event("auto_reconnect", seconds=20, attempt=3)
        finally:
            kamailio.start()
        waits = []
        for phone in (alice, bob):
            phone.wait_event("registered", seconds=35 - (time.monotonic() - killed))
            waits.append([e["payload"]["delay_ms"] for e in phone.since("auto_reconnect")])
            told = documented(phone)
            assert told[:3] == ["disconnected", "unregistered", "auto_reconnect"]
            assert set(told[3:-2]) <= {"auto_reconnect", "error"}
            assert told[-2:] == ["connected", "registered"]
            assert phone.wait_event("unregistered")["reason"] == "transport_disconnect"
        took = time.monotonic() - killed
        for delays in waits:
            assert all(250 * 2**n <= delay <= 500 * 2**n for n, delay in enumerate(delays)), delays
        assert waits[0][:3] != waits[1][:3]
        row.seen(f"both after {took:.1f} s; waits of {waits[0][:3]} and {waits[1][:3]} ms")
    ring(alice, bob)


def test_down_for_a_while_they_try_again_with_growing_delays(alice: Phone, kamailio: Kamailio) -> None:
    kamailio.kill()
    try:
        alice.wait_event("auto_reconnect", seconds=20, attempt=3)
    finally:
        kamailio.start()
    delays = [e["payload"]["delay_ms"] for e in alice.since("auto_reconnect")]
    assert 250 <= delays[0] <= 500 <= delays[1] <= 1000 <= delays[2] <= 2000
    _back(alice)
    assert documented(alice).count("registered") == 1


def test_killed_while_it_rings_both_calls_end(alice: Phone, bob: Phone, kamailio: Kamailio) -> None:
    ring(alice, bob)
    kamailio.restart()
    for phone in (alice, bob):
        ended = hangup_of(phone)
        assert (ended["reason"], ended["billsec"]) == ("signaling_lost", 0)
    _back(alice, bob)
    alice.mark()
    bob.mark()
    talk(alice, bob)


def test_fault_05_killed_in_a_call_the_audio_goes_on_and_then_the_call_is_whole(
    alice: Phone, bob: Phone, kamailio: Kamailio
) -> None:
    with fault(5, "Kamailio killed and restarted in a call", "the call lives") as row:
        ours, theirs = talk(alice, bob)
        alice.wait_audio(ours)
        gap = Gap(alice, ours)
        kamailio.kill()
        try:
            for phone, uuid in ((alice, ours), (bob, theirs)):
                phone.wait_event("disconnected")
                phone.wait_audio(uuid, packets=100)
        finally:
            kamailio.start()
        _back(alice, bob)
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < 1500
        for phone in (alice, bob):
            assert "call_hangup" not in phone.types()
        _hold_and_hang_up(alice, ours, bob, theirs)
        back = [phone.types().count("call_hangup") for phone in (alice, bob)]
        row.seen(f"audio goes on, then hold and hang-up; call_hangups: {back}")


def test_a_hang_up_while_it_is_down_reaches_the_other_side_afterwards(
    alice: Phone, bob: Phone, kamailio: Kamailio
) -> None:
    talk(alice, bob)
    kamailio.kill()
    try:
        alice.wait_event("disconnected")
        alice.send("hangup")
        assert hangup_of(alice)["reason"] == "local_hangup"
    finally:
        kamailio.start()
    # Whose line is back first is chance. A BYE that comes before bob can be reached is lost: then he asks for
    # another path and hears that there is no such call, or waits in vain.
    assert hangup_of(bob, seconds=40)["reason"] in ("remote_hangup", "signaling_lost", "media_lost")
    _back(alice, bob)


@pytest.mark.parametrize("seconds", [7, 40])
def test_fault_06_frozen_in_a_call_nothing_is_lost(
    alice: Phone, bob: Phone, kamailio: Kamailio, seconds: int
) -> None:
    """The short frost passes unnoticed; in the long one the deadline of the pong tells both that their
    line is dead."""
    with fault(6, f"Kamailio frozen for {seconds} s in a call", "no hang; resumes") as row:
        ours, theirs = talk(alice, bob)
        alice.wait_audio(ours)
        kamailio.freeze()
        try:
            frozen = time.monotonic()
            let_pass(seconds, frozen)
            noticed = [phone.types().count("disconnected") for phone in (alice, bob)]
            assert noticed == ([1, 1] if seconds == 40 else [0, 0])
            alice.wait_audio(ours)
            bob.wait_audio(theirs)
        finally:
            kamailio.thaw()
        thawed = time.monotonic()
        for phone in (alice, bob):
            until(partial(_is_registered, phone), "registered", 45)
            assert "call_hangup" not in phone.types()
        back = time.monotonic() - thawed
        how = "timed out once each" if all(noticed) else "not noticed"
        row.seen(f"{how}, audio went on; registered {back:.1f} s after the thaw")
        _hold_and_hang_up(alice, ours, bob, theirs)


def test_fault_02_the_socket_dies_in_a_call_and_the_call_does_not(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    with fault(2, "the caller's WebSocket to Kamailio killed in a call", "audio and call go on") as row:
        ours, theirs = talk(dora, bob)
        dora.wait_audio(ours)
        gap = Gap(bob, theirs)
        wire.cut()
        dora.wait_event("disconnected")
        dora.wait_audio(ours)
        cut = time.monotonic()
        _back(dora)
        row.seen(f"registered {time.monotonic() - cut:.1f} s later; hold and hang-up work")
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < SILENCE
        _hold_and_hang_up(dora, ours, bob, theirs)


def test_fault_03_twenty_seconds_without_a_line_in_a_call(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    with fault(3, "20 s of a half-open socket to Kamailio", "noticed by ping; the call lives") as row:
        ours, theirs = talk(dora, bob)
        dora.wait_audio(ours)
        gap = Gap(bob, theirs)
        start = time.monotonic()
        wire.freeze("up")
        wire.freeze("down")
        dora.wait_event("disconnected", seconds=28)
        noticed = time.monotonic() - start
        let_pass(20, start)
        wire.cut()
        _back(dora)
        row.seen(f"noticed after {noticed:.1f} s, registered after {time.monotonic() - start:.1f} s")
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < SILENCE
        _hold_and_hang_up(dora, ours, bob, theirs)


def test_fault_02_the_socket_of_the_called_phone_dies_and_the_caller_can_still_hang_up(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    with fault(2, "the callee's WebSocket to Kamailio killed in a call", "the caller can hang up") as row:
        ours, theirs = talk(bob, dora)
        bob.wait_audio(ours)
        wire.cut()
        cut = time.monotonic()
        _back(dora)
        row.seen(f"registered {time.monotonic() - cut:.1f} s later; hold and hang-up work")
        _hold_and_hang_up(bob, ours, dora, theirs)


@pytest.mark.parametrize("way", ["up", "down"])
def test_the_socket_of_the_called_phone_dies_as_it_answers(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld, way: str
) -> None:
    """Its 200 is lost, or the ACK for it: it repeats the 200 until the ACK is there."""
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    ours, theirs = ring(bob, dora)
    wire.freeze(way)
    dora.send("answer")
    dora.wait_event("call_answered")
    if way == "down":
        bob.wait_event("call_answered")
    wire.cut()
    _back(dora)
    bob.wait_event("call_answered")
    bob.wait_audio(ours)
    _hold_and_hang_up(bob, ours, dora, theirs)


def test_the_socket_of_the_caller_dies_before_the_ack(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    ours, theirs = ring(dora, bob)
    wire.freeze("up")
    bob.send("answer")
    dora.wait_event("call_answered")
    wire.cut()
    _back(dora)
    bob.wait_audio(theirs)
    _hold_and_hang_up(bob, theirs, dora, ours)


def test_the_socket_dies_before_the_answer_to_a_hold(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld
) -> None:
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    ours, theirs = talk(dora, bob)
    dora.wait_audio(ours)
    wire.freeze("down")
    dora.send("hold")
    wait_silent(bob, theirs)
    wire.cut()
    _back(dora)
    _hold_and_hang_up(dora, ours, bob, theirs)


@pytest.mark.parametrize("answered", [True, False])
def test_what_is_hung_up_over_a_half_open_socket_ends(
    bob: Phone, open_phone: OpenPhone, wire: Wire, behind_wire: RealWorld, answered: bool
) -> None:
    """The BYE or the CANCEL that nobody heard is said again."""
    dora = open_phone("1004", at=behind_wire)
    dora.mark()
    ours, _ = (talk if answered else ring)(dora, bob)
    if answered:
        dora.wait_audio(ours)
    wire.freeze("up")
    dora.send("hangup")
    hangup_of(dora)
    wire.cut()
    _back(dora)
    assert hangup_of(bob)["reason"] == ("remote_hangup" if answered else "cancelled")


def test_fault_07_the_first_address_is_refused_and_the_second_taken(
    world: RealWorld, open_phone: OpenPhone, kamailio: Kamailio
) -> None:
    nobody = f"ws://127.0.0.1:{free_port()}/ws"
    two = world.account("two.localhost", [nobody, kamailio.url], sip_secret=SECRET)
    with fault(7, "first address of Kamailio refused", "the second is used") as row:
        phone = open_phone("1004", at=two, wait=None)
        phone.wait_event("registered", seconds=40)
        assert phone.wait_event("error")["code"] == "network_unreachable"
        delay = phone.wait_event("auto_reconnect")
        assert delay["attempt"] == 1
        row.seen(f"one error, the second after {delay['delay_ms']} ms")
        assert documented(phone) == ["error", "auto_reconnect", "connected", "registered"]
