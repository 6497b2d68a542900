"""The sound of answered calls (faults 2, 10 to 12, 15, 27, 41, 44): lost, mended, given up, judged."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.effects import SendBye, SetHold
from embed_app.core.call.glare import glare_wait
from embed_app.core.call.messages import (
    CallAccepted,
    DialRequested,
    HoldChanged,
    HoldFailed,
    HoldRequested,
    MicrophoneFailed,
    UnholdRequested,
)
from embed_app.core.link.effects import CloseTransport, Ping
from embed_app.core.link.keep_alive import PONG_WITHIN_MEDIA_LOST
from embed_app.core.link.messages import (
    Pong,
    RegisterAccepted,
    RegisterFailed,
    TransportDown,
    TransportUp,
    WentOffline,
    WentOnline,
)
from embed_app.core.link.values import LinkState
from embed_app.core.media.effects import ReopenMicrophone, RestartIce, SampleMedia
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MediaSampled,
    MicrophoneEnded,
    MicrophoneReady,
)
from embed_app.core.media.repair import GIVE_UP_AFTER, NO_AUDIO_AFTER, PATIENCE, RETRY_AFTER
from embed_app.core.media.values import Sample
from embed_app.core.message import Message
from embed_app.core.sound.messages import DevicesChanged
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import CALL, Driver, answered_inbound, answered_outbound, bye, registered, types
from tests.core.wire import Wire, media, restarts, talking


def reasons(driver: Driver) -> list[str]:
    return [event.reason for event in driver.told(ev.CallHangup)]


# ---- lost and mended


def test_a_short_disconnection_is_left_alone() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    assert driver.due_in(Timer(TimerKind.ICE_RESTART, CALL)) == PATIENCE
    wire.second(received=0)
    media(driver, "connected")
    wire.second()
    assert Timer(TimerKind.ICE_RESTART, CALL) not in driver.phone.timers
    assert (restarts(driver), driver.call.media.lost_at) == (0, None)


def test_a_call_that_loses_its_sound_asks_at_once_whether_the_line_lives() -> None:
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
    assert driver.call.media.lost_at is not None


def test_a_line_that_answers_is_kept_while_the_sound_is_mended() -> None:
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
    assert driver.call.media.lost_at is not None, "connected is not heard"
    wire.second()
    assert driver.call.media.lost_at is None
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
    assert driver.call.media.lost_at is not None
    wire.second()
    assert driver.call.media.lost_at is None


def test_a_call_we_hold_is_recovered_without_the_far_end_sending() -> None:
    driver, wire = talking()
    driver.send(HoldRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    media(driver, "failed")
    wire.second(received=0, direction="sendonly")
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    assert driver.call.media.lost_at is not None
    wire.second(received=0, direction="sendonly")
    assert driver.call.media.lost_at is None


def test_counters_that_begin_anew_after_a_restart_are_packets_too() -> None:
    driver, wire = talking()
    media(driver, "failed")
    wire.quiet(1)
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    wire.sample = Sample()
    wire.second(received=3, sent=3)
    assert driver.call.media.lost_at is None


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


# ---- tries


def lost_for_good(driver: Driver, answer: Callable[[], Message]) -> list[float]:
    """Fail, answer every restart, and let time pass to the end; when each restart went out."""
    start, sent = driver.now, []
    media(driver, "failed")
    while driver.phone.live_calls:
        if RestartIce(CALL) in driver.last():
            sent.append(driver.now - start)
            driver.send(answer())
        else:
            driver.fire(min(driver.timers, key=lambda name: driver.timers[name]))
    return sent


@pytest.mark.parametrize(
    "answer",
    [
        lambda: IceRestarted(call_uuid=CALL),
        lambda: IceRestartFailed(call_uuid=CALL, status=488),
        lambda: IceRestartFailed(call_uuid=CALL, status=491),
        lambda: IceRestartFailed(call_uuid=CALL, status=0),
    ],
)
def test_five_tries_then_the_call_is_given_up_after_thirty_seconds(answer: Callable[[], Message]) -> None:
    driver, _ = talking()
    start = driver.now
    sent = lost_for_good(driver, answer)
    assert len(sent) == len(RETRY_AFTER) == 5
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert gaps == sorted(gaps)
    assert GIVE_UP_AFTER - 2 <= driver.now - start <= GIVE_UP_AFTER, "counted from the last packet"
    assert (reasons(driver), driver.errors()) == (["media_lost"], ["media_lost"])
    assert SendBye(CALL) in driver.effects


def test_it_is_counted_from_the_last_packet_not_from_the_browsers_verdict() -> None:
    """Fault 11: ICE takes seconds to notice, and the far end has waited through them as well."""
    driver, wire = talking()
    start = driver.now
    for _ in range(6):
        wire.second(received=0)
    media(driver, "disconnected")
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.now - start <= GIVE_UP_AFTER
    assert reasons(driver) == ["media_lost"]


def test_a_connection_that_lives_is_never_hung_up_for_silence() -> None:
    driver, wire = talking()
    media(driver, "disconnected")
    media(driver, "connected")
    for _ in range(20):
        wire.second(received=0)
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert (driver.call.live, driver.errors()) == (True, ["no_audio"])
    assert (driver.call.media.lost_at, driver.call.quality) == (None, "poor")


def test_each_loss_has_its_own_five_tries() -> None:
    driver, wire = talking()
    for _ in range(3):
        for _ in range(3):
            media(driver, "failed")
            driver.send(IceRestartFailed(call_uuid=CALL, status=488))
        wire.quiet(1)
        media(driver, "connected")
        wire.second()
        assert driver.call.media.tries == 0
    assert driver.call.live


def test_a_far_end_that_knows_no_such_call_ends_it_once() -> None:
    """Fault 5: the PBX came back without its dialogs."""
    driver, _ = talking()
    media(driver, "failed")
    for _ in RETRY_AFTER[1:]:
        driver.send(IceRestartFailed(call_uuid=CALL, status=481))
        assert reasons(driver) == [], "its page may have been loaded anew, and take the call back in a moment"
        driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    driver.send(IceRestartFailed(call_uuid=CALL, status=481))
    driver.send(bye())
    assert reasons(driver) == ["signaling_lost"]


# ---- two offers cross (fault 41)


@given(st.floats(0, 1))
def test_the_wait_after_a_491_follows_the_owner_of_the_call_id(chance: float) -> None:
    """RFC 3261 section 14.1."""
    assert 2.1 <= glare_wait(answered_outbound().call, chance) <= 4.0
    assert 0.0 <= glare_wait(answered_inbound().call, chance) <= 2.0


def test_a_restart_that_crossed_is_sent_again() -> None:
    driver, _ = talking()
    media(driver, "failed")
    driver.send(IceRestartFailed(call_uuid=CALL, status=491), chance=1.0)
    assert driver.due_in(Timer(TimerKind.ICE_RESTART, CALL)) == pytest.approx(4.0)
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert RestartIce(CALL) in driver.last()


def test_a_hold_that_crossed_is_sent_again_and_nobody_hears_of_it() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
    driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    assert driver.last() == (SetHold(CALL, True),)
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    assert (driver.errors(), driver.call.held) == ([], True)


def test_a_hold_that_always_crosses_is_told_at_last() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    while Timer(TimerKind.HOLD_RETRY, CALL) in driver.phone.timers or driver.errors() == []:
        driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
        if Timer(TimerKind.HOLD_RETRY, CALL) in driver.phone.timers:
            driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    assert driver.errors() == ["hold_failed"]
    assert driver.asked(SetHold) == 6
    assert driver.call.hold_wanted is None


def test_a_wish_that_changed_during_the_wait_is_the_one_that_counts() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
    driver.send(UnholdRequested())
    driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    assert (driver.last(), driver.call.hold_wanted) == ((), None)


def test_one_offer_at_a_time() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    media(driver, "failed")
    assert restarts(driver) == 0
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert restarts(driver) == 1


# ---- the line is down as well


def line_comes_back(driver: Driver) -> None:
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    assert restarts(driver) == 0, "a re-INVITE before REGISTER finds no way back"
    driver.send(RegisterAccepted())


def test_media_lost_while_the_line_is_down_is_mended_after_register() -> None:
    driver, _ = talking()
    driver.send(TransportDown(reason="code 1006"))
    media(driver, "failed")
    assert restarts(driver) == 0
    line_comes_back(driver)
    assert RestartIce(CALL) in driver.last()


def test_a_patience_that_ended_while_the_line_was_down_is_mended_after_register() -> None:
    driver, _ = talking()
    media(driver, "disconnected")
    driver.send(TransportDown(reason="code 1006"))
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert (restarts(driver), driver.call.quality) == (0, "poor")
    line_comes_back(driver)
    assert RestartIce(CALL) in driver.last()


def test_a_renewed_registration_does_not_cut_the_patience_short() -> None:
    """Found with a call on hold: the restart came 0.2 s after "disconnected", and nobody was told of it."""
    driver, wire = talking()
    driver.send(HoldRequested())
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    for _ in range(5):
        wire.second(received=0, direction="sendonly")
    driver.forget()
    media(driver, "disconnected")
    driver.send(RegisterAccepted(), after=0.24)
    assert restarts(driver) == 0, "most connections come back by themselves"
    assert driver.due_in(Timer(TimerKind.ICE_RESTART, CALL)) == pytest.approx(PATIENCE - 0.24)
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert RestartIce(CALL) in driver.last()
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    wire.second(received=0, direction="sendonly")
    wire.second(received=0, direction="sendonly")
    assert [event.call.quality for event in driver.told(ev.CallUpdated)] == ["poor", "good"]


def test_a_reconnect_alone_restarts_nothing_that_is_heard() -> None:
    driver, _ = talking()
    driver.send(TransportDown(reason="code 1006"))
    line_comes_back(driver)
    assert restarts(driver) == 0


def test_a_restart_the_dropped_line_swallowed_is_sent_again() -> None:
    driver, _ = talking()
    media(driver, "failed")
    driver.send(TransportDown(reason="code 1006"))
    driver.send(IceRestartFailed(call_uuid=CALL, status=0))
    driver.forget()
    line_comes_back(driver)
    assert restarts(driver) == 1


def test_a_line_that_never_comes_back_ends_in_one_hangup() -> None:
    driver, _ = talking()
    driver.send(TransportDown(reason="code 1006"))
    media(driver, "failed")
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert (reasons(driver), driver.errors()) == (["media_lost"], ["media_lost"])


def test_offline_and_online_again_restarts_ice_once_the_socket_proves_alive() -> None:
    """Fault 12: another interface has other addresses, although nothing was lost yet."""
    driver, _ = talking()
    driver.send(WentOffline())
    driver.send(WentOnline())
    assert restarts(driver) == 0
    driver.send(Pong(crlf=True))
    assert RestartIce(CALL) in driver.last()
    driver.send(IceRestarted(call_uuid=CALL))
    driver.fire(Timer(TimerKind.PING))
    driver.send(Pong(crlf=True))
    assert restarts(driver) == 1


def test_offline_and_online_on_a_dead_socket_restarts_ice_after_the_reconnect() -> None:
    """Fault 3."""
    driver, _ = talking()
    driver.send(WentOffline(), after=1)
    driver.send(WentOnline(), after=20)
    driver.fire(Timer(TimerKind.PONG))
    driver.fire(Timer(TimerKind.PONG))
    driver.send(TransportDown(reason="closed"))
    line_comes_back(driver)
    assert restarts(driver) == 1


def test_online_without_offline_is_no_change_of_the_network() -> None:
    driver, _ = talking()
    driver.send(WentOnline())
    driver.send(Pong(crlf=True))
    assert restarts(driver) == 0


def test_a_refused_phone_still_mends_its_call() -> None:
    driver, _ = talking()
    driver.send(RegisterFailed(status=403))
    assert driver.state is LinkState.REFUSED
    media(driver, "failed")
    assert restarts(driver) == 1


# ---- nothing is heard from the start (fault 44)


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


def test_media_that_never_connects_is_given_up() -> None:
    driver = answered_outbound().forget()
    driver.fire(Timer(TimerKind.NO_AUDIO, CALL))
    assert driver.errors() == ["no_audio"]
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert reasons(driver) == ["media_lost"]


def test_media_that_failed_before_the_answer_is_mended_after_it() -> None:
    driver = registered()
    for step in (
        DialRequested(call_uuid=CALL, number="1002"),
        MediaChanged(call_uuid=CALL, state="failed"),
        CallAccepted(call_uuid=CALL),
    ):
        driver.send(step)
    assert restarts(driver) == 1


# ---- quality (fault 15)


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


def test_a_sample_that_is_never_answered_is_asked_for_again() -> None:
    driver, _ = talking()
    driver.fire(Timer(TimerKind.SAMPLE, CALL))
    driver.fire(Timer(TimerKind.SAMPLE, CALL))
    assert driver.asked(SampleMedia) == 2


# ---- the microphone of a running call (fault 27)


def test_an_unplugged_microphone_is_replaced_without_a_word() -> None:
    driver, _ = talking()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    assert driver.last() == (ReopenMicrophone(CALL),)
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert (driver.events, driver.call.media.microphone_lost) == ([], False)


def test_no_other_microphone_is_told_and_the_call_lives() -> None:
    driver, _ = talking()
    driver.send(MicrophoneEnded(call_uuid=CALL))
    driver.send(MicrophoneFailed(call_uuid=CALL, name="NotFoundError"))
    assert (driver.errors(), driver.phone.banner, driver.call.live) == (["mic_lost"], "mic_lost", True)
    driver.send(DevicesChanged())
    assert driver.last() == (ReopenMicrophone(CALL),)
    driver.send(MicrophoneReady(call_uuid=CALL))
    assert driver.phone.banner == ""
    driver.send(DevicesChanged())
    assert driver.last() == ()


@pytest.mark.parametrize("name", ["PolicyBlocked", "SecurityError"])
def test_a_microphone_the_page_may_not_ask_for_is_another_error_than_a_denied_one(name: str) -> None:
    driver = registered()
    driver.send(DialRequested(call_uuid=CALL, number="1002"))
    driver.send(MicrophoneFailed(call_uuid=CALL, name=name))
    assert driver.errors() == ["mic_blocked"]
