"""What happens in one step of the phone and leaves no other trace in it. Part of `model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something to tell: becomes one `error` event or the error of a `response` (contract section 3)."""

    code: str
    detail: Mapping[str, Any] | None = None
    call_uuid: str | None = None
    text: str = ""
    """Which text says what to do, where the code has several; "": that of the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitHeard:
    call_uuid: str
    digit: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectScheduled:
    attempt: int
    delay_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoplayBlocked:
    call_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExpiring:
    expires_in: int


Notice = Problem | DigitHeard | ReconnectScheduled | AutoplayBlocked | TokenExpiring
"""What happened in this very step and leaves no other trace in the model. Emptied by the next step."""
