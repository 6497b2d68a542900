"""The difference of two phones becomes events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.messages import HangupRequested, MicrophoneFailed
from embed_app.core.call.values import CallState, TransferState
from embed_app.core.link.messages import TokenOffered
from embed_app.core.link.values import LinkState
from embed_app.protocol import events as ev
from embed_app.protocol.to_parent import announce, call_object, iso_time, state_payload
from tests.core.driver import (
    CALL,
    answered_inbound,
    answered_outbound,
    describe,
    dial,
    phone_in,
    registered,
    types,
)


@pytest.mark.parametrize("state", list(LinkState))
def test_a_step_that_changes_nothing_tells_nothing(state: LinkState) -> None:
    phone = replace(phone_in(state).phone, notices=())
    assert list(announce(phone, phone, describe)) == []


@pytest.mark.parametrize(
    ("state", "held", "public"),
    [
        (CallState.QUEUED, False, "inviting"),
        (CallState.INVITING, False, "inviting"),
        (CallState.RINGING, False, "ringing"),
        (CallState.ANSWERING, False, "ringing"),
        (CallState.ANSWERED, False, "answered"),
        (CallState.ANSWERED, True, "held"),
        (CallState.RESUMING, False, "answered"),
        (CallState.ENDED, True, "ended"),
    ],
)
def test_our_states_are_the_contracts_outside(state: CallState, held: bool, public: str) -> None:
    call = replace(answered_inbound().call, state=state, held=held)
    assert call_object(call).state == public


@pytest.mark.parametrize(
    "change",
    [{"muted": True}, {"held": True}, {"transfer": TransferState.ASKED}],
)
def test_what_the_parent_can_see_change_is_told(change: dict[str, object]) -> None:
    before = replace(answered_inbound().phone, notices=())
    after = replace(before, calls=(replace(before.calls[0], **change),))  # type: ignore[arg-type]
    assert types(list(announce(before, after, describe))) == ["call_updated"]
    assert types(list(announce(after, after, describe))) == []


def test_the_end_of_a_call_is_told_before_the_error_that_explains_it() -> None:
    driver = registered()
    driver.send(dial())
    events = driver.send(MicrophoneFailed(call_uuid=CALL, name="NotAllowedError"))
    assert types(events) == ["call_hangup", "error"]


def test_an_error_is_fatal_only_where_it_stops_the_phone() -> None:
    flags = []
    for driver in (registered(), phone_in(LinkState.REFUSED)):
        driver.send(TokenOffered(token="x"))
        flags += [event.error.fatal for event in driver.told(ev.Error)]
    assert flags == [False, True]


def test_the_state_holds_live_calls_only() -> None:
    driver = answered_outbound()
    assert [call["uuid"] for call in state_payload(driver.phone)["calls"]] == [CALL]
    driver.send(HangupRequested())
    assert state_payload(driver.phone)["calls"] == []


def test_times_are_those_of_this_machine() -> None:
    assert iso_time(None) is None
    told = iso_time(0.5)
    assert told is not None
    assert told[-6] in "+-"
    assert ".500" in told
