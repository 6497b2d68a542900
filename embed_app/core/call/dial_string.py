"""What may reach SIP: numbers, DTMF digits, headers, caller names (contract section 4).

SIP.js passes CRLF in extra headers on as it is and keeps `@evil.host` and `?X-Evil=` in a user part, so
nothing gets past this module that the wire could read as syntax (RFC 3261 section 25.1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from embed_app.core.text import clean_name

MAX_NUMBER = 32
MAX_DIGITS = 64
MAX_HEADERS = 10
MAX_HEADER_VALUE = 200
_NUMBER = re.compile(r"[+0-9*#]{1,32}", re.ASCII)
_DIGITS = re.compile(r"[0-9*#A-D,]{1,64}", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,200}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/@#+-]{0,127}", re.ASCII)
# Space separators, all Unicode dashes, dots and brackets: what people and CRMs put between digits.
_PUNCTUATION = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000.()\\[\\]{}\u2010-\u2015\u2212-]")


class DialStringError(ValueError):
    """Refused before it reaches SIP. `field` names the part that was wrong; the value is never told."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is not allowed")
        self.field = field


def clean_number(text: str) -> str:
    """`0912 345-678` -> `0912345678`. Raises DialStringError("number")."""
    if len(text) > 4 * MAX_NUMBER:
        raise DialStringError("number")
    number = _PUNCTUATION.sub("", text)
    if not _NUMBER.fullmatch(number):
        raise DialStringError("number")
    return number


def clean_digits(text: str) -> str:
    """DTMF of RFC 4733 section 3.2 and `,` for a pause of two seconds. Raises DialStringError("digits")."""
    digits = text.upper()
    if not _DIGITS.fullmatch(digits):
        raise DialStringError("digits")
    return digits


def clean_header_value(value: str, field: str) -> str:
    """Printable ASCII up to 200. Raises DialStringError(field)."""
    if not _HEADER_VALUE.fullmatch(value):
        raise DialStringError(field)
    return value


def call_headers(
    campaign_id: str | None, lead_id: str | None, extra: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The X- headers of an INVITE, in the order of contract section 3. Raises DialStringError."""
    if len(extra) > MAX_HEADERS:
        raise DialStringError("headers")
    headers: list[tuple[str, str]] = []
    if campaign_id is not None:
        headers.append(("X-Zorio-Campaign-Id", clean_header_value(campaign_id, "campaignId")))
    if lead_id is not None:
        headers.append(("X-Zorio-Lead-Id", clean_header_value(lead_id, "leadId")))
    taken = {name.lower() for name, _ in headers}
    for name, value in extra.items():
        if not _HEADER_NAME.fullmatch(name) or f"x-{name}".lower() in taken:
            raise DialStringError("headers")
        taken.add(f"x-{name}".lower())
        headers.append((f"X-{name}", clean_header_value(value, "headers")))
    return tuple(headers)


def clean_caller(text: str) -> str:
    """A caller's number for the screen and the events: what is not a number becomes plain clean text."""
    try:
        return clean_number(text)
    except DialStringError:
        return clean_name(text)[:64].rstrip()


def clean_id(value: str | None) -> str | None:
    """An id of a record that came in an `X-Zorio-` header of an INVITE; None for what is none.

    Up to 128 letters, digits and signs without a meaning in HTML and SQL. Two headers of one name, which SIP
    joins with a comma, are no id: one of them is not the PBX's."""
    text = (value or "").strip()
    return text if _ID.fullmatch(text) else None
