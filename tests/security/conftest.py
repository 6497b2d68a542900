"""A real frame in Chromium against a peer that the test scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.e2e.gate import use_settings, use_urls
from tests.e2e.heard import every_log_is_in_order  # noqa: F401 - a fixture of every test here
from tests.e2e.phone import Phone
from tests.e2e.world import World, open_world
from tests.security.hostile_peer import HostilePeer

OpenVictim = Callable[..., Phone]
"""(extension, columns=…, **options of Phone.open)."""


@pytest.fixture(scope="session")
def world(playwright: Playwright) -> Iterator[World]:
    with open_world(playwright) as opened:
        yield opened


@pytest.fixture(scope="session")
def _peer() -> Iterator[HostilePeer]:
    started = HostilePeer()
    yield started
    started.close()


@pytest.fixture
def peer(_peer: HostilePeer) -> HostilePeer:
    """The PBX of `victim` and of what `open_victim` opens; nothing was said yet."""
    _peer.reset()
    return _peer


class _Shared:
    """Starting a phone takes seconds: the tests share one."""

    def __init__(self) -> None:
        self.phone: Phone | None = None

    def __call__(self, world: World) -> Phone:
        """Idle and registered at the peer; a new one if the last test broke it."""
        if self.phone is not None:
            try:
                self.phone.rest()
            except Exception:
                self.phone.close()
            else:
                return self.phone
        self.phone = Phone.open(world, "1001")
        self.phone.mark()
        return self.phone


@pytest.fixture(scope="session")
def _shared() -> _Shared:
    return _Shared()


@pytest.fixture
def victim(world: World, peer: HostilePeer, _shared: _Shared) -> Iterator[Phone]:
    """The phone of 1001, registered at `peer` and idle. Many tests share it."""
    with use_urls(world, peer.url):
        phone = _shared(world)
        peer.user = phone.extension
        peer.reset()
        yield phone
        phone.assert_unharmed()
        peer.reset()  # its usual answers, so that the phone gets to rest


@pytest.fixture
def open_victim(world: World, peer: HostilePeer) -> Iterator[OpenVictim]:
    """A phone of its own for this test: `open_victim("1002", columns={"rules": …}, wait=None)`.

    `columns`: of the account, until the test ends.
    """
    opened: list[Phone] = []
    with ExitStack() as settings:
        settings.enter_context(use_urls(world, peer.url))

        def open(extension: str = "1002", *, columns: dict[str, Any] | None = None, **options: Any) -> Phone:
            if columns:
                settings.enter_context(use_settings(world, **columns))
            peer.user = extension
            opened.append(Phone.open(world, extension, **options))
            return opened[-1]

        yield open
        for phone in opened:
            phone.assert_unharmed()
        peer.reset()
        for phone in opened:
            phone.close()
