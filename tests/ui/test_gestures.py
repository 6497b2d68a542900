"""What a press means."""

from __future__ import annotations

import pytest

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
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.link.messages import ConnectRequested
from embed_app.core.message import Message
from embed_app.core.screen.messages import FoldChosen, PageChosen, PanelChosen
from embed_app.core.screen.values import Page, Panel
from embed_app.i18n.translator import Translator
from embed_app.ui.gestures import Gesture, wish_of
from embed_app.ui.presenter import present
from tests.ui.markup import read_page
from tests.ui.states import ANSWERED, SECOND, STATES

UUID = ANSWERED.uuid
LOCAL = {"key", "backspace", "suggestion"}


def wish(state: str, action: str, value: str = "", call_uuid: str = "") -> Message | None:
    view = present(STATES[state], Translator("vi"))
    return wish_of(Gesture(action=action, value=value, call_uuid=call_uuid), view, lambda: "fresh")


@pytest.mark.parametrize(
    ("state", "action", "value", "expected"),
    [
        ("ready", "dial", " 1002 ", DialRequested(call_uuid="fresh", number="1002", by_hand=True)),
        ("ended", "redial", "1002", DialRequested(call_uuid="fresh", number="1002", by_hand=True)),
        ("idle", "connect", "", ConnectRequested()),
        ("problem_rejected", "retry", "", ConnectRequested()),
        ("ready", "page", "history", PageChosen(page=Page.HISTORY)),
        ("overlay_ready", "fold", "", FoldChosen(folded=True)),
        ("overlay_folded", "unfold", "", FoldChosen(folded=False)),
        ("settings", "page", "dialer", PageChosen(page=Page.DIALER)),
        ("audio_blocked", "unlock", "", AudioUnlockRequested()),
        ("answered", "hangup", "", HangupRequested(call_uuid=UUID)),
        ("answered", "mute", "", MuteRequested(call_uuid=UUID)),
        ("muted", "mute", "", UnmuteRequested(call_uuid=UUID)),
        ("answered", "hold", "", HoldRequested(call_uuid=UUID)),
        ("held", "hold", "", UnholdRequested(call_uuid=UUID)),
        ("answered", "keypad", "", PanelChosen(panel=Panel.KEYPAD)),
        ("keypad", "keypad", "", PanelChosen(panel=Panel.NONE)),
        ("keypad", "tone", "#", DtmfRequested(call_uuid=UUID, digits="#")),
        ("answered", "transfer", "", PanelChosen(panel=Panel.TRANSFER)),
        ("transfer", "transfer", "", PanelChosen(panel=Panel.NONE)),
        ("transfer", "close_panel", "", PanelChosen(panel=Panel.NONE)),
        ("answered", "add", "", PanelChosen(panel=Panel.ADD_CALL)),
        ("add_call", "add", "", PanelChosen(panel=Panel.NONE)),
        (
            "add_call",
            "add_go",
            "1002",
            DialRequested(call_uuid="fresh", number="1002", second=True, by_hand=True),
        ),
        (
            "transfer",
            "transfer_ask",
            "1003",
            TransferRequested(
                call_uuid=UUID, target="1003", attended=True, new_call_uuid="fresh", by_hand=True
            ),
        ),
        ("two_calls", "join", "", JoinRequested()),
        ("two_calls", "hangup", "", HangupRequested(call_uuid=SECOND.uuid)),
        ("two_calls_both_held", "hold", "", UnholdRequested(call_uuid=SECOND.uuid)),
        ("transfer", "transfer_go", "1003", TransferRequested(call_uuid=UUID, target="1003", by_hand=True)),
    ],
)
def test_wishes(state: str, action: str, value: str, expected: Message) -> None:
    assert wish(state, action, value) == expected
    assert type(wish(state, action, value)) is type(expected)


def test_what_is_about_another_call_names_it() -> None:
    both = AnswerRequested(call_uuid="b", instead=True)
    assert wish("incoming_over_call", "answer_end", call_uuid="b") == both
    assert wish("two_calls", "swap", call_uuid="b") == UnholdRequested(call_uuid="b")
    assert wish("two_calls_dialling", "return", call_uuid="b") == ReturnRequested(call_uuid="b")


def test_answer_and_decline_name_their_call() -> None:
    assert wish("incoming_two", "answer", call_uuid="b") == AnswerRequested(call_uuid="b")
    assert wish("incoming_two", "decline", call_uuid="b") == HangupRequested(call_uuid="b")


@pytest.mark.parametrize("action", ["hangup", "mute", "hold", "tone", "keypad", "transfer", "transfer_go"])
def test_a_late_press_after_the_call_means_nothing(action: str) -> None:
    assert wish("ready", action, "1") is None


def test_a_page_that_is_not_there_means_nothing() -> None:
    assert wish("ready", "page", "weather") is None


@pytest.mark.parametrize(
    ("state", "action"), [("ready", "fold"), ("ready", "unfold"), ("overlay_folded", "fold")]
)
def test_only_an_open_overlay_can_be_folded(state: str, action: str) -> None:
    assert wish(state, action) is None


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("ready", "dial"),
        ("ended", "redial"),
        ("transfer", "transfer_go"),
        ("transfer", "transfer_ask"),
        ("add_call", "add_go"),
    ],
)
def test_empty_fields_ask_for_nothing(state: str, action: str) -> None:
    assert wish(state, action, "  ") is None


def test_every_action_of_the_page_means_something() -> None:
    buttons = [e.attributes for e in read_page().walk() if "data-action" in e.attributes]
    used = {(e["data-action"], e.get("data-value", "1")) for e in buttons if e["data-action"] not in LOCAL}
    for action, value in used:
        states = ("ready", "answered", "settings", "overlay_answered")
        meant = [wish(state, action, value, "x") for state in states]
        assert any(meant), action
