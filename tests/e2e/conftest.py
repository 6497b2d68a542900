"""Starting a phone takes seconds, so the tests share two of them and put them back to rest in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.phone import Phone
from tests.e2e.world import World, open_world


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    with sync_playwright() as playwright, open_world(playwright) as opened:
        yield opened


class _Shared:
    def __init__(self, world: World) -> None:
        self._world = world
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
        self._phones[extension] = Phone.open(self._world, extension)
        self._phones[extension].mark()
        return self._phones[extension]


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
