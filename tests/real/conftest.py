"""Servers are started once. Without being named (`pytest tests/real`) nothing of this folder runs: it needs
programs that `make test` does not install."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.e2e.crm import plain_browser
from tests.e2e.heard import every_log_is_in_order  # noqa: F401 - a fixture of every test here
from tests.e2e.phone import Home, Phone
from tests.real.kamailio import SECRET, Kamailio, named
from tests.real.wire import Wire
from tests.real.world import RealWorld, open_real_world


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = any("real" in Path(arg.split("::")[0]).parts for arg in config.invocation_params.args)
    return None if named else True


@pytest.fixture(scope="session")
def kamailio() -> Iterator[Kamailio]:
    running = Kamailio()
    yield running
    log = running.program.text()
    running.close()
    assert not named(log), "numbers, names or secrets in Kamailio's log"


@pytest.fixture(scope="session")
def world(playwright: Playwright, kamailio: Kamailio) -> Iterator[RealWorld]:
    with open_real_world(playwright, kamailio) as opened:
        yield opened


class Shared:
    """Starting a phone takes seconds: the tests share them and put them back to rest in between."""

    def __init__(self, world: RealWorld) -> None:
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
def shared(world: RealWorld) -> Shared:
    return Shared(world)


@pytest.fixture
def alice(shared: Shared) -> Iterator[Phone]:
    phone = shared("1001")
    yield phone
    phone.assert_unharmed()


@pytest.fixture
def bob(shared: Shared) -> Iterator[Phone]:
    phone = shared("1002")
    yield phone
    phone.assert_unharmed()


@pytest.fixture
def carol(shared: Shared) -> Iterator[Phone]:
    phone = shared("1003")
    yield phone
    phone.assert_unharmed()


@pytest.fixture
def open_phone(world: RealWorld) -> Iterator[Callable[..., Phone]]:
    """A phone of its own for this test; `at`: of another account."""
    opened: list[Phone] = []

    def open(extension: str, *, at: Home | None = None, **options: Any) -> Phone:
        phone = Phone.open(at or world, extension, **options)
        opened.append(phone)
        return phone

    yield open
    for phone in opened:
        phone.assert_unharmed()
        phone.close()


@pytest.fixture(scope="session")
def plain(world: RealWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium as users have it."""
    with plain_browser(world, tmp_path_factory.mktemp("profile")) as browser:  # type: ignore[arg-type]
        yield browser


@pytest.fixture
def wire(kamailio: Kamailio) -> Iterator[Wire]:
    made = Wire(kamailio.ws_port)
    yield made
    made.close()


@pytest.fixture
def behind_wire(world: RealWorld, wire: Wire) -> RealWorld:
    return world.account(f"wire-{wire.port}.localhost", [wire.url], sip_secret=SECRET)


@pytest.fixture
def one_place(world: RealWorld, wire: Wire) -> RealWorld:
    """As `behind_wire`, with leases as the product has them: whoever is killed leaves one behind."""
    domain = f"one-{wire.port}.localhost"
    return world.account(domain, [wire.url], sip_secret=SECRET, features={"one_place": True})
