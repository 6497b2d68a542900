"""The field `rules` of sip-config, as the phone reads it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.link.call_rules import CallRules, FollowTransfers, read_rules
from server.customers.call_rules import DEFAULTS, all_rules, check_rules

SAFE = CallRules()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


def test_phone_and_server_have_the_same_defaults() -> None:
    assert set(DEFAULTS) == {field.name for field in fields(CallRules)}
    for name, value in DEFAULTS.items():
        mine = getattr(SAFE, name)
        assert (list(mine) if isinstance(mine, tuple) else mine) == value, name
    assert read_rules(all_rules(None)) == SAFE


def test_the_defaults_pass_the_servers_own_checks() -> None:
    assert check_rules(DEFAULTS) == dict(DEFAULTS)


@pytest.mark.parametrize("body", [None, [], "x", 5, {}, {"unknown": 1}])
def test_without_rules_the_phone_has_the_safe_ones(body: object) -> None:
    assert read_rules(body) == SAFE


@given(st.sampled_from(sorted(DEFAULTS)), JSON)
def test_a_field_that_makes_no_sense_is_the_default_and_nothing_is_raised(name: str, value: object) -> None:
    read = read_rules({name: value})
    assert replace(read, **{name: getattr(SAFE, name)}) == SAFE
    try:
        kept = check_rules({name: value})
    except ValueError:
        return
    if value != "none":
        assert read_rules(kept) == read


def test_what_is_set_is_read() -> None:
    read = read_rules(
        {
            "follow_transfers": "never",
            "digest_realms": ["pbx.example"],
            "digest_in_dialog": True,
            "trusted_identity": False,
            "dial_allow": ["X."],
            "dial_deny": [],
            "internal": ["7XX"],
            "open_codes": ["*43"],
            "country": "65",
            "calls_per_minute": None,
            "calls_at_once": 1,
            "longest_call_s": 3600,
        }
    )
    assert read == CallRules(
        follow_transfers=FollowTransfers.NEVER,
        digest_realms=("pbx.example",),
        digest_in_dialog=True,
        trusted_identity=False,
        dial_allow=("X.",),
        dial_deny=(),
        internal=("7XX",),
        open_codes=("*43",),
        country="65",
        calls_per_minute=None,
        calls_at_once=1,
        longest_call_s=3600,
    )


@pytest.mark.parametrize("value", [True, 0, -1, 86_401, 1.5, "5", [], {}])
def test_a_limit_that_makes_no_sense_is_not_no_limit(value: object) -> None:
    assert read_rules({"calls_per_minute": value}).calls_per_minute == SAFE.calls_per_minute


@pytest.mark.parametrize(
    ("number", "internal"), [("101", True), ("1", False), ("099", False), ("1234567", False), ("*43", False)]
)
def test_what_an_extension_of_our_own_looks_like(number: str, internal: bool) -> None:
    assert SAFE.is_internal(number) is internal
