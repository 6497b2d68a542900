"""The user in a SIP address."""

import re

_EXTENSION = re.compile(r"[A-Za-z0-9._-]{1,32}")


def check_extension(extension: str) -> str:
    """The user of a SIP address. Raises ValueError."""
    if not _EXTENSION.fullmatch(extension):
        raise ValueError("an extension has 1 to 32 letters, digits, dots, dashes or underscores")
    return extension
