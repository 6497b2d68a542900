"""The record goes through a browser's storage or a server: nothing in it is trusted when it comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.values import CallState, Direction
from embed_app.core.resume.record import LONGEST_RECORD, RecordError, read_record, write_record
from embed_app.core.resume.values import ResumeRecord
from tests.core.driver import OTHER, record

GOOD = write_record(record())


def test_what_is_written_is_read() -> None:
    assert read_record(GOOD) == record()


def test_an_honest_one_is_far_below_the_limit() -> None:
    assert len(GOOD) < LONGEST_RECORD / 4


def test_one_that_rings_is_written_without_a_dialog() -> None:
    for some in ringing_in(CallState.RINGING):
        assert read_record(write_record(some)) == some


def test_one_that_was_being_answered_rings_again_and_is_not_answered_by_a_record() -> None:
    answering, ringing = ringing_in(CallState.ANSWERING), ringing_in(CallState.RINGING)
    assert [read_record(write_record(some)) for some in answering] == ringing


def ringing_in(state: CallState) -> list[ResumeRecord]:
    """Alone, and beside an answered call."""
    found = record(Direction.INBOUND)
    rings = replace(found.call, state=state, answered_at=None, dialog=None, silenced=True)
    return [replace(found, call=rings), replace(found, others=(replace(rings, uuid=OTHER),))]


def of_a_former_build(sip_call_id: str) -> str:
    body = json.loads(GOOD)
    del body["dialog"]["sip_call_id"]
    return json.dumps(body | {"dialog": body["dialog"] | {"call_id": sip_call_id}})


def test_a_call_left_behind_by_a_former_build_is_taken_back() -> None:
    dialog = record().call.dialog
    assert dialog is not None
    assert read_record(of_a_former_build(dialog.sip_call_id)) == record()


def test_a_former_build_finds_the_dialog_under_the_name_it_looks_for() -> None:
    """A server that is upgraded may be set back, or stand beside one that is not upgraded yet."""
    dialog = json.loads(write_record(record()))["dialog"]
    assert dialog["call_id"] == dialog["sip_call_id"]


def test_the_former_name_is_trusted_no_more() -> None:
    with pytest.raises(RecordError):
        read_record(of_a_former_build("a;to-tag=b"))


def changed(path: str, value: Any) -> str:
    body = json.loads(GOOD)
    *parents, name = path.split(".")
    inner = body
    for parent in parents:
        inner = inner[parent]
    inner[name] = value
    return json.dumps(body)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("extension", 1001),
        ("alive_at", "now"),
        ("alive_at", True),
        ("released", "yes"),
        ("call", None),
        ("call.uuid", "../x"),
        ("call.direction", "sideways"),
        ("call.number", None),
        ("call.display_name", "x" * 600),
        ("call.answered_at", None),
        ("call.muted", 1),
        ("call.state", "answered"),
        ("call.state", "answering"),  # it is outbound
        ("dialog", []),
        ("dialog.sip_call_id", "a;to-tag=b"),
        ("dialog.sip_call_id", "a\r\nX: y"),
        ("dialog.local_tag", ""),
        ("dialog.remote_tag", "a;b"),
        ("dialog.remote_target", "http://evil.example"),
        ("dialog.remote_target", "sip:a@b>\r\nX: y"),
        ("dialog.remote_uri", "sip:a@b c"),
        ("dialog.routes", "sip:x"),
        ("dialog.routes", ["<sip:x>\r\nX: y"]),
        ("dialog.routes", ["<sip:x>"] * 11),
        ("dialog.instance_id", "me"),
        ("dialog.sequence", None),
    ],
)
def test_a_bad_field_is_named_and_not_quoted(path: str, value: Any) -> None:
    with pytest.raises(RecordError) as error:
        read_record(changed(path, value))
    assert str(error.value) in (path, "dialog", "call")


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "1" * 9000, '{"version": 1}', "[" * 5000])
def test_no_record_at_all(text: str) -> None:
    with pytest.raises(RecordError):
        read_record(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["version", "call", "dialog", "extension", "alive_at", "released"]), x
            )
        ),
    )
)
def test_anything_else_is_an_error_and_no_exception(value: Any) -> None:
    with pytest.raises(RecordError):
        read_record(json.dumps(value))
