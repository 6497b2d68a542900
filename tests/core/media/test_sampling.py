"""Packets that never come (fault 44), or stop in mid-call while ICE is connected (fault 12): a path dead one
way, or a far end that is silent.
"""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import (
    CallAccepted,
    DialogKnown,
    DialRequested,
    HoldChanged,
    HoldRequested,
)
from embed_app.core.link.messages import (
    OwnershipGranted,
    Pong,
    RegisterAccepted,
    TransportDown,
    TransportUp,
    WentOffline,
    WentOnline,
)
from embed_app.core.link.values import LinkState
from embed_app.core.media.effects import RestartIce, SampleMedia
from embed_app.core.media.loss import GIVE_UP_AFTER
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
)
from embed_app.core.media.sampling import NO_AUDIO_AFTER, STOPPED_AFTER
from embed_app.core.media.values import Flowing, Lost, Silence, Unproven
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from embed_app.tabs.codec import read_phone, write_phone
from tests.core.driver import (
    CALL,
    DIALOG,
    Driver,
    answered_outbound,
    phone_in,
    registered,
    types,
)
from tests.core.wire import Wire, media, restarts, talking, without_sound


def test_a_sample_that_is_never_answered_is_asked_for_again() -> None:
    driver, _ = talking()
    driver.fire(Timer(TimerKind.SAMPLE, CALL))
    driver.fire(Timer(TimerKind.SAMPLE, CALL))
    assert driver.asked(SampleMedia) == 2


def test_media_that_failed_before_the_answer_is_mended_after_it() -> None:
    driver = registered()
    for step in (
        DialRequested(call_uuid=CALL, number="1002"),
        MediaChanged(call_uuid=CALL, state="failed"),
        CallAccepted(call_uuid=CALL),
    ):
        driver.send(step)
    assert restarts(driver) == 1


def test_a_call_taken_over_without_sound_is_given_up_as_any_other() -> None:
    """Its timer was the other tab's, and that tab has gone."""
    left, _ = talking()
    left.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    media(left, "failed")
    driver = phone_in(LinkState.STANDBY)
    driver.send(OwnershipGranted(left=read_phone(write_phone(left.phone))))
    driver.send(TransportUp())
    driver.send(CallAccepted(call_uuid=CALL))
    assert without_sound(driver)
    assert driver.due_in(Timer(TimerKind.MEDIA_LOST, CALL)) == GIVE_UP_AFTER
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.reasons() == ["media_lost"]


# ---- nothing comes from the start (fault 44)


def silent_call() -> Driver:
    driver = answered_outbound()
    media(driver, "connected")
    return driver.forget()


def test_no_packet_after_the_answer_is_told_within_ten_seconds() -> None:
    assert NO_AUDIO_AFTER < 10
    driver = silent_call()
    wire = Wire(driver)
    for _ in range(5):
        wire.second(received=0)
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    assert (driver.errors(), driver.phone.banner) == (["no_audio"], "no_audio")
    assert driver.told(ev.Error)[0].error.call_uuid == CALL
    assert driver.call.live
    wire.second()
    assert driver.phone.banner == ""


def test_the_first_packet_ends_the_watch_for_silence() -> None:
    driver = silent_call()
    Wire(driver).second(received=1)
    assert Timer(TimerKind.NO_AUDIO, CALL) not in driver.phone.timers


def test_a_call_on_hold_may_be_silent() -> None:
    driver = silent_call()
    driver.send(HoldRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    assert (driver.errors(), Timer(TimerKind.NO_AUDIO, CALL) in driver.phone.timers) == ([], True)


def test_a_far_end_that_holds_us_may_be_silent() -> None:
    driver = silent_call()
    Wire(driver).second(received=0, direction="sendonly")
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    assert driver.errors() == []


# ---- packets stop


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


def test_packets_that_stop_are_missed_although_ice_is_connected() -> None:
    driver, wire = talking()
    assert wire.quiet(STOPPED_AFTER - 1) == []
    assert restarts(driver) == 0
    assert types(wire.quiet(1)) == ["call_updated"]
    assert (restarts(driver), type(driver.call.media.state)) == (1, Lost)
    assert (qualities(driver), driver.errors()) == (["poor"], [])


def test_packets_that_come_back_are_recovered() -> None:
    driver, wire = stopped()
    driver.send(IceRestarted(call_uuid=CALL))
    wire.quiet(2)
    wire.second()
    assert driver.call.media.state == Flowing()
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


def test_what_cannot_be_sent_yet_goes_out_with_the_registration() -> None:
    driver, wire = talking()
    driver.send(TransportDown(reason="code 1006"))
    wire.quiet(2 * STOPPED_AFTER)
    assert (restarts(driver), type(driver.call.media.state)) == (0, Lost)
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    assert restarts(driver) == 1


def test_a_connection_that_came_back_without_packets_is_restarted_once() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    wire.quiet(2)
    media(driver, "connected")
    wire.quiet(STOPPED_AFTER)
    assert restarts(driver) == 1


def test_a_far_end_that_sends_nothing_is_looked_for_once_and_kept() -> None:
    """Silence suppression, or a PBX that plays no music: no call is ended for that."""
    driver, wire = silent()
    assert driver.call.media.state == Unproven(silence=Silence.EXPECTED)
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
    assert (restarts(driver), type(driver.call.media.state)) == (1, Unproven)
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
    assert (restarts(driver), type(driver.call.media.state)) == (0, Unproven)
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
        if driver.call.media.restart.is_under_way:
            driver.send(IceRestartFailed(call_uuid=CALL, status=status))
        ice = Timer(TimerKind.ICE_RESTART, CALL)
        if ice in driver.timers and driver.due_in(ice) <= driver.due_in(Timer(TimerKind.SAMPLE, CALL)):
            driver.fire(ice)
        wire.quiet(1)
    assert (restarts(driver), driver.call.live, driver.reasons()) == (5, True, [])
    assert driver.call.quality == "poor"


def test_packets_from_before_the_loss_do_not_count() -> None:
    """Lost and connected again within the second in which they came."""
    driver, wire = talking()
    media(driver, "failed")
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    wire.second()
    assert without_sound(driver)
    wire.second()
    assert driver.call.media.state == Flowing()
