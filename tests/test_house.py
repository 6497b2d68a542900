"""The house itself: what may be imported where, and that codes and texts belong together."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from embed_app.core.call.values import Call
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.i18n.translator import LOCALES, load_texts
from embed_app.protocol.errors import ERRORS

ROOT = Path(__file__).parent.parent
APP = ROOT / "embed_app"
PURE = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in APP.rglob("*.py")
    if "browser" not in path.parts and path.name != "main.py"
)
IMPORT_ALL = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"js", "pyodide", "pyodide_js", "pyscript", "server"}:
            raise ImportError(name + " is not for these rooms")

sys.meta_path.insert(0, Blocked())
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(tops - sys.stdlib_module_names - {"embed_app"}))
"""
TELLERS = {"problem", "refuse", "wait", "banner", "ProtocolError", "ParentMistake", "Problem"}
"""Whoever is given an error code, as a first argument, a second one after the step, or by name."""


def test_everything_but_the_edge_runs_on_plain_cpython_with_the_standard_library_alone() -> None:
    assert len(PURE) > 25
    command = [sys.executable, "-W", "error", "-c", IMPORT_ALL, *PURE]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(("room", "may_import"), [("core", "core"), ("protocol", "core"), ("i18n", "i18n")])
def test_the_lowest_rooms_import_the_standard_library_and_themselves(room: str, may_import: str) -> None:
    files = list((APP / room).rglob("*.py"))
    assert files
    for path in files:
        foreign = [name for name in imports(path) if name.partition(".")[0] not in sys.stdlib_module_names]
        known = (f"embed_app.{room}", f"embed_app.{may_import}")
        assert [name for name in foreign if not name.startswith(known)] == [], path


def test_only_main_and_the_browser_know_the_browser() -> None:
    knowing = {
        path.relative_to(APP).parts[0]
        for path in APP.rglob("*.py")
        if any(name.partition(".")[0] in {"js", "pyodide", "pyscript"} for name in imports(path))
    }
    assert knowing == {"main.py", "browser"}


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.name)
def test_a_module_is_no_longer_than_three_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", sorted((ROOT / "public").rglob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_is_no_longer_either(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("locale", LOCALES)
def test_every_error_code_has_its_text(locale: str) -> None:
    texts = load_texts(locale)
    assert [code for code in ERRORS if not texts.get(f"error.{code}", "").strip()] == []


def told_codes(path: Path) -> Iterator[str]:
    """Strings that look like codes in calls of `TELLERS`, and in the tables the core takes codes from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict) and "core" in path.parts:
            values = [value.value for value in node.values if isinstance(value, ast.Constant)]
            yield from (value for value in values if isinstance(value, str) and "_" in value)
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in TELLERS:
            continue
        given = [*node.args[:2], *(word.value for word in node.keywords if word.arg == "code")]
        for argument in given if name != "ProtocolError" else node.args[:1]:
            for leaf in ast.walk(argument):
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and "_" in leaf.value:
                    yield leaf.value


def test_every_code_that_is_told_is_in_the_list() -> None:
    found = {code: path.name for path in APP.rglob("*.py") for code in told_codes(path)}
    assert {"mic_blocked", "token_foreign", "invalid_number", "unknown_command"} <= set(found)
    assert {code: name for code, name in found.items() if code not in ERRORS} == {}


def test_every_part_of_the_model_is_frozen() -> None:
    shapes: list[type] = [Phone, Call, Problem]
    assert all(is_dataclass(shape) and shape.__dataclass_params__.frozen for shape in shapes)  # type: ignore[attr-defined]
    assert {field.name for field in fields(Phone)} >= {"link", "calls", "notices", "timers"}
