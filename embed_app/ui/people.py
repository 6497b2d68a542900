"""Whom the agent may mean while typing a number or a name: from the history, the latest first. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from embed_app.core.history.values import CallHistory
from embed_app.ui.numbers import significant

MOST = 3
_D_WITH_STROKE = chr(0x111)
"""Unicode takes marks off letters, but this stroke is no mark."""
_SHORTEST_INSIDE = 3
"""Digits that are looked for inside a number; fewer of them would be found in nearly each."""
_NUMBER = re.compile(r"[+0-9]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One number somebody had a call with. `plain`: the name in small letters without marks."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    plain: str = field(repr=False)


@lru_cache(maxsize=2)
def people(history: CallHistory) -> tuple[Person, ...]:
    """Each number once, under the name it had last."""
    found: dict[str, str] = {}
    for call in history.calls:
        if _NUMBER.fullmatch(call.number) and not found.get(call.number):
            found[call.number] = call.name if call.name != call.number else ""
    return tuple(Person(number=number, name=name, plain=plain(name)) for number, name in found.items())


@lru_cache(maxsize=2)
def last_dialled(history: CallHistory) -> str:
    """The number, or "" where nobody was called yet."""
    return next((call.number for call in history.calls if not call.inbound), "")


def suggested(known: tuple[Person, ...], typed: str) -> tuple[Person, ...]:
    """At most MOST: numbers that begin like this, then such that contain it; or names, by the beginning of
    any word."""
    digits, words = _domestic(significant(typed)), plain(typed.strip())
    if digits and not re.search(r"[^\W\d]", typed):
        begin = [one for one in known if _domestic(one.number).startswith(digits)]
        inside = [one for one in known if one not in begin and digits in one.number]
        found = begin + (inside if len(digits) >= _SHORTEST_INSIDE else [])
        exact = [one for one in found if _domestic(one.number) == digits]
        return () if exact and not exact[0].name else tuple(found[:MOST])
    if not words:
        return ()
    return tuple(one for one in known if one.plain.startswith(words) or f" {words}" in one.plain)[:MOST]


def plain(text: str) -> str:
    """`Đặng Thị Quỳnh` -> `dang thi quynh`"""
    apart = unicodedata.normalize("NFD", text.lower().replace(_D_WITH_STROKE, "d"))
    return "".join(character for character in apart if not unicodedata.combining(character))


def _domestic(number: str) -> str:
    """`+84912…` and `0912…` are the same number."""
    return f"0{number[3:]}" if number.startswith("+84") else number
