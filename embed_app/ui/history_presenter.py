"""The history on the screen. Pure, and each of its rows is made once and not at every step of the phone."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from embed_app.core.call.values import Direction
from embed_app.core.history.values import CallHistory, Loaded, PastCall, missed_since
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Page
from embed_app.i18n.translator import Translator
from embed_app.ui.call_presenter import reason_text
from embed_app.ui.numbers import shown, to_call_back
from embed_app.ui.projection import minutes
from embed_app.ui.view import History, HistoryRow, Kind, Missed

_MOST_COUNTED = 99


def history(phone: Phone, translator: Translator, *, beside: bool) -> History | None:
    """None while nobody can see it: what stands in the page may stay there. `beside`: always to be seen."""
    if phone.page is not Page.HISTORY and not beside:
        return None
    today = datetime.fromtimestamp(phone.now).date()
    going_on = frozenset(call.uuid for call in phone.live_calls)
    config = phone.link.config
    kept = config is None or config.keeps_history
    return _history(phone.history, today, going_on, kept, translator.locale)


def missed(phone: Phone, translator: Translator) -> Missed:
    """The badge."""
    count = _missed(phone.history)
    if not count:
        return Missed(count="", spoken="")
    text = str(count) if count <= _MOST_COUNTED else f"{_MOST_COUNTED}+"
    return Missed(count=text, spoken=translator.text("history.missed_count", count=text))


@lru_cache(maxsize=2)
def _missed(history: CallHistory) -> int:
    return missed_since(history.calls, history.seen_at)


@lru_cache(maxsize=2)
def _history(history: CallHistory, today: date, going_on: frozenset[str], kept: bool, locale: str) -> History:
    translator = Translator(locale)
    rows: list[HistoryRow] = []
    day: date | None = None
    for call in history.calls:
        if call.uuid in going_on:
            continue  # a former page did not know whether this one would take it back
        began = datetime.fromtimestamp(call.started_at)
        heading = "" if began.date() == day else _day(began.date(), today, translator)
        day = began.date()
        rows.append(_row(call, heading, f"{began:%H:%M}", translator))
    return History(
        rows=tuple(rows),
        note=_note(history, kept, bool(rows), translator),
        error=_error(history, translator),
        busy=history.loaded is Loaded.ASKED,
    )


def _note(history: CallHistory, kept: bool, any_rows: bool, translator: Translator) -> str:
    if not kept:
        return translator.text("history.not_kept")
    if any_rows or history.loaded is Loaded.FAILED:
        return ""
    return translator.text("history.empty" if history.loaded is Loaded.YES else "history.loading")


def _error(history: CallHistory, translator: Translator) -> str:
    if history.loaded is Loaded.FAILED:
        return translator.text("history.not_loaded")
    if history.unsaved and history.failures:
        return translator.text("history.not_saved")
    return ""


def _row(call: PastCall, day: str, time: str, translator: Translator) -> HistoryRow:
    name, number = call.name.strip(), call.number.strip()
    if not name or name == number:
        name, number = shown(number) or translator.text("incoming.unknown"), ""
    talked = call.ended_at - call.answered_at if call.answered_at is not None else 0
    kind = Kind.MISSED if call.missed else Kind.INBOUND if call.inbound else Kind.OUTBOUND
    return HistoryRow(
        call_uuid=call.uuid,
        day=day,
        kind=kind,
        name=name,
        number=shown(number),
        what=_what(call, kind, translator),
        time=time,
        duration=minutes(talked) if call.answered_at is not None else "",
        redial=to_call_back(call.number, inbound=call.inbound),
    )


def _what(call: PastCall, kind: Kind, translator: Translator) -> str:
    """In words, which way it went: never by colour or sign alone."""
    if kind is Kind.MISSED or call.answered_at is not None:
        return translator.text(f"history.{kind}")
    return reason_text(call.reason, Direction.INBOUND if call.inbound else Direction.OUTBOUND, translator)


def _day(day: date, today: date, translator: Translator) -> str:
    ago = (today - day).days
    if ago in (0, 1):
        return translator.text("history.today" if ago == 0 else "history.yesterday")
    text = translator.text(
        "history.date",
        weekday=translator.text(f"weekday.{day.isoweekday()}"),
        day=day.day,
        month=translator.text(f"month.{day.month}"),
    )
    return text if day.year == today.year else f"{text} {day.year}"
