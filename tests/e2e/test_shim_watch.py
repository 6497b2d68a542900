"""What the shim does for the watch over line and sound: pings, ICE restarts, another microphone, counters."""

from __future__ import annotations

import pytest

from tests.e2e.shim import Shim
from tests.e2e.world import World, until


def direction(shim: Shim, call_uuid: str) -> str:
    return str(shim.stats(call_uuid)["direction"])


@pytest.mark.parametrize(("by_options", "crlf"), [(False, True), (True, False)])
def test_each_ping_is_answered_once(anna: Shim, by_options: bool, crlf: bool) -> None:
    anna.mark()
    anna.do("ping", by_options)
    assert anna.wait("pong")["crlf"] is crlf
    anna.do("ping", by_options)
    until(lambda: len(anna.since("pong")) == 2, "the second answer")
    assert [event["type"] for event in anna.since()] == ["pong", "pong"]


def test_a_ping_without_a_line_is_nothing(anna: Shim) -> None:
    anna.do("disconnect")
    anna.mark()
    anna.do("ping", False)
    anna.do("ping", True)
    assert anna.since() == []


@pytest.mark.slow
def test_an_ice_restart_is_heard_through_and_keeps_the_hold(
    anna: Shim,
    ben: Shim,
    world: World,
) -> None:
    theirs = anna.call(ben, "r1")
    anna.do("hold", "r1", True)
    anna.wait("held", on=True)
    start = len(world.wire)
    anna.do("restartIce", "r1")
    anna.wait("restarted", call_uuid="r1")
    offer = next(t for way, t in world.wire[start:] if way == "in" and t.startswith("INVITE"))
    assert "a=sendonly" in offer
    assert direction(anna, "r1") == "sendonly"
    assert direction(ben, theirs) == "recvonly"
    anna.do("hold", "r1", False)
    anna.wait("held", on=False)
    assert anna.heard("r1")
    assert ben.heard(theirs)
    ben.do("restartIce", theirs)
    ben.wait("restarted")
    assert anna.heard("r1")
    anna.do("bye", "r1")
    ben.wait("ended")


def test_one_offer_at_a_time_whatever_it_is_for(anna: Shim, ben: Shim) -> None:
    anna.call(ben, "r2")
    anna.js("() => { zorioSip.hold('r2', true); zorioSip.restartIce('r2'); }")
    assert anna.wait("restart_failed")["status"] == 491
    anna.wait("held", on=True)
    anna.do("restartIce", "r2")
    anna.wait("restarted")
    anna.do("bye", "r2")
    ben.wait("ended")


def test_a_restart_of_a_call_the_far_end_has_forgotten_says_so(anna: Shim, ben: Shim, world: World) -> None:
    """Fault 5: the answer is 481, and the call itself is left to whoever asked."""
    theirs = anna.call(ben, "r3")
    ben.do("disconnect")
    until(lambda: "1004" not in world.pbx.bindings, "the far end's end")
    anna.mark()
    anna.do("restartIce", "r3")
    assert anna.wait("restart_failed")["status"] in (404, 408, 480, 481)
    anna.do("bye", "r3")
    ben.do("bye", theirs)
    ben.wait("ended")


@pytest.mark.slow
def test_another_microphone_goes_on_muted_as_the_one_before(anna: Shim, ben: Shim) -> None:
    theirs = anna.call(ben, "r4")
    anna.do("mute", "r4", True)
    unplug = (
        "() => { const track = microphones.at(-1); track.stop(); track.dispatchEvent(new Event('ended')); }"
    )
    anna.js(unplug)
    anna.wait("microphone_ended", call_uuid="r4")
    anna.do("reopenMicrophone", "r4")
    anna.wait("microphone_ready", call_uuid="r4")
    ben.settle()
    assert not ben.heard(theirs)
    anna.do("mute", "r4", False)
    assert ben.heard(theirs)
    anna.do("bye", "r4")
    ben.wait("ended")
    anna.mark()
    assert anna.since("microphone_ended") == [], "our own stop is no such event"
