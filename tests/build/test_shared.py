"""What Python and the scripts share is written down once, in embed_app/core/shared.json."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from embed_app.core.shared import SHARED
from tests.build.frame_site import ROOT

SCRIPTS = [path for kind in ("*.js", "*.mjs") for path in (ROOT / "public").rglob(kind)]
MODULES = sorted((ROOT / "embed_app").rglob("*.py"))
NAMES = [name for name in asdict(SHARED) if name.endswith("_key")]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_stored_value_stands_nowhere_else(name: str) -> None:
    value = getattr(SHARED, name)
    found = [path.name for path in (*SCRIPTS, *MODULES) if f'"{value}' in path.read_text("utf-8")]
    assert found == []


@pytest.mark.parametrize("name", asdict(SHARED))
def test_the_scripts_use_each_of_them(name: str) -> None:
    """A value that only Python needs belongs to Python."""
    used = (f"SHARED.{name}", f"{name}, ", f"{name} }}")
    assert any(part in path.read_text("utf-8") for path in SCRIPTS for part in used)
