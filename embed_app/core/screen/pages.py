"""What the agent turns to on the screen: page, panel, fold and width; and the banner that goes by itself."""

from __future__ import annotations

from embed_app.core.message import ParentMistake, UserAgentFault
from embed_app.core.screen.messages import (
    FoldChosen,
    PageChosen,
    PanelChosen,
    VisibilityChanged,
    WidthChanged,
)
from embed_app.core.screen.values import Fold
from embed_app.core.step import Step


def panel_chosen(step: Step, message: PanelChosen) -> None:
    """Panels belong to a call."""
    if step.phone.live_calls:
        step.change(panel=message.panel)


def page_chosen(step: Step, message: PageChosen) -> None:
    step.change(page=message.page)


def fold_chosen(step: Step, message: FoldChosen) -> None:
    step.change(fold=Fold.FOLDED if message.folded else Fold.OPEN)


def width_changed(step: Step, message: WidthChanged) -> None:
    step.change(wide=message.wide)


def visibility_changed(step: Step, message: VisibilityChanged) -> None:
    step.change(hidden=message.hidden)


def user_agent_fault(step: Step, message: UserAgentFault) -> None:
    step.problem("internal", kind=message.kind, where=message.where)


def parent_mistake(step: Step, message: ParentMistake) -> None:
    """Told with the names of the fields that were wrong."""
    step.problem(message.code, **({"field": ", ".join(message.fields)} if message.fields else {}))


def banner_was_shown(step: Step, _late: float) -> None:
    step.change(banner="")
