import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from server.storage.database import Database
from tests.real.postgresql import Postgresql
from tests.server.commands import ACCOUNT, DOMAIN, PASSWORD, done
from tests.server.processes import Serve, Server
from tests.server.world import World, build_dist, build_world


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread, so that tests and Hypothesis stay synchronous."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[Postgresql | None]:
    """Where it was asked for."""
    if not request.config.getoption("--postgresql"):
        yield None
        return
    running = Postgresql()
    yield running
    running.close()


@pytest.fixture
def url(tmp_path: Path, postgresql: Postgresql | None) -> str:
    """A database that is not there yet, or has nothing in it."""
    return postgresql.new_database() if postgresql else f"sqlite:///{tmp_path / 'zorio.db'}"


@pytest.fixture
def database(tmp_path: Path, url: str) -> Iterator[Database]:
    """One that nothing else has opened."""
    database = Database(url.replace("zorio.db", "new/zorio.db"), wait_ms=2000)
    yield database
    database.close()


@pytest.fixture
def sqlite_only(postgresql: Postgresql | None) -> None:
    """For what can happen to a file."""
    if postgresql:
        pytest.skip("of SQLite")


@pytest.fixture
def world(tmp_path: Path, portal: BlockingPortal, url: str) -> Iterator[World]:
    world = build_world(tmp_path, portal, float(int(time.time())), url)
    yield world
    world.services.database.close()


@pytest.fixture
def serve(tmp_path: Path, url: str) -> Iterator[Serve]:
    """Starts a process; a customer with one user is in the database."""
    dist = build_dist(tmp_path / "dist")
    done(url, ACCOUNT)
    (tmp_path / "sip.txt").write_text("a sip password")
    user = ["user", "add", DOMAIN, "an", "--extension", "1001", "--password-file", "-"]
    done(url, [*user, "--sip-password-file", str(tmp_path / "sip.txt")], PASSWORD)
    running: list[Server] = []

    def start(
        keys: str, port: int = 0, *, descriptors: int = 0, log: Path | None = None, **variables: str
    ) -> Server:
        running.append(Server(dist, url, keys, port, descriptors=descriptors, log=log, **variables))
        return running[-1]

    yield start
    for each in running:
        each.stop(signal.SIGKILL)
