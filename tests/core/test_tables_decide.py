"""The transition tables decide: when any row is removed or leads elsewhere, the tests of the core fail.

Each mutation is a run of its own (`mutate.py`). All of them take minutes; the quick run tries four.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.core.mutate import NOTHING, TABLES, VARIABLE, WAYS, mutated, name_of

ROOT = Path(__file__).parents[2]
MOST_TELLING = {
    "call": (
        "tests/core/resume/test_handover.py",
        "tests/core/call/test_machine.py",
        "tests/core/call/test_transfer.py",
        "tests/core/media/test_loss.py",
    ),
    "link": (
        "tests/core/link/test_machine.py",
        "tests/core/link/test_advance.py",
        "tests/core/link/test_ownership.py",
    ),
}
"""What is run first: it finds most mutations, and quickly."""
ALL = [(table, row, way) for table, rows in TABLES.items() for row in range(len(rows)) for way in WAYS]
SAMPLE = [("call", 3, "remove"), ("call", 40, "other"), ("link", 23, "remove"), ("link", 60, "other")]


def run(tests: tuple[str, ...], mutation: str) -> subprocess.CompletedProcess[str]:
    quick = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "tests.core.mutate"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *quick, f"--ignore={__file__}", *tests],
        cwd=ROOT,
        env={**os.environ, VARIABLE: mutation, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def what_survives(mutation: tuple[str, int, str]) -> str | None:
    """None when a test fails, as it must; else what was changed and how the run ended."""
    table, row, way = mutation
    name = name_of(table, row, way)
    for tests in (MOST_TELLING[table], ("tests/core",)):
        done = run(tests, f"{table}:{row}:{way}")
        if f"tables: {name}" not in done.stdout or done.returncode not in (0, 1):
            return f"{name}: the run did not take place\n{done.stdout}{done.stderr}"
        if done.returncode == 1:
            return None
    return name


def survivors(mutations: list[tuple[str, int, str]]) -> list[str]:
    with ThreadPoolExecutor(max_workers=2) as pool:
        return [found for found in pool.map(what_survives, mutations) if found is not None]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("table", TABLES)
def test_a_mutation_changes_one_row_and_no_other(table: str, way: str) -> None:
    rows = TABLES[table]
    for row, key in enumerate(rows):
        changed = mutated(rows, row, way)
        assert changed.get(key) != rows[key]
        assert {**changed, key: rows[key]} == dict(rows)


def test_a_mutation_that_there_is_not_ends_the_run() -> None:
    assert run(MOST_TELLING["link"], "link:1000:remove").returncode not in (0, 1)


def test_a_changed_row_is_noticed() -> None:
    assert survivors(SAMPLE) == []


def test_without_a_mutation_the_most_telling_tests_pass() -> None:
    done = run(MOST_TELLING["link"], "")
    assert done.returncode == 0, done.stdout
    assert f"tables: {NOTHING}" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_without_a_mutation_the_tests_pass() -> None:
    done = run(("tests/core",), "")
    assert done.returncode == 0, done.stdout
    assert f"tables: {NOTHING}" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("table", TABLES)
def test_no_row_can_be_changed_unnoticed(table: str) -> None:
    assert survivors([mutation for mutation in ALL if mutation[0] == table]) == []
