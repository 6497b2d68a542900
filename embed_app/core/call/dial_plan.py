"""Whether the account's rules allow a number, whatever way it is written.

A number is read as what it is: `+84 912…`, `0084912…`, `84912…` and `0912…` are the national number 0912…;
`+65…` and `0065…` are one number abroad; `*31#0065…` has one behind a feature code. What is denied is denied
in every reading there may be; what is allowed must be written properly. Patterns are read the same way: `+`
and `00` in front stand for abroad, unless the own country's code follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from embed_app.core.link.call_rules import CallRules
from embed_app.core.link.dial_pattern import DialPattern, read_pattern

NOT_ALLOWED = "dial_allow"
"""The rule where no pattern allows the number."""
BY_HAND = "by_hand"
"""The rule where only the agent's own hand may dial it."""

_DIGITS = frozenset("0123456789")
_AFTER_CODE = re.compile(r"[*#](?=[+0-9])")
_BARE_ABROAD = 11
"""Digits from which on a number without any prefix may be meant with its country code."""
_SHORTEST_NUMBER = 7
"""Digits of a number that is no extension."""
_LONGEST_CODE = 3


def refusing_rule(rules: CallRules, number: str, *, by_hand: bool) -> str | None:
    """None where the number may be dialled; else the pattern that denies it, NOT_ALLOWED or BY_HAND.

    `number`: as `clean_number` gives it; "" is the address of somebody who has none. `by_hand`: the agent has
    dialled it, on the keys or by a press.
    """
    if not number:
        return None
    readings = set(_readings(number, rules.country))
    for pattern in rules.dial_deny:
        known = _pattern(pattern, rules.country)
        if any(known.matches(reading) for reading in readings):
            return pattern
    if not is_code(number):
        return None if _allows(rules, number) else NOT_ALLOWED
    opened = any(read_pattern(pattern).matches(number) for pattern in rules.open_codes)
    if not opened and not by_hand:
        return BY_HAND
    known_code = opened or any(
        read_pattern(pattern).is_code and read_pattern(pattern).matches(number)
        for pattern in rules.dial_allow
    )
    behind = all(_allows(rules, text) for text in _behind_code(number))
    return None if known_code and behind else NOT_ALLOWED


def is_code(number: str) -> bool:
    """A feature code: something is switched at the PBX, or is dialled with something switched."""
    return "*" in number or "#" in number


def _allows(rules: CallRules, number: str) -> bool:
    """A number without `*` and `#`."""
    written = _written(number, rules.country)
    spellings = {written, _with_trunk_zero(written, rules.country)}
    patterns = (*rules.dial_allow, *rules.internal)
    return any(
        _pattern(pattern, rules.country).matches(text, end=_DIGITS)
        for pattern in patterns
        for text in spellings
    )


def _written(number: str, country: str) -> str:
    """`0…` for a national number, `+…` for one abroad, else as it is. One that is not written properly
    (`+0…`, `000…`) is none of this country."""
    body = number[1:] if number.startswith("+") else number[2:] if number.startswith("00") else None
    if body is None:
        return number
    rest = body.removeprefix(country)
    national = rest != body and rest[:1].isdigit() and not rest.startswith("0")
    return f"0{rest}" if national else f"+{body}"


def _with_trunk_zero(number: str, country: str) -> str:
    """`84912345678` as trunks show a caller and databases keep a number: with the own country's code and
    nothing in front. No number of the country itself is that long without its 0. Else `number` as it is."""
    rest = number.removeprefix(country)
    bare = rest != number and len(number) >= _BARE_ABROAD and not rest.startswith("0")
    return f"0{rest}" if bare else number


@lru_cache(maxsize=1024)
def _pattern(text: str, country: str) -> DialPattern:
    """As `_written` does with numbers."""
    pattern = read_pattern(text)
    places, zero = pattern.places, frozenset("0")
    if places[:1] == (frozenset("+"),):
        body = places[1:]
    elif places[:2] == (zero, zero):
        body = places[2:]
    else:
        return pattern
    own = tuple(frozenset(digit) for digit in country)
    national = body[: len(own)] == own and body[len(own) : len(own) + 1] != (zero,)
    return DialPattern(
        (zero, *body[len(own) :]) if national else (frozenset("+"), *body), pattern.shortest_end
    )


# ---- every way in which somebody may understand a number


def _readings(number: str, country: str) -> Iterator[str]:
    yield from _forms(number, country)
    yield from _forms(re.sub(r"[*#]", "", number), country)
    for text in _tails(number):
        yield from _forms(text, country)


def _tails(number: str) -> Iterator[str]:
    """What may be a number behind a feature code, which has up to three digits."""
    for found in _AFTER_CODE.finditer(number):
        rest = re.split(r"[*#]", number[found.end() :])[0]
        for length in range(min(_LONGEST_CODE, len(rest) - 1) + 1):
            yield rest[length:]


def _behind_code(number: str) -> Iterator[str]:
    """What a PBX would dial behind the code: it must be allowed for itself. Codes have two digits mostly; a
    number abroad shows itself behind any."""
    for found in _AFTER_CODE.finditer(number):
        rest = re.split(r"[*#]", number[found.end() :])[0]
        starts = (0,) if found.start() > 0 and number[found.start()] == "#" else (_LONGEST_CODE - 1,)
        for length in range(_LONGEST_CODE + 1):
            text = rest[length:]
            abroad = text.startswith(("00", "+"))
            if len(text) >= _SHORTEST_NUMBER and (abroad or length in starts):
                yield text


def _forms(text: str, country: str) -> Iterator[str]:
    """`0…`, `+…` and without either, as far as the number can be meant so."""
    digits = text.replace("+", "")
    bare = digits.lstrip("0")
    zeros = len(digits) - len(bare)
    written = _written(text, country)
    if not bare:
        yield text
    elif written != text and written.startswith("0"):
        yield from _national(written)
    elif digits != text or zeros > 1:
        yield from (bare, f"+{bare}")
        if zeros > 1:
            yield from (f"0{bare}", f"+{digits[2:]}")
        yield from _national(bare.removeprefix(country) if bare.startswith(country) else "")
    elif zeros == 1:
        yield from _national(bare)
    else:
        yield bare
        if len(bare) >= _SHORTEST_NUMBER:
            yield f"0{bare}"
        if len(bare) >= _BARE_ABROAD:
            yield f"+{bare}"
        if bare.startswith(country) and len(bare) >= len(country) + _SHORTEST_NUMBER:
            yield from _national(bare.removeprefix(country))


def _national(rest: str) -> Iterator[str]:
    """Numbers of services (1900…) are dialled without the 0 of a trunk call."""
    rest = rest.lstrip("0")
    if rest:
        yield f"0{rest}"
    if rest.startswith("1"):
        yield rest
