"""A demo PBX behind a real uvicorn, on a port of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.pbx.world import World


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    """Start a PBX with extra `Pbx` arguments; it is stopped after the test."""
    worlds: list[World] = []

    def make(**options: Any) -> World:
        worlds.append(World(**options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.stop()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
