"""No text that people read stands outside the translations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from embed_app.i18n.translator import LOCALES, load_texts
from tests.ui.markup import PAGE, read_page

APP = Path(__file__).parents[2] / "embed_app"
SHOWING = sorted(
    path
    for path in APP.rglob("*.py")
    # Not the contract itself, whose texts integrators read, and not the translations.
    if path.relative_to(APP).parts[0] != "i18n"
    and path.stem not in ("commands", "events", "errors", "envelope")
)
SENTENCE = re.compile(r"[^\W\d_]{2,}[,:.…]? [^\W\d_]{2,}|[À-ɏḀ-ỿ…]")
"""Two words, or a letter or sign that no name of ours in the program has."""
CONSOLE = "zorio-webphone: "
SPOKEN = ("aria-label", "aria-description", "aria-roledescription", "title", "placeholder", "alt")


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Strings of a module that people could read: no docstrings, no words of errors, no lists of names."""
    tree = ast.parse(source)
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(node.value)
        elif isinstance(node, ast.Raise):
            silent.update(ast.walk(node))
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("compile", "split", "__init__", "_names"):
                silent.update(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in silent:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_python_has_no_text_of_its_own(path: Path) -> None:
    found = [
        (line, text)
        for line, text in literals(path.read_text(encoding="utf-8"))
        if SENTENCE.search(text) and not text.startswith(CONSOLE)
    ]
    assert found == []


@pytest.mark.parametrize(
    "code", ['View(title="Cuộc gọi")', 'say("In call")', 'f"Please wait {seconds}"', '"Gọi"']
)
def test_the_measure_sees_a_text(code: str) -> None:
    assert any(SENTENCE.search(text) for _, text in literals(f"x = {code}"))


def test_the_page_has_no_text_in_attributes() -> None:
    """An attribute cannot be in two languages: names are given by elements."""
    spoken = [
        (element.tag, name, value)
        for element in read_page().walk()
        for name in SPOKEN
        if (value := element.attributes.get(name, "").strip())
    ]
    assert spoken == []
    assert "data-i18n" in PAGE.read_text(encoding="utf-8")


def test_javascript_of_the_frame_shows_no_text() -> None:
    """What it shows stands in the page, in both languages."""
    public = PAGE.parent
    scripts = [*public.glob("*.js"), *public.glob("*.mjs"), *public.glob("sip/*.js")]
    assert len(scripts) > 10
    showing = re.compile(
        r"\.(?:textContent|innerText|innerHTML|placeholder|title|ariaLabel)\s*=(?!=)\s*([^;\n]+)"
    )
    shown = [
        (script.name, text)
        for script in scripts
        for text in showing.findall(script.read_text(encoding="utf-8"))
    ]
    assert [(name, text) for name, text in shown if re.search(r"[\"'`]\S", text)] == []


def test_a_start_that_failed_is_told_in_the_words_of_the_translations() -> None:
    """boot.js has a copy: it speaks where nothing that reads the translations could be loaded."""
    boot = (PAGE.parent / "boot.js").read_text(encoding="utf-8")
    block = re.search(r"^  var LOAD_FAILED = \{\n(.*?)^  \};$", boot, re.MULTILINE | re.DOTALL)
    assert block is not None
    told = dict(re.findall(r'^    (\w+): "(.*)",$', block[1], re.MULTILINE))
    texts = {locale: load_texts(locale) for locale in LOCALES}
    assert told == {
        locale: f"{text['error.load_failed.title']}. {text['error.load_failed']}"
        for locale, text in texts.items()
    }
