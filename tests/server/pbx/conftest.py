"""A demo PBX behind a real uvicorn, on a free port."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.server.pbx.world import Host, World


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.stop()


@pytest.fixture
def make_world(host: Host) -> Iterator[Callable[..., World]]:
    """Start a PBX with extra `Pbx` arguments; it is stopped after the test."""
    worlds: list[World] = []

    def make(**options: Any) -> World:
        worlds.append(World(host, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.stop()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
