"""The next state of a link, a call or its sound comes from its table: nothing else in the core writes one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from embed_app.core.call.values import Call
from embed_app.core.link.values import Link, LinkState
from embed_app.core.media.values import MediaWatch, NotWatched

CORE = Path(__file__).parents[2] / "embed_app" / "core"
MAY_WRITE = {
    "call/machine.py",
    "link/machine.py",
    "media/machine.py",
    "resume/record.py",  # reads back the call that another page has written
}


def written_states(source: str) -> Iterator[int]:
    """The lines of calls that are given a state: by name, or by `**{"state": …}`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg == "state":
                yield node.lineno
            elif keyword.arg is None and isinstance(keyword.value, ast.Dict):
                names = [key.value for key in keyword.value.keys if isinstance(key, ast.Constant)]
                yield from (node.lineno for name in names if name == "state")


def test_no_other_module_writes_a_state() -> None:
    found = {}
    for path in sorted(CORE.rglob("*.py")):
        name = path.relative_to(CORE).as_posix()
        lines = list(written_states(path.read_text(encoding="utf-8")))
        if lines and name not in MAY_WRITE:
            found[name] = lines
    assert found == {}


@pytest.mark.parametrize("name", sorted(MAY_WRITE))
def test_each_module_that_may_write_one_does(name: str) -> None:
    assert list(written_states((CORE / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("step.change_link(state=LinkState.IDLE)", [1]),
        ("\nreplace(call, state=after)", [2]),
        ("replace(link, **{'state': LinkState.IDLE})", [1]),
        ("step.change_link(attempt=0)", []),
    ],
)
def test_what_counts_as_writing_one(source: str, lines: list[int]) -> None:
    assert list(written_states(source)) == lines


def test_a_new_link_is_off_and_a_new_call_gets_its_state_from_the_table() -> None:
    assert Link().state is LinkState.IDLE
    (state,) = (field for field in fields(Call) if field.name == "state")
    assert (state.default, state.default_factory) == (MISSING, MISSING)
    assert MediaWatch().state == NotWatched()
