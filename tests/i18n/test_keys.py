"""Every key that the screen asks for exists, and every text is asked for somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from embed_app.i18n.translator import load_texts

ROOT = Path(__file__).parents[2]
TEXTS = load_texts("vi")
ROOMS = {key.split(".")[0] for key in TEXTS}
"""What keys begin with."""
KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
SCREEN = [*(ROOT / "embed_app/ui").glob("*.py"), *(ROOT / "embed_app/browser").glob("*.py")]
WRITTEN = re.compile(r'data-i18n[a-z-]*="([^"]+)"')


def nodes() -> Iterator[ast.AST]:
    for path in [*SCREEN, ROOT / "embed_app/i18n/translator.py"]:
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def named() -> set[str]:
    """Keys that stand in Python as they are, or in the page."""
    strings = (n.value for n in nodes() if isinstance(n, ast.Constant) and isinstance(n.value, str))
    in_python = {text for text in strings if KEY.fullmatch(text) and text.split(".")[0] in ROOMS}
    page = (ROOT / "public/webphone-embed.html").read_text(encoding="utf-8")
    return in_python | {key for keys in WRITTEN.findall(page) for key in keys.split()}


def composed() -> set[str]:
    """Patterns of keys that Python puts together, as `f"month.{month}"`."""
    patterns = set()
    for node in nodes():
        if isinstance(node, ast.JoinedStr):
            parts = (re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in node.values)
            patterns.add("".join(parts))
    return {pattern for pattern in patterns if pattern.split("\\.")[0] in ROOMS}


def test_every_key_that_is_named_has_a_text() -> None:
    assert len(named()) > 80
    assert named() - set(TEXTS) == set()


def test_every_pattern_of_keys_finds_texts() -> None:
    assert len(composed()) > 8
    assert [p for p in composed() if not any(re.fullmatch(p, key) for key in TEXTS)] == []


def test_every_text_is_used() -> None:
    used = named()
    patterns = [re.compile(pattern) for pattern in composed()]
    unused = [key for key in TEXTS if key not in used and not any(p.fullmatch(key) for p in patterns)]
    assert unused == []
