"""What the server sends: embed tokens, as far as the frame reads them, and sip-config."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.link.sip_config import ConfigError, read_config
from embed_app.core.link.values import SipConfig
from tests.core.driver import T0

ANSWER: dict[str, Any] = {
    "extension": "1001",
    "display_name": "An",
    "sip_uri": "sip:1001@acme.example",
    "auth_username": "1750000900:1001",
    "auth_password": "c2VjcmV0",
    "credentials_expire_at": "2025-06-15T22:21:40+07:00",
    "wss_urls": ["wss://one.example/ws", "wss://two.example/ws"],
    "ice_servers": [{"urls": ["turn:turn.example"], "username": "u", "credential": "c"}],
    "expires_in": 300,
    "features": {},
}


def answer_with(**changes: Any) -> SipConfig:
    return read_config({"data": ANSWER | changes}, T0 + 300)


@pytest.mark.parametrize("account", [None, "x", {}, {"name": 5, "accent": "red"}, {"accent": "#fff"}])
def test_an_account_that_makes_no_sense_keeps_nobody_from_calling(account: object) -> None:
    read = answer_with(account=account)
    assert (read.account_name, read.accent) == ("", "")


def test_an_account_has_a_name_and_a_colour() -> None:
    read = answer_with(account={"name": "Công ty\u202e A\n", "accent": "#0A7D4F"})
    assert (read.account_name, read.accent) == ("Công ty A", "#0A7D4F")


def test_a_configuration_is_read_and_its_credentials_end_by_the_servers_clock() -> None:
    read = read_config({"data": ANSWER}, token_expires_at=T0 + 300)
    assert (read.extension, read.wss_urls, read.token_expires_in) == (
        "1001",
        tuple(ANSWER["wss_urls"]),
        300.0,
    )
    assert read.credentials_expire_in == 900.0
    assert read.ice_servers[0]["credential"] == "c"


def test_static_credentials_do_not_end() -> None:
    assert read_config({"data": {**ANSWER, "credentials_expire_at": None}}, T0).credentials_expire_in is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"wss_urls": []}, "wss_urls"),
        ({"wss_urls": ["https://one.example"]}, "wss_urls"),
        ({"wss_urls": "wss://one.example"}, "wss_urls"),
        ({"wss_urls": ["javascript:alert(1)"]}, "wss_urls"),
        ({"expires_in": "300"}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"extension": None}, "extension"),
        ({"auth_password": 5}, "auth_password"),
        ({"ice_servers": {"urls": []}}, "ice_servers"),
        ({"ice_servers": ["turn:x"]}, "ice_servers"),
        ({"features": 5}, "features"),
        ({"credentials_expire_at": "tomorrow"}, "credentials_expire_at"),
        ({"credentials_expire_at": 5}, "credentials_expire_at"),
    ],
)
def test_an_answer_that_makes_no_sense_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config({"data": {**ANSWER, **change}}, T0)
    assert str(caught.value) == field


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@given(st.sampled_from(sorted(ANSWER)), JSON)
def test_reading_an_answer_raises_nothing_else(field: str, value: object) -> None:
    with suppress(ConfigError):
        read_config({"data": {**ANSWER, field: value}}, T0)


@pytest.mark.parametrize("body", [None, [], {}, {"data": []}, {"data": None}, "x"])
def test_no_answer_at_all(body: object) -> None:
    with pytest.raises(ConfigError):
        read_config(body, T0)
