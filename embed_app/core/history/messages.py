"""What the server has kept of this user, and the wishes about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.history.values import PastCall
from embed_app.core.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotDisturbChosen(Message):
    """The agent wants no calls to ring, or wants them again."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequested(Message):
    """The agent wants to see the calls that could not be loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReceived(Message):
    calls: tuple[PastCall, ...] = field(repr=False)
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFailed(Message):
    """status: the HTTP status; 0 when no answer came or the answer made no sense."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySaved(Message):
    """The server has these calls, and what else was sent with them."""

    calls: frozenset[str]
    seen_at: int | None = None
    do_not_disturb: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySaveFailed(Message):
    """`calls`: the ones that were sent. status: the HTTP status; 0 when no answer came."""

    status: int
    calls: frozenset[str]
