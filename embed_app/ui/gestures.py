"""What a press on the screen means: the name of an action -> Message. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embed_app.core import messages as msg
from embed_app.core.model import Page, Panel
from embed_app.ui.sound_gestures import sound_wish
from embed_app.ui.view import View

_PAGES = frozenset(Page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gesture:
    """action: the element's `data-action`; value: a number, digits or target; call_uuid: its `data-call`."""

    action: str
    value: str = ""
    call_uuid: str = ""


def wish_of(gesture: Gesture, view: View, new_uuid: Callable[[], str]) -> msg.Message | None:
    """The wish behind a gesture; None where it means nothing on this view (a late click, an empty field)."""
    value = gesture.value.strip()
    match gesture.action:
        case "dial" | "redial":
            return msg.DialRequested(call_uuid=new_uuid(), number=value) if value else None
        case "answer":
            return msg.AnswerRequested(call_uuid=gesture.call_uuid)
        case "answer_end":
            return msg.AnswerRequested(call_uuid=gesture.call_uuid, instead=True)
        case "swap":
            return msg.UnholdRequested(call_uuid=gesture.call_uuid)
        case "return":
            return msg.ReturnRequested(call_uuid=gesture.call_uuid)
        case "decline":
            return msg.HangupRequested(call_uuid=gesture.call_uuid)
        case "connect" | "retry":
            return msg.ConnectRequested()
        case "take_over":
            return msg.TakeOverRequested()
        case "page" if value in _PAGES:
            return msg.PageChosen(page=Page(value))
        case "silence":
            return msg.SilenceRequested(call_uuid=gesture.call_uuid)
        case "do_not_disturb":
            return msg.DoNotDisturbChosen(on=not view.do_not_disturb)
        case "history_retry":
            return msg.HistoryRequested()
        case "fold" if view.folding is not None and not view.folding.folded:
            return msg.FoldChosen(folded=True)
        case "unfold" if view.folding is not None:
            return msg.FoldChosen(folded=False)
        case "unlock":
            return msg.AudioUnlockRequested()
    return (
        _wish_in_call(gesture.action, value, view)
        or _wish_for_another(gesture.action, value, view, new_uuid)
        or sound_wish(gesture.action, value, view)
    )


def _wish_for_another(action: str, value: str, view: View, new_uuid: Callable[[], str]) -> msg.Message | None:
    """A second call, or what to do with it."""
    call = view.in_call
    if call is None:
        return None
    match action:
        case "add":
            return msg.PanelChosen(panel=Panel.NONE if call.add_open else Panel.ADD_CALL)
        case "add_go":
            return msg.DialRequested(call_uuid=new_uuid(), number=value, second=True) if value else None
        case "transfer_ask" if value:
            return msg.TransferRequested(
                call_uuid=call.call_uuid, target=value, attended=True, new_call_uuid=new_uuid()
            )
        case "join":
            return msg.JoinRequested()
    return None


def _wish_in_call(action: str, value: str, view: View) -> msg.Message | None:
    call = view.in_call
    if call is None:
        return None
    uuid = call.call_uuid
    match action:
        case "hangup":
            return msg.HangupRequested(call_uuid=uuid)
        case "mute":
            return (msg.UnmuteRequested if call.muted else msg.MuteRequested)(call_uuid=uuid)
        case "hold":
            return (msg.UnholdRequested if call.held else msg.HoldRequested)(call_uuid=uuid)
        case "tone":
            return msg.DtmfRequested(call_uuid=uuid, digits=value) if value else None
        case "keypad":
            return msg.PanelChosen(panel=Panel.NONE if call.keypad_open else Panel.KEYPAD)
        case "transfer":
            return msg.PanelChosen(panel=Panel.NONE if call.transfer_open else Panel.TRANSFER)
        case "close_panel":
            return msg.PanelChosen(panel=Panel.NONE)
        case "transfer_go":
            return msg.TransferRequested(call_uuid=uuid, target=value) if value else None
    return None
