"""When this browser has dialled, in localStorage: the parent can load the frame again, but not reach this.

The browser keeps it apart for each site that embeds the frame. Where storage is denied each page counts for
itself (docs/security.md, "Dial plan and rates").
"""

from __future__ import annotations

import json

import js
from pyodide.ffi import JsException

KEY = "zorio-dialled"
_MOST = 1000
"""Times; there are at most as many as the account allows in a minute."""


def dialled() -> tuple[float, ...]:
    """Epoch seconds; () where there is nothing, or nothing that makes sense."""
    try:
        given = json.loads(str(js.localStorage.getItem(KEY) or "[]"))
    except (JsException, ValueError, RecursionError):
        return ()
    if not isinstance(given, list):
        return ()
    return tuple(float(time) for time in given[-_MOST:] if isinstance(time, int | float))


def keep_dialled(times: tuple[float, ...]) -> None:
    """For `dialled` of the next page."""
    try:
        js.localStorage.setItem(KEY, json.dumps(times[-_MOST:]))
    except JsException:
        return  # denied, or full
