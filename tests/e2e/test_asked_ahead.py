"""What the head of the frame asks for while Python is loaded: once, and only when Python will want it."""

from __future__ import annotations

from dataclasses import dataclass, field
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.gate import use_settings
from tests.e2e.phone import Phone
from tests.e2e.world import World


@dataclass
class Watched:
    context: BrowserContext
    configs: list[str] = field(default_factory=list)
    sockets: list[str] = field(default_factory=list)


@pytest.fixture
def watched(world: World) -> Any:
    context = world.browser.new_context()
    watched = Watched(context)

    def asked(request: Any) -> None:
        if request.url.endswith("/api/webphone/sip-config"):
            watched.configs.append(request.url)

    def opened(page: Page) -> None:
        page.on("websocket", lambda socket: watched.sockets.append(socket.url))

    context.on("request", asked)
    context.on("page", opened)
    yield watched
    context.close()


def test_a_start_asks_once_and_opens_one_socket(world: World, watched: Watched) -> None:
    phone = Phone.open(world, "1003", context=watched.context)
    assert len(watched.configs) == 1
    assert len(watched.sockets) == 1
    assert (
        phone.frame.evaluate("zorioBoot.takeSipConfig(new URLSearchParams(zorioBoot.search).get('token'))")
        is None
    )
    assert phone.state()["state"] == "registered"


def test_without_auto_register_nothing_is_asked_until_somebody_wants_it(
    world: World, watched: Watched
) -> None:
    phone = Phone.open(world, "1003", context=watched.context, wait="ready", auto_register="0")
    phone.state()  # an answer: whatever the start would have asked has been asked by now
    assert (watched.configs, watched.sockets) == ([], [])
    phone.send("connect")
    phone.wait_event("registered")
    assert (len(watched.configs), len(watched.sockets)) == (1, 1)


def test_ice_is_warmed_by_stun_and_no_relay_is_asked(world: World, watched: Watched) -> None:
    with socket(AF_INET, SOCK_DGRAM) as stun, socket(AF_INET, SOCK_DGRAM) as relay:
        for each in (stun, relay):
            each.bind(("127.0.0.1", 0))
        urls = [f"stun:127.0.0.1:{stun.getsockname()[1]}", f"turn:127.0.0.1:{relay.getsockname()[1]}"]
        servers = [{"urls": urls, "username": "u", "credential": "c"}]
        with use_settings(world, ice_servers=servers):
            phone = Phone.open(world, "1003", context=watched.context)
        stun.settimeout(15)
        assert stun.recv(1500)[:2] == b"\0\1"  # Binding request (RFC 8489 section 5), and nobody has called
        relay.setblocking(False)
        with pytest.raises(BlockingIOError):
            relay.recv(1500)
        assert phone.state()["calls"] == []
