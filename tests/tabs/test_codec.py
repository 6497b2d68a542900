"""A phone in another tab: what is seen and told there is what is seen and told here."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, fields, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.messages import DialRequested, DtmfRequested, TransferAccepted, TransferRequested
from embed_app.core.history.messages import DoNotDisturbChosen
from embed_app.core.link.messages import ConfigReceived, Started
from embed_app.core.media.values import (
    Counts,
    Flowing,
    Interrupted,
    Lost,
    MediaWatch,
    Microphone,
    Quality,
    Silence,
    Unproven,
)
from embed_app.core.message import Message
from embed_app.core.notices import Notice, Problem
from embed_app.core.phone import Phone
from embed_app.core.screen.messages import PanelChosen
from embed_app.core.screen.values import Panel
from embed_app.i18n.translator import Translator
from embed_app.protocol.to_parent import announce, state_payload
from embed_app.tabs.codec import (
    CodecError,
    read_phone,
    read_problems,
    read_wish,
    write_phone,
    write_problems,
    write_wish,
)
from embed_app.tabs.shared_fields import FORWARDED
from embed_app.ui.presenter import present
from embed_app.ui.view import View
from tests.core.driver import (
    CALL,
    DIALOG,
    GOOD,
    Driver,
    answered_outbound,
    config,
    describe,
    registered,
)
from tests.core.every_message import EVERY

SECRET = config(
    auth_password="swordfish",
    auth_username="secret-user",
    ice_servers=({"urls": ["turn:t"], "credential": "ice-secret"},),
)
ENGLISH = Translator("en")


@st.composite
def histories(draw: st.DrawFn) -> list[Phone]:
    """Every phone on the way through some messages, real states all of them."""
    driver = registered() if draw(st.booleans()) else Driver()
    driver.send(Started(token=GOOD))
    driver.send(ConfigReceived(config=SECRET))
    phones = [driver.phone]
    for label in draw(st.lists(st.sampled_from(sorted(EVERY)), max_size=12)):
        driver.send(EVERY[label](driver.phone), after=draw(st.sampled_from([0.0, 0.4, 31.0])))
        phones.append(driver.phone)
    return phones


def there(phone: Phone) -> Phone:
    return read_phone(json.loads(json.dumps(write_phone(phone))))


def shown(phone: Phone) -> tuple[View, dict[str, Any] | None]:
    """The view, and its history by what is in it: that one is compared by identity."""
    view = present(phone, ENGLISH)
    return replace(view, theme="", history=None), asdict(view.history) if view.history else None


@given(histories())
def test_another_tab_sees_and_tells_the_same(phones: list[Phone]) -> None:
    before = phones[0]
    for after in phones[1:]:
        mirrored = there(after)
        # Where the agent is, what they hear by, what they called and the clock stay every tab's own affair.
        mine = replace(mirrored, page=after.page, sounds=after.sounds, history=after.history, now=after.now)
        assert shown(mine) == shown(after)
        assert state_payload(mirrored) == state_payload(after)
        assert list(announce(there(before), mirrored, describe)) == list(announce(before, after, describe))
        before = after


@pytest.mark.parametrize(
    "media",
    [
        MediaWatch(),
        MediaWatch(state=Flowing(silence=Silence.EXPECTED), counts=Counts(quality=Quality.POOR)),
        MediaWatch(state=Unproven(silence=Silence.EXPECTED), connection="connected"),
        MediaWatch(state=Interrupted(since=1.0, before=Flowing())),
        MediaWatch(state=Interrupted(since=1.0, before=Unproven())),
        MediaWatch(state=Lost(since=1.0), connection="failed"),
        MediaWatch(state=Flowing(), microphone=Microphone.LOST),
    ],
)
def test_the_sound_of_a_call_is_shown_the_same(media: MediaWatch) -> None:
    driver = answered_outbound()
    here = replace(driver.phone, calls=(replace(driver.call, media=media),))
    mirrored = replace(there(here), page=here.page, sounds=here.sounds, history=here.history)
    assert shown(mirrored) == shown(here)
    assert state_payload(mirrored) == state_payload(here)
    (call,) = mirrored.calls
    assert (type(call.media.state), call.quality) == (type(media.state), media.quality)
    assert call.media.microphone is media.microphone


@given(histories())
def test_what_was_read_is_written_the_same_again(phones: list[Phone]) -> None:
    for phone in phones:
        assert write_phone(there(phone)) == write_phone(phone)


@given(histories())
def test_no_secret_is_written(phones: list[Phone]) -> None:
    for phone in phones:
        text = json.dumps(write_phone(phone))
        for secret in ("swordfish", "secret-user", "ice-secret", GOOD, GOOD.split(".")[1]):
            assert secret not in text


def test_every_notice_can_be_written() -> None:
    for kind in get_args(Notice):
        given_values: dict[str, Any] = {
            "code": "no_call",
            "detail": {"field": "number", "status": 486},
            "text": "number_not_allowed.by_hand",
            "call_uuid": CALL,
            "digit": "5",
            "attempt": 2,
            "delay_ms": 700,
            "expires_in": 60,
        }
        notice = kind(**{field.name: given_values[field.name] for field in fields(kind)})
        assert there(Phone(notices=(notice,))).notices == (notice,)


WISHES: dict[type[Message], dict[str, Any]] = {
    DialRequested: {
        "call_uuid": CALL,
        "number": "0912345678",
        "campaign_id": "7",
        "headers": (("X-Lead", "x"),),
    },
    DtmfRequested: {"digits": "12#", "call_uuid": CALL},
    TransferAccepted: {"number": "1002"},
    TransferRequested: {"target": "1002"},
    DoNotDisturbChosen: {"on": True},
    PanelChosen: {"panel": Panel.KEYPAD},
}


@pytest.mark.parametrize("kind", FORWARDED, ids=lambda kind: kind.__name__)
def test_every_wish_arrives_as_it_was(kind: type[Message]) -> None:
    wish = kind(**WISHES.get(kind, {}))
    stamped = replace(wish, at=5.0, chance=0.1)
    assert read_wish(json.loads(json.dumps(write_wish(stamped)))) == wish


def test_problems_arrive_as_they_were() -> None:
    problems = (Problem(code="no_call", detail={"status": 3}), Problem(code="no_call", call_uuid=CALL))
    assert read_problems(json.loads(json.dumps(write_problems(problems)))) == problems


# ---- from another build, or nonsense


def test_an_unknown_field_is_ignored_and_a_missing_one_keeps_its_default() -> None:
    written = write_phone(registered().phone)
    written["of_tomorrow"] = 1
    written["link"]["of_tomorrow"] = [2]
    del written["panel"], written["link"]["attempt"]
    phone = read_phone(written)
    assert (phone.panel, phone.link.attempt) == (Panel.NONE, 0)


def test_a_tab_of_a_former_build_finds_the_dialog_under_the_name_it_looks_for() -> None:
    call = replace(answered_outbound().phone.calls[0], dialog=DIALOG)
    written = write_phone(replace(answered_outbound().phone, calls=(call,), last_ended=call))
    for dialog in (written["calls"][0]["dialog"], written["last_ended"]["dialog"]):
        assert dialog["call_id"] == dialog["sip_call_id"] == DIALOG.sip_call_id


def test_the_dialog_of_a_frame_of_a_former_build_is_understood() -> None:
    call = replace(answered_outbound().phone.calls[0], dialog=DIALOG)
    phone = replace(answered_outbound().phone, calls=(call,))
    written = write_phone(phone)
    dialog = written["calls"][0]["dialog"]
    del dialog["sip_call_id"]
    dialog["call_id"] = DIALOG.sip_call_id
    assert read_phone(written).calls[0].dialog == DIALOG


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "phone",
        {"link": None},
        {"link": {"state": "flying"}},
        {"link": {"attempt": "1"}},
        {"link": {"wanted": 1}},
        {"calls": {}},
        {"calls": [{}]},
        {"calls": [5]},
        {"notices": [{"kind": "Call"}]},
        {"notices": [{}]},
        {"banner": None},
    ],
)
def test_what_is_no_phone_is_refused(data: object) -> None:
    with pytest.raises(CodecError):
        read_phone(data)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"kind": "Started", "token": "x"},
        {"kind": "TokenOffered", "token": "x"},
        {"kind": "DialRequested"},
        {"kind": "DialRequested", "call_uuid": CALL, "number": 5},
        {"kind": "PanelChosen", "panel": "moon"},
        {"kind": ["HangupRequested"]},
    ],
)
def test_what_is_no_wish_is_refused(data: object) -> None:
    with pytest.raises(CodecError):
        read_wish(data)


KEYS = st.sampled_from(["link", "calls", "kind", "state", "notices", "config"])
LEAVES = st.none() | st.booleans() | st.text() | st.floats()
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(ANYTHING)
def test_whatever_comes_nothing_but_a_mirror_error_comes_out(data: object) -> None:
    for read in (read_phone, read_wish, read_problems):
        with suppress(CodecError):
            read(data)
