"""Calls that are over, as the history keeps them. Times are whole seconds since the epoch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from embed_app.core.call.values import Reason

MOST_CALLS = 100
MOST_WANTED = 80
"""So many places are for calls that were answered or dialled: calls that nobody took never push them out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """One call that has ended. `uuid` is the one it had while it lived."""

    uuid: str
    inbound: bool
    number: str = field(repr=False)
    name: str = field(default="", repr=False)
    started_at: int
    answered_at: int | None
    ended_at: int
    reason: Reason

    @property
    def wanted(self) -> bool:
        """The agent has talked in it, or has dialled it."""
        return not self.inbound or self.answered_at is not None

    @property
    def missed(self) -> bool:
        """Somebody called and nobody took it: neither answered, here or elsewhere, nor declined by hand."""
        taken = self.answered_at is not None or self.reason in (Reason.REJECTED, Reason.ANSWERED_ELSEWHERE)
        return self.inbound and not taken


class Loaded(StrEnum):
    """What we know of the calls before this page."""

    NOT_YET = "not_yet"
    ASKED = "asked"
    YES = "yes"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallHistory:
    """See `history.py`. Of this frame alone: each tab asks the server itself. Compared by identity, so that
    nobody compares a hundred calls at every step to see whether there is something new to show."""

    calls: tuple[PastCall, ...] = field(default=(), repr=False)
    """The newest first, at most MOST_CALLS."""
    loaded: Loaded = Loaded.NOT_YET
    unsaved: tuple[PastCall, ...] = field(default=(), repr=False)
    """Calls the server has not got yet, the oldest first."""
    seen_at: int = 0
    """Missed calls that ended until then were looked at."""
    saved_seen_at: int = 0
    saved_do_not_disturb: bool = False
    configured: bool = False
    """Whether this page knows what was chosen on an earlier one."""
    sending: bool = False
    failures: int = 0
    """In a row, of saving."""
    useless_ticket: str = field(default="", repr=False)
    """The server takes it no more; the next configuration brings another."""
    saves_elsewhere: int = 0
    """How often the tab that owns the phone had saved something, when it was last seen."""


NOTHING_YET = CallHistory()


def with_call(calls: tuple[PastCall, ...], new: PastCall) -> tuple[PastCall, ...]:
    return newest((new, *(call for call in calls if call.uuid != new.uuid)))


def newest(calls: Iterable[PastCall]) -> tuple[PastCall, ...]:
    """At most MOST_CALLS of them, the newest first. Where there are more, a call that nobody took gives
    way to one that was wanted, up to MOST_WANTED of these. The server keeps them by the same rule
    (server/customers/history.py)."""
    ordered = sorted(calls, key=lambda call: call.started_at, reverse=True)
    if len(ordered) <= MOST_CALLS:
        return tuple(ordered)
    wanted = [call for call in ordered if call.wanted]
    others = [call for call in ordered if not call.wanted]
    others = others[: MOST_CALLS - min(len(wanted), MOST_WANTED)]
    kept = [*wanted[: MOST_CALLS - len(others)], *others]
    return tuple(sorted(kept, key=lambda call: call.started_at, reverse=True))


def missed_since(calls: tuple[PastCall, ...], seen_at: int) -> int:
    return sum(call.missed and call.ended_at >= seen_at for call in calls)
