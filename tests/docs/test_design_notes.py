"""The map of the house in docs/design-notes.md: what it names exists, and no room is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PROJECT, page, section

NOTES = page("design-notes.md")
HOP = re.compile(r"`([\w./-]+\.(?:py|js|mjs)):([\w.]+)`")
ROOMS = ("embed_app", "server", "public", "tests", "bench", "deploy", "docs")
"""Folders at the top whose folders are all in the tree."""


def tree() -> Iterator[tuple[Path, str]]:
    """(path, its sentence) of every line of the tree; deeper lines are indented by two spaces."""
    block = re.search(r"```text\n(.*?)```", section(NOTES, "Rooms"), re.DOTALL)
    assert block is not None
    parents: list[str] = []
    for line in block[1].splitlines():
        found = re.fullmatch(r"((?:  )*)(\S+)\s+(\S.*)", line)
        assert found is not None, f"no path and sentence: {line!r}"
        depth = len(found[1]) // 2
        assert depth <= len(parents), f"indented too far: {line!r}"
        parents[depth:] = [found[2]]
        yield PROJECT.joinpath(*(name.rstrip("/") for name in parents)), found[3]


def functions(path: Path) -> set[str]:
    """Of a Python module: functions, classes, methods as Class.method. Of a script: what looks like one."""
    text = path.read_text(encoding="utf-8")
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    if path.suffix != ".py":
        return set(re.findall(r"(?:function\s+|\b)(#?\w+)\s*(?:\([^()]*\)\s*\{|[:=])", text))
    found: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, kinds | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{item.name}" for item in node.body if isinstance(item, kinds)}
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def test_every_path_of_the_tree_exists_and_is_said_in_one_sentence() -> None:
    wrong = {str(path): words for path, words in tree() if not path.exists() or words.count(". ")}
    assert wrong == {}


@pytest.mark.parametrize("room", ROOMS)
def test_the_tree_leaves_no_room_out(room: str) -> None:
    known = {path for path, _ in tree()}
    folders = {
        path
        for path in (PROJECT / room).rglob("*")
        if path.is_dir()
        and not {"__pycache__", "node_modules"} & set(path.parts)
        and any(child.is_file() for child in path.iterdir())
    }
    # The tests lie in the same tree as what they test: those of embed_app at the top, the server's in a room.
    mirrored = {path.relative_to(PROJECT) for path in known}
    tests = {Path("tests", *path.parts[path.parts[0] == "embed_app" :]) for path in mirrored}
    missing = {path.relative_to(PROJECT) for path in folders - known} - tests
    assert missing == set()


def test_the_five_walks_name_functions_that_exist() -> None:
    walks = section(NOTES, "Walks")
    hops = HOP.findall(walks)
    assert len(re.findall(r"^### ", walks, re.MULTILINE)) == 5
    assert len(hops) > 60
    gone = []
    for name, function in hops:
        path = PROJECT / name
        if not path.is_file() or function not in functions(path):
            gone.append(f"{name}:{function}")
    assert gone == []
