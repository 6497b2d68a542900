"""Phones and wishes as plain JSON data, for the other frames of this browser that share the extension. Pure.

What the screen and the parent are told is all there. The embed token, SIP credentials and ICE servers are
not: of `Link`, `SipConfig` and `MediaWatch` only the fields named here are written, so that a field added to
them later stays at home until somebody decides otherwise.

Decoding follows the annotations of the dataclasses. Another frame may run an older or newer build: unknown
fields are ignored, missing ones keep their default, and what makes no sense raises MirrorError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from embed_app.core.call.messages import (
    AnswerRequested,
    AudioUnlockRequested,
    DialRequested,
    DtmfRequested,
    HangupRequested,
    HoldRequested,
    JoinRequested,
    MuteRequested,
    ReturnRequested,
    SilenceRequested,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import Call, CallState, Reason
from embed_app.core.history.messages import DoNotDisturbChosen
from embed_app.core.link.messages import ConnectRequested, DisconnectRequested, TakeOverRequested
from embed_app.core.link.values import Link, SipConfig
from embed_app.core.media.values import MediaWatch
from embed_app.core.message import Message
from embed_app.core.notices import Notice, Problem
from embed_app.core.phone import Phone
from embed_app.core.screen.messages import PanelChosen

FORWARDED: tuple[type[Message], ...] = (
    ConnectRequested,
    DisconnectRequested,
    TakeOverRequested,
    DialRequested,
    AnswerRequested,
    HangupRequested,
    HoldRequested,
    UnholdRequested,
    MuteRequested,
    UnmuteRequested,
    DtmfRequested,
    TransferRequested,
    JoinRequested,
    ReturnRequested,
    SilenceRequested,
    DoNotDisturbChosen,
    PanelChosen,
    AudioUnlockRequested,
)
"""Wishes about the phone as such: whichever frame holds the line carries them out."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ONLY: Mapping[type, frozenset[str]] = {
    Link: _names("state lease transport config attempt down_reason unregistered wanted refusal offline"),
    SipConfig: _names("extension display_name keeps_history account_name accent"),
    MediaWatch: _names("connection heard lost_at missed unproven quality microphone_lost"),
}
_LEFT_OUT: Mapping[type, frozenset[str]] = {
    Phone: _names(
        "settings timers due timer_count farewells now page sounds hidden history fold calls_seen wide"
    ),
    Call: _names("headers last_digit glares resume_tries resume_in_dialog aside hold_refused"),
    **dict.fromkeys(FORWARDED, _names("at chance")),
}
_BLANK: Mapping[type, Mapping[str, Any]] = {
    SipConfig: {
        "sip_uri": "",
        "auth_username": "",
        "auth_password": "",
        "credentials_expire_in": None,
        "wss_urls": (),
        "ice_servers": (),
        "token_expires_in": 0.0,
    }
}
"""What a decoded one has in the place of required fields that are never written."""
_KIND = "kind"
_WISHES = {kind.__name__: kind for kind in FORWARDED}


class MirrorError(ValueError):
    """The text is no phone or wish. The message names the place, never a value."""


def write_phone(phone: Phone) -> dict[str, Any]:
    """Plain data for `json.dumps`."""
    written: dict[str, Any] = _plain(phone)
    return written


def read_phone(data: object) -> Phone:
    """The other frame's phone, with nobody's token and default settings. Raises MirrorError."""
    phone = _typed(Phone, data, "phone")
    if not isinstance(phone, Phone):
        raise MirrorError("phone")
    return phone


def write_wish(message: Message) -> dict[str, Any]:
    """Plain data for one of FORWARDED."""
    written: dict[str, Any] = _plain(message)
    return written


def read_wish(data: object) -> Message:
    """Raises MirrorError."""
    kind = _WISHES.get(str(data.get(_KIND))) if isinstance(data, Mapping) else None
    if kind is None:
        raise MirrorError("wish")
    message = _typed(kind, data, "wish")
    if not isinstance(message, Message):
        raise MirrorError("wish")
    return message


def write_problems(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [_plain(problem) for problem in problems]


def read_problems(data: object) -> tuple[Problem, ...]:
    """Raises MirrorError."""
    problems: tuple[Problem, ...] = _typed(tuple[Problem, ...], data, "problems")
    return problems


# ---- shown here


def merged(before: Phone, own: Phone, there: Phone | None, news: tuple[Notice, ...] = ()) -> Phone:
    """What parent and agent of this frame are told of: `there`, the phone of the frame that has the line, in
    our settings; or our own, where there is none.

    `before`: what was shown last. No call of it vanishes without an end, however it was lost between the
    frames, and none ends twice. `news`: what happened there and is told once.
    """
    if there is None:
        return _with_ends(before, own)
    calls = tuple(call for call in there.calls if call.live or before.call(call.uuid))
    known = {call.uuid for call in there.calls}
    still_ours = tuple(call for call in own.calls if call.uuid not in known)
    shown = replace(
        there,
        settings=own.settings,
        page=own.page,
        sounds=own.sounds,
        hidden=own.hidden,
        history=own.history,
        fold=own.fold,
        wide=own.wide,
        link=replace(there.link, token=own.link.token),
        calls=calls + still_ours,
        notices=own.notices + news,
        now=own.now,
    )
    return _with_ends(before, shown)


def _with_ends(before: Phone, after: Phone) -> Phone:
    there = {call.uuid for call in after.calls}
    lost = tuple(
        replace(call, state=CallState.ENDED, ended_at=after.now, release=Reason.SIGNALING_LOST)
        for call in before.live_calls
        if call.uuid not in there
    )
    return replace(after, calls=after.calls + lost) if lost else after


_TOLD_AS_ANSWERED = (CallState.ANSWERED, CallState.RESUMING)


def calls_heard_of(shown: Phone) -> frozenset[str]:
    """The calls the parent knows as answered."""
    return frozenset(call.uuid for call in shown.live_calls if call.state in _TOLD_AS_ANSWERED)


def known_again(before: Phone, after: Phone, heard: frozenset[str]) -> Phone:
    """`before`, with the calls that the parent of this tab's former page was told of.

    The frame with the line lives in another tab, and nothing has happened to its call: the parent that was
    loaded anew hears that it goes on, not that it was answered a second time.
    """
    back = tuple(
        replace(call, state=CallState.RESUMING)
        for call in after.live_calls
        if call.uuid in heard and call.state is CallState.ANSWERED and before.call(call.uuid) is None
    )
    return replace(before, calls=before.calls + back) if back else before


# ---- out


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        written = {field.name: _plain(getattr(value, field.name)) for field in _written_fields(type(value))}
        return {_KIND: type(value).__name__, **written}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


@cache
def _written_fields(kind: type) -> tuple[Field[Any], ...]:
    only, left_out = _ONLY.get(kind), _LEFT_OUT.get(kind, frozenset())
    return tuple(f for f in fields(kind) if (only is None or f.name in only) and f.name not in left_out)


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
            raise MirrorError(where)
        return MappingProxyType(dict(value))
    if is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise MirrorError(where) from None
    return _scalar(hint, value, where)


def _one_of(hints: tuple[Any, ...], value: object, where: str) -> Any:
    if value is None and NoneType in hints:
        return None
    others = [hint for hint in hints if hint is not NoneType]
    if len(others) > 1:  # only dataclasses stand beside each other
        kind = value.get(_KIND) if isinstance(value, Mapping) else None
        others = [hint for hint in others if hint.__name__ == kind]
    if not others:
        raise MirrorError(where)
    return _typed(others[0], value, where)


def _tuple(hints: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise MirrorError(where)
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_typed(hints[0], item, where) for item in value)
    if len(hints) != len(value):
        raise MirrorError(where)
    return tuple(_typed(hint, item, where) for hint, item in zip(hints, value, strict=True))


def _dataclass(kind: type, value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise MirrorError(where)
    given = dict(_BLANK.get(kind, {}))
    hints = _hints(kind)
    for field in _written_fields(kind):
        if field.name in value:
            given[field.name] = _typed(hints[field.name], value[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise MirrorError(f"{where}.{field.name}")
    return kind(**given)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _scalar(hint: type, value: object, where: str) -> Any:
    wanted = (int, float) if hint is float else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise MirrorError(where)
    return value
