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
from embed_app.core.timers import TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import Driver, answered_outbound, config, phone_in


def details(driver: Driver) -> list[object]:
    return [event.error.detail for event in driver.told(ev.Error)]


@pytest.mark.parametrize("setting", ["sip_uri", "wss_urls"])
def test_it_is_named_and_nothing_is_tried_again(setting: str) -> None:
    driver = phone_in(LinkState.CONNECTING)
    driver.send(ConfigureFailed(setting=setting))
    assert driver.state is LinkState.REFUSED
    assert driver.errors() == ["invalid_configuration"]
    assert details(driver) == [{"setting": setting}]
    assert not any(timer.kind is TimerKind.RECONNECT for timer in driver.phone.timers)


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
