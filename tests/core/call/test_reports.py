"""Digits, transfers, the microphone, playback and media within a call."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import AcceptRefer, RejectRefer, SendBye, SendRefer
from embed_app.core.call.messages import (
    AudioUnlockRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    DigitReceived,
    DtmfFailed,
    MicrophoneFailed,
    PlaybackBlocked,
    PlaybackStarted,
    ReferAccepted,
    ReferFailed,
    ReferProgress,
    TransferRequested,
)
from embed_app.core.call.values import CallState, TransferState
from embed_app.core.media.messages import MediaChanged
from embed_app.core.message import Message
from embed_app.core.notices import Problem
from embed_app.core.screen.messages import PanelChosen
from embed_app.core.screen.values import Panel
from embed_app.core.sound.effects import PlaySound, UnlockAudio
from embed_app.core.sound.values import Sound
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    FOLLOWS,
    OTHER,
    THIRD,
    Driver,
    answered_inbound,
    answered_outbound,
    bye,
    dial,
    invite,
    refer,
    registered,
    types,
)

# ---- digits


def test_digits_that_did_not_arrive_are_a_problem_of_the_call() -> None:
    driver = answered_outbound()
    driver.send(DtmfFailed(call_uuid=CALL, status=415))
    assert driver.phone.notices == (Problem(code="dtmf_failed", call_uuid=CALL, detail={"status": 415}),)
    assert driver.call.state is CallState.ANSWERED


def test_of_a_call_that_is_not_answered_they_are_not_told() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(DtmfFailed(call_uuid=CALL, status=415))
    assert driver.phone.notices == ()


@pytest.mark.parametrize(
    ("second", "gap", "heard"),
    [(("5", "rtp"), 0.1, 1), (("5", "rtp"), 1.0, 2), (("5", "info"), 0.1, 2), (("6", "rtp"), 0.1, 2)],
)
def test_a_digit_that_comes_both_ways_is_one(second: tuple[str, str], gap: float, heard: int) -> None:
    driver = answered_outbound()
    driver.send(DigitReceived(call_uuid=CALL, digit="5", via="info"))
    driver.send(DigitReceived(call_uuid=CALL, digit=second[0], via=second[1]), after=gap)
    assert len(driver.told(ev.Dtmf)) == heard


# ---- transfer


def transferring() -> Driver:
    driver = answered_inbound()
    driver.send(TransferRequested(target="10-02"))
    assert SendRefer(CALL, "1002") in driver.last()
    return driver.forget()


def test_a_transfer_that_is_taken_ends_our_call() -> None:
    driver = transferring()
    for step in (
        ReferAccepted(call_uuid=CALL),
        ReferProgress(call_uuid=CALL, status=100),
        ReferProgress(call_uuid=CALL, status=180),
    ):
        driver.send(step)
    assert driver.call.live
    driver.send(ReferProgress(call_uuid=CALL, status=200))
    assert SendBye(CALL) in driver.last()
    assert driver.reasons() == ["transferred"]


def test_a_pbx_that_says_bye_itself_transferred_too() -> None:
    driver = transferring()
    driver.send(ReferAccepted(call_uuid=CALL))
    driver.send(bye())
    assert driver.reasons() == ["transferred"]


@pytest.mark.parametrize(
    "failure",
    [ReferProgress(call_uuid=CALL, status=486), ReferFailed(call_uuid=CALL, status=603), None],
)
def test_a_transfer_that_fails_gives_the_call_back(failure: Message | None) -> None:
    driver = transferring()
    if failure is None:
        driver.fire(Timer(TimerKind.TRANSFER, CALL))
    else:
        driver.send(failure)
    assert driver.errors() == ["transfer_failed"]
    assert (driver.call.live, driver.call.transfer) == (True, TransferState.NONE)
    driver.send(TransferRequested(target="1003"))
    assert SendRefer(CALL, "1003") in driver.last()


def test_one_transfer_at_a_time() -> None:
    driver = transferring()
    driver.send(TransferRequested(target="1003"))
    assert (driver.errors(), driver.last()) == (["invalid_state"], ())


def test_a_peer_that_transfers_us_is_followed_once() -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer("1003"))
    assert AcceptRefer(CALL, OTHER, "1003") in driver.last()
    driver.send(refer("1004", new_call_uuid=THIRD))
    assert driver.last() == (RejectRefer(CALL, THIRD),)
    assert len(driver.phone.live_calls) == 2


@pytest.mark.parametrize("number", ["1003@evil.example", "", "1003\r\nX-Evil: 1", "tel:+84"])
def test_a_peer_cannot_make_us_call_what_no_number_is(number: str) -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer(number))
    assert driver.last() == (RejectRefer(CALL, OTHER),)


# ---- microphone, playback, media


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NotAllowedError", "mic_denied"),
        ("SecurityError", "mic_blocked"),
        ("NotFoundError", "mic_missing"),
        ("NotReadableError", "mic_busy"),
        ("Whatever", "mic_busy"),
    ],
)
def test_each_way_to_lack_a_microphone_has_its_error(name: str, code: str) -> None:
    driver = registered()
    driver.send(dial())
    driver.send(MicrophoneFailed(call_uuid=CALL, name=name))
    driver.send(CallEnded(call_uuid=CALL, by_remote=False, kind="failed"))
    assert (driver.errors(), driver.reasons()) == ([code], ["mic_denied"])
    assert driver.phone.banner == code


def test_blocked_playback_is_told_and_a_tap_unlocks_it() -> None:
    driver = registered()
    driver.send(invite())
    assert types(driver.send(PlaybackBlocked(call_uuid=CALL))) == ["audio_autoplay_blocked"]
    assert driver.call.audio_blocked
    driver.send(AudioUnlockRequested())
    assert driver.last() == (UnlockAudio(),)
    driver.send(PlaybackStarted(call_uuid=CALL))
    assert not driver.call.audio_blocked


def test_failed_media_ends_the_call_once_and_not_at_once() -> None:
    driver = answered_outbound()
    for _ in range(2):
        driver.send(MediaChanged(call_uuid=CALL, state="failed"))
    assert driver.call.live
    driver.fire(Timer(TimerKind.MEDIA_LOST, CALL))
    assert driver.reasons() == ["media_lost"]


# ---- what is folded out, what is heard


def test_no_panel_without_a_call() -> None:
    driver = answered_outbound()
    driver.send(PanelChosen(panel=Panel.KEYPAD))
    shown = [driver.phone.panel]
    for step in (bye(), PanelChosen(panel=Panel.KEYPAD)):
        driver.send(step)
        shown.append(driver.phone.panel)
    assert shown == [Panel.KEYPAD, Panel.NONE, Panel.NONE]


def test_a_referred_call_rings_back_beside_the_answered_one() -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer())
    driver.send(CallProgress(call_uuid=OTHER, status=180))
    assert driver.last() == (PlaySound(Sound.RINGBACK),)
    driver.send(bye())
    driver.send(CallAccepted(call_uuid=OTHER))
    assert PlaySound(Sound.NONE) in driver.last()


def test_the_closing_line_stays_for_some_seconds_only() -> None:
    driver = answered_outbound()
    driver.send(bye())
    assert driver.phone.last_ended is not None
    driver.fire(Timer(TimerKind.ENDED_SHOWN))
    assert driver.phone.last_ended is None
