"""Connecting uses the configuration there is while it is good: a token is good for a few times only."""

from __future__ import annotations

from embed_app.core.link.effects import FetchConfig, OpenTransport
from embed_app.core.link.messages import (
    ConnectRequested,
    DisconnectRequested,
    RegisterFailed,
    TokenOffered,
    TransportDown,
    Unregistered,
)
from embed_app.core.link.values import LinkState
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import GOOD, T0, URLS, Driver, registered, token

OTHER_TOKEN = token(expires_at=T0 + 900)


def disconnected(**config_changes: object) -> Driver:
    driver = registered(**config_changes)
    for step in (DisconnectRequested(), Unregistered(), TransportDown(reason="closed")):
        driver.send(step)
    assert driver.state is LinkState.IDLE
    return driver.forget()


def test_connect_uses_what_is_still_good_again() -> None:
    driver = disconnected(credentials_expire_in=600.0)
    driver.send(ConnectRequested(), after=100)
    assert driver.last()[-1] == OpenTransport(URLS[0])
    assert driver.asked(FetchConfig) == 0
    assert driver.due_in(Timer(TimerKind.CREDENTIALS_EXPIRY)) == 600 - 60 - 100
    assert 0 < driver.due_in(Timer(TimerKind.TOKEN_EXPIRY)) <= 300 - 100 - 60


def test_connect_fetches_what_has_nearly_run_out() -> None:
    driver = disconnected(credentials_expire_in=600.0)
    driver.send(ConnectRequested(), after=575)
    assert driver.last() == (FetchConfig(GOOD),)


def test_connect_fetches_with_a_new_token() -> None:
    driver = disconnected()
    driver.send(TokenOffered(token=OTHER_TOKEN))
    driver.send(ConnectRequested())
    assert driver.last() == (FetchConfig(OTHER_TOKEN),)


def test_connect_after_a_refusal_fetches_anew() -> None:
    """The operator has changed the credentials meanwhile."""
    driver = registered()
    driver.send(RegisterFailed(status=403))
    driver.send(ConnectRequested())
    assert driver.last() == (FetchConfig(GOOD),)
