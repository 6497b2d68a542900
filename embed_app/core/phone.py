"""The whole phone as one frozen value. Everything on the screen and every event is derived from it.

Times are seconds since the epoch (float); durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from embed_app.core.call.values import NOBODY_RANG, Call, Rings
from embed_app.core.history.values import NOTHING_YET, CallHistory
from embed_app.core.link.values import Link
from embed_app.core.notices import Notice
from embed_app.core.screen.values import Fold, Page, Panel
from embed_app.core.sound.values import Sounds
from embed_app.core.timers import Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """From the frame's address (contract section 1)."""

    layout: str = "docked"
    theme: str = "auto"
    locale: str = "vi"
    auto_register: bool = True
    resume: bool = True
    """Whether an answered call outlives its page (`resume.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """The model. `calls` keeps an ended call for exactly one step, so that its end can be announced."""

    settings: Settings = Settings()
    link: Link = field(default_factory=Link)
    calls: tuple[Call, ...] = ()
    notices: tuple[Notice, ...] = ()
    timers: Mapping[Timer, int] = field(default_factory=lambda: MappingProxyType({}))
    """Running timers and their generations. A timer that fires with another generation is stale."""
    due: Mapping[Timer, float] = field(default_factory=lambda: MappingProxyType({}))
    """When each of them should fire: a machine that slept finds them overdue."""
    timer_count: int = 0
    focus: str = ""
    """The call the agent is with; "" while there is none but such that ring here. See `two_calls.py`."""
    panel: Panel = Panel.NONE
    page: Page = Page.DIALER
    fold: Fold = Fold.FOLDED
    calls_seen: frozenset[str] = frozenset()
    wide: bool = False
    sounds: Sounds = field(default_factory=Sounds)
    hidden: bool = False
    """Whether nobody can see the page that holds the frame."""
    do_not_disturb: bool = False
    """Callers hear busy and nothing rings here."""
    rings: Rings = NOBODY_RANG
    """The INVITEs that were not answered of late."""
    history: CallHistory = NOTHING_YET
    saves: int = 0
    """How often something was saved on the server that the other tabs of this browser show as well."""
    dialled_at: tuple[float, ...] = ()
    """When numbers were dialled in the last minute, seconds since the epoch. See `permission.py`."""
    started: bool = False
    last_ended: Call | None = None
    """For the screen's closing line, until the next call or some seconds later."""
    banner: str = ""
    """Error code shown to the agent until something changes; empty for none."""
    now: float = 0.0
    """When the newest message came; the screen counts from `answered_at` by its own clock."""

    @property
    def live_calls(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.live)

    def call(self, uuid: str) -> Call | None:
        return next((call for call in self.calls if call.uuid == uuid and call.live), None)
