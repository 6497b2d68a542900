import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.server.world import World, build_world


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread, so that tests and Hypothesis stay synchronous."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def world(tmp_path: Path, portal: BlockingPortal) -> Iterator[World]:
    world = build_world(tmp_path, portal, float(int(time.time())))
    yield world
    world.services.database.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that is not there yet."""
    return f"sqlite:///{tmp_path / 'zorio.db'}"
