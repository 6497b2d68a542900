"""Starting a phone takes seconds, so the tests share two of them and put them back to rest in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.e2e.crm import OpenCrm, open_crm, plain_browser
from tests.e2e.gate import Gate, open_gate, use_urls
from tests.e2e.heard import every_log_is_in_order  # noqa: F401 - a fixture of every test here
from tests.e2e.phone import Phone
from tests.e2e.relay import Relays, relayed
from tests.e2e.shim import Shim
from tests.e2e.world import World, open_world, until


@pytest.fixture(scope="session")
def world(playwright: Playwright) -> Iterator[World]:
    with open_world(playwright) as opened:
        yield opened


class _Shared:
    def __init__(self, world: World, gate: Gate | None = None) -> None:
        self._world = world
        self._gate = gate
        self._phones: dict[str, Phone] = {}

    def __call__(self, extension: str) -> Phone:
        """The shared phone of this extension, idle and registered; a new one if it broke."""
        phone = self._phones.get(extension)
        if phone is not None:
            try:
                phone.rest()
                return phone
            except Exception:
                phone.close()
        with use_urls(self._world, self._gate.url) if self._gate else nullcontext():
            self._phones[extension] = Phone.open(self._world, extension)
        self._phones[extension].mark()
        return self._phones[extension]

    def retire(self, extension: str) -> None:
        """Whoever comes next as this extension is alone; the shared phone is opened anew when wanted."""
        phone = self._phones.pop(extension, None)
        if phone is not None:
            phone.close()


@pytest.fixture(scope="session")
def shared(world: World) -> _Shared:
    return _Shared(world)


@pytest.fixture
def alice(shared: _Shared) -> Iterator[Phone]:
    phone = shared("1001")
    yield phone
    phone.assert_unharmed()


@pytest.fixture
def bob(shared: _Shared) -> Iterator[Phone]:
    phone = shared("1002")
    yield phone
    phone.assert_unharmed()


@pytest.fixture(scope="session")
def gate(world: World) -> Iterator[Gate]:
    """Between `carol` and the PBX."""
    with open_gate(world) as opened:
        yield opened


@pytest.fixture(scope="session")
def _carols(world: World, gate: Gate) -> _Shared:
    return _Shared(world, gate)


@pytest.fixture
def carol(_carols: _Shared, gate: Gate) -> Iterator[Phone]:
    """A phone whose WebSocket goes through the gate."""
    gate.answer = None
    gate.thaw()
    phone = _carols("1003")
    yield phone
    gate.answer = None
    gate.thaw()
    phone.assert_unharmed()


@pytest.fixture(scope="module")
def _third(world: World) -> Iterator[Phone]:
    phone = Phone.open(world, "1003")
    yield phone
    phone.close()


@pytest.fixture
def third(_third: Phone) -> Phone:
    """1003 at rest, for tests of three phones; gone after their module, so that others find nobody there."""
    _third.rest()
    return _third


@pytest.fixture
def nobody_at_1003(_carols: _Shared, world: World) -> None:
    """For tests that count the phones of 1003, or call it and expect one phone to ring."""
    _carols.retire("1003")
    until(lambda: "1003" not in world.pbx.bindings, "nobody at 1003")


@pytest.fixture(scope="module")
def plain(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """As users have it: a frame has a storage."""
    with plain_browser(world, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def crm(world: World, plain: Browser, nobody_at_1003: None) -> Iterator[OpenCrm]:
    """Phones in CRM pages that can be loaded anew."""
    opened: list[Phone] = []

    def open(extension: str = "1003", browser: Browser = plain, **options: str) -> Phone:
        opened.append(open_crm(world, extension, browser, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open
    for phone in opened:
        phone.assert_unharmed()
        phone.close()


@pytest.fixture
def relays(world: World) -> Iterator[Relays]:
    """Calls made in this test can be heard only as far as it lets them."""
    with relayed(world) as opened:
        yield opened


@pytest.fixture
def open_phone(world: World) -> Iterator[Callable[..., Phone]]:
    """A phone of its own for this test."""
    opened: list[Phone] = []

    def open(extension: str = "1003", **options: Any) -> Phone:
        phone = Phone.open(world, extension, **options)
        opened.append(phone)
        return phone

    yield open
    for phone in opened:
        phone.assert_unharmed()
        phone.close()


# ---- the SIP shim alone in a page


@pytest.fixture
def anna(world: World) -> Iterator[Shim]:
    yield from _shim(world, "1003")


@pytest.fixture
def ben(world: World) -> Iterator[Shim]:
    yield from _shim(world, "1004")


def _shim(world: World, extension: str) -> Iterator[Shim]:
    shim = Shim(world, extension)
    shim.configure()
    shim.register()
    yield shim
    shim.do("disconnect")
    shim.close()
