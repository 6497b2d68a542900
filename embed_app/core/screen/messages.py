"""Wishes about the screen alone: nothing of the link or of a call changes by them."""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.message import Message
from embed_app.core.screen.values import Page, Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibilityChanged(Message):
    """Whether anybody can see the page that holds the frame."""

    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelChosen(Message):
    panel: Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChosen(Message):
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldChosen(Message):
    """The agent folds the overlay, or wants it open until they fold it."""

    folded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthChanged(Message):
    """`wide`: there is room for the recent calls beside the phone (720 CSS px)."""

    wide: bool
