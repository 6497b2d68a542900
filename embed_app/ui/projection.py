"""`project(view)`: which properties which elements of the page shall have. Pure: tested without a browser.

A property is one of
- "text": the text content;
- "value": what a field holds or which option is chosen;
- a name that begins with "--": a custom property of CSS, "" for the style sheet's own value;
- another name with a bool: a boolean attribute (`hidden`, `disabled`), there or not there;
- another name with a str: an attribute with that value.

The ids are those of `public/webphone-embed.html`; ROOT stands for the <html> element. The bilingual fixed
texts (labels) are in the page itself and are not touched here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from embed_app.core.screen.values import Page
from embed_app.ui.frame_projection import project_accent, project_folding
from embed_app.ui.properties import Items, Properties, yes
from embed_app.ui.sound_projection import project_sounds
from embed_app.ui.view import (
    Banner,
    Choice,
    Ended,
    History,
    HistoryRow,
    InCall,
    IncomingCard,
    Kind,
    Missed,
    OtherCall,
    ProblemPanel,
    Screen,
    TransferCard,
    View,
)

ROOT = ":root"


@dataclass(frozen=True, slots=True)
class Projection:
    elements: Mapping[str, Properties]
    """Element id -> its properties."""
    lists: Mapping[str, Items]
    """List id -> item key -> `data-part` -> its properties. <template id="(list id)-item"> makes an item."""


def project(view: View) -> Projection:
    elements: dict[str, Properties] = {
        ROOT: {
            "lang": view.lang,
            "data-theme": view.theme,
            "data-layout": view.layout,
            "data-folded": view.folding is not None and view.folding.folded,
            **project_accent(view.accent),
        },
        "phone": {"data-screen": view.screen.value, "data-beside": view.beside},
        "status": {"data-tone": view.status.tone.value},
        "status-text": {"text": view.status.text},
        "account-name": {"text": view.account_name, "hidden": not view.account_name},
        "status-connect": {"hidden": not view.status.can_connect},
        "live": {"text": view.spoken},
        "audio-unlock": {"hidden": not view.audio_blocked},
        "incoming": {"hidden": not view.incoming, "data-over": view.in_call is not None},
        **_notices(view),
        **project_folding(view.folding),
        **_pages(view),
        **_missed(view.missed),
        **_history(view.history),
        "do-not-disturb": {"aria-checked": yes(view.do_not_disturb)},
        **_dialer(view),
        **_in_call(view.in_call, asked=view.transfer is not None),
        **_transfer(view.transfer),
        **_problem(view.problem),
    }
    cards = {card.call_uuid: _card(card) for card in view.incoming}
    sound_elements, sound_lists = project_sounds(view)
    elements |= sound_elements
    others = {other.call_uuid: _other(other) for other in view.others}
    lists: dict[str, Items] = {
        "incoming-list": cards,
        "other-calls": others,
        **sound_lists,
    }
    if view.history is not None:
        lists["history-list"] = _rows(view.history)
    return Projection(elements, lists)


def _notices(view: View) -> dict[str, Properties]:
    """One at a time in the one place: the way to hear the caller, else what is wrong, else how it ended."""
    shown = None if view.audio_blocked else view.flash or view.banner
    return {
        **_banner("alert", shown if shown is not None and shown.code else None),
        **_banner("notice", shown if shown is not None and not shown.code else None),
        **_ended(view.ended if view.screen is Screen.ENDED and shown is None else None),
    }


def _banner(id_: str, banner: Banner | None) -> dict[str, Properties]:
    """`alert` interrupts the screen reader, `notice` does not. Empty texts when hidden: a live region
    speaks when its text changes, so the same failure twice must be two changes."""
    if banner is None:
        return {id_: {"hidden": True}, f"{id_}-title": {"text": ""}, f"{id_}-text": {"text": ""}}
    return {
        id_: {"hidden": False, "data-tone": banner.tone.value},
        f"{id_}-title": {"text": banner.title},
        f"{id_}-text": {"text": banner.text},
    }


def _ended(ended: Ended | None) -> dict[str, Properties]:
    if ended is None:
        return {"ended": {"hidden": True}, "redial": {"hidden": True, "data-number": ""}}
    return {
        "ended": {"hidden": False},
        "ended-text": {"text": ended.text},
        "ended-name": {"text": ended.name},
        "ended-time": {"text": minutes(ended.billsec), "hidden": ended.billsec == 0},
        "redial": {"hidden": not ended.redial, "data-number": ended.redial},
    }


def _pages(view: View) -> dict[str, Properties]:
    free = view.screen in (Screen.STARTING, Screen.DIALER, Screen.ENDED)
    shown: dict[str, Properties] = {
        page.value: {"hidden": not free or page is not view.page} for page in Page
    }
    if view.beside:
        shown[Page.HISTORY.value] = {"hidden": False}
    buttons: dict[str, Properties] = {
        f"page-{page}": {
            "aria-current": "page" if page is view.page else "false",
            "disabled": view.screen is Screen.STARTING,
            "hidden": view.beside and page is Page.HISTORY,
        }
        for page in Page
    }
    return {"pages": {"hidden": not free}, **shown, **buttons}


def _missed(missed: Missed) -> dict[str, Properties]:
    return {
        "missed-count": {"text": missed.count, "hidden": not missed.count},
        "missed-spoken": {"text": missed.spoken},
    }


def _history(history: History | None) -> dict[str, Properties]:
    if history is None:
        return {}
    return {
        "history-list": {"aria-busy": yes(history.busy)},
        "history-error": {"hidden": not history.error},
        "history-error-text": {"text": history.error},
        "history-note": {"text": history.note},
    }


@lru_cache(maxsize=2)
def _rows(history: History) -> Items:
    """The same rows for the same history: whoever writes them sees at once that nothing is new."""
    return {row.call_uuid: _row(row) for row in history.rows}


def _row(row: HistoryRow) -> dict[str, Properties]:
    return {
        "day": {"text": row.day, "hidden": not row.day},
        "row": {"data-kind": row.kind.value, "data-number": row.redial, "disabled": not row.redial},
        **{kind.value: {"hidden": kind is not row.kind} for kind in Kind},
        "callable": {"hidden": not row.redial},
        "name": {"text": row.name},
        "number": {"text": row.number, "hidden": not row.number},
        "what": {"text": row.what},
        "time": {"text": row.time},
        "duration": {"text": row.duration, "hidden": not row.duration},
    }


def _dialer(view: View) -> dict[str, Properties]:
    return {
        "dial-number": {"placeholder": view.dialer.placeholder},
        "dial-keys": {"disabled": not view.dialer.can_type},
        "backspace": {"disabled": not view.dialer.can_type},
        "dial": {"disabled": not view.dialer.can_call},
    }


def _in_call(call: InCall | None, *, asked: bool) -> dict[str, Properties]:
    if call is None:
        return {
            "call": {"hidden": True},
            "devices": {"hidden": True},
            "call-timer": {"hidden": True, "data-from": ""},
        }
    opened = {
        "keypad": call.keypad_open,
        "transfer": call.transfer_open,
        "add": call.add_open,
        "devices": call.devices_open,
        "request": asked,
    }
    panel = next((name for name, is_open in opened.items() if is_open), "none")
    return {
        "call": {"hidden": False, "data-panel": panel, "data-held": call.held, "data-two": call.shows_join},
        "call-name": {"text": call.name, "title": call.name},
        "call-number": {"text": call.number, "hidden": not call.number},
        "call-state": {"text": call.state},
        "call-timer": {
            "hidden": call.timer_from is None,
            "data-from": "" if call.timer_from is None else f"{call.timer_from:.3f}",
        },
        "mute": {"aria-pressed": yes(call.muted)},
        "hold": {"aria-pressed": yes(call.held), "disabled": not call.can_hold},
        "keypad": {"aria-expanded": yes(call.keypad_open), "disabled": not call.can_dial_tones},
        "transfer": {"aria-expanded": yes(call.transfer_open), "disabled": not call.can_transfer},
        "keypad-panel": {"hidden": not call.keypad_open},
        "transfer-panel": {"hidden": not call.transfer_open},
        "transfer-target": {"placeholder": call.transfer_placeholder},
        "transfer-go": {"disabled": not call.can_transfer},
        "transfer-ask": {"disabled": not call.can_add},
        "add-call": {
            "aria-expanded": yes(call.add_open),
            "disabled": not call.can_add,
            "hidden": call.shows_join,
        },
        "join": {"hidden": not call.shows_join, "disabled": not call.can_join},
        "add-panel": {"hidden": not call.add_open},
        "devices": {"hidden": False, "aria-expanded": yes(call.devices_open)},
        "devices-panel": {"hidden": not call.devices_open},
        "add-number": {"placeholder": call.transfer_placeholder},
    }


def _transfer(card: TransferCard | None) -> dict[str, Properties]:
    if card is None:
        return {
            "request": {"hidden": True},
            "request-accept": {"data-call": "", "data-number": ""},
            "request-decline": {"data-call": ""},
        }
    return {
        "request": {"hidden": False},
        "request-text": {"text": card.text},
        "request-number": {"text": card.shown},
        "request-hint": {"text": card.hint},
        "request-accept": {"data-call": card.call_uuid, "data-number": card.number},
        "request-decline": {"data-call": card.call_uuid},
    }


def _problem(problem: ProblemPanel | None) -> dict[str, Properties]:
    if problem is None:
        return {"problem": {"hidden": True}}
    return {
        "problem": {"hidden": False},
        "problem-title": {"text": problem.title},
        "problem-text": {"text": problem.text},
        "problem-code": {"text": problem.code_line},
        "problem-retry": {"hidden": not problem.can_retry},
        "problem-take-over": {"hidden": not problem.can_take_over},
    }


def _card(card: IncomingCard) -> dict[str, Properties]:
    return {
        "card": {"aria-label": card.spoken},
        "name": {"text": card.name, "title": card.name},
        "number": {"text": card.number, "hidden": not card.number},
        "about": {"text": card.about, "hidden": not card.about},
        "silence": {"data-call": card.call_uuid, "hidden": not card.can_silence},
        "answer": {"data-call": card.call_uuid},
        "answer-plain": {"hidden": card.choice is Choice.HOLD},
        "answer-hold": {"hidden": card.choice is not Choice.HOLD},
        "answer-end": {"data-call": card.call_uuid, "hidden": card.choice is Choice.ALONE},
        "decline": {"data-call": card.call_uuid},
    }


def _other(other: OtherCall) -> dict[str, Properties]:
    return {
        "name": {"text": other.name, "title": other.name},
        "state": {"text": other.state},
        "swap": {"data-call": other.call_uuid, "hidden": not other.can_swap},
        "return": {"data-call": other.call_uuid, "hidden": not other.can_return},
    }


def minutes(seconds: float) -> str:
    """`75` -> `01:15`, `3675` -> `1:01:15`; a clock that ran backwards reads as 00:00."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{clock}" if hours else clock
