"""The re-INVITE that looks for a new path (faults 3, 5, 12, 41): when it goes out, and how often."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from embed_app.core.call.effects import SendBye
from embed_app.core.call.messages import (
    HoldChanged,
    HoldRequested,
)
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
from embed_app.core.media.effects import RestartIce
from embed_app.core.media.ice_restart import RETRY_AFTER
from embed_app.core.media.loss import GIVE_UP_AFTER, PATIENCE
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
)
from embed_app.core.message import Message
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    Driver,
    bye,
)
from tests.core.wire import media, restarts, talking

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
    assert (driver.reasons(), driver.errors()) == (["media_lost"], ["media_lost"])
    assert SendBye(CALL) in driver.effects


def test_each_loss_has_its_own_five_tries() -> None:
    driver, wire = talking()
    for _ in range(3):
        for _ in range(3):
            media(driver, "failed")
            driver.send(IceRestartFailed(call_uuid=CALL, status=488))
        wire.quiet(1)
        media(driver, "connected")
        wire.second()
        assert driver.call.media.restart_tries == 0
    assert driver.call.live


def test_a_far_end_that_knows_no_such_call_ends_it_once() -> None:
    """Fault 5: the PBX came back without its dialogs."""
    driver, _ = talking()
    media(driver, "failed")
    for _ in RETRY_AFTER[1:]:
        driver.send(IceRestartFailed(call_uuid=CALL, status=481))
        assert driver.reasons() == [], "its page may have been loaded anew, and take the call back soon"
        driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    driver.send(IceRestartFailed(call_uuid=CALL, status=481))
    driver.send(bye())
    assert driver.reasons() == ["signaling_lost"]


# ---- one offer at a time (fault 41)


def test_a_restart_that_crossed_is_sent_again() -> None:
    driver, _ = talking()
    media(driver, "failed")
    driver.send(IceRestartFailed(call_uuid=CALL, status=491), chance=1.0)
    assert driver.due_in(Timer(TimerKind.ICE_RESTART, CALL)) == pytest.approx(4.0)
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert RestartIce(CALL) in driver.last()


def test_one_offer_at_a_time() -> None:
    driver, _ = talking()
    driver.send(HoldRequested())
    media(driver, "failed")
    assert restarts(driver) == 0
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert restarts(driver) == 1


# ---- the WebSocket is down as well


def registered_again(driver: Driver) -> None:
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(TransportUp())
    assert restarts(driver) == 0, "a re-INVITE before REGISTER finds no way back"
    driver.send(RegisterAccepted())


def test_media_lost_while_the_websocket_is_down_is_mended_after_register() -> None:
    driver, _ = talking()
    driver.send(TransportDown(reason="code 1006"))
    media(driver, "failed")
    assert restarts(driver) == 0
    registered_again(driver)
    assert RestartIce(CALL) in driver.last()


def test_a_patience_that_ended_while_the_websocket_was_down_is_mended_after_register() -> None:
    driver, _ = talking()
    media(driver, "disconnected")
    driver.send(TransportDown(reason="code 1006"))
    driver.fire(Timer(TimerKind.ICE_RESTART, CALL))
    assert (restarts(driver), driver.call.quality) == (0, "poor")
    registered_again(driver)
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
    registered_again(driver)
    assert restarts(driver) == 0


def test_a_restart_the_dropped_websocket_swallowed_is_sent_again() -> None:
    driver, _ = talking()
    media(driver, "failed")
    driver.send(TransportDown(reason="code 1006"))
    driver.send(IceRestartFailed(call_uuid=CALL, status=0))
    driver.forget()
    registered_again(driver)
    assert restarts(driver) == 1


def test_a_refused_phone_still_mends_its_call() -> None:
    driver, _ = talking()
    driver.send(RegisterFailed(status=403))
    assert driver.state is LinkState.REFUSED
    media(driver, "failed")
    assert restarts(driver) == 1


# ---- another network (faults 3, 12)


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
    registered_again(driver)
    assert restarts(driver) == 1


def test_online_without_offline_is_no_change_of_the_network() -> None:
    driver, _ = talking()
    driver.send(WentOnline())
    driver.send(Pong(crlf=True))
    assert restarts(driver) == 0
