"""What the fault tests saw, one JSON line each, and the table of it at the end of `make test-all`.

python -m tests.e2e.faults [--forget]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.settings import PROJECT

REPORT = PROJECT / "var" / "faults.jsonl"
FAULTS = range(1, 46)
NOT_HERE = {"Redis down (of 23)": "the product has none: tokens are checked with keys in memory"}
"""What cannot be injected, and why."""
COLUMNS = {"injected": 52, "expected": 46, "seen": 56}
"""Of the table, with their widths; longer texts are cut."""


def record_fault(
    number: int,
    injected: str,
    expected: str,
    seen: str,
    gap_ms: float | None = None,
    *,
    survived: bool = True,
) -> None:
    """`number`: of the list of faults; `gap_ms`: the longest silence that somebody heard."""
    row = {
        "fault": number,
        "injected": injected,
        "expected": expected,
        "seen": seen,
        "gap_ms": None if gap_ms is None else round(gap_ms),
        "survived": survived,
    }
    REPORT.parent.mkdir(exist_ok=True)
    with REPORT.open("a", encoding="utf-8") as report:
        report.write(json.dumps(row) + "\n")


@dataclass
class Seen:
    """What a test writes into its row while it runs."""

    what: str = ""
    gap_ms: float | None = None


@contextmanager
def fault(number: int, injected: str, expected: str) -> Iterator[Seen]:
    """One row for what happens inside: survived unless it raises."""
    seen = Seen()
    try:
        yield seen
    except BaseException as error:
        record_fault(number, injected, expected, type(error).__name__, seen.gap_ms, survived=False)
        raise
    record_fault(number, injected, expected, seen.what or expected, seen.gap_ms)


def table(lines: Iterable[str]) -> str:
    """The newest row of each thing injected, by number, and how many of the faults were survived."""
    rows = {(row["fault"], row["injected"]): row for row in map(json.loads, lines)}
    told = [f"   # | {' | '.join(f'{name:{width}}' for name, width in COLUMNS.items())} | gap ms"]
    for _, row in sorted(rows.items()):
        texts = " | ".join(f"{row[name][:width]:{width}}" for name, width in COLUMNS.items())
        mark = " " if row["survived"] else "!"
        gap = "" if row["gap_ms"] is None else str(row["gap_ms"])
        told.append(f"{mark}{row['fault']:3} | {texts} | {gap:>6}")
    seen = {number for number, _ in rows}
    lost = {row["fault"] for row in rows.values() if not row["survived"]}
    told.append(f"{len(seen - lost)} of {len(FAULTS)} survived.")
    if lost:
        told.append(f"Not survived: {_list(lost)}.")
    told += [f"Not injected: {what}, because {why}." for what, why in NOT_HERE.items()]
    if missing := set(FAULTS) - seen:
        told.append(f"Not run: {_list(missing)}.")
    return "\n".join(told)


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


if __name__ == "__main__":
    if "--forget" in sys.argv:
        REPORT.unlink(missing_ok=True)
    else:
        print(table(REPORT.read_text(encoding="utf-8").splitlines() if REPORT.exists() else []))
