"""What agents and peers do within a call: hold, mute, digits, transfer, microphone, time-outs."""

from __future__ import annotations

import pytest

from embed_app.core import effects as do
from embed_app.core import messages as msg
from embed_app.core.model import CallState, LinkState, Panel, Sound, TransferState
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    OTHER,
    THIRD,
    Driver,
    answered_inbound,
    answered_outbound,
    bye,
    config,
    dial,
    invite,
    phone_in,
    registered,
    types,
)


def reasons(driver: Driver) -> list[str]:
    return [event.reason for event in driver.told(ev.CallHangup)]


# ---- dialling


def test_two_clicks_are_one_invite() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(dial(call_uuid=OTHER), after=0.05)
    assert driver.asked(do.SendInvite) == 1
    assert driver.errors() == ["call_in_progress"]


@pytest.mark.parametrize(
    "state", [LinkState.CONFIGURING, LinkState.CONNECTING, LinkState.REGISTERING, LinkState.WAITING]
)
def test_a_call_before_the_phone_is_up_is_kept_and_sent(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(dial())
    assert driver.asked(do.SendInvite) == 0
    steps = {
        LinkState.CONFIGURING: (msg.ConfigReceived(config=config()),),
        LinkState.WAITING: (msg.WentOnline(),),
    }
    for step in (*steps.get(state, ()), msg.TransportUp(), msg.RegisterAccepted(), msg.RegisterAccepted()):
        driver.send(step)
    assert driver.asked(do.SendInvite) == 1
    assert driver.call.state is CallState.INVITING


def test_a_kept_call_is_given_up_after_twenty_seconds() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(dial())
    assert driver.due_in(f"queue:{CALL}") == 20
    driver.fire(f"queue:{CALL}")
    assert reasons(driver) == ["unavailable"]
    driver.send(msg.TransportUp())
    driver.send(msg.RegisterAccepted())
    assert driver.asked(do.SendInvite) == 0


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.LEAVING, LinkState.REFUSED])
def test_a_phone_that_is_not_coming_up_does_not_call(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(dial())
    assert (driver.errors(), driver.phone.calls) == (["not_registered"], ())


@pytest.mark.parametrize(
    ("name", "reason"), [("queue", "unavailable"), ("invite", "no_answer"), ("ring", "no_answer")]
)
def test_nothing_rings_for_ever(name: str, reason: str) -> None:
    driver = phone_in(LinkState.REGISTERING) if name == "queue" else registered()
    driver.send(invite() if name == "ring" else dial())
    driver.fire(f"{name}:{CALL}")
    assert reasons(driver) == [reason]


def test_the_timers_of_a_call_end_with_it() -> None:
    driver = registered()
    for step in (dial(), msg.CallAccepted(call_uuid=CALL), msg.TransferRequested(target="1002"), bye()):
        driver.send(step)
    assert [name for name in driver.phone.timers if CALL in name] == []


# ---- hold and mute


def test_held_is_what_the_peer_accepted() -> None:
    driver = answered_outbound().forget()
    driver.send(msg.HoldRequested())
    assert (driver.last(), driver.events, driver.call.held) == ((do.SetHold(CALL, True),), [], False)
    driver.send(msg.HoldChanged(call_uuid=CALL, held=True))
    assert [event.call.state for event in driver.told(ev.CallUpdated)] == ["held"]
    driver.send(msg.HoldRequested())
    assert driver.last() == ()
    driver.send(msg.UnholdRequested())
    driver.send(msg.HoldChanged(call_uuid=CALL, held=False))
    assert [event.call.held for event in driver.told(ev.CallUpdated)] == [True, False]


def test_an_unhold_in_the_same_breath_is_not_lost() -> None:
    driver = answered_outbound().forget()
    driver.send(msg.HoldRequested())
    driver.send(msg.UnholdRequested())
    assert driver.asked(do.SetHold) == 1, "one re-INVITE at a time"
    driver.send(msg.HoldChanged(call_uuid=CALL, held=True))
    assert driver.last() == (do.SetHold(CALL, False),)
    driver.send(msg.HoldChanged(call_uuid=CALL, held=False))
    assert (driver.last(), driver.call.held) == ((), False)


def test_a_refused_hold_is_told_and_can_be_tried_again() -> None:
    driver = answered_outbound().forget()
    driver.send(msg.HoldRequested())
    driver.send(msg.HoldFailed(call_uuid=CALL, held=True, status=488))
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.call_uuid, error.error.detail) == (
        "hold_failed",
        CALL,
        {"status": 488},
    )
    driver.send(msg.HoldRequested())
    assert driver.asked(do.SetHold) == 2


@pytest.mark.parametrize("wish", [msg.HoldRequested(), msg.TransferRequested(target="1002")])
def test_what_needs_the_wire_is_refused_without_it(wish: msg.CallWish) -> None:
    driver = answered_outbound().forget()
    driver.send(msg.TransportDown())
    driver.send(wish)
    assert driver.errors() == ["not_registered"]
    assert driver.call.live


def test_mute_is_known_before_there_is_a_track_to_mute() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(msg.MuteRequested())
    driver.send(msg.MuteRequested())
    assert driver.asked(do.SetMute) == 1
    driver.send(msg.CallAccepted(call_uuid=CALL))
    assert do.SetMute(CALL, True) in driver.last()
    driver.send(msg.UnmuteRequested())
    assert [event.call.muted for event in driver.told(ev.CallUpdated)] == [True, False]


# ---- which call


@pytest.mark.parametrize(
    "wish", [msg.AnswerRequested(), msg.HangupRequested(), msg.MuteRequested(), msg.DtmfRequested(digits="1")]
)
def test_without_a_call_it_is_told(wish: msg.CallWish) -> None:
    driver = registered()
    driver.send(wish)
    assert (driver.errors(), driver.last()) == (["no_call"], ())


def test_an_unknown_uuid_never_means_the_active_call() -> None:
    driver = answered_outbound().forget()
    driver.send(msg.HangupRequested(call_uuid=THIRD))
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.call_uuid, driver.call.live) == ("no_call", THIRD, True)


def test_a_uuid_chooses_and_none_means_the_answered_call() -> None:
    driver = answered_outbound()
    driver.send(msg.Referred(call_uuid=CALL, new_call_uuid=OTHER, number="1003"))
    driver.forget().send(msg.HangupRequested(call_uuid=OTHER))
    assert do.CancelInvite(OTHER) in driver.last()
    driver.send(msg.HangupRequested())
    assert do.SendBye(CALL) in driver.last()


# ---- digits


@pytest.mark.parametrize(
    ("second", "gap", "heard"),
    [(("5", "rtp"), 0.1, 1), (("5", "rtp"), 1.0, 2), (("5", "info"), 0.1, 2), (("6", "rtp"), 0.1, 2)],
)
def test_a_digit_that_comes_both_ways_is_one(second: tuple[str, str], gap: float, heard: int) -> None:
    driver = answered_outbound()
    driver.send(msg.DigitReceived(call_uuid=CALL, digit="5", via="info"))
    driver.send(msg.DigitReceived(call_uuid=CALL, digit=second[0], via=second[1]), after=gap)
    assert len(driver.told(ev.Dtmf)) == heard


# ---- transfer


def transferring() -> Driver:
    driver = answered_inbound()
    driver.send(msg.TransferRequested(target="10-02"))
    assert do.SendRefer(CALL, "1002") in driver.last()
    return driver.forget()


def test_a_transfer_that_is_taken_ends_our_call() -> None:
    driver = transferring()
    for step in (
        msg.ReferAccepted(call_uuid=CALL),
        msg.ReferProgress(call_uuid=CALL, status=100),
        msg.ReferProgress(call_uuid=CALL, status=180),
    ):
        driver.send(step)
    assert driver.call.live
    driver.send(msg.ReferProgress(call_uuid=CALL, status=200))
    assert do.SendBye(CALL) in driver.last()
    assert reasons(driver) == ["transferred"]


def test_a_pbx_that_says_bye_itself_transferred_too() -> None:
    driver = transferring()
    driver.send(msg.ReferAccepted(call_uuid=CALL))
    driver.send(bye())
    assert reasons(driver) == ["transferred"]


@pytest.mark.parametrize(
    "failure",
    [msg.ReferProgress(call_uuid=CALL, status=486), msg.ReferFailed(call_uuid=CALL, status=603), None],
)
def test_a_transfer_that_fails_gives_the_call_back(failure: msg.Message | None) -> None:
    driver = transferring()
    if failure is None:
        driver.fire(f"transfer:{CALL}")
    else:
        driver.send(failure)
    assert driver.errors() == ["transfer_failed"]
    assert (driver.call.live, driver.call.transfer) == (True, TransferState.NONE)
    driver.send(msg.TransferRequested(target="1003"))
    assert do.SendRefer(CALL, "1003") in driver.last()


def test_one_transfer_at_a_time() -> None:
    driver = transferring()
    driver.send(msg.TransferRequested(target="1003"))
    assert (driver.errors(), driver.last()) == (["invalid_state"], ())


def test_a_peer_that_transfers_us_is_followed_once() -> None:
    driver = answered_outbound()
    driver.send(msg.Referred(call_uuid=CALL, new_call_uuid=OTHER, number="1003"))
    assert do.AcceptRefer(CALL, OTHER) in driver.last()
    driver.send(msg.Referred(call_uuid=CALL, new_call_uuid=THIRD, number="1004"))
    assert driver.last() == (do.RejectRefer(CALL),)
    assert len(driver.phone.live_calls) == 2


@pytest.mark.parametrize("number", ["1003@evil.example", "", "1003\r\nX-Evil: 1", "tel:+84"])
def test_a_peer_cannot_make_us_call_what_no_number_is(number: str) -> None:
    driver = answered_outbound()
    driver.send(msg.Referred(call_uuid=CALL, new_call_uuid=OTHER, number=number))
    assert driver.last() == (do.RejectRefer(CALL),)


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
    driver.send(msg.MicrophoneFailed(call_uuid=CALL, name=name))
    driver.send(msg.CallEnded(call_uuid=CALL, by_remote=False, kind="failed"))
    assert (driver.errors(), reasons(driver)) == ([code], ["mic_denied"])
    assert driver.phone.banner == code


def test_blocked_playback_is_told_and_a_tap_unlocks_it() -> None:
    driver = registered()
    driver.send(invite())
    assert types(driver.send(msg.PlaybackBlocked(call_uuid=CALL))) == ["audio_autoplay_blocked"]
    assert driver.call.audio_blocked
    driver.send(msg.AudioUnlockRequested())
    assert driver.last() == (do.UnlockAudio(),)
    driver.send(msg.PlaybackStarted(call_uuid=CALL))
    assert not driver.call.audio_blocked


def test_failed_media_ends_the_call_once() -> None:
    driver = answered_outbound()
    for _ in range(2):
        driver.send(msg.MediaChanged(call_uuid=CALL, state="failed"))
    assert reasons(driver) == ["media_lost"]


# ---- what is folded out, what is heard


def test_no_panel_without_a_call() -> None:
    driver = answered_outbound()
    driver.send(msg.PanelChosen(panel=Panel.KEYPAD))
    shown = [driver.phone.panel]
    for step in (bye(), msg.PanelChosen(panel=Panel.KEYPAD)):
        driver.send(step)
        shown.append(driver.phone.panel)
    assert shown == [Panel.KEYPAD, Panel.NONE, Panel.NONE]


def test_a_referred_call_rings_back_beside_the_answered_one() -> None:
    driver = answered_outbound()
    driver.send(msg.Referred(call_uuid=CALL, new_call_uuid=OTHER, number="1003"))
    driver.send(msg.CallProgress(call_uuid=OTHER, status=180))
    assert driver.last() == (do.PlaySound(Sound.RINGBACK),)
    driver.send(bye())
    driver.send(msg.CallAccepted(call_uuid=OTHER))
    assert do.PlaySound(Sound.NONE) in driver.last()


def test_the_closing_line_stays_for_some_seconds_only() -> None:
    driver = answered_outbound()
    driver.send(bye())
    assert driver.phone.last_ended is not None
    driver.fire("ended")
    assert driver.phone.last_ended is None
