"""The table at the end of `make test-all`."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.faults import table


def row(fault: int, injected: str = "x", **more: Any) -> str:
    plain = {"expected": "e", "seen": "s", "gap_ms": None, "survived": True}
    return json.dumps({"fault": fault, "injected": injected, **plain, **more})


def test_the_newest_row_of_each_thing_counts() -> None:
    told = table([row(7, survived=False), row(7), row(2, gap_ms=312)])
    lines = told.splitlines()
    assert [line[1:4].strip() for line in lines[1:3]] == ["2", "7"]
    assert lines[1].endswith("312")
    assert "2 of 45 survived." in lines
    assert "Not survived" not in told


def test_a_fault_is_survived_only_in_every_way_it_was_injected() -> None:
    told = table([row(8, "403"), row(8, "503", survived=False)])
    assert "0 of 45 survived." in told
    assert "Not survived: 8." in told


def test_what_was_not_injected_is_named() -> None:
    told = table([row(1)])
    assert "Not run: 2, 3, 4" in told
    assert "Not injected: Redis down (of 23), because the product has none" in told
