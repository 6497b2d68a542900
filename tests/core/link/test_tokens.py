"""Embed tokens and SIP credentials: bad ones, late ones, somebody else's, and clocks that are wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.link.effects import FetchConfig, Register
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    ConnectRequested,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TokenOffered,
    TransportDown,
    TransportUp,
)
from embed_app.core.link.sip_config import read_config
from embed_app.core.link.values import LinkState
from embed_app.core.phone import Phone, Settings
from embed_app.core.resume.effects import FindRecord
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    GOOD,
    T0,
    Driver,
    answered_inbound,
    config,
    dial,
    phone_in,
    registered,
    token,
)

NEW = token(expires_at=T0 + 900)


def started(raw: str | None, **settings: bool) -> Driver:
    driver = Driver(Phone(settings=Settings(**settings)))  # type: ignore[arg-type]
    driver.send(Started(token=raw))
    return driver


@pytest.mark.parametrize(("raw", "code"), [(None, "token_missing"), ("not-a-jwt", "token_malformed")])
def test_a_bad_token_is_told_and_a_good_one_recovers_without_reload(raw: str | None, code: str) -> None:
    driver = started(raw)
    assert (driver.state, driver.errors()) == (LinkState.REFUSED, [code])
    assert driver.phone.link.refusal == code
    assert driver.told(ev.Error)[0].error.fatal
    driver.send(TokenOffered(token=NEW))
    for step in (ConfigReceived(config=config()), TransportUp(), RegisterAccepted()):
        driver.send(step)
    assert (driver.state, driver.phone.link.refusal, driver.types()[-1]) == (
        LinkState.REGISTERED,
        "",
        "registered",
    )


@pytest.mark.parametrize(
    ("status", "expires_at", "code"),
    [
        (401, T0 - 1, "token_expired"),
        (401, T0 + 100, "token_rejected"),
        (404, T0 + 100, "token_foreign"),
        (403, T0 + 100, "token_rejected"),
    ],
)
def test_the_server_refuses_the_token(status: int, expires_at: float, code: str) -> None:
    driver = started(token(expires_at=expires_at))
    driver.send(ConfigFailed(status=status))
    assert (driver.state, driver.errors()) == (LinkState.REFUSED, [code])
    driver.send(TokenOffered(token=NEW))
    # The server did not believe the first token either when it was asked for a record of calls.
    assert driver.last() == (FindRecord(NEW), FetchConfig(NEW))


def test_the_answer_to_an_old_token_does_not_cost_the_new_one() -> None:
    """A parent that sends refresh_token while the expired token's request is still on its way."""
    old = token(expires_at=T0 - 1)
    driver = started(old)
    driver.send(TokenOffered(token=NEW))
    driver.send(ConfigFailed(status=401, token=old))
    assert (driver.state, driver.errors()) == (LinkState.CONFIGURING, [])
    driver.send(ConfigReceived(config=config(), token=NEW))
    assert driver.state is LinkState.CONNECTING


def test_a_configuration_of_another_extension_is_not_used_when_it_comes_late() -> None:
    first = token(extension="1002")
    driver = started(first)
    driver.send(TokenOffered(token=NEW))
    driver.send(ConfigReceived(config=config(extension="1002"), token=first))
    assert (driver.state, driver.phone.link.config) == (LinkState.CONFIGURING, None)


@pytest.mark.parametrize("claims", [{"extension": "1002"}, {"customer": "other"}])
@pytest.mark.parametrize("state", [LinkState.REGISTERED, LinkState.WAITING, LinkState.REFUSED])
def test_a_token_of_somebody_else_is_refused_and_the_old_one_kept(
    state: LinkState, claims: dict[str, str]
) -> None:
    driver = phone_in(state)
    driver.send(TokenOffered(token=token(**claims)))
    assert driver.errors() == ["token_mismatch"]
    assert not driver.told(ev.Error)[0].error.fatal
    assert (driver.state, driver.last()) == (state, ())
    assert driver.phone.link.token is not None
    assert driver.phone.link.token.raw == GOOD


def test_a_malformed_refresh_keeps_the_good_token() -> None:
    driver = registered()
    driver.send(TokenOffered(token="x"))
    assert driver.errors() == ["token_malformed"]
    assert driver.phone.link.token is not None
    assert driver.phone.link.token.raw == GOOD
    assert driver.state is LinkState.REGISTERED


@given(st.integers(80, 900))
def test_the_parent_is_warned_at_least_a_minute_ahead(lifetime: int) -> None:
    driver = registered(token_expires_in=float(lifetime))
    driver.fire(Timer(TimerKind.TOKEN_EXPIRY))
    (warning,) = driver.told(ev.TokenExpiring)
    assert warning.expires_in >= 60
    assert driver.now - T0 >= lifetime / 4, (
        "a parent that refreshes at once must not be asked in a tight loop"
    )


@given(st.integers(0, 80))
def test_a_token_too_short_for_that_is_still_warned_about_without_a_tight_loop(lifetime: int) -> None:
    driver = registered(token_expires_in=float(lifetime))
    assert 0 <= driver.due_in(Timer(TimerKind.TOKEN_EXPIRY)) <= lifetime
    assert driver.due_in(Timer(TimerKind.TOKEN_EXPIRY)) >= lifetime / 4


def test_no_answer_to_the_warning_never_costs_a_call_or_the_registration() -> None:
    driver = answered_inbound()
    driver.fire(Timer(TimerKind.TOKEN_EXPIRY))
    driver.now += 10_000
    driver.send(RegisterAccepted())
    assert (driver.state, driver.call.live) == (LinkState.REGISTERED, True)


def test_credentials_are_renewed_before_they_run_out() -> None:
    driver = registered(credentials_expire_in=600.0)
    assert 0 < driver.due_in(Timer(TimerKind.CREDENTIALS_EXPIRY)) < 600
    driver.fire(Timer(TimerKind.CREDENTIALS_EXPIRY))
    assert driver.last() == (FetchConfig(GOOD),)
    driver.send(ConfigReceived(config=config(auth_username="new", credentials_expire_in=600.0)))
    assert driver.last()[-1] == Register()
    assert driver.events == []


@given(st.floats(-1e6, 120))
def test_short_credentials_do_not_make_a_tight_loop(lifetime: float) -> None:
    driver = phone_in(LinkState.CONFIGURING)
    driver.send(ConfigReceived(config=config(credentials_expire_in=lifetime)))
    assert driver.asked(FetchConfig) == 0, "a fresh answer is used, whatever it says"
    assert driver.due_in(Timer(TimerKind.CREDENTIALS_EXPIRY)) >= 10


def test_credentials_that_ran_out_are_fetched_once_then_registered() -> None:
    driver = registered(credentials_expire_in=600.0)
    driver.send(TransportDown(), after=601)
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last() == (FetchConfig(GOOD),)
    driver.send(ConfigReceived(config=config(credentials_expire_in=600.0)))
    driver.send(TransportUp())
    driver.send(RegisterAccepted())
    assert driver.state is LinkState.REGISTERED
    assert driver.asked(FetchConfig) == 1


def test_a_refusal_of_run_out_credentials_is_tried_once_more_and_both_ends_are_told() -> None:
    driver = registered(credentials_expire_in=600.0)
    driver.send(RegisterFailed(status=403), after=601)
    assert driver.last() == (FetchConfig(GOOD),)
    driver.send(ConfigReceived(config=config(auth_password="new", credentials_expire_in=600.0)))
    assert driver.last()[-1] == Register()
    driver.send(RegisterAccepted())
    assert driver.types() == ["unregistered", "registered"]


def test_run_out_credentials_and_an_expired_token_unregister_and_say_so_but_keep_the_call() -> None:
    driver = answered_inbound().forget()
    driver.phone = replace(
        driver.phone, link=replace(driver.phone.link, config=config(credentials_expire_in=600.0))
    )
    driver.send(RegisterFailed(status=403), after=601)
    driver.send(ConfigFailed(status=401))
    assert driver.types() == ["unregistered", "error"]
    assert driver.errors() == ["token_expired"]
    assert driver.call.live


def test_two_refusals_with_fresh_credentials_are_the_end() -> None:
    driver = registered(credentials_expire_in=600.0)
    driver.send(RegisterFailed(status=401), after=601)
    driver.send(ConfigReceived(config=config(credentials_expire_in=600.0)))
    driver.send(RegisterFailed(status=401), after=1)
    assert driver.state is LinkState.REFUSED
    assert driver.asked(FetchConfig) == 1


def test_an_api_that_is_down_costs_nothing_and_is_asked_again() -> None:
    driver = answered_inbound().forget()
    driver.send(TokenOffered(token=NEW))
    for _ in range(3):
        driver.send(ConfigFailed(status=503))
        driver.fire(Timer(TimerKind.CREDENTIALS_EXPIRY))
        assert driver.last() == (FetchConfig(NEW),)
    assert (driver.state, driver.call.live) == (LinkState.REGISTERED, True)


@pytest.mark.parametrize("skew", [-600.0, 600.0])
def test_a_clock_ten_minutes_wrong_harms_nothing(skew: float) -> None:
    """The server counts from its own clock; only durations reach the phone's."""
    server_now = T0 - skew
    raw = token(expires_at=server_now + 300)
    driver = started(raw)
    answer = read_config(
        {
            "data": {
                "extension": "1001",
                "display_name": "An",
                "sip_uri": "sip:1001@acme.example",
                "auth_username": "1001",
                "auth_password": "swordfish",
                "credentials_expire_at": iso(server_now + 1200),
                "wss_urls": ["wss://one.example/ws"],
                "ice_servers": [],
                "expires_in": 300,
                "features": {},
            }
        },
        server_now + 300,
    )
    assert answer.credentials_expire_in == pytest.approx(1200)
    for step in (ConfigReceived(config=answer), TransportUp(), RegisterAccepted()):
        driver.send(step)
    assert driver.due_in(Timer(TimerKind.TOKEN_EXPIRY)) == pytest.approx(180)
    assert driver.due_in(Timer(TimerKind.CREDENTIALS_EXPIRY)) == pytest.approx(1140)
    assert driver.types() == ["connected", "registered"]


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def test_a_call_that_waits_for_the_line_ends_when_the_line_is_refused() -> None:
    driver = phone_in(LinkState.CONFIGURING)
    driver.send(dial())
    driver.send(ConfigFailed(status=401))
    assert [(event.call.uuid, event.reason) for event in driver.told(ev.CallHangup)] == [
        (CALL, "unavailable")
    ]


def test_without_auto_register_a_refresh_does_not_register_by_itself() -> None:
    driver = started(None, auto_register=False)
    driver.send(TokenOffered(token=NEW))
    assert (driver.state, driver.last()) == (LinkState.IDLE, (FindRecord(NEW),))
    driver.send(ConnectRequested())
    assert driver.last() == (FetchConfig(NEW),)
