"""What the other frames of this browser, and other places, have to do with the phone."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.message import Message
from embed_app.core.model import Phone


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGranted(Message):
    """This frame registers from now on. `left`: the phone of the frame that did before, if any was seen."""

    left: Phone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFollowed(Message):
    """The frame that has the line has these calls. devices_open: it shows the devices too, as we do. `saves`:
    its `Phone.saves`."""

    calls: frozenset[str]
    devices_open: bool = False
    saves: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseAnswered(Message):
    """The server on who may register this extension. `taking`: we asked to take it from somebody."""

    held: bool
    taking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseFailed(Message):
    """status: the HTTP status; 0 when no answer came."""

    status: int
    taking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLeft(Message):
    """Reloaded, navigated or closed. `is_known_again`: the server will know the next page as this one."""

    is_known_again: bool


class PageFrozen(Message):
    """The page went into the browser's cache, from where it may come back as it is (`WokeUp`)."""

    __slots__ = ()
