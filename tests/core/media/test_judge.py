"""Quality by lost packets (fault 15), and what shows that a lost sound is back at both ends: packets, and a
report of the far end that is new.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.messages import (
    DialogKnown,
)
from embed_app.core.media.messages import (
    IceRestarted,
    MediaSampled,
)
from embed_app.core.media.values import Flowing, Sample, Unproven
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    DIALOG,
    Driver,
)
from tests.core.wire import Wire, media, talking, without_sound


def test_ten_percent_loss_is_a_warning_with_hysteresis() -> None:
    driver, wire = talking()
    for _ in range(5):
        wire.second(received=44, lost=6)
    assert [e.call.quality for e in driver.told(ev.CallUpdated)] == ["poor"]
    for _ in range(5):
        wire.second(received=46, lost=4)
    assert driver.call.quality == "poor", "8 % is not good yet"
    for _ in range(5):
        wire.second()
    assert [e.call.quality for e in driver.told(ev.CallUpdated)] == ["poor", "good"]
    assert driver.call.live


def test_one_bad_second_is_no_poor_line() -> None:
    driver, wire = talking()
    for _ in range(5):
        wire.second()
    wire.second(received=30, lost=20)
    assert driver.call.quality == "good"


def test_packets_that_came_late_are_not_lost() -> None:
    driver, wire = talking()
    for _ in range(4):
        wire.second()
    wire.second(lost=10)
    wire.second(lost=-10)
    assert driver.told(ev.CallUpdated) == []


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-50, 200), st.floats(0, 1)), max_size=30))
def test_any_counters_give_a_quality(seconds: list[tuple[int, int, float]]) -> None:
    driver, _ = talking()
    for received, lost, loss_sent in seconds:
        sample = Sample(packets_received=received, packets_lost=lost, loss_sent=loss_sent)
        driver.send(MediaSampled(call_uuid=CALL, sample=sample))
        assert driver.call.quality in ("good", "poor")


# ---- both ways


def connected_again() -> tuple[Driver, Wire]:
    """After a loss; the far end sends reports."""
    driver, wire = talking()
    wire.second(report=True)
    media(driver, "failed")
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    return driver, wire


def assert_proven_by_the_next_report(driver: Driver, wire: Wire) -> None:
    for _ in range(4):
        wire.second()
        assert without_sound(driver)
    wire.second(report=True)
    assert driver.call.media.state == Flowing()


def test_a_far_end_that_reports_must_have_heard_us_again() -> None:
    """That packets leave here says little; where RTCP says what arrived there, it counts."""
    assert_proven_by_the_next_report(*connected_again())


def test_a_report_that_came_in_the_silence_tells_of_the_time_before_it() -> None:
    """The far end speaks of our packets for 8 s after the last one."""
    driver, wire = connected_again()
    wire.quiet(1)
    wire.second(received=0, report=True)
    assert_proven_by_the_next_report(driver, wire)


def test_a_new_stream_to_the_same_far_end_is_not_taken_for_one_that_never_reports() -> None:
    """Two ICE restarts that cross leave one side with a new stream, whose counters begin anew."""
    driver, wire = connected_again()
    wire.quiet(2)
    wire.sample = Sample()
    assert_proven_by_the_next_report(driver, wire)


def test_a_connection_that_replaced_the_old_one_has_no_reports_yet() -> None:
    """The far end's page came back with a new one: its counters begin anew."""
    driver, wire = talking()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    wire.second(report=True)
    media(driver, "peer_closed")
    wire.quiet(2)
    media(driver, "connected")
    driver.send(DialogKnown(call_uuid=CALL, dialog=replace(DIALOG, sip_call_id="dialog-2")))
    wire.sample = Sample()
    wire.second()
    assert driver.call.media.state == Flowing()


def test_a_call_that_is_kept_unheard_is_not_called_good() -> None:
    """Both ways were not seen: the call goes on, and nobody is told that all is well."""
    driver, wire = talking()
    media(driver, "failed")
    media(driver, "connected")
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert (driver.call.live, type(driver.call.media.state)) == (True, Unproven)
    assert driver.call.quality == "poor"
    wire.second()
    wire.second()
    assert driver.call.quality == "good"


def test_a_call_that_hears_but_is_not_heard_is_kept_as_poor() -> None:
    driver, wire = talking()
    wire.second(report=True)
    media(driver, "failed")
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    while without_sound(driver):
        if driver.due_in(Timer(TimerKind.MEDIA_LOST, CALL)) < driver.due_in(Timer(TimerKind.SAMPLE, CALL)):
            driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
        else:
            wire.second()
    wire.second()
    assert (driver.errors(), driver.call.quality) == ([], "poor")
    wire.second(report=True)
    assert driver.call.quality == "good"
