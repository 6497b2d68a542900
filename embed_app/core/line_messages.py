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
    """The frame that has the line has these calls."""

    calls: frozenset[str]
