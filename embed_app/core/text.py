"""Text of other people, made safe to show. Pure."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 500
_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"sips?:(?:[^@?]*@)?(\[[^\]]*\]|[^;:?>]*)", re.IGNORECASE)
_UNPRINTABLE = ("Cc", "Cs", "Co", "Cn")
# Letters and signs that show nothing, though Unicode counts them among those that do.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean_name(text: str) -> str:
    """A caller's name as text: control and bidi characters removed, white space folded; "" when nothing of it
    can be seen. Never raises."""
    kept = (
        " " if char in "\t\r\n" else char
        for char in text[:MAX_NAME]
        if char in "\t\r\n" or (char not in _BIDI and unicodedata.category(char) not in _UNPRINTABLE)
    )
    name = " ".join("".join(kept).split())
    visible = any(unicodedata.category(char)[0] in "LNPS" and char not in _BLANK for char in name)
    return name if visible else ""


def is_colour(text: str) -> bool:
    """Whether it is `#rrggbb`."""
    return _COLOUR.fullmatch(text) is not None


def host_of(uri: str) -> str:
    """The host of a SIP URI (RFC 3261 section 19.1.1) in small letters; "" of anything else."""
    found = _HOST.match(uri)
    return found[1].lower() if found else ""
