"""What the fault tests saw, one JSON line each, for the table at the end of `make test-all`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from server.settings import PROJECT

REPORT = PROJECT / "var" / "faults.jsonl"


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
