"""What a customer or a user may hold that people read. Each check gives the form that is kept."""

import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_NAME = 200
"""Characters."""


def checked(values: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Each value in the form its check gives; None, and what has no check, as it is. Raises ValueError."""
    return {
        name: checks[name](value) if name in checks and value is not None else value
        for name, value in values.items()
    }


def check_name(name: str) -> str:
    """A name that people read, without spaces around it. Raises ValueError."""
    if not 0 < len(name.strip()) <= LONGEST_NAME or re.search(r"[\x00-\x1f\x7f]", name):
        raise ValueError(f"a name has 1 to {LONGEST_NAME} characters, and no control characters")
    return name.strip()


def check_colour(colour: str) -> str:
    """#rrggbb in lower case. Any colour will do: the phone makes it readable. Raises ValueError."""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour.lower()):
        raise ValueError(f"{colour!r} is no colour: write it like #0a7d4f")
    return colour.lower()
