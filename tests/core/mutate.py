"""A pytest plugin that changes one row of a transition table before the tests run.

    ZORIO_MUTATE=link:5:remove python -m pytest tests/core -x -q -p tests.core.mutate

The variable names the table (`call` or `link`), the number of the row, and what becomes of it: `remove`, or
`other` for another next state. The tests must fail then. Without the variable nothing is changed. The last
lines of the run say what was done, so that no run can pass for a mutated one by mistake.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, cast

import pytest

from embed_app.core.call import machine as call
from embed_app.core.link import machine as link

VARIABLE = "ZORIO_MUTATE"
TABLES: Mapping[str, Mapping[Any, Any]] = {"call": call.TABLE, "link": link.TABLE}
WAYS = ("remove", "other")
NOTHING = "no row was changed"


def mutated(table: Mapping[Any, Any], row: int, way: str) -> dict[Any, Any]:
    """A copy of the table with another row `row`. Raises IndexError or ValueError for what there is not."""
    key = list(table)[row]
    changed = dict(table)
    if way == "remove":
        del changed[key]
    elif way == "other":
        kind: type[StrEnum] = type(table[key])
        states = list(kind)
        changed[key] = states[(states.index(table[key]) + 1) % len(states)]
    else:
        raise ValueError(way)
    return changed


def name_of(table: str, row: int, way: str) -> str:
    """For people: which row that is."""
    rows = TABLES[table]
    key = list(rows)[row]
    after = mutated(rows, row, way).get(key, "(removed)")
    return f"{table}:{row}:{way}: {', '.join(key)} -> {after} instead of {rows[key]}"


def _apply(text: str) -> str:
    table, row, way = text.split(":")
    done = name_of(table, int(row), way)
    rows = cast("dict[Any, Any]", TABLES[table])
    changed = mutated(rows, int(row), way)
    rows.clear()
    rows.update(changed)  # in place: whoever has imported the table sees it
    return done


_DONE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    text = os.environ.get(VARIABLE, "")
    config.stash[_DONE] = _apply(text) if text else NOTHING


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(f"tables: {config.stash[_DONE]}")
