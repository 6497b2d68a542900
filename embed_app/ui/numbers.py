"""Numbers as people write them: `0912345678` -> `0912 345 678`. Pure.

Vietnam's numbering plan (Circular 22/2014/TT-BTTTT and the moves of 2017 and 2018): mobile 0[35789] and eight
digits; fixed 024 and 028 and eight, other provinces 02xx and seven; 1800 and 1900 services. Country code
lengths: ITU-T E.164 Annex D. What is none of these is grouped after its country code, or left as it is: a
short number is an extension, and one with * or # is a code.
"""

from __future__ import annotations

import re

_SIGNIFICANT = frozenset("+0123456789*#")
_MAY_STAND_BETWEEN = re.compile(r"[+0-9*# ().\-\u00a0\u2010-\u2015]*")
_LONG_ENOUGH = 7
_LONGEST = 15
"""E.164 section 6.2: what is longer is no telephone number."""
_ONE_DIGIT = ("1", "7")
_TWO_DIGITS = re.compile(r"2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
_DIALABLE = re.compile(r"[+0-9*#]{1,32}", re.ASCII)
_IN_TEXT = re.compile(r"\+?\(?\+?[0-9][0-9 ().\-\u00a0]{1,40}[0-9]|[0-9*#]{2,32}")


def shown(number: str) -> str:
    """The number with spaces where people put them; anything that is not only digits as it is."""
    digits = number[1:] if number.startswith("+") else number
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _LONGEST:
        return number
    if number.startswith("+"):
        return _international(digits)
    return _national(digits)


def dialable(number: str) -> str:
    """The number where a PBX takes it; "" for a caller who can only be shown."""
    return number if _DIALABLE.fullmatch(number) else ""


def to_call_back(number: str, *, inbound: bool) -> str:
    """The number of a past call where it may be called again by one press. A caller chooses what its number
    is: a feature code is called again only if it was dialled from here."""
    return "" if inbound and not _SIGNIFICANT.difference("*#").issuperset(number) else dialable(number)


def retyped(text: str, caret: int) -> tuple[str, int]:
    """The text of a field as it should stand there while it is typed, and where the caret is then: behind
    the same digit as before. A text that is no number yet, or none at all, stays as it is."""
    if not _MAY_STAND_BETWEEN.fullmatch(text):
        return text, caret
    digits = significant(text)
    written = shown(digits)
    before = len(significant(text[:caret]))
    if caret >= len(text) or before == len(digits):
        return written, len(written)
    return written, _behind(written, before)


def without_one(text: str, caret: int) -> tuple[str, int]:
    """Backspace: the last digit before the caret goes, whatever stands between it and the caret."""
    start = caret
    while start > 0 and text[start - 1] == " ":
        start -= 1
    return text[: max(0, start - 1)] + text[caret:], max(0, start - 1)


def significant(text: str) -> str:
    """`(028) 3822-1234` -> `02838221234`"""
    return "".join(character for character in text if character in _SIGNIFICANT)


def number_in(text: str) -> str:
    """The number somebody has copied, with whatever came along: `Mobile: 0912.345.678 (Hoa)`. "" where there
    is none."""
    found = _IN_TEXT.search(text.removeprefix("tel:").strip())
    return found[0].strip() if found else ""


def _behind(written: str, count: int) -> int:
    """Where `count` significant characters have passed."""
    for position in range(len(written)):
        if count == 0:
            return position
        if written[position] in _SIGNIFICANT:
            count -= 1
    return len(written)


def _national(digits: str) -> str:
    if digits.startswith(("1800", "1900")) and len(digits) <= 10:
        return _grouped(digits, 4, 4) if len(digits) <= 8 else _grouped(digits, 4, 3, 3)
    if len(digits) > 11 or len(digits) < 5 or not digits.startswith("0"):
        return _long(digits)
    if digits.startswith(("024", "028")):
        return _grouped(digits, 3, 4, 4)
    if digits.startswith("02"):
        return _grouped(digits, 4, 4, 3)
    return _grouped(digits, 4, 3, 3) if len(digits) <= 10 and digits[1] in "35789" else _long(digits)


def _international(digits: str) -> str:
    if digits.startswith("84"):
        rest = digits[2:]
        area = _grouped(rest, 2, 4, 4) if rest.startswith(("24", "28")) else ""
        area = area or (_grouped(rest, 3, 4, 3) if rest.startswith("2") else _grouped(rest, 3, 3, 3))
        return f"+84 {area}".strip()
    length = 1 if digits.startswith(_ONE_DIGIT) else 2 if _TWO_DIGITS.match(digits) else 3
    if len(digits) <= length:
        return f"+{digits}"
    return f"+{digits[:length]} {_threes(digits[length:])}"


def _long(digits: str) -> str:
    return _threes(digits) if len(digits) >= _LONG_ENOUGH else digits


def _threes(digits: str) -> str:
    """Groups of three, the last one of two to four: no digit stands alone."""
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return " ".join(groups)


def _grouped(digits: str, *sizes: int) -> str:
    """The last group takes what is left."""
    groups, rest = [], digits
    for size in sizes[:-1]:
        groups.append(rest[:size])
        rest = rest[size:]
    return " ".join(group for group in (*groups, rest) if group)
