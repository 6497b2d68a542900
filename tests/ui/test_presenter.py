"""Every state of the phone has its screen."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.values import Call, CallState, Direction, Reason, TransferState
from embed_app.core.link.values import LinkState
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.core.screen.values import Fold, Page, Panel
from embed_app.i18n.translator import Translator
from embed_app.ui import (
    alerts,
    call_presenter,
    fold_presenter,
    gestures,
    history_presenter,
    presenter,
    projection,
    suggestions,
)
from embed_app.ui.presenter import present
from embed_app.ui.projection import ROOT, minutes, project
from embed_app.ui.view import Screen, Tone
from tests.ui.states import (
    ANSWERED,
    INBOUND,
    LONG_NAME,
    NAME,
    NUMBER,
    OUTBOUND,
    READY,
    STATES,
    after,
    on_link,
    with_calls,
)

VI = Translator("vi")


@pytest.mark.parametrize(
    ("state", "screen", "status"),
    [
        ("starting", Screen.STARTING, "Đang khởi động…"),
        ("idle", Screen.DIALER, "Chưa kết nối"),
        ("connecting", Screen.DIALER, "Đang kết nối…"),
        ("ready", Screen.DIALER, "Sẵn sàng · Máy lẻ 1001"),
        ("offline", Screen.DIALER, "Không có mạng"),
        ("leaving", Screen.DIALER, "Đang ngắt kết nối…"),
        ("reconnecting", Screen.DIALER, "Đang kết nối lại…"),
        ("problem_expired", Screen.PROBLEM, "Không kết nối được"),
        ("incoming", Screen.INCOMING, "Sẵn sàng · Máy lẻ 1001"),
        ("queued", Screen.IN_CALL, "Đang kết nối…"),
        ("answered", Screen.IN_CALL, "Sẵn sàng · Máy lẻ 1001"),
        ("refused_in_call", Screen.IN_CALL, "Không kết nối được"),
        ("ended", Screen.ENDED, "Sẵn sàng · Máy lẻ 1001"),
    ],
)
def test_screen_and_status(state: str, screen: Screen, status: str) -> None:
    view = present(STATES[state], VI)
    assert (view.screen, view.status.text) == (screen, status)


@pytest.mark.parametrize("state", LinkState)
def test_every_link_state_has_a_status_line(state: LinkState) -> None:
    view = present(on_link(state, refusal="token_expired"), VI)
    assert view.status.text
    assert (view.status.tone is Tone.OK) == (state is LinkState.REGISTERED)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (CallState.QUEUED, "Đang chờ kết nối…"),
        (CallState.INVITING, "Đang gọi…"),
        (CallState.RINGING, "Đang đổ chuông…"),
        (CallState.ANSWERING, "Đang nối máy…"),
        (CallState.ANSWERED, "Đang đàm thoại"),
    ],
)
def test_every_call_state_is_named(state: CallState, text: str) -> None:
    view = present(with_calls(replace(OUTBOUND, state=state)), VI)
    assert view.in_call is not None
    assert view.in_call.state == text
    assert view.spoken == f"{text} 0912 345 678"
    assert view.in_call.can_dial_tones == view.in_call.can_hold == (state is CallState.ANSWERED)


def test_the_one_the_agent_is_with_is_shown_and_the_other_beside_it() -> None:
    view = present(STATES["two_calls"], VI)
    assert view.in_call is not None
    assert (view.in_call.name, view.in_call.can_join, view.in_call.can_add) == ("1002", True, False)
    assert [(other.name, other.state, other.can_swap) for other in view.others] == [
        (NAME, "Đang giữ máy", True)
    ]


@pytest.mark.parametrize(
    ("state", "swap", "back", "join"),
    [
        ("two_calls", True, False, True),
        ("two_calls_both_held", True, False, True),
        ("two_calls_dialling", False, True, False),
        ("two_calls_asking", True, True, True),
        ("two_calls_joining", False, False, False),
    ],
)
def test_what_can_be_done_with_two_calls(state: str, swap: bool, back: bool, join: bool) -> None:
    view = present(STATES[state], VI)
    (other,) = view.others
    assert view.in_call is not None
    assert (other.can_swap, other.can_return, view.in_call.can_join) == (swap, back, join)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("incoming", {"answer-plain"}),
        ("incoming_over_call", {"answer-hold", "answer-end"}),
        ("incoming_over_held", {"answer-plain", "answer-end"}),
    ],
)
def test_a_caller_in_a_call_leaves_three_choices(state: str, shown: set[str]) -> None:
    (card,) = project(present(STATES[state], VI)).lists["incoming-list"].values()
    choices = {"answer-plain", "answer-hold", "answer-end"}
    assert {part for part in choices if not card[part]["hidden"]} == shown


def test_held_and_transferring_say_so() -> None:
    held = present(STATES["held"], VI).in_call
    moving = present(STATES["transferring"], VI).in_call
    assert held is not None
    assert moving is not None
    assert (held.state, moving.state) == ("Đang giữ máy", "Đang chuyển tới 1002…")
    assert not moving.can_transfer


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_reason_has_a_line_on_both_sides(reason: Reason, locale: str) -> None:
    for call in (OUTBOUND, INBOUND):
        ended = present(after(call, reason), Translator(locale)).ended
        assert ended is not None
        assert ended.text
        assert "reason." not in ended.text


def test_a_call_the_caller_gave_up_is_a_missed_call() -> None:
    assert call_presenter.reason_text(Reason.CANCELLED, Direction.INBOUND, VI) == "Cuộc gọi nhỡ"
    assert call_presenter.reason_text(Reason.CANCELLED, Direction.OUTBOUND, VI) == "Bạn đã huỷ cuộc gọi"


def test_what_cannot_be_dialled_offers_no_redial() -> None:
    for number, redial in ((NUMBER, NUMBER), ("*43", "*43"), ("anonymous", ""), ("", "")):
        ended = present(after(replace(OUTBOUND, number=number), Reason.BUSY), VI).ended
        assert ended is not None
        assert ended.redial == redial


def test_a_caller_without_name_or_number_still_has_a_line() -> None:
    card = present(with_calls(replace(INBOUND, display_name="", number="")), VI).incoming[0]
    assert (card.name, card.number) == ("Số ẩn", "")
    card = present(with_calls(replace(INBOUND, display_name=NUMBER)), VI).incoming[0]
    assert (card.name, card.number) == ("0912 345 678", "")


def test_names_reach_the_screen_unchanged() -> None:
    for name in (LONG_NAME.strip(), "<img src=x onerror=alert(1)>", "{extension} %s &amp;"):
        view = present(with_calls(replace(INBOUND, display_name=name)), VI)
        parts = project(view).lists["incoming-list"][INBOUND.uuid]
        assert parts["name"]["text"] == name
        assert name in view.spoken


def test_a_refused_link_during_a_call_does_not_ask_for_a_reload() -> None:
    view = present(STATES["refused_in_call"], VI)
    assert view.banner is not None
    assert view.banner.text == VI.text("banner.refused.in_call")
    assert view.problem is None


def test_the_problem_panel_says_what_to_do_and_offers_only_what_helps() -> None:
    expired = present(STATES["problem_expired"], VI).problem
    refused = present(STATES["problem_rejected"], VI).problem
    assert expired is not None
    assert refused is not None
    assert expired.text == VI.error("token_expired")
    assert expired.code_line == "Mã lỗi: token_expired"
    assert (expired.can_retry, refused.can_retry) == (False, True)


def test_only_the_agents_own_problems_flash() -> None:
    assert present(replace(READY, notices=(Problem(code="unknown_command"),)), VI).flash is None
    two = (Problem(code="invalid_number"), Problem(code="invalid_header"))
    flash = present(replace(READY, notices=two), VI).flash
    assert flash is not None
    assert flash.code == "invalid_header"


def test_failures_interrupt_and_states_do_not() -> None:
    failing = project(present(STATES["mic_denied"], VI)).elements
    waiting = project(present(STATES["reconnecting"], VI)).elements
    assert (failing["alert"]["hidden"], failing["notice"]["hidden"]) == (False, True)
    assert (waiting["alert"]["hidden"], waiting["notice"]["hidden"]) == (True, False)


@pytest.mark.parametrize("state", STATES)
def test_one_notice_at_most(state: str) -> None:
    elements = project(present(STATES[state], VI)).elements
    assert sum(not elements[id_]["hidden"] for id_ in ("alert", "notice", "ended", "audio-unlock")) <= 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "00:00"), (75.9, "01:15"), (3599, "59:59"), (3675, "1:01:15"), (-3, "00:00")]
)
def test_minutes(seconds: float, text: str) -> None:
    assert minutes(seconds) == text


CALLS = st.builds(
    Call,
    uuid=st.uuids().map(str),
    direction=st.sampled_from(Direction),
    number=st.text(max_size=40),
    state=st.sampled_from(CallState),
    started_at=st.just(1.0),
    display_name=st.text(max_size=300),
    answered_at=st.none() | st.floats(1, 2e9),
    muted=st.booleans(),
    held=st.booleans(),
    transfer=st.sampled_from(TransferState),
    audio_blocked=st.booleans(),
)


def phone_of(
    state: LinkState,
    refusal: str,
    calls: list[Call],
    panel: Panel,
    page: Page,
    started: bool,
    banner: str,
    ended: Call | None,
) -> Phone:
    phone = replace(on_link(state, refusal=refusal), calls=tuple(calls), panel=panel, page=page)
    return replace(phone, started=started, banner=banner, last_ended=ended)


PHONES = st.builds(
    phone_of,
    st.sampled_from(LinkState),
    st.sampled_from(["", "token_expired", "nonsense"]),
    st.lists(CALLS, max_size=3, unique_by=lambda call: call.uuid),
    st.sampled_from(Panel),
    st.sampled_from(Page),
    st.booleans(),
    st.sampled_from(["", "mic_denied", "nonsense"]),
    st.none() | CALLS,
)


@given(PHONES, st.sampled_from(["vi", "en"]))
def test_a_live_call_can_always_be_ended_and_a_dead_one_never(phone: Phone, locale: str) -> None:
    view = present(phone, Translator(locale))
    projection = project(view)
    ringing: list[Call] = []
    others: list[Call] = []
    for call in phone.live_calls:
        here = call.direction is Direction.INBOUND and call.state is CallState.RINGING
        (ringing if here else others).append(call)
    assert [card.call_uuid for card in view.incoming] == [call.uuid for call in ringing]
    assert set(projection.lists["incoming-list"]) == {call.uuid for call in ringing}
    assert projection.elements["incoming"]["hidden"] == (not ringing)
    assert projection.elements["call"]["hidden"] == (not others)
    assert (view.in_call is None) == (not others)
    if view.in_call is not None:
        assert view.in_call.call_uuid in {call.uuid for call in others}
        assert not (view.in_call.keypad_open and view.in_call.transfer_open)
    screens = (*Page, "call", "problem")
    shown = [id_ for id_ in screens if not projection.elements[id_]["hidden"]]
    assert len(shown) + (view.screen is Screen.INCOMING) == 1
    assert projection.elements["pages"]["hidden"] == (not set(shown) & set(Page))
    assert view.spoken


def test_a_call_hides_the_page_and_gives_it_back() -> None:
    def shown(phone: Phone) -> list[str]:
        elements = project(present(phone, VI)).elements
        return [id_ for id_ in (*Page, "call", "incoming", "pages") if not elements[id_]["hidden"]]

    def marked(phone: Phone) -> list[str]:
        elements = project(present(phone, VI)).elements
        return [page for page in Page if elements[f"page-{page}"]["aria-current"] == "page"]

    phone = replace(READY, page=Page.HISTORY)
    assert shown(phone) == ["history", "pages"]
    assert marked(phone) == ["history"]
    assert shown(with_calls(INBOUND, phone=phone)) == ["incoming"]
    assert shown(with_calls(ANSWERED, phone=phone)) == ["call"]
    assert shown(replace(after(ANSWERED, Reason.BUSY), page=Page.HISTORY)) == ["history", "pages"]


def test_an_account_has_its_name_in_the_head_and_its_colour_everywhere() -> None:
    elements = project(present(STATES["account"], VI)).elements
    assert str(elements["account-name"]["text"]).startswith("Công ty")
    assert str(elements[ROOT]["--accent"]).startswith("light-dark(#")
    plain = project(present(READY, VI)).elements
    assert (plain["account-name"]["hidden"], plain[ROOT]["--accent"]) == (True, "")


@pytest.mark.parametrize(
    ("state", "badge"),
    [
        ("overlay_folded", ""),
        ("overlay_folded_ringing", "1"),
        ("overlay_folded_call", "2"),
        ("overlay_folded_problem", "!"),
    ],
)
def test_the_badge_says_what_goes_on_behind_it(state: str, badge: str) -> None:
    view = present(STATES[state], VI)
    assert view.folding is not None
    assert (view.folding.folded, view.folding.badge) == (True, badge)
    assert view.folding.state


def test_only_the_overlay_folds() -> None:
    for state in ("ready", "fullscreen_ready"):
        view = present(replace(STATES[state], fold=Fold.FOLDED), VI)
        assert view.folding is None
        assert project(view).elements[ROOT]["data-folded"] is False


def test_recent_calls_beside_the_phone_are_no_page_of_it() -> None:
    beside = replace(STATES["fullscreen_ready"], page=Page.HISTORY)
    elements = project(present(beside, VI)).elements
    shown = [page for page in Page if not elements[page]["hidden"]]
    assert shown == ["dialer", "history"]
    assert elements["page-history"]["hidden"] is True
    assert elements["page-dialer"]["aria-current"] == "page"
    assert project(present(STATES["fullscreen_answered"], VI)).elements["history"]["hidden"] is False
    narrow = project(present(replace(beside, wide=False), VI)).elements
    assert [page for page in Page if not narrow[page]["hidden"]] == ["history"]


@pytest.mark.parametrize(
    "module",
    [alerts, call_presenter, fold_presenter, gestures, history_presenter, presenter, projection, suggestions],
)
def test_no_sentence_is_written_outside_the_translations(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    documentation = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documentation:
            assert " " not in node.value.strip(), node.value
            assert node.value.isascii(), node.value


def test_answered_shows_the_time_it_was_answered() -> None:
    view = present(with_calls(ANSWERED), VI)
    assert view.in_call is not None
    assert view.in_call.timer_from == ANSWERED.answered_at
    assert project(view).elements["call-timer"]["data-from"] == "1782030000.000"


def test_a_replaced_device_and_a_trial_are_said_to_who_cannot_see_them() -> None:
    said = present(STATES["device_replaced"], VI).spoken
    assert said == VI.text("banner.replaced.microphone")
    assert present(STATES["settings_testing"], VI).spoken == VI.text("trial.heard")
    assert present(STATES["settings"], VI).spoken == present(STATES["ready"], VI).spoken


def test_a_chosen_device_that_is_gone_stays_on_its_list() -> None:
    devices = present(STATES["settings_absent"], VI).devices
    assert devices is not None
    assert devices.speaker.chosen == "gone"
    assert devices.speaker.options[-1].text == "Loa hội nghị (chưa cắm)"
    assert devices.microphone.chosen == ""


def test_devices_are_shown_only_to_who_looks_at_them() -> None:
    shown = {name for name, phone in STATES.items() if present(phone, VI).devices is not None}
    assert shown == {name for name in STATES if name.startswith("settings") or name.endswith("devices")} | {
        "devices_unnamed"
    }
    unnamed = [present(STATES[name], VI).devices for name in ("settings_unnamed", "devices_unnamed")]
    assert [bool(each and each.hint) for each in unnamed] == [True, False]
