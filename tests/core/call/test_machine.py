"""Every state of a call x every message, against a table written from contract section 3 and RFC 3261."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from embed_app.core.call.effects import (
    AcceptInvite,
    CallEffect,
    CancelInvite,
    RejectInvite,
    RejectRefer,
    SendBye,
    SendDtmf,
    SendRefer,
    SetHold,
    SetMute,
)
from embed_app.core.call.messages import AnswerRequested, CallProgress, HangupRequested
from embed_app.core.call.values import CallState, Direction
from embed_app.core.effect import Effect
from embed_app.core.link.messages import TransportDown
from embed_app.core.link.values import LinkState
from embed_app.core.media.effects import RestartIce
from embed_app.core.resume.effects import CancelReplacement
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    Driver,
    answered_inbound,
    answered_outbound,
    dial,
    invite,
    phone_in,
    registered,
    resuming,
)
from tests.core.every_message import CALLS, EVERY

HANGUPS = ("Hangup", "Hangup any", "Disconnect")
ENDS = ("Ended bye", "Ended cancel", "Ended reject", "Ended failed")
RESUME_ENDS = (
    *HANGUPS,
    "MicrophoneFailed",
    "ReplacementFailed 481",
    "timer resume_limit",
)
TO_ENDED: Mapping[str, tuple[str, ...]] = {
    "out queued": (
        *HANGUPS,
        "NotTaken",
        "timer queued",
        "RegisterFailed 401",
        "RegisterFailed 403",
        "ConfigureFailed",
    ),
    "out inviting": (*HANGUPS, *ENDS, "Down", "MicrophoneFailed", "timer inviting"),
    "out ringing": (*HANGUPS, *ENDS, "Down", "MicrophoneFailed", "timer inviting"),
    "out answered": (*HANGUPS, *ENDS),
    "in ringing": (*HANGUPS, *ENDS, "Down", "timer ringing"),
    "in answering": (*HANGUPS, *ENDS, "Down", "MicrophoneFailed"),
    "in answered": (*HANGUPS, *ENDS),
    "out resuming": RESUME_ENDS,
    "in resuming": RESUME_ENDS,
    "ended": (),
}
MOVES: Mapping[tuple[str, str], CallState] = {
    ("out queued", "RegisterAccepted"): CallState.INVITING,
    ("out queued", "RegisterAccepted realm"): CallState.INVITING,
    ("out inviting", "Progress 180"): CallState.RINGING,
    ("out inviting", "Progress 183"): CallState.RINGING,
    ("out inviting", "Accepted"): CallState.ANSWERED,
    ("out ringing", "Accepted"): CallState.ANSWERED,
    ("in ringing", "Answer"): CallState.ANSWERING,
    ("in ringing", "Answer any"): CallState.ANSWERING,
    ("in answering", "Accepted"): CallState.ANSWERED,
    ("out resuming", "Accepted"): CallState.ANSWERED,
    ("in resuming", "Accepted"): CallState.ANSWERED,
    **{(state, label): CallState.ENDED for state, labels in TO_ENDED.items() for label in labels},
}
# The state stays, but something about the call is noted or asked for.
MEDIA = ("Media connected", "Media disconnected", "Media failed")
TAKEOVERS = ("Takeover same", "Takeover foreign")
ALWAYS = ("Mute", "PlaybackBlocked", "PlaybackStarted", *MEDIA, *TAKEOVERS)
WATCHED = ("Media sampled", "MicrophoneEnded", "MicrophoneReady", "timer sample", "timer no_audio")
WHILE_ANSWERED = (
    "Dialog",
    "Hold",
    "Dtmf",
    "Transfer",
    "Ask and transfer",
    "Held",
    "Digit",
    "Referred",
    "Referred bad",
    *WATCHED,
)
TOUCHES: Mapping[str, tuple[str, ...]] = {
    "out queued": (*ALWAYS, "Sent"),
    "out inviting": (*ALWAYS, "Sent", "PageLeft"),
    "out ringing": (*ALWAYS, "Sent", "PageLeft"),
    "out answered": (*ALWAYS, *WHILE_ANSWERED, "Sent"),
    "in ringing": (*ALWAYS, "Silence"),
    "in answering": ALWAYS,
    "in answered": (*ALWAYS, *WHILE_ANSWERED),
    "out resuming": (*ALWAYS, "timer resume_try"),
    "in resuming": (*ALWAYS, "timer resume_try"),
    "ended": (),
}


def call_in(state: str) -> Driver:
    match state:
        case "out queued":
            driver = phone_in(LinkState.REGISTERING)
            driver.send(dial())
        case "out inviting":
            driver = registered()
            driver.send(dial())
        case "out ringing":
            driver = registered()
            driver.send(dial())
            driver.send(CallProgress(call_uuid=CALL, status=180))
        case "out answered":
            driver = answered_outbound()
        case "in ringing":
            driver = registered()
            driver.send(invite())
        case "in answering":
            driver = registered()
            driver.send(invite())
            driver.send(AnswerRequested())
        case "in answered":
            driver = answered_inbound()
        case "out resuming":
            driver = resuming()
        case "in resuming":
            driver = resuming(Direction.INBOUND)
        case _:
            driver = answered_outbound()
            driver.send(HangupRequested())
            assert driver.call.state is CallState.ENDED
            return driver.forget()
    assert driver.call.state.value == state.split()[1]
    return driver.forget()


def about(driver: Driver) -> list[CallEffect]:
    return [e for e in driver.last() if isinstance(e, CallEffect) and e.call_uuid == CALL]


def uuid_of(event: ev.Event) -> str | None:
    call = getattr(event, "call", None)
    return call.uuid if isinstance(call, ev.CallObject) else None


def what_went_wrong(state: str, label: str) -> str | None:
    driver = call_in(state)
    before = driver.call
    driver.send(EVERY[label](driver.phone))
    after = next(call for call in driver.phone.calls if call.uuid == CALL)
    expected = MOVES.get((state, label), before.state)
    if after.state is not expected:
        return f"{after.state} instead of {expected}"
    hangups = [event for event in driver.told(ev.CallHangup) if event.call.uuid == CALL]
    if len(hangups) != (expected is CallState.ENDED):
        return f"{len(hangups)} call_hangup"
    if (state, label) in MOVES or label in TOUCHES[state]:
        return None
    if after != before:
        return f"changed the call: {after} was {before}"
    effects = [e for e in about(driver) if not isinstance(e, RejectRefer)]
    return f"asked for {effects}" if effects else None


@pytest.mark.parametrize("state", [state for state in TO_ENDED if state != "ended"])
def test_a_call_moves_by_the_table_and_by_nothing_else(state: str) -> None:
    wrong = {label: found for label in EVERY if (found := what_went_wrong(state, label)) is not None}
    assert wrong == {}


@pytest.mark.parametrize("label", [label for label in CALLS if label not in ("Invite again", "Record")])
def test_an_ended_call_is_over(label: str) -> None:
    driver = call_in("ended")
    driver.send(EVERY[label](driver.phone))
    assert CALL not in [call.uuid for call in driver.phone.calls]
    assert [e for e in about(driver) if not isinstance(e, RejectRefer)] == []
    assert CALL not in [uuid_of(event) for event in driver.events]


@pytest.mark.parametrize(
    ("state", "label", "effect"),
    [
        ("out inviting", "Hangup", CancelInvite(CALL)),
        ("out ringing", "Hangup", CancelInvite(CALL)),
        ("out answered", "Hangup", SendBye(CALL)),
        ("in ringing", "Hangup", RejectInvite(CALL, 603)),
        ("in answering", "Hangup", SendBye(CALL)),
        ("in answered", "Hangup", SendBye(CALL)),
        ("in ringing", "timer ringing", RejectInvite(CALL, 480)),
        ("out ringing", "timer inviting", CancelInvite(CALL)),
        ("in ringing", "Answer", AcceptInvite(CALL)),
        ("out answered", "Media failed", RestartIce(CALL)),
        ("out answered", "Hold", SetHold(CALL, True)),
        ("out answered", "Mute", SetMute(CALL, True)),
        ("in answered", "Dtmf", SendDtmf(CALL, "12#")),
        ("in answered", "Transfer", SendRefer(CALL, "1002")),
        ("out resuming", "Hangup", CancelReplacement(CALL)),
        ("in resuming", "timer resume_limit", CancelReplacement(CALL)),
        ("in resuming", "Mute", SetMute(CALL, True)),
    ],
)
def test_the_wire_hears_what_the_state_asks_for(state: str, label: str, effect: Effect) -> None:
    driver = call_in(state)
    driver.send(EVERY[label](driver.phone))
    assert about(driver) == [effect]


@pytest.mark.parametrize("state", ["out inviting", "out ringing", "in ringing", "in answering"])
def test_a_lost_line_leaves_no_ghost_behind_the_shim(state: str) -> None:
    """The shim leaves a ringing INVITE alone when the socket drops: its 200 must find nothing."""
    driver = call_in(state)
    driver.send(TransportDown(reason="code 1006"))
    assert [type(e) for e in about(driver)] != []


def test_a_call_that_was_never_sent_needs_no_cancel() -> None:
    driver = call_in("out queued")
    driver.send(HangupRequested())
    assert about(driver) == []
