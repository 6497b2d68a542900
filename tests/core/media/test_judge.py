"""What shows that a lost sound is back at both ends: packets, and a report of the far end that is new."""

from __future__ import annotations

from dataclasses import replace

from embed_app.core.call.messages import DialogKnown
from embed_app.core.media.messages import IceRestarted
from embed_app.core.media.values import Sample
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import CALL, DIALOG, Driver
from tests.core.wire import Wire, media, talking


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
        assert driver.call.media.lost_at is not None
    wire.second(report=True)
    assert driver.call.media.lost_at is None


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
    driver.send(DialogKnown(call_uuid=CALL, dialog=replace(DIALOG, call_id="dialog-2")))
    wire.sample = Sample()
    wire.second()
    assert driver.call.media.lost_at is None


def test_a_call_that_is_kept_unheard_is_not_called_good() -> None:
    """Both ways were not seen: the call goes on, and nobody is told that all is well."""
    driver, wire = talking()
    media(driver, "failed")
    media(driver, "connected")
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert (driver.call.live, driver.call.media.lost_at) == (True, None)
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
    while driver.call.media.lost_at is not None:
        if driver.due_in(Timer(TimerKind.MEDIA_LOST, CALL)) < driver.due_in(Timer(TimerKind.SAMPLE, CALL)):
            driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
        else:
            wire.second()
    wire.second()
    assert (driver.errors(), driver.call.quality) == ([], "poor")
    wire.second(report=True)
    assert driver.call.quality == "good"
