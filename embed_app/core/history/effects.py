"""What the phone asks our server to keep of this user."""

from __future__ import annotations

from dataclasses import dataclass, field

from embed_app.core.effect import Effect
from embed_app.core.history.values import PastCall


@dataclass(frozen=True, slots=True)
class LoadHistory(Effect):
    """Answered by `HistoryReceived` or `HistoryFailed`."""

    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SaveHistory(Effect):
    """The server shall keep this beyond the page; None: as it was. Answered by `Remembered` or
    `RememberFailed`."""

    ticket: str = field(repr=False)
    calls: tuple[PastCall, ...] = field(default=(), repr=False)
    seen_at: int | None = None
    do_not_disturb: bool | None = None
