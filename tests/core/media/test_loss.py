"""A call that loses its sound (faults 2, 10, 11): told when it lasts, recovered, given up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from embed_app.core.call.messages import (
    HoldChanged,
    HoldRequested,
)
from embed_app.core.link.effects import CloseTransport, Ping
from embed_app.core.link.keep_alive import PONG_WITHIN_MEDIA_LOST
from embed_app.core.link.messages import (
    Pong,
    RegisterAccepted,
    TransportDown,
)
from embed_app.core.media.effects import RestartIce
from embed_app.core.media.loss import GIVE_UP_AFTER, PATIENCE
from embed_app.core.media.messages import (
    IceRestarted,
)
from embed_app.core.media.values import Flowing, Sample, Unproven
from embed_app.core.resume import replacement
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    Driver,
    answered_inbound,
    answered_outbound,
    bye,
    types,
)
from tests.core.wire import media, restarts, talking, without_sound


def test_a_short_disconnection_is_left_alone() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    assert driver.due_in(Timer(TimerKind.ICE_RESTART, CALL)) == PATIENCE
    wire.second(received=0)
    media(driver, "connected")
    wire.second()
    assert Timer(TimerKind.ICE_RESTART, CALL) not in driver.phone.timers
    assert (restarts(driver), without_sound(driver)) == (0, False)


def test_a_call_that_loses_its_sound_asks_at_once_whether_the_websocket_lives() -> None:
    """The network it was on may be gone, and the socket with it: half-open, it would be found in 20 s."""
    driver, _ = talking()
    driver.send(Pong(crlf=True))
    driver.fire(Timer(TimerKind.PING))
    driver.send(Pong(crlf=True))
    driver.forget()
    media(driver, "disconnected")
    assert Ping(by_options=False) in driver.effects
    pong = Timer(TimerKind.PONG)
    assert driver.due_in(pong) == PONG_WITHIN_MEDIA_LOST < PATIENCE, "no re-INVITE goes into a dead socket"
    driver.fire(pong)
    assert CloseTransport() in driver.last()
    assert without_sound(driver)


def test_a_websocket_that_answers_is_kept_while_the_sound_is_mended() -> None:
    driver, _ = talking()
    media(driver, "disconnected")
    driver.send(Pong(crlf=True))
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert restarts(driver) == 1
    assert driver.asked(CloseTransport) == 0


def test_three_seconds_of_disconnection_are_mended_by_a_re_invite() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    wire.quiet(1)
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert driver.last() == (RestartIce(CALL),)
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    assert without_sound(driver), "connected is not heard"
    wire.second()
    assert driver.call.media.state == Flowing()
    assert Timer(TimerKind.MEDIA_LOST, CALL) not in driver.phone.timers
    assert driver.errors() == []


def test_failed_is_mended_at_once() -> None:
    driver, _ = talking()
    media(driver, "failed")
    assert RestartIce(CALL) in driver.last()


@pytest.mark.parametrize(("received", "sent"), [(50, 0), (0, 50)])
def test_recovered_only_when_packets_go_both_ways(received: int, sent: int) -> None:
    driver, wire = talking()
    media(driver, "failed")
    wire.quiet(1)
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    wire.second(received=received, sent=sent)
    assert without_sound(driver)
    wire.second()
    assert driver.call.media.state == Flowing()


def test_a_call_we_hold_is_recovered_without_the_far_end_sending() -> None:
    driver, wire = talking()
    driver.send(HoldRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    media(driver, "failed")
    wire.second(received=0, direction="sendonly")
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    assert without_sound(driver)
    wire.second(received=0, direction="sendonly")
    assert driver.call.media.state == Flowing()


def test_counters_that_begin_anew_after_a_restart_are_packets_too() -> None:
    driver, wire = talking()
    media(driver, "failed")
    wire.quiet(1)
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    wire.sample = Sample()
    wire.second(received=3, sent=3)
    assert driver.call.media.state == Flowing()


def test_the_parent_and_the_screen_hear_of_it_as_poor_quality() -> None:
    driver, wire = talking()
    assert media(driver, "disconnected") == []
    wire.quiet(1)
    assert types(driver.fire(Timer(TimerKind.ICE_RESTART, CALL))) == ["call_updated"]
    assert driver.told(ev.CallUpdated)[-1].call.quality == "poor"
    media(driver, "connected")
    assert types(wire.second()) == ["call_updated"]
    assert driver.told(ev.CallUpdated)[-1].call.quality == "good"


def test_a_peer_that_closes_before_its_bye_arrives_is_no_poor_line() -> None:
    driver, _ = talking()
    assert media(driver, "peer_closed") == []
    assert types(driver.send(bye(), after=0.2)) == ["call_hangup"]


def test_a_peer_whose_page_went_away_is_missed_soon_and_not_looked_for() -> None:
    """A new page brings a new connection; until then no path finds anybody."""
    driver, wire = talking()
    media(driver, "peer_closed")
    assert driver.due_in(Timer(TimerKind.ICE_RESTART, CALL)) <= 1
    assert types(driver.fire(Timer(TimerKind.ICE_RESTART, CALL))) == ["call_updated"]
    driver.send(RegisterAccepted())
    assert restarts(driver) == 0
    wire.quiet(1)
    media(driver, "connected")
    wire.second()
    assert driver.told(ev.CallUpdated)[-1].call.quality == "good"


# ---- thirty seconds


def test_it_is_counted_from_the_last_packet_not_from_the_browsers_verdict() -> None:
    """Fault 11: ICE takes seconds to notice, and the far end has waited through them as well."""
    driver, wire = talking()
    start = driver.now
    for _ in range(6):
        wire.second(received=0)
    media(driver, "disconnected")
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.now - start <= GIVE_UP_AFTER
    assert driver.reasons() == ["media_lost"]


def test_a_connection_that_lives_is_never_hung_up_for_silence() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    media(driver, "connected")
    for _ in range(20):
        wire.second(received=0)
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert (driver.call.live, driver.errors()) == (True, ["no_audio"])
    assert (type(driver.call.media.state), driver.call.quality) == (Unproven, "poor")


def test_a_websocket_that_never_comes_back_ends_in_one_hangup() -> None:
    driver, _ = talking()
    driver.send(TransportDown(reason="code 1006"))
    media(driver, "failed")
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert (driver.reasons(), driver.errors()) == (["media_lost"], ["media_lost"])


@pytest.mark.parametrize("answered", [answered_outbound, answered_inbound])
def test_media_that_never_connects_is_given_up(answered: Callable[[], Driver]) -> None:
    driver = answered().forget()
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    assert driver.errors() == ["no_audio"]
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.reasons() == ["media_lost"]


def test_a_call_that_never_connected_is_given_up_within_thirty_seconds_too() -> None:
    driver = answered_outbound()
    start = driver.now
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.reasons() == ["media_lost"]
    assert driver.now - start <= GIVE_UP_AFTER


def test_thirty_seconds_hold_and_a_page_that_comes_back_still_finds_its_call() -> None:
    """`GIVE_UP_AFTER` is counted from the last second with packets; a BYE is on its way a moment, and timers
    of a busy page are late. The far end's page may take as long as `replacement.py` tries."""
    assert replacement.GIVE_UP_AFTER + 2 < GIVE_UP_AFTER <= 28
