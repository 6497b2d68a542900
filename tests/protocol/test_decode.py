"""A parent's message -> command. msgspec reads the same dataclasses: a second opinion on every wrong type."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from embed_app.protocol import commands as cmd
from embed_app.protocol.commands import COMMANDS, decode_command
from embed_app.protocol.envelope import MAX_MESSAGE, SOURCE, ProtocolError, open_envelope

DOCUMENTED = {
    "connect", "disconnect", "call", "refresh_token", "answer", "hangup",
    "hold", "unhold", "mute", "unmute", "send_dtmf", "transfer",
}  # fmt: skip

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "number",
    "options",
    "token",
    "call_uuid",
    "digits",
    "target",
    "mode",
    "campaignId",
    "leadId",
    "headers",
]
PAYLOADS = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JUNK | st.just("1002")))
OPTIONS = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS[-3:], JUNK))


def test_the_twelve_commands_and_three_of_ours() -> None:
    assert set(COMMANDS) == DOCUMENTED | {"get_state", "accept_transfer", "decline_transfer"}


@pytest.mark.parametrize(
    ("type", "payload", "command"),
    [
        ("connect", {}, cmd.Connect()),
        ("disconnect", {}, cmd.Disconnect()),
        ("call", {"number": "1002"}, cmd.PlaceCall("1002")),
        ("call", {"number": "1002", "options": {}}, cmd.PlaceCall("1002")),
        (
            "call",
            {"number": "1002", "options": {"campaignId": 7, "leadId": "8", "headers": {"Ref": "a", "N": 1}}},
            cmd.PlaceCall("1002", cmd.CallOptions(7, "8", {"Ref": "a", "N": 1})),
        ),
        ("refresh_token", {"token": "a.b.c"}, cmd.RefreshToken("a.b.c")),
        ("answer", {}, cmd.Answer()),
        ("answer", {"call_uuid": "u"}, cmd.Answer("u")),
        ("hangup", {"call_uuid": None}, cmd.Hangup()),
        ("hold", {"call_uuid": "u"}, cmd.Hold("u")),
        ("unhold", {}, cmd.Unhold()),
        ("mute", {}, cmd.Mute()),
        ("unmute", {}, cmd.Unmute()),
        ("send_dtmf", {"digits": "1"}, cmd.SendDtmf("1")),
        ("send_dtmf", {"digits": "1", "call_uuid": "u"}, cmd.SendDtmf("1", "u")),
        ("transfer", {"target": "1"}, cmd.Transfer("1")),
        ("transfer", {"target": "1", "mode": "blind"}, cmd.Transfer("1", mode="blind")),
        ("transfer", {"target": "1", "mode": "attended"}, cmd.Transfer("1", mode="attended")),
        ("get_state", {}, cmd.GetState()),
        ("mute", {"something": "new"}, cmd.Mute()),
    ],
)
def test_good_commands(type: str, payload: dict[str, Any], command: cmd.Command) -> None:
    assert decode_command(type, payload) == command


@pytest.mark.parametrize(
    ("type", "payload", "code", "fields"),
    [
        ("call", {}, "invalid_payload", ("number",)),
        ("call", {"number": None}, "invalid_payload", ("number",)),
        ("call", {"number": 1002}, "invalid_payload", ("number",)),
        ("call", {"number": 1002, "options": 5}, "invalid_payload", ("number", "options")),
        (
            "call",
            {"number": "1", "options": {"campaignId": True}},
            "invalid_payload",
            ("options.campaignId",),
        ),
        ("call", {"number": "1", "options": {"leadId": 1.5}}, "invalid_payload", ("options.leadId",)),
        ("call", {"number": "1", "options": {"headers": ["A"]}}, "invalid_payload", ("options.headers",)),
        (
            "call",
            {"number": "1", "options": {"headers": {"A": None}}},
            "invalid_payload",
            ("options.headers",),
        ),
        ("refresh_token", {}, "invalid_payload", ("token",)),
        ("send_dtmf", {"digits": 5}, "invalid_payload", ("digits",)),
        ("transfer", {"call_uuid": 5}, "invalid_payload", ("target", "call_uuid")),
        ("answer", {"call_uuid": ["u"]}, "invalid_payload", ("call_uuid",)),
        ("dance", {}, "unknown_command", ("type",)),
        ("Call", {"number": "1"}, "unknown_command", ("type",)),
        # A blind transfer where an attended one was asked for would send the caller to the wrong place.
        ("transfer", {"target": "1", "mode": "semi"}, "invalid_payload", ("mode",)),
        ("transfer", {"target": "1", "mode": 1}, "invalid_payload", ("mode",)),
    ],
)
def test_bad_commands_name_their_fields(
    type: str, payload: dict[str, Any], code: str, fields: tuple[str, ...]
) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_command(type, payload, "id-1")
    assert (caught.value.code, set(caught.value.fields), caught.value.id) == (code, set(fields), "id-1")


def without_null(payload: dict[str, Any]) -> dict[str, Any]:
    """To us null means absent, as JavaScript's optional fields do; msgspec is stricter."""
    kept = {key: value for key, value in payload.items() if value is not None}
    if isinstance(kept.get("options"), dict):
        kept["options"] = {key: value for key, value in kept["options"].items() if value is not None}
    return kept


@given(st.sampled_from(sorted(COMMANDS)), PAYLOADS, OPTIONS | st.none())
@example("call", {"number": "1"}, {"campaignId": True})
@example("call", {"number": "1"}, {"headers": {"A": False}})
def test_msgspec_is_of_the_same_opinion(
    type: str, payload: dict[str, Any], options: dict[str, Any] | None
) -> None:
    if options is not None:
        payload["options"] = options
    ours: cmd.Command | None
    theirs: object
    try:
        ours = decode_command(type, payload)
    except ProtocolError:
        ours = None
    try:
        theirs = msgspec.convert(without_null(payload), COMMANDS[type])
    except msgspec.ValidationError:
        theirs = None
    assert ours == theirs


# ---- the envelope


def envelope(**fields: object) -> str:
    return json.dumps({"source": SOURCE, "type": "mute", **fields})


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "5", "[]", '"zorio-webphone"', "{", "{}", '{"source": 1}', '{"type": "call"}',
        '{"source": "someone-else", "type": "call"}', '{"source": ["zorio-webphone"]}',
        "[" * 50_000, '{"source":"zorio-webphone","n":' + "9" * 5000 + "}",
        envelope(payload={"x": "y" * MAX_MESSAGE}),
    ],
)  # fmt: skip
def test_what_is_not_meant_for_us_is_none_of_our_business(text: str) -> None:
    assert open_envelope(text) is None


@pytest.mark.parametrize(
    ("fields", "wrong", "id"),
    [
        ({"type": None}, "type", None),
        ({"type": 5, "id": "a"}, "type", "a"),
        ({"payload": "x", "id": "a"}, "payload", "a"),
        ({"payload": []}, "payload", None),
        ({"id": 5}, "id", None),
        ({"id": ""}, "id", None),
        ({"id": "x" * 129}, "id", None),
        ({"id": ["a"]}, "id", None),
    ],
)
def test_what_says_it_is_ours_must_have_the_form(
    fields: dict[str, object], wrong: str, id: str | None
) -> None:
    with pytest.raises(ProtocolError) as caught:
        open_envelope(envelope(**fields))
    assert (caught.value.code, caught.value.fields, caught.value.id) == ("invalid_message", (wrong,), id)


def test_a_payload_may_be_left_out() -> None:
    for text in (envelope(), envelope(payload=None), envelope(payload={})):
        opened = open_envelope(text)
        assert opened is not None
        assert (opened.type, opened.payload, opened.id) == ("mute", {}, None)
