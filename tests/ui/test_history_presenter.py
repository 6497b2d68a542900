"""The history on the screen: what stands in each row, under which day, and that it is made once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embed_app.core.call.values import Reason
from embed_app.core.history.values import CallHistory, Loaded
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Page
from embed_app.i18n.translator import Translator
from embed_app.ui.presenter import present
from embed_app.ui.projection import project
from embed_app.ui.view import History, Kind
from tests.ui.states import (
    ANSWERED,
    CALLS,
    LOADED,
    NAME,
    NUMBER,
    READY,
    START,
    STATES,
    in_settings,
    past,
    with_calls,
)

VI, EN = Translator("vi"), Translator("en")


def shown(phone: Phone, translator: Translator = VI) -> History:
    history = present(phone, translator).history
    assert history is not None
    return history


def showing(history: CallHistory) -> Phone:
    return replace(STATES["history"], history=history)


def test_each_day_has_one_heading() -> None:
    days = [row.day for row in shown(STATES["history"]).rows]
    assert days[:5] == ["Hôm nay", "", "", "Hôm qua", ""]
    assert [bool(day) for day in days[5:]] == [False, True, True]
    assert days[6].startswith(("Thứ", "Chủ Nhật"))
    assert days[7].split()[-1].isdigit(), "another year is named"
    assert [row.day for row in shown(STATES["history"], EN).rows][:4] == ["Today", "", "", "Yesterday"]


def test_a_row_says_who_which_way_when_and_how_long() -> None:
    missed, talked, busy = shown(STATES["history"]).rows[:3]
    assert (missed.kind, missed.name, missed.number, missed.what) == (
        Kind.MISSED,
        NAME,
        "0912 345 678",
        "Cuộc gọi nhỡ",
    )
    assert (missed.duration, missed.redial) == ("", NUMBER)
    assert (talked.kind, talked.name, talked.number) == (Kind.OUTBOUND, "028 3822 1234", "")
    assert (talked.what, talked.duration, talked.redial) == ("Gọi đi", "04:12", "02838221234")
    assert len(talked.time) == len("21:03")
    assert (busy.kind, busy.what, busy.duration) == (Kind.OUTBOUND, "Máy bận", "")


@pytest.mark.parametrize(
    ("reason", "kind", "what"),
    [
        (Reason.REJECTED, Kind.INBOUND, "Bạn đã từ chối cuộc gọi"),
        (Reason.ANSWERED_ELSEWHERE, Kind.INBOUND, "Máy khác đã nghe"),
        (Reason.CANCELLED, Kind.MISSED, "Cuộc gọi nhỡ"),
        (Reason.BUSY, Kind.MISSED, "Cuộc gọi nhỡ"),
    ],
)
def test_what_was_taken_elsewhere_or_declined_is_not_missed(reason: Reason, kind: Kind, what: str) -> None:
    (row,) = shown(showing(CallHistory(calls=(past(NUMBER, 10, reason),), loaded=Loaded.YES))).rows
    assert (row.kind, row.what) == (kind, what)


def test_who_hid_the_number_cannot_be_called_back() -> None:
    row = shown(STATES["history"]).rows[4]
    assert (row.name, row.number, row.redial) == ("Số ẩn", "", "")
    parts = project(present(STATES["history"], VI)).lists["history-list"][row.call_uuid]
    assert (parts["row"]["disabled"], parts["callable"]["hidden"]) == (True, True)


def test_a_call_that_goes_on_is_not_over() -> None:
    history = replace(LOADED, calls=(replace(CALLS[0], uuid=ANSWERED.uuid), *CALLS[1:]))
    phone = in_settings(with_calls(ANSWERED, phone=showing(history)), "vi", "light", "fullscreen")
    assert [row.call_uuid for row in shown(phone).rows] == [call.uuid for call in CALLS[1:]]


@pytest.mark.parametrize(
    ("state", "note", "error"),
    [
        ("history", "", ""),
        ("history_loading", "Đang tải lịch sử…", ""),
        ("history_empty", "Chưa có cuộc gọi nào.", ""),
        ("history_failed", "", "Chưa tải được lịch sử cuộc gọi."),
        ("history_not_saved", "", "Chưa lưu được cuộc gọi mới nhất. Điện thoại sẽ tự thử lại."),
        ("history_not_kept", "Lịch sử không được lưu: chỉ có các cuộc gọi từ lúc mở trang này.", ""),
    ],
)
def test_what_is_said_beside_the_rows(state: str, note: str, error: str) -> None:
    history = shown(STATES[state])
    assert (history.note, history.error) == (note, error)
    elements = project(present(STATES[state], VI)).elements
    assert elements["history-error"]["hidden"] is not bool(error)


def test_nothing_is_made_while_nobody_can_see_it() -> None:
    assert present(READY, VI).history is None
    assert "history-list" not in project(present(READY, VI)).lists
    narrow = in_settings(replace(READY, history=LOADED), "vi", "light", "fullscreen")
    assert present(narrow, VI).history is None
    assert len(shown(replace(narrow, wide=True)).rows) == len(CALLS)
    docked = in_settings(replace(READY, history=LOADED, wide=True), "vi")
    assert present(docked, VI).history is None


def test_the_same_calls_are_the_same_rows() -> None:
    """A step that changes none of it costs nothing."""
    first = project(present(STATES["history"], VI)).lists["history-list"]
    later = replace(STATES["history"], now=START + 5)
    assert project(present(later, VI)).lists["history-list"] is first


def test_missed_calls_are_counted_on_the_button_in_words_as_well() -> None:
    view = present(STATES["missed"], VI)
    assert (view.missed.count, view.missed.spoken) == ("2", "2 cuộc gọi nhỡ")
    seen = replace(READY, history=replace(LOADED, seen_at=int(START)))
    assert project(present(seen, VI)).elements["missed-count"] == {"text": "", "hidden": True}
    many = tuple(past(NUMBER, n, Reason.NO_ANSWER) for n in range(100))
    assert present(replace(READY, history=CallHistory(calls=many)), EN).missed.count == "99+"


def test_do_not_disturb_is_seen_wherever_one_is() -> None:
    for page in Page:
        view = present(replace(STATES["do_not_disturb"], page=page), VI)
        assert view.status.text == "Không làm phiền · Máy lẻ 1001"
        assert project(view).elements["do-not-disturb"]["aria-checked"] == "true"
