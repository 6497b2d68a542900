"""A SIP setting that the user agent cannot use: the phone stops and names it, and tries nothing again."""

from __future__ import annotations

import pytest

from embed_app.core.link.effects import Configure, OpenTransport, Unregister
from embed_app.core.link.messages import (
    ConfigReceived,
    ConfigureFailed,
    ConnectRequested,
    TransportDown,
    Unregistered,
)
from embed_app.core.link.values import LinkState
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import URLS, Driver, answered_outbound, config, phone_in


def details(driver: Driver) -> list[object]:
    return [event.error.detail for event in driver.told(ev.Error)]


@pytest.mark.parametrize("setting", ["sip_uri", "wss_urls"])
def test_it_is_named_and_nothing_is_tried_again(setting: str) -> None:
    driver = phone_in(LinkState.CONNECTING, wss_urls=URLS[:1])
    driver.send(ConfigureFailed(setting=setting))
    assert driver.state is LinkState.REFUSED
    assert driver.errors() == ["invalid_configuration"]
    assert details(driver) == [{"setting": setting}]
    assert not any(timer.kind is TimerKind.RECONNECT for timer in driver.phone.timers)


def test_one_address_that_cannot_be_used_costs_no_phone_while_there_is_another() -> None:
    """The browser may refuse one, as `ws:` on an https page. The other server is only away for a while."""
    driver = phone_in(LinkState.CONNECTING)
    driver.send(TransportDown(reason="code 1006"))
    driver.fire(Timer(TimerKind.RECONNECT))
    assert OpenTransport(URLS[1]) in driver.last()
    driver.send(ConfigureFailed(setting="wss_urls"))
    assert driver.state is LinkState.WAITING
    driver.send(TransportDown(reason="not opened"))
    assert details(driver)[-1:] == [{"setting": "wss_urls"}]
    assert [event.error.fatal for event in driver.told(ev.Error)] == [False, False]
    for _ in range(3):
        driver.fire(Timer(TimerKind.RECONNECT))
        assert OpenTransport(URLS[0]) in driver.last()
        driver.send(TransportDown(reason="code 1006"))
    assert driver.errors() == ["network_unreachable", "invalid_configuration"]


def test_when_no_address_can_be_used_the_phone_stops() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(ConfigureFailed(setting="wss_urls"))
    driver.fire(Timer(TimerKind.RECONNECT))
    driver.send(ConfigureFailed(setting="wss_urls"))
    assert driver.state is LinkState.REFUSED
    assert driver.told(ev.Error)[-1].error.fatal


def test_the_loss_of_the_transport_that_follows_is_no_news() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(ConfigureFailed(setting="sip_uri"))
    driver.send(TransportDown(reason="not configured"))
    assert driver.state is LinkState.REFUSED
    assert driver.errors() == ["invalid_configuration"]


def test_a_registered_phone_is_unregistered_and_keeps_its_call() -> None:
    driver = answered_outbound()
    driver.send(ConfigureFailed(setting="sip_uri"))
    assert driver.state is LinkState.REFUSED
    assert Unregister() in driver.last()
    driver.send(Unregistered())
    assert [call.live for call in driver.phone.calls] == [True]


def test_corrected_settings_are_used_at_the_next_connect() -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(ConfigureFailed(setting="sip_uri"))
    driver.send(ConnectRequested())
    driver.send(ConfigReceived(config=config()))
    assert driver.state is LinkState.CONNECTING
    asked = [type(effect) for effect in driver.last() if isinstance(effect, (Configure, OpenTransport))]
    assert asked == [Configure, OpenTransport]


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.LEAVING])
def test_a_phone_that_was_disconnected_does_not_care(state: LinkState) -> None:
    driver = phone_in(state)
    driver.send(ConfigureFailed(setting="sip_uri"))
    assert driver.state is state
    assert driver.errors() == []
