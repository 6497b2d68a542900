"""What a press on the screen means: the name of an action -> Message. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embed_app.core.call.messages import (
    AnswerRequested,
    AudioUnlockRequested,
    DialRequested,
    DtmfRequested,
    HangupRequested,
    HoldRequested,
    JoinRequested,
    MuteRequested,
    ReturnRequested,
    SilenceRequested,
    TransferAccepted,
    TransferDeclined,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.history.messages import DoNotDisturbChosen, HistoryRequested
from embed_app.core.link.messages import ConnectRequested, TakeOverRequested
from embed_app.core.message import Message
from embed_app.core.screen.messages import FoldChosen, PageChosen, PanelChosen
from embed_app.core.screen.values import Page, Panel
from embed_app.ui.sound_gestures import sound_wish
from embed_app.ui.view import View

_PAGES = frozenset(Page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gesture:
    """action: the element's `data-action`; value: a number, digits or target; call_uuid: its `data-call`."""

    action: str
    value: str = ""
    call_uuid: str = ""


def wish_of(gesture: Gesture, view: View, new_uuid: Callable[[], str]) -> Message | None:
    """The wish behind a gesture; None where it means nothing on this view (a late click, an empty field)."""
    value = gesture.value.strip()
    match gesture.action:
        case "dial" | "redial":
            return DialRequested(call_uuid=new_uuid(), number=value, by_hand=True) if value else None
        case "answer":
            return AnswerRequested(call_uuid=gesture.call_uuid)
        case "answer_end":
            return AnswerRequested(call_uuid=gesture.call_uuid, instead=True)
        case "swap":
            return UnholdRequested(call_uuid=gesture.call_uuid)
        case "return":
            return ReturnRequested(call_uuid=gesture.call_uuid)
        case "decline":
            return HangupRequested(call_uuid=gesture.call_uuid)
        case "accept_transfer":
            return TransferAccepted(call_uuid=gesture.call_uuid, number=gesture.value, by_hand=True)
        case "decline_transfer":
            return TransferDeclined(call_uuid=gesture.call_uuid)
        case "connect" | "retry":
            return ConnectRequested()
        case "take_over":
            return TakeOverRequested()
        case "page" if value in _PAGES:
            return PageChosen(page=Page(value))
        case "silence":
            return SilenceRequested(call_uuid=gesture.call_uuid)
        case "do_not_disturb":
            return DoNotDisturbChosen(on=not view.do_not_disturb)
        case "history_retry":
            return HistoryRequested()
        case "fold" if view.folding is not None and not view.folding.folded:
            return FoldChosen(folded=True)
        case "unfold" if view.folding is not None:
            return FoldChosen(folded=False)
        case "unlock":
            return AudioUnlockRequested()
    return (
        _wish_in_call(gesture.action, value, view)
        or _wish_for_another(gesture.action, value, view, new_uuid)
        or sound_wish(gesture.action, value, view)
    )


def _wish_for_another(action: str, value: str, view: View, new_uuid: Callable[[], str]) -> Message | None:
    """A second call, or what to do with it."""
    call = view.in_call
    if call is None:
        return None
    match action:
        case "add":
            return PanelChosen(panel=Panel.NONE if call.add_open else Panel.ADD_CALL)
        case "add_go":
            dialled = DialRequested(call_uuid=new_uuid(), number=value, second=True, by_hand=True)
            return dialled if value else None
        case "transfer_ask" if value:
            return TransferRequested(
                call_uuid=call.call_uuid,
                target=value,
                attended=True,
                new_call_uuid=new_uuid(),
                by_hand=True,
            )
        case "join":
            return JoinRequested()
    return None


def _wish_in_call(action: str, value: str, view: View) -> Message | None:
    call = view.in_call
    if call is None:
        return None
    uuid = call.call_uuid
    match action:
        case "hangup":
            return HangupRequested(call_uuid=uuid)
        case "mute":
            return (UnmuteRequested if call.muted else MuteRequested)(call_uuid=uuid)
        case "hold":
            return (UnholdRequested if call.held else HoldRequested)(call_uuid=uuid)
        case "tone":
            return DtmfRequested(call_uuid=uuid, digits=value) if value else None
        case "keypad":
            return PanelChosen(panel=Panel.NONE if call.keypad_open else Panel.KEYPAD)
        case "transfer":
            return PanelChosen(panel=Panel.NONE if call.transfer_open else Panel.TRANSFER)
        case "close_panel":
            return PanelChosen(panel=Panel.NONE)
        case "transfer_go":
            return TransferRequested(call_uuid=uuid, target=value, by_hand=True) if value else None
    return None
