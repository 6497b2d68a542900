"""SIP status and Reason header -> `reason` (contract section 3; RFC 3261 section 21, RFC 3326, Q.850)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.release_cause import parse_reason_header, release_cause
from embed_app.core.call.values import Reason

KINDS = st.sampled_from(["bye", "cancel", "reject", "failed", "other"])


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "forbidden"),
        (404, "not_found"),
        (408, "no_answer"),
        (410, "not_found"),
        (480, "unavailable"),
        (484, "not_found"),
        (486, "busy"),
        (487, "no_answer"),
        (500, "error"),
        (503, "error"),
        (600, "busy"),
        (603, "rejected"),
        (604, "not_found"),
        (699, "error"),
    ],
)
def test_a_refused_call(status: int, reason: str) -> None:
    assert release_cause("reject", status, "", by_remote=True, answered=False) == reason


@pytest.mark.parametrize(
    ("kind", "header", "by_remote", "reason"),
    [
        ("bye", "", True, "remote_hangup"),
        ("bye", "", False, "local_hangup"),
        ("bye", "Q.850;cause=16", True, "remote_hangup"),
        ("cancel", "", True, "cancelled"),
        ("cancel", 'SIP;cause=200;text="Call completed elsewhere"', True, "answered_elsewhere"),
        ("cancel", 'SIP ;cause=200 ;text="a, b", Q.850;cause=16', True, "answered_elsewhere"),
        ("cancel", "Q.850;cause=26", True, "answered_elsewhere"),
        ("cancel", "SIP;cause=487", True, "cancelled"),
        ("failed", "", False, "signaling_lost"),
    ],
)
def test_a_call_that_ended_otherwise(kind: str, header: str, by_remote: bool, reason: str) -> None:
    assert release_cause(kind, 0, header, by_remote=by_remote, answered=kind == "bye") == reason


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (1, "not_found"),
        (17, "busy"),
        (18, "no_answer"),
        (19, "no_answer"),
        (21, "rejected"),
        (26, "answered_elsewhere"),
    ],
)
def test_a_gateway_that_says_why_is_believed(cause: int, reason: str) -> None:
    header = f'Q.850 ; cause={cause} ; text="x"'
    assert release_cause("reject", 480, header, by_remote=True, answered=False) == reason


def test_a_cause_that_says_nothing_leaves_the_status() -> None:
    assert release_cause("reject", 486, "Q.850;cause=16", by_remote=True, answered=False) == "busy"
    assert release_cause("reject", 404, "Q.850;cause=127", by_remote=True, answered=False) == "not_found"


def test_the_header_is_read_as_it_is_written() -> None:
    value = 'Q.850;cause=17;text="User busy", sip;text="Busy Here";cause=486'
    assert parse_reason_header(value) == {"Q.850": 17, "SIP": 486}


@given(
    KINDS,
    st.integers(-1, 1000),
    st.text() | st.from_regex(r"(SIP|Q\.850) *;.*cause=\d*.*"),
    st.booleans(),
    st.booleans(),
)
def test_whatever_comes_is_a_reason_of_the_contract(
    kind: str, status: int, header: str, by_remote: bool, answered: bool
) -> None:
    reason = release_cause(kind, status, header, by_remote=by_remote, answered=answered)
    assert isinstance(reason, Reason)
