"""What an account allows its phones: whom they may dial, whose wishes they follow, whom they believe.

Kept is what differs from the default, sent is all of it (`sip-config`, field `rules`). The phone has the same
defaults and reads the same patterns (`embed_app/core/link/call_rules.py`); a test compares the two.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

FOLLOW_TRANSFERS = ("colleagues", "ask", "never", "always")
"""When a phone follows a peer that asks it, by REFER, to call somebody else."""
NONE = "none"
"""For people: no limit, or an empty list."""
MOST_PATTERNS = 100
LONGEST_PATTERN = 64
HIGHEST_LIMIT = 86_400

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "follow_transfers": "colleagues",
        "digest_realms": [],
        "digest_in_dialog": False,
        "trusted_identity": True,
        "dial_allow": [
            "11[1-5]",
            "02XXXXXXXXX",
            "0[35789]XXXXXXXX",
            "1800XXXX",
            "1800XXXXXX",
            "*X",
            "*XX",
            "*XXX",
            "*XXXX",
            "**XX",
            "**XXX",
            "**XXXX",
        ],
        "dial_deny": ["1900X."],
        "internal": ["ZX", "ZXX", "ZXXX", "ZXXXX", "ZXXXXX"],
        "open_codes": [],
        "country": "84",
        "calls_per_minute": 20,
        "calls_at_once": 2,
        "longest_call_s": None,
    }
)
"""For Vietnam: national and mobile numbers, own extensions, and feature codes by the agent's own hand."""

_PATTERN = re.compile(r"_?\+?(?:[0-9*#XZNxzn]|\[(?:[0-9*#]|[0-9]-[0-9])+\])*[.!]?", re.ASCII)
_RANGE = re.compile(r"([0-9])-([0-9])")
_REALM = re.compile(r"[^\x00-\x1f\x7f\"\\]{1,200}")
_COUNTRY = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


def check_pattern(pattern: str) -> str:
    """Numbers as the dial plan of Asterisk writes them, as it is. Raises ValueError."""
    readable = (
        len(pattern) <= LONGEST_PATTERN
        and _PATTERN.fullmatch(pattern)
        and pattern not in ("", "_")
        and all(first <= last for first, last in _RANGE.findall(pattern))
    )
    if not readable:
        raise ValueError(
            f"{pattern!r} is no pattern: write it as Asterisk does, like 0[35789]XXXXXXXX or +65X. "
            "(X 0-9, Z 1-9, N 2-9, [13-5] one of these; at the end . for one character or more, ! for any)"
        )
    return pattern


def check_realm(realm: str) -> str:
    """The realm of a digest challenge, as it is (RFC 3261 section 22.1). Raises ValueError."""
    if not _REALM.fullmatch(realm):
        raise ValueError(f"{realm!r} is no realm: write it as the PBX sends it, without quotation marks")
    return realm


def check_country(code: object) -> str:
    """A calling code (ITU-T E.164). Raises ValueError."""
    if not isinstance(code, str) or not _COUNTRY.fullmatch(code):
        raise ValueError(f"{code!r} is no calling code: write it like 84, without + and zeros")
    return code


def check_limit(limit: object) -> int | None:
    """A number from 1 on; None, or "none" of a person, is no limit. Raises ValueError."""
    if limit in (None, NONE):
        return None
    text = str(limit)
    value = int(text) if re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) else 0
    if isinstance(limit, bool) or not 1 <= value <= HIGHEST_LIMIT:
        raise ValueError(f"{limit!r} is no limit: give a number from 1 to {HIGHEST_LIMIT}, or {NONE}")
    return value


def _follow(kind: object) -> str:
    if kind not in FOLLOW_TRANSFERS:
        raise ValueError(f"it is one of {', '.join(FOLLOW_TRANSFERS)}")
    return str(kind)


def _yes_or_no(value: object) -> bool:
    if value is not True and value is not False:
        raise ValueError("it is true or false")
    return value is True


def _each(check: Callable[[str], str]) -> Callable[[Any], list[str]]:
    def check_all(values: Any) -> list[str]:
        """`["none"]` is the empty list."""
        if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
            raise ValueError("it is a list of texts")
        if len(values) > MOST_PATTERNS:
            raise ValueError(f"there may be {MOST_PATTERNS} at most")
        return [] if list(values) == [NONE] else [check(value) for value in values]

    return check_all


_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "follow_transfers": _follow,
    "digest_realms": _each(check_realm),
    "digest_in_dialog": _yes_or_no,
    "trusted_identity": _yes_or_no,
    "dial_allow": _each(check_pattern),
    "dial_deny": _each(check_pattern),
    "internal": _each(check_pattern),
    "open_codes": _each(check_pattern),
    "country": check_country,
    "calls_per_minute": check_limit,
    "calls_at_once": check_limit,
    "longest_call_s": check_limit,
}


def check_rules(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are given, in the form that is kept. Raises ValueError that names the field."""
    kept: dict[str, Any] = {}
    for name, value in rules.items():
        if name not in _CHECKS:
            raise ValueError(f"rules: there is no {name!r}")
        try:
            kept[name] = _CHECKS[name](value)
        except ValueError as error:
            raise ValueError(f"rules: {name}: {error}") from error
    return kept


def all_rules(rules: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was set, and the default of everything else."""
    return {**DEFAULTS, **(rules or {})}
