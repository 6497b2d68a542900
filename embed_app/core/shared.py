"""What Python and the scripts of the page (`public/`) must both know. Once: in `shared.json`.

The scripts need it before Python is there; the build puts the values into them (public/build/build.mjs). This
module is imported while the frame is built, so nothing is read at the start.
"""

from __future__ import annotations

import json
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    source: str
    """`source` of every message between the parent and us (contract section 3)."""
    longest_message: int
    """Characters of JSON. A longer one is no message."""
    kept_messages: int
    """Of the parent, from before Python listens. Those beyond are counted and dropped."""
    record_key: str
    """Of the session storage: the record of the calls, for the next page."""
    record_lives_s: int
    """A record that is older is of no use: a far end of ours has given the call up after 30 seconds."""
    address_key: str
    """Of the state of the session history: the address, while there is a call."""
    sound_key: str
    """Of the local storage: the devices and sounds that the agent chose."""
    browser_key: str
    """Of the local storage: the name of this browser (`browser/lease_holder.py`)."""


def _read() -> Shared:
    data = pkgutil.get_data(__package__ or "embed_app.core", "shared.json")
    if data is None:
        raise FileNotFoundError("shared.json")
    return Shared(**json.loads(data))


SHARED = _read()
