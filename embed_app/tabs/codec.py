"""Phones, wishes and problems as plain JSON data, for the other tabs that share the extension. Pure.

Which fields are written stands in `shared_fields.py`. Decoding follows the annotations of the dataclasses.
Another tab may run an older or newer build: unknown fields are ignored, missing ones keep their default, and
what makes no sense raises CodecError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, is_dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from embed_app.core.message import Message
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.tabs.shared_fields import BLANK, FORMER_NAMES, FORWARDED, written_fields

_KIND = "kind"
"""The key of the dataclass's name."""
_WISHES = {kind.__name__: kind for kind in FORWARDED}


class CodecError(ValueError):
    """The text is no phone or wish. The message names the place, never a value."""


def write_phone(phone: Phone) -> dict[str, Any]:
    """Plain data for `json.dumps`."""
    written: dict[str, Any] = _plain(phone)
    return written


def read_phone(data: object) -> Phone:
    """The other tab's phone, with nobody's token and default settings. Raises CodecError."""
    phone = _typed(Phone, data, "phone")
    if not isinstance(phone, Phone):
        raise CodecError("phone")
    return phone


def write_wish(message: Message) -> dict[str, Any]:
    """Plain data for one of FORWARDED."""
    written: dict[str, Any] = _plain(message)
    return written


def read_wish(data: object) -> Message:
    """Raises CodecError."""
    kind = _WISHES.get(str(data.get(_KIND))) if isinstance(data, Mapping) else None
    if kind is None:
        raise CodecError("wish")
    message = _typed(kind, data, "wish")
    if not isinstance(message, Message):
        raise CodecError("wish")
    return message


def write_problems(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Plain data for `json.dumps`."""
    return [_plain(problem) for problem in problems]


def read_problems(data: object) -> tuple[Problem, ...]:
    """Raises CodecError."""
    problems: tuple[Problem, ...] = _typed(tuple[Problem, ...], data, "problems")
    return problems


# ---- out


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        written = {field.name: _plain(getattr(value, field.name)) for field in written_fields(kind)}
        former = {old: written[new] for (of, new), old in FORMER_NAMES.items() if of is kind}
        return {_KIND: kind.__name__, **written, **former}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


# ---- in


def _typed(hint: Any, value: object, where: str) -> Any:
    if hint is Any:
        return value
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        return _one_of(get_args(hint), value, where)
    origin = get_origin(hint)
    if origin is tuple:
        return _tuple(get_args(hint), value, where)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise CodecError(where)
        return MappingProxyType(dict(value))
    if is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise CodecError(where) from None
    return _scalar(hint, value, where)


def _one_of(hints: tuple[Any, ...], value: object, where: str) -> Any:
    if value is None and NoneType in hints:
        return None
    others = [hint for hint in hints if hint is not NoneType]
    if len(others) > 1:  # only dataclasses stand beside each other
        kind = value.get(_KIND) if isinstance(value, Mapping) else None
        others = [hint for hint in others if hint.__name__ == kind]
    if not others:
        raise CodecError(where)
    return _typed(others[0], value, where)


def _tuple(hints: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise CodecError(where)
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_typed(hints[0], item, where) for item in value)
    if len(hints) != len(value):
        raise CodecError(where)
    return tuple(_typed(hint, item, where) for hint, item in zip(hints, value, strict=True))


def _dataclass(kind: type, value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise CodecError(where)
    given = dict(BLANK.get(kind, {}))
    hints = _hints(kind)
    for field in written_fields(kind):
        name = field.name if field.name in value else FORMER_NAMES.get((kind, field.name), field.name)
        if name in value:
            given[field.name] = _typed(hints[field.name], value[name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise CodecError(f"{where}.{field.name}")
    return kind(**given)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _scalar(hint: type, value: object, where: str) -> Any:
    wanted = (int, float) if hint is float else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise CodecError(where)
    return value
