"""Which parents the phone talks to: the customer's list, narrowed by the one signed into the token.

Patterns are CSP host sources (CSP Level 3 section 2.3.1) of three forms: `https://crm.example`,
`http://localhost:*` (any port) and `https://*.crm.example` (any subdomain).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.ASCII)
_PATTERN = re.compile(r"(https?)://((?:\*\.)?[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}|\*))?", re.ASCII)


def is_allowed(origin: str, patterns: Iterable[str]) -> bool:
    """Exact scheme, host and port, as the browser writes an origin. Never raises."""
    found = _ORIGIN.fullmatch(origin)
    return found is not None and any(_matches(found, pattern) for pattern in patterns)


def _matches(origin: re.Match[str], pattern: str) -> bool:
    wanted = _PATTERN.fullmatch(pattern.lower())
    if wanted is None or wanted[1] != origin[1]:
        return False
    if wanted[3] != "*" and wanted[3] != origin[3]:
        return False
    if wanted[2].startswith("*."):
        return origin[2].endswith(wanted[2][1:]) and len(origin[2]) > len(wanted[2]) - 1
    return wanted[2] == origin[2]


def targets(hint: str, customer: Sequence[str], token: Sequence[str]) -> tuple[str, ...]:
    """Where events may be posted, before the parent has said anything.

    The browser delivers only to the parent whose origin matches, so a wrong hint tells nobody anything.
    Without a usable hint every exact origin of the list is tried; the others are dropped by the browser.
    """
    allowed = narrow(customer, token)
    if hint:
        return (hint,) if is_allowed(hint, customer) and (not token or is_allowed(hint, token)) else ()
    return tuple(pattern for pattern in allowed if _ORIGIN.fullmatch(pattern))


def narrow(customer: Sequence[str], token: Sequence[str]) -> tuple[str, ...]:
    """The customer's patterns that the token names too; all of them while there is no readable token."""
    return tuple(customer) if not token else tuple(item for item in customer if item in token)
