"""What the agent has in front of them when no call decides it."""

from __future__ import annotations

from enum import StrEnum


class Panel(StrEnum):
    """What is folded out over the in-call screen."""

    NONE = "none"
    KEYPAD = "keypad"
    TRANSFER = "transfer"
    ADD_CALL = "add_call"
    DEVICES = "devices"


class Page(StrEnum):
    """Where the agent is between calls. A call hides the pages; after it the same one is back."""

    DIALER = "dialer"
    HISTORY = "history"
    SETTINGS = "settings"


class Fold(StrEnum):
    """`layout=overlay` only. FOR_NOW: it opened by itself and will fold by itself."""

    FOLDED = "folded"
    FOR_NOW = "for_now"
    OPEN = "open"
