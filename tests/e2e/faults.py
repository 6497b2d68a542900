"""What the fault tests saw, one JSON line for each test, and the table of it at the end of `make test-all`.

A test of fault 7 is called `test_fault_07_...` and injects it inside `with fault(7, ...)`: by its name it is
known even when it fails before that, or is skipped.

python -m tests.e2e.faults [--forget]
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from server.settings import PROJECT

REPORT = PROJECT / "var" / "faults.jsonl"
FAULTS = range(1, 46)
NOT_HERE = {"Redis down (of 23)": "the product has none: tokens are checked with keys in memory"}
"""What cannot be injected, and why."""
COLUMNS = {"injected": 52, "expected": 46, "what": 56}
"""Of the table, with their widths; longer texts are cut."""


@dataclass
class Row:
    """`what` was seen: a measured text. `gap_ms`: the longest silence that somebody heard."""

    fault: int
    injected: str
    expected: str
    what: str = ""
    gap_ms: float | None = None
    survived: bool = False

    def seen(self, what: str, gap_ms: float | None = None) -> None:
        self.what = what
        self.gap_ms = gap_ms if gap_ms is not None else self.gap_ms

    def lost(self, why: str) -> None:
        self.what, self.survived = why, False

    def _must_speak(self) -> None:
        if not self.what and self.gap_ms is not None:
            self.what = f"a silence of {self.gap_ms:.0f} ms"
        assert self.what, f"nothing was said of what was seen of fault {self.fault}"
        assert self.what != self.expected, f"fault {self.fault} says what was expected, not what was seen"


_rows: list[Row] = []
"""Of the test that runs."""


@contextmanager
def fault(number: int, injected: str, expected: str) -> Iterator[Row]:
    """One row for what happens inside: survived unless it raises, now or later in its test."""
    row = Row(number, injected, expected)
    _rows.append(row)
    try:
        yield row
        row._must_speak()
    except pytest.skip.Exception:
        _rows.remove(row)
        raise
    except BaseException as error:
        row.lost(f"{type(error).__name__}: {_first_line(error)}")
        raise
    row.survived = True


# ---- the side of pytest: a hook of tests/conftest.py


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Whatever becomes of a fault's test is in the table: a failure anywhere in it, and a skip."""
    report = yield
    named = re.match(r"test_fault_(\d+)", item.name)
    if report.failed:
        why = f"in {report.when}: {_first_line(report.longrepr)}"
        if named and not _rows:
            _rows.append(Row(int(named[1]), item.name, "", why))
        for row in _rows:
            if row.survived:
                row.lost(why)
    elif report.skipped and named:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _write(item, skipped={"fault": int(named[1]), "why": reason.removeprefix("Skipped: ")})
    if report.when == "teardown" and _rows:
        _write(item, rows=[asdict(row) for row in _rows])
        _rows.clear()
    return report


def _write(item: pytest.Item, **what: Any) -> None:
    on = "PostgreSQL" if item.config.getoption("--postgresql", False) else ""
    REPORT.parent.mkdir(exist_ok=True)
    with REPORT.open("a", encoding="utf-8") as report:
        report.write(json.dumps({"test": item.nodeid, "on": on} | what) + "\n")


def _first_line(error: object) -> str:
    crash = getattr(error, "reprcrash", None)
    return (str(crash.message if crash else error).strip().splitlines() or [""])[0]


# ---- the table


def table(lines: Iterable[str]) -> str:
    """What the newest run of each test saw, by number, and how many of the faults were survived."""
    newest = {(told["test"], told["on"]): told for told in map(json.loads, lines)}.values()
    rows = [row for told in newest for row in told.get("rows", [])]
    ran = {told["test"] for told in newest if "rows" in told}
    skipped = [told for told in newest if told["test"] not in ran]  # nor elsewhere, on another database
    shown = [f"   # | {' | '.join(f'{_heading(name):{width}}' for name, width in COLUMNS.items())} | gap ms"]
    shown += map(_line, sorted(rows, key=lambda row: (row["fault"], row["injected"])))
    seen = {row["fault"] for row in rows}
    lost = {row["fault"] for row in rows if not row["survived"]}
    partly = {told["skipped"]["fault"] for told in skipped}
    shown.append(f"{len(seen - lost - partly)} of {len(FAULTS)} survived.")
    if lost:
        shown.append(f"Not survived: {_list(lost)}.")
    for told in skipped:
        name = told["test"].rpartition("::")[2]
        shown.append(
            f"Skipped, so {told['skipped']['fault']} is not counted: {name}, {told['skipped']['why']}."
        )
    shown += [f"Not injected: {what}, because {why}." for what, why in NOT_HERE.items()]
    if missing := set(FAULTS) - seen - partly:
        shown.append(f"Not run: {_list(missing)}.")
    return "\n".join(shown)


def _heading(name: str) -> str:
    return "seen" if name == "what" else name


def _line(row: Mapping[str, Any]) -> str:
    texts = " | ".join(f"{row[name][:width]:{width}}" for name, width in COLUMNS.items())
    gap = "" if row["gap_ms"] is None else str(round(row["gap_ms"]))
    return f"{' ' if row['survived'] else '!'}{row['fault']:3} | {texts} | {gap:>6}"


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


if __name__ == "__main__":
    if "--forget" in sys.argv:
        REPORT.unlink(missing_ok=True)
    else:
        print(table(REPORT.read_text(encoding="utf-8").splitlines() if REPORT.exists() else []))
