"""The payload of every event, key by key as in contract section 3; msgspec reads the types a second time."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import msgspec
import pytest

from embed_app.core.call.messages import CallAccepted, DigitReceived, HoldChanged, PlaybackBlocked
from embed_app.core.call.values import Reason
from embed_app.core.history.messages import DoNotDisturbChosen
from embed_app.core.link.messages import TransportDown
from embed_app.protocol import events as ev
from embed_app.protocol.errors import ERRORS
from tests.core.driver import CALL, bye, invite, refer
from tests.fakes import World

CALL_KEYS = {
    "uuid", "direction", "number", "display_name", "state", "muted", "held", "started_at", "answered_at",
    "ended_at", "campaignId", "leadId", "sip_call_id", "quality",
}  # fmt: skip
KEYS: dict[str, set[str]] = {
    "registered": set(),
    "unregistered": {"reason"},
    "connected": set(),
    "disconnected": {"reason"},
    "incoming_call": {"call", "contact"},
    "call_ringing": {"call"},
    "call_answered": {"call"},
    "call_hangup": {"call", "reason", "billsec"},
    "dtmf": {"call", "digit"},
    "error": {"code", "message", "fatal", "detail"},
    "auto_reconnect": {"attempt", "delay_ms"},
    "audio_autoplay_blocked": {"call"},
    "ready": {"version", "extension", "state"},
    "call_updated": {"call"},
    "token_expiring": {"expires_in"},
    "do_not_disturb": {"on"},
    "resize": {"width", "height"},
    "transfer_requested": {"call", "number", "attended", "expires_in"},
}
TWELVE = list(KEYS)[:12]
REASONS = {
    "local_hangup", "remote_hangup", "rejected", "busy", "no_answer", "cancelled", "answered_elsewhere",
    "not_found", "unavailable", "forbidden", "transferred", "media_lost", "signaling_lost",
    "mic_denied", "time_limit", "error",
}  # fmt: skip
WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")


@pytest.fixture(scope="module")
def posted() -> list[Any]:
    """What a parent hears in a life that has everything in it."""
    world = World(layout="overlay").register()
    world.clock.advance(210)
    world.user_agent.dispatch(invite())
    world.user_agent.dispatch(PlaybackBlocked(call_uuid=CALL))
    world.window.send("answer")
    world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    world.window.send("mute")
    world.user_agent.dispatch(HoldChanged(call_uuid=CALL, held=True))
    world.user_agent.dispatch(DigitReceived(call_uuid=CALL, digit="5", via="info"))
    world.window.send("call", {"number": "x"})
    world.user_agent.dispatch(DoNotDisturbChosen(on=True))
    world.user_agent.dispatch(refer("1003"))
    world.window.send("decline_transfer")
    world.clock.advance(5)
    world.user_agent.dispatch(bye())
    world.user_agent.dispatch(TransportDown(reason="code 1006"))
    return list(world.window.posted)


@pytest.mark.parametrize("type", KEYS)
def test_an_event_has_exactly_its_keys(posted: list[Any], type: str) -> None:
    messages = [message for message in posted if message["type"] == type]
    assert messages, "the life above lacks it"
    for message in messages:
        assert message.keys() == {"source", "type", "payload"}
        assert message["source"] == "zorio-webphone"
        assert message["payload"].keys() == KEYS[type]
        if "call" in message["payload"]:
            asked = {"transfer_request"} if type == "transfer_requested" else set()
            assert message["payload"]["call"].keys() == CALL_KEYS | asked


@pytest.mark.parametrize("shape", ev.EVENTS)
def test_msgspec_reads_every_payload_back(posted: list[Any], shape: type[ev.Event]) -> None:
    for message in posted:
        if message["type"] == shape.type:
            payload = message["payload"]
            target = ev.ErrorObject if shape is ev.Error else shape
            read: Any = msgspec.convert(payload, target, strict=True)
            back = ev.error_payload(read) if isinstance(read, ev.ErrorObject) else ev.payload_of(read)
            assert json.loads(json.dumps(back)) == payload


def test_the_twelve_events_and_four_of_ours() -> None:
    assert {shape.type for shape in ev.EVENTS} == set(KEYS)
    assert len(TWELVE) == 12


def test_times_have_an_offset(posted: list[Any]) -> None:
    calls = [message["payload"]["call"] for message in posted if "call" in message["payload"]]
    times = [call[key] for call in calls for key in ("started_at", "answered_at", "ended_at") if call[key]]
    assert len(times) > 10
    assert [time for time in times if not WITH_OFFSET.fullmatch(time)] == []


def test_the_whole_life_of_a_call_is_told(posted: list[Any]) -> None:
    told = [(m["type"], m["payload"]["call"]["state"]) for m in posted if "call" in m["payload"]]
    assert told == [
        ("incoming_call", "ringing"),
        ("call_ringing", "ringing"),
        ("audio_autoplay_blocked", "ringing"),
        ("call_answered", "answered"),
        ("call_updated", "answered"),
        ("call_updated", "held"),
        ("dtmf", "held"),
        ("transfer_requested", "held"),
        ("call_updated", "held"),
        ("call_hangup", "ended"),
    ]
    assert [m["payload"]["billsec"] for m in posted if m["type"] == "call_hangup"] == [5]
    contact = next(m for m in posted if m["type"] == "incoming_call")["payload"]["contact"]
    assert contact == {"number": "0987654321", "display_name": "Bình", "external_id": None}


def test_optional_fields_are_absent_and_not_null() -> None:
    assert ev.payload_of(ev.Disconnected()) == {}
    error = ev.ErrorObject(code="internal", message="m", fatal=False)
    assert ev.payload_of(ev.Error(error=error)) == {"code": "internal", "message": "m", "fatal": False}


def test_the_reasons_are_those_of_the_contract() -> None:
    assert {reason.value for reason in Reason} == REASONS == set(get_args(ev.HangupReason))


def test_every_code_says_what_to_do() -> None:
    assert [code for code, error in ERRORS.items() if not (error.cause.endswith(".") and error.cure)] == []
