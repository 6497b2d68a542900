"""What every projection is made of."""

from __future__ import annotations

from collections.abc import Mapping

Properties = Mapping[str, str | bool]
"""Of one element; what they mean is said in `projection`."""
Items = Mapping[str, Mapping[str, Properties]]
"""Of one list: key -> part of the item -> its properties."""


def yes(value: bool) -> str:
    """For the attributes of ARIA, which are written out."""
    return "true" if value else "false"
