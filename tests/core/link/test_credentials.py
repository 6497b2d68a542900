"""How often the configuration is fetched: seldom, because a token is good for a few times only."""

from __future__ import annotations

from embed_app.core.link.effects import FetchConfig, OpenTransport
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    RegisterAccepted,
    TokenOffered,
    TransportDown,
    TransportUp,
)
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import GOOD, T0, URLS, answered_outbound, config, registered, token

OTHER_TOKEN = token(expires_at=T0 + 900)


def test_a_hundred_reconnects_fetch_nothing() -> None:
    driver = registered(credentials_expire_in=28800.0)
    for _ in range(100):
        driver.send(TransportDown(reason="code 1006"))
        driver.fire(Timer(TimerKind.RECONNECT))
        driver.send(TransportUp())
        driver.send(RegisterAccepted())
    assert driver.asked(FetchConfig) == 0


def test_credentials_near_their_end_are_fetched_before_the_next_register() -> None:
    """Fault 19."""
    driver = registered(credentials_expire_in=600.0)
    driver.send(TransportDown(), after=580)
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last() == (FetchConfig(GOOD),)


def test_with_the_api_down_they_are_used_to_their_very_end() -> None:
    driver = registered(credentials_expire_in=600.0)
    driver.send(TransportDown(), after=580)
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(ConfigFailed(status=503))
    assert driver.last()[-1] == OpenTransport(URLS[0])
    assert driver.errors() == []


def test_a_refresh_that_fails_is_tried_again_more_and_more_slowly_and_told_once() -> None:
    """Fault 21."""
    driver = answered_outbound()
    driver.send(TokenOffered(token=OTHER_TOKEN))
    waits = []
    for _ in range(6):
        driver.send(ConfigFailed(status=0), chance=1.0)
        waits.append(driver.due_in(Timer(TimerKind.CREDENTIALS_EXPIRY)))
        driver.fire(Timer(TimerKind.CREDENTIALS_EXPIRY))
        assert driver.last() == (FetchConfig(OTHER_TOKEN),)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (4, 30)
    assert driver.errors() == ["server_unreachable"]
    assert driver.call.live
    driver.send(ConfigReceived(config=config(), token=OTHER_TOKEN))
    driver.send(TokenOffered(token=token(expires_at=T0 + 1800)))
    driver.send(ConfigFailed(status=0))
    assert driver.errors() == ["server_unreachable"] * 2, "another row, another error"
    assert driver.told(ev.CallHangup) == []
