"""Patterns of numbers, written as in the dial plan of Asterisk: `X Z N [..] . !`.

A pattern is read once into one set of characters a place, and an open end. Matching looks at each character
once: there is no backtracking, so no pattern is slow. The server checks the same syntax
(`server/customers/call_rules.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST_PATTERN = 64
"""Characters."""

_DIGITS = frozenset("0123456789")
_NAMED = {"X": _DIGITS, "Z": _DIGITS - {"0"}, "N": _DIGITS - {"0", "1"}}
_ELEMENT = re.compile(r"[0-9*#]|[XZNxzn]|\[(?:[0-9*#]|[0-9]-[0-9])+\]", re.ASCII)
_RANGE = re.compile(r"([0-9])-([0-9])|([0-9*#])", re.ASCII)
_SHORTEST_END = {".": 1, "!": 0}


class PatternError(ValueError):
    """The text is no pattern."""


@dataclass(frozen=True, slots=True)
class DialPattern:
    """What each character of a number may be."""

    places: tuple[frozenset[str], ...]
    shortest_end: int | None
    """How many more characters must follow at least; None: no more may follow."""

    def matches(self, number: str, *, end: frozenset[str] | None = None) -> bool:
        """`end`: what the characters of the open end may be; None: anything."""
        known = len(self.places)
        more = len(number) - known
        if more < 0 or (more != 0 if self.shortest_end is None else more < self.shortest_end):
            return False
        return all(character in place for character, place in zip(number, self.places, strict=False)) and (
            end is None or end.issuperset(number[known:])
        )

    @property
    def is_code(self) -> bool:
        """Whether it is about feature codes: it can begin with `*` or `#`."""
        return bool(self.places) and not self.places[0].isdisjoint("*#")


@lru_cache(maxsize=1024)
def read_pattern(text: str) -> DialPattern:
    """`_0[35789]XXXXXXXX`; the leading underscore may be left out. `+` may stand in front, and nowhere else.

    `X`: 0-9, `Z`: 1-9, `N`: 2-9, `[13-5]`: one of these, `.`: one character or more, `!`: any number of
    characters or none; `.` and `!` are the end. Raises PatternError.
    """
    if len(text) > LONGEST_PATTERN:
        raise PatternError("too long")
    rest = text.removeprefix("_")
    places: list[frozenset[str]] = []
    if rest.startswith("+"):
        places.append(frozenset("+"))
        rest = rest[1:]
    shortest_end = _SHORTEST_END.get(rest[-1:])
    if shortest_end is not None:
        rest = rest[:-1]
    at = 0
    while at < len(rest):
        found = _ELEMENT.match(rest, at)
        if found is None:
            raise PatternError("not readable")
        places.append(_place(found[0]))
        at = found.end()
    if not places and shortest_end is None:
        raise PatternError("empty")
    return DialPattern(tuple(places), shortest_end)


def _place(element: str) -> frozenset[str]:
    if element[0] != "[":
        return _NAMED.get(element.upper(), frozenset(element))
    characters: set[str] = set()
    for first, last, single in _RANGE.findall(element):
        if first > last:
            raise PatternError("empty range")
        characters |= {single} if single else {chr(code) for code in range(ord(first), ord(last) + 1)}
    return frozenset(characters)


def matches_any(patterns: tuple[str, ...], number: str) -> bool:
    """Whether one of them is this number's; the number is taken as it is written. Raises PatternError."""
    return any(read_pattern(pattern).matches(number) for pattern in patterns)
