"""What all tests share: the Hypothesis profiles, and the one Playwright.

The suite runs the profile `quick`, the same examples every time: no surprises in `make test`.
`make test-all` searches for new counterexamples with the profile `search`: random seeds, a hundred times as
many examples. What it finds is printed with a `@reproduce_failure` line that repeats it.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.faults import pytest_runtest_makereport  # noqa: F401 - a hook for all tests

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("search", deadline=None, max_examples=3000, print_blob=True)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """A process can hold only one."""
    with sync_playwright() as started:
        yield started


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgresql",
        action="store_true",
        help="with tests/server: on Debian's PostgreSQL instead of SQLite, which `make servers` installs",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """While Playwright is up its event loop counts as running, and asyncio.run fails: its tests come last."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))
