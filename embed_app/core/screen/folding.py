"""`layout=overlay`: a round button that unfolds into the phone, and the size each of them wants.

                 a call, a refusal                        the agent types or turns a page
        FOLDED ---------------------> FOR_NOW ------------------------------------------> OPEN
          ^ ^                            |                                                  |
          | +----------------------------+  all is over, or the agent folds it             |
          +---------------------------------------------------------------------------------+

A call the agent has folded away rings or goes on behind the button; only another one opens it again:
`Phone.calls_seen` has those that opened it, or could have.
"""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.link.messages import OwnerShown
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.screen.messages import PageChosen
from embed_app.core.screen.values import Fold
from embed_app.core.step import Step

OVERLAY = "overlay"


@dataclass(frozen=True, slots=True)
class Size:
    """In CSS pixels."""

    width: int
    height: int


FOLDED_SIZE = Size(72, 72)
"""The button and room for its focus ring."""
OPEN_SIZE = Size(380, 560)


def is_folded(phone: Phone) -> bool:
    return phone.settings.layout == OVERLAY and phone.fold is Fold.FOLDED


def wanted_size(phone: Phone) -> Size | None:
    """How large the frame would like to be; None where it takes what it is given."""
    if phone.settings.layout != OVERLAY or not phone.started:
        return None
    return FOLDED_SIZE if is_folded(phone) else OPEN_SIZE


def keep_open(step: Step, _message: PageChosen) -> None:
    """The agent is at work in it."""
    if step.phone.fold is Fold.FOR_NOW:
        step.change(fold=Fold.OPEN)


def open_or_fold(step: Step, before: Phone, message: Message) -> None:
    """After every step: whatever the agent should see opens it, once."""
    phone = step.phone
    if phone.settings.layout != OVERLAY:
        return
    calls = _calls(phone, message)
    refused = phone.link.state is LinkState.REFUSED
    news = calls - phone.calls_seen or (refused and before.link.state is not LinkState.REFUSED)
    if news and phone.fold is Fold.FOLDED:
        step.change(fold=Fold.FOR_NOW)
    elif phone.fold is Fold.FOR_NOW and not (calls or refused or phone.last_ended):
        step.change(fold=Fold.FOLDED)
    if calls != phone.calls_seen:
        step.change(calls_seen=calls)


def seen_of(phone: Phone) -> frozenset[str]:
    """What the agent should see, by uuid: the calls, and the one that a question is about."""
    asked = {call.question.new_call_uuid for call in phone.live_calls if call.question is not None}
    return frozenset(asked | {call.uuid for call in phone.live_calls})


def _calls(phone: Phone, message: Message) -> frozenset[str]:
    """What is to be seen. That of the tab that owns the phone as well, where this one only shows it."""
    own = seen_of(phone)
    if phone.link.state is not LinkState.STANDBY:
        return own
    return own | (message.calls if isinstance(message, OwnerShown) else phone.calls_seen)
