"""Whom the agent may mean while typing."""

from __future__ import annotations

import pytest

from embed_app.core.call.values import Reason
from embed_app.core.history.values import CallHistory, PastCall
from embed_app.ui.people import Person, last_dialled, people, plain, suggested
from embed_app.ui.suggestions import project_suggestions


def call(number: str, name: str = "", ago: int = 0, *, inbound: bool = True) -> PastCall:
    return PastCall(
        uuid=f"{number}-{ago}",
        inbound=inbound,
        number=number,
        name=name,
        started_at=1000 - ago,
        answered_at=None,
        ended_at=1000,
        reason=Reason.NO_ANSWER,
    )


KNOWN = people(
    CallHistory(
        calls=(
            call("0912345678", "Đặng Thị Quỳnh", 1),
            call("+84987654321", "Trần Bình", 2),
            call("1001", "", 3, inbound=False),
            call("0912345678", "Old name", 4),
            call("0912000111", "", 5),
            call("0912000222", "", 6),
            call("sip:x", "Nobody", 7),
        )
    )
)


def numbers(typed: str) -> list[str]:
    return [person.number for person in suggested(KNOWN, typed)]


def test_each_number_is_there_once_under_its_last_name() -> None:
    assert [(person.number, person.name) for person in KNOWN] == [
        ("0912345678", "Đặng Thị Quỳnh"),
        ("+84987654321", "Trần Bình"),
        ("1001", ""),
        ("0912000111", ""),
        ("0912000222", ""),
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", []),
        ("0912", ["0912345678", "0912000111", "0912000222"]),
        ("0912 3", ["0912345678"]),
        ("345", ["0912345678"]),
        ("45", []),
        ("0987", ["+84987654321"]),
        ("+84 912 3", ["0912345678"]),
        ("dang", ["0912345678"]),
        ("QUY", ["0912345678"]),
        ("Bình", ["+84987654321"]),
        ("inh", []),
        ("1001", []),
        ("0912345678", ["0912345678"]),
        ("xyz", []),
        ("*", []),
    ],
)
def test_found_by_number_or_by_name(typed: str, found: list[str]) -> None:
    assert numbers(typed) == found


def test_marks_do_not_matter() -> None:
    assert plain("Đặng Thị QUỲNH") == "dang thi quynh"


def test_the_last_number_called_is_known_after_a_reload() -> None:
    assert last_dialled(CallHistory(calls=(call("0912345678"), call("1001", inbound=False)))) == "1001"
    assert last_dialled(CallHistory()) == ""


def test_the_combobox_says_which_one_is_active() -> None:
    found = suggested(KNOWN, "0912")
    closed, opened = project_suggestions((), None, above=False), project_suggestions(found, 1, above=False)
    assert closed.elements["dial-number"] == {"aria-expanded": "false", "aria-activedescendant": ""}
    assert closed.elements["dial-suggestions"]["hidden"] is True
    assert opened.elements["dial-number"]["aria-activedescendant"] == "dial-option-1"
    options = opened.lists["dial-suggestions"].values()
    assert [option["option"]["aria-selected"] for option in options] == ["false", "true", "false"]
    assert opened.lists["dial-suggestions"]["1"]["name"] == {"text": "0912 000 111"}
    assert opened.lists["dial-suggestions"]["0"]["number"] == {"text": "0912 345 678", "hidden": False}


def test_a_person_is_not_in_a_log() -> None:
    assert "0912" not in repr(Person(number="0912345678", name="Bình", plain="binh"))
