"""Servers are started once. Without being named (`pytest tests/real`) nothing of this folder runs: it needs
programs that `make test` does not install."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.kamailio import Kamailio


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = any("real" in Path(arg.split("::")[0]).parts for arg in config.invocation_params.args)
    return None if named else True


@pytest.fixture(scope="session")
def kamailio() -> Iterator[Kamailio]:
    running = Kamailio()
    yield running
    running.close()
