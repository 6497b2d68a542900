"""Packets that stop in mid-call while ICE is connected: a path dead one way, or a far end that is silent."""

from __future__ import annotations

import pytest

from embed_app.core.link.messages import (
    Pong,
    RegisterAccepted,
    TransportDown,
    TransportUp,
    WentOffline,
    WentOnline,
)
from embed_app.core.media.effects import RestartIce
from embed_app.core.media.messages import IceRestarted, IceRestartFailed
from embed_app.core.media.repair import GIVE_UP_AFTER, STOPPED_AFTER
from embed_app.core.resume import replacement
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, Driver, answered_outbound, types
from tests.core.wire import Wire, media, restarts, talking


def stopped() -> tuple[Driver, Wire]:
    """A call whose packets have stopped for so long that the restart is under way."""
    driver, wire = talking()
    wire.quiet(STOPPED_AFTER)
    assert RestartIce(CALL) in driver.last()
    return driver, wire


def silent() -> tuple[Driver, Wire]:
    """As `stopped`; the restart went well, and nothing has come after it either."""
    driver, wire = stopped()
    driver.send(IceRestarted(call_uuid=CALL))
    wire.quiet(STOPPED_AFTER)
    return driver, wire


def qualities(driver: Driver) -> list[str]:
    return [event.call.quality for event in driver.told(ev.CallUpdated)]


# ---- what is a loss


def test_packets_that_stop_are_missed_although_ice_is_connected() -> None:
    driver, wire = talking()
    assert wire.quiet(STOPPED_AFTER - 1) == []
    assert restarts(driver) == 0
    assert types(wire.quiet(1)) == ["call_updated"]
    assert (restarts(driver), driver.call.media.missed) == (1, True)
    assert (qualities(driver), driver.errors()) == (["poor"], [])


def test_packets_that_come_back_are_recovered() -> None:
    driver, wire = stopped()
    driver.send(IceRestarted(call_uuid=CALL))
    wire.quiet(2)
    wire.second()
    assert (driver.call.media.lost_at, driver.call.media.missed) == (None, False)
    assert (qualities(driver), restarts(driver)) == (["poor", "good"], 1)


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_whom_we_hold_and_who_holds_us_may_be_quiet(direction: str) -> None:
    driver, wire = talking()
    for _ in range(3 * STOPPED_AFTER):
        wire.second(received=0, direction=direction)
    assert (restarts(driver), driver.call.quality) == (0, "good")


def test_packets_have_their_time_after_a_hold() -> None:
    """They are due from the unhold on, not from the last one before the hold."""
    driver, wire = talking()
    for _ in range(60):
        wire.second(received=0, direction="sendonly")
    wire.quiet(STOPPED_AFTER - 1)
    assert restarts(driver) == 0
    wire.quiet(1)
    assert restarts(driver) == 1
    assert driver.due_in(Timer(TimerKind.MEDIA_LOST, CALL)) > GIVE_UP_AFTER - STOPPED_AFTER - 2


def test_a_page_that_slept_has_not_listened() -> None:
    """One look after minutes is one look, however much time has passed."""
    driver, wire = talking()
    driver.now += 300
    wire.quiet(1)
    assert restarts(driver) == 0


def test_a_call_that_never_was_heard_is_for_the_other_watch() -> None:
    """An IVR that says nothing yet: `no_audio` tells, and no path is looked for."""
    driver = answered_outbound()
    media(driver, "connected")
    Wire(driver).quiet(3 * STOPPED_AFTER)
    assert restarts(driver) == 0


def test_what_cannot_be_sent_yet_goes_out_with_the_line() -> None:
    driver, wire = talking()
    driver.send(TransportDown(reason="code 1006"))
    wire.quiet(2 * STOPPED_AFTER)
    assert (restarts(driver), driver.call.media.missed) == (0, True)
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    assert restarts(driver) == 1


def test_ice_that_came_back_without_packets_is_restarted_once() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    wire.quiet(2)
    media(driver, "connected")
    wire.quiet(STOPPED_AFTER)
    assert restarts(driver) == 1


# ---- a far end that sends nothing


def test_a_far_end_that_sends_nothing_is_looked_for_once_and_kept() -> None:
    """Silence suppression, or a PBX that plays no music: no call is ended for that."""
    driver, wire = silent()
    assert (driver.call.media.lost_at, driver.call.media.missed) == (None, False)
    assert Timer(TimerKind.MEDIA_LOST, CALL) not in driver.phone.timers
    wire.quiet(120)
    assert (restarts(driver), driver.call.live, driver.errors()) == (1, True, [])
    assert qualities(driver) == ["poor"]
    wire.second()
    assert qualities(driver) == ["poor", "good"]


def test_its_next_silence_is_no_reason_to_look_again() -> None:
    driver, wire = silent()
    wire.second()
    wire.quiet(3 * STOPPED_AFTER)
    assert (restarts(driver), driver.call.media.missed) == (1, False)
    assert qualities(driver) == ["poor", "good", "poor"]


@pytest.mark.parametrize("how", ["ice", "network"])
def test_on_another_path_it_is_looked_for_again(how: str) -> None:
    driver, wire = silent()
    if how == "ice":
        media(driver, "disconnected")
        assert driver.call.quality == "poor", "not good for a moment"
        media(driver, "connected")
        wire.second()
        wire.second()
    else:
        driver.send(WentOffline())
        driver.send(WentOnline())
        driver.send(Pong(crlf=True))
        driver.send(IceRestarted(call_uuid=CALL))
        wire.second()
    assert driver.call.quality == "good"
    driver.forget()
    wire.quiet(STOPPED_AFTER)
    assert restarts(driver) == 1


def test_a_far_end_whose_reports_go_on_coming_is_not_looked_for() -> None:
    """Its RTCP takes the same way as its sound: the way is there, so it sends none."""
    driver, wire = talking()
    wire.second(report=True)
    wire.quiet(2)
    wire.second(received=0, report=True)
    wire.quiet(120)
    assert (restarts(driver), driver.call.media.missed) == (0, False)
    assert (qualities(driver), driver.errors()) == (["poor"], [])


def test_a_report_from_before_the_silence_proves_nothing() -> None:
    driver, wire = talking()
    wire.second(report=True)
    wire.second(received=0, report=True)  # in this second the packets may just have stopped
    wire.quiet(STOPPED_AFTER - 1)
    assert restarts(driver) == 1


@pytest.mark.parametrize("status", [0, 488, 491])
def test_a_silent_far_end_that_refuses_offers_is_asked_five_times_and_kept(status: int) -> None:
    driver, wire = stopped()
    for _ in range(120):
        if driver.call.media.restarting:
            driver.send(IceRestartFailed(call_uuid=CALL, status=status))
        ice = Timer(TimerKind.ICE_RESTART, CALL)
        if ice in driver.timers and driver.due_in(ice) <= driver.due_in(Timer(TimerKind.SAMPLE, CALL)):
            driver.fire(ice)
        wire.quiet(1)
    assert (restarts(driver), driver.call.live, driver.reasons()) == (5, True, [])
    assert driver.call.quality == "poor"


# ---- recovered


def test_packets_from_before_the_loss_do_not_count() -> None:
    """Lost and connected again within the second in which they came."""
    driver, wire = talking()
    media(driver, "failed")
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    wire.second()
    assert driver.call.media.lost_at is not None
    wire.second()
    assert driver.call.media.lost_at is None


# ---- thirty seconds


def test_thirty_seconds_hold_and_a_page_that_comes_back_still_finds_its_call() -> None:
    """`GIVE_UP_AFTER` is counted from the last second with packets; a BYE is on its way a moment, and timers
    of a busy page are late. The far end's page may take as long as `replacement.py` tries."""
    assert replacement.GIVE_UP_AFTER + 2 < GIVE_UP_AFTER <= 28


def test_a_call_that_never_connected_is_given_up_within_thirty_seconds_too() -> None:
    driver = answered_outbound()
    start = driver.now
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.reasons() == ["media_lost"]
    assert driver.now - start <= GIVE_UP_AFTER
