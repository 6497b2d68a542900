"""Contract section 4: what a parent sends, however bad, is at most one `error` and never an INVITE."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.messages import CallAccepted
from embed_app.protocol.commands import COMMANDS
from tests.core.driver import CALL, invite
from tests.fakes import World
from tests.protocol.test_decode import JUNK, OPTIONS, PAYLOADS

HARMLESS = set(COMMANDS) - {"connect", "disconnect"}
NUMBERS = [
    "1002@evil.example", "1002?X-Evil=1", "1002;user=phone", "1002\r\nX-Evil: 1", "10\n02",
    "10\t02", "10\x0002",
    "sip:1002", "tel:+84912345678", "1" * 33, "+" + "1" * 32, "", " ", "()", "１２３", "٣٤٥",
    "१२३", "1002%40evil",
    "1002<b>", "alice", "1002,1003", "1002/3", "\u202e1002", "10\u200b02", "\ud8001002", "1 " * 5000,
]  # fmt: skip
HEADERS: list[dict[str, Any]] = [
    {"A B": "x"}, {"A:B": "x"}, {"": "x"}, {"A\r\nB": "x"}, {"É": "x"}, {"A" * 33: "x"}, {"A_B": "x"},
    {"A": "x\r\nX-Evil: 1"}, {"A": "x\ny"}, {"A": "é"}, {"A": "x" * 201}, {"A": "\x7f"}, {"A": "\x00"},
    {"Ref": "a", "ref": "b"}, {f"H{n}": "x" for n in range(11)}, {"A": 10**300},
]  # fmt: skip
DIGITS = ["", "E", "1;2", "1 2", "p", "1\r\n", "１", "٣", "1" * 65, "1@2", "w"]


def in_call() -> World:
    world = World().register()
    world.user_agent.dispatch(invite())
    world.window.send("answer")
    world.user_agent.dispatch(CallAccepted(call_uuid=CALL))
    return quiet(world)


def quiet(world: World) -> World:
    world.window.posted.clear()
    world.user_agent.asked.clear()
    return world


def one_error(world: World, code: str, field: str | None = None) -> None:
    (event,) = world.window.posted
    assert (event["type"], event["payload"]["code"]) == ("error", code)
    assert event["payload"]["message"]
    assert not event["payload"]["fatal"]
    if field:
        assert event["payload"]["detail"]["field"] == field


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_is_none_never_reaches_sip(number: str) -> None:
    world = quiet(World().register())
    world.window.send("call", {"number": number})
    one_error(world, "invalid_number", "number")
    assert (world.user_agent.asked, world.phone.calls) == ([], ())
    assert number.strip() == "" or number not in json.dumps(world.window.posted, ensure_ascii=False)


@pytest.mark.parametrize("number", NUMBERS)
def test_nor_does_it_as_the_target_of_a_transfer(number: str) -> None:
    world = in_call()
    world.window.send("transfer", {"target": number})
    one_error(world, "invalid_number", "target")
    assert world.user_agent.asked == []


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("0912 345 678", "0912345678"),
        ("+84 (912) 345-678", "+84912345678"),
        ("09.12.34", "091234"),
        ("*43", "*43"),
        ("#1*", "#1*"),
        ("1" * 32, "1" * 32),
        ("[09]{12}", "0912"),
        ("09\u00a012\u201334", "091234"),
    ],
)
def test_what_people_put_between_digits_is_removed(number: str, dialled: str) -> None:
    world = quiet(World().register())
    world.window.send("call", {"number": number})
    assert [(method, what) for method, _, what, _ in world.user_agent.asked] == [("invite", dialled)]


@pytest.mark.parametrize("headers", HEADERS)
def test_bad_headers_stop_the_call(headers: dict[str, Any]) -> None:
    world = quiet(World().register())
    world.window.send("call", {"number": "1002", "options": {"headers": headers}})
    one_error(world, "invalid_header", "headers")
    assert (world.user_agent.asked, world.phone.calls) == ([], ())


@pytest.mark.parametrize("field", ["campaignId", "leadId"])
@pytest.mark.parametrize("value", ["7\r\nX-Evil: 1", "é", "x" * 201])
def test_bad_ids_stop_the_call(field: str, value: str) -> None:
    world = quiet(World().register())
    world.window.send("call", {"number": "1002", "options": {field: value}})
    one_error(world, "invalid_header", field)
    assert world.user_agent.asked == []


def test_good_headers_ride_the_invite_in_order() -> None:
    world = quiet(World().register())
    headers = {f"H-{n}": "x" * 200 for n in range(9)} | {"Ref": "~ !"}
    world.window.send(
        "call", {"number": "1002", "options": {"campaignId": 7, "leadId": "L", "headers": headers}}
    )
    ((method, _, number, sent),) = world.user_agent.asked
    assert (method, number) == ("invite", "1002")
    wanted = [("X-Zorio-Campaign-Id", "7"), ("X-Zorio-Lead-Id", "L")]
    assert sent == (*wanted, *((f"X-{name}", value) for name, value in headers.items()))


@pytest.mark.parametrize("digits", DIGITS)
def test_what_is_no_dtmf_is_not_sent(digits: str) -> None:
    world = in_call()
    world.window.send("send_dtmf", {"digits": digits})
    one_error(world, "invalid_digits", "digits")
    assert world.user_agent.asked == []


def test_dtmf_is() -> None:
    world = in_call()
    world.window.send("send_dtmf", {"digits": "0123456789*#ABCDabcd,"})
    assert world.user_agent.asked == [("send_dtmf", CALL, "0123456789*#ABCDABCD,")]


@given(
    st.text(max_size=40)
    | st.binary(max_size=40).map(
        lambda raw: raw.decode("utf-16", "surrogatepass") if len(raw) % 2 == 0 else ""
    )
)
def test_any_text_at_all(text: str) -> None:
    world = quiet(World().register())
    world.window.receive(text)
    assert (world.window.posted, world.user_agent.asked) == ([], [])


@given(st.dictionaries(st.sampled_from(["type", "payload", "id", "x"]), JUNK, max_size=4))
def test_anything_that_says_it_is_ours(message: dict[str, Any]) -> None:
    world = quiet(World().register())
    world.window.receive(json.dumps({"source": "zorio-webphone", **message}))
    errors = [m for m in world.window.posted if m["type"] == "error" or m.get("ok") is False]
    assert len(errors) <= 1
    assert "invite" not in world.user_agent.methods()
    assert "internal" not in json.dumps(world.window.posted)


@given(
    st.sampled_from(sorted(HARMLESS)),
    PAYLOADS | JUNK,
    OPTIONS | st.none(),
    st.none() | st.text(min_size=1, max_size=4),
)
def test_any_command_with_anything_in_it(type: str, payload: Any, options: Any, id: str | None) -> None:
    world = in_call()
    if isinstance(payload, dict) and options is not None:
        payload["options"] = options
    message = {"source": "zorio-webphone", "type": type, "payload": payload}
    world.window.receive(json.dumps(message if id is None else {**message, "id": id}))
    errors = [m for m in world.window.posted if m["type"] == "error" or m.get("ok") is False]
    assert len(errors) <= 1
    assert sum(m["type"] == "response" for m in world.window.posted) == (id is not None)
    assert "invite" not in world.user_agent.methods(), "one call at a time"
    assert "internal" not in json.dumps(world.window.posted)


@given(
    name=st.text(max_size=600),
    number=st.text(max_size=200),
    headers=st.dictionaries(st.text(max_size=40), st.text(max_size=300), max_size=12),
)
def test_a_caller_is_text_and_nothing_else(name: str, number: str, headers: dict[str, str]) -> None:
    world = quiet(World().register())
    world.user_agent.dispatch(invite(display_name=name, number=number, headers=tuple(headers.items())))
    incoming = world.window.payloads("incoming_call")[0]
    for text in (incoming["call"]["display_name"], incoming["call"]["number"]):
        assert len(text) <= 500
        assert not any(
            ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u200e\u200f\u202a\u202e\u2066\u2069" for c in text
        )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Bình\u202e gnol\x00\x1b[31m", "Bình gnol[31m"),
        ("a\r\nb\tc", "a b c"),
        ("\u2067\u2069", ""),
        ("<b>An</b>", "<b>An</b>"),
        ("Khách\u00a0hàng", "Khách hàng"),
    ],
)
def test_names_lose_what_could_deceive(sent: str, shown: str) -> None:
    world = quiet(World().register())
    world.user_agent.dispatch(invite(display_name=sent))
    incoming = world.window.payloads("incoming_call")[0]
    assert incoming["call"]["display_name"] == shown
    assert incoming["contact"]["display_name"] == (shown or None)
