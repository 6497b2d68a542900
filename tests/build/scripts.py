"""The Python of the fast start, which is no package: it runs in Pyodide while the frame is built."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.build.frame_site import ROOT


def script(name: str) -> Any:
    """public/fast-start/<name>.py as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"public/fast-start/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
