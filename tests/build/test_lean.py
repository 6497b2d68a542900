"""The line tables of the memory image: a report of the phone must still name the right line."""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build.frame_site import ROOT
from tests.build.scripts import script

SOURCES = sorted((ROOT / "embed_app").rglob("*.py"))


@pytest.fixture(scope="module")
def lean() -> Any:
    return script("lean")


def every(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            yield from every(item)


def line_of_each_instruction(code: types.CodeType) -> list[int | None]:
    return [line for start, end, line in code.co_lines() for _ in range(start, end, 2)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_our_own_code_keeps_its_lines_and_loses_its_columns(lean: Any, source: Path) -> None:
    whole = compile(source.read_text("utf-8"), source.name, "exec")
    lines = lean.with_lines(whole, lean.lines_only)
    for before, after in zip(every(whole), every(lines), strict=True):
        assert line_of_each_instruction(after) == line_of_each_instruction(before)
        assert {columns for *_, columns, _ in after.co_positions()} <= {None}


@pytest.mark.parametrize("far", [1, 31, 32, 2047, 2048, 100_000])
def test_a_jump_of_any_length_is_kept_forward_and_back(lean: Any, far: int) -> None:
    text = "x = (" + "\n" * far + "1 + y)\n"  # the assignment is on the first line again
    whole = compile(text, "far.py", "exec")
    assert max(line or 0 for line in line_of_each_instruction(whole)) == far + 1
    after = lean.with_lines(whole, lean.lines_only)
    assert line_of_each_instruction(after) == line_of_each_instruction(whole)


def test_the_standard_library_keeps_the_first_line_of_each_function(lean: Any) -> None:
    whole = compile("def f():\n    a = 1\n\n    return a\n", "f.py", "exec")
    _, function = every(lean.with_lines(whole, lean.first_line))
    assert set(line_of_each_instruction(function)) == {1}
