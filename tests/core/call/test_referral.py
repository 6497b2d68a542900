"""A peer that asks us, by REFER, to call somebody else (RFC 3515): who is followed, who is asked about, who
is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.effects import AcceptRefer, RejectRefer, SendInvite
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    DialogKnown,
    HangupRequested,
    TransferAccepted,
    TransferDeclined,
    TransferRequested,
)
from embed_app.core.call.referral import (
    ANSWER_WITHIN,
    MOST_TRANSFERS,
    READ_FIRST,
    TRANSFERS_WITHIN,
    read_replaces,
)
from embed_app.core.link.call_rules import CallRules, FollowTransfers
from embed_app.core.link.messages import PageLeft, TransportDown
from embed_app.core.timers import Timer, TimerKind
from embed_app.protocol import events as ev
from embed_app.protocol.to_parent import state_payload
from tests.core.driver import (
    CALL,
    DIALOG,
    FOLLOWS,
    OTHER,
    THIRD,
    Driver,
    answered_outbound,
    bye,
    invite,
    refer,
    registered,
)

COLLEAGUE = "<sip:1002@acme.example>"
STRANGER = "0912345678"
NEVER, ASK = (CallRules(follow_transfers=mode) for mode in (FollowTransfers.NEVER, FollowTransfers.ASK))
NO = RejectRefer(CALL, OTHER)
QUESTION = Timer(TimerKind.QUESTION, CALL)


def answered_inbound(*asserted: str, name: str = "P-Asserted-Identity", **config_changes: Any) -> Driver:
    driver = registered(**config_changes)
    driver.send(invite(number="1002", headers=tuple((name, value) for value in asserted)))
    driver.send(AnswerRequested())
    driver.send(CallAccepted(call_uuid=CALL))
    return driver.forget()


def followed(driver: Driver) -> bool:
    return any(isinstance(effect, AcceptRefer) for effect in driver.last())


def asked(driver: Driver) -> bool:
    return any(call.question is not None for call in driver.phone.live_calls)


def outcome(driver: Driver) -> str:
    """Of the last step."""
    found = [
        *(["followed"] if followed(driver) else []),
        *(["asked"] if asked(driver) else []),
        *(["refused"] if NO in driver.last() else []),
    ]
    return " and ".join(found)


def asking(**changes: Any) -> Driver:
    driver = answered_outbound()
    driver.send(refer(**changes))
    assert outcome(driver) == "asked"
    return driver


# ---- who is a colleague


@pytest.mark.parametrize("target", ["1003", "0987654321"], ids=["a colleague", "outside"])
@pytest.mark.parametrize(
    ("asserted", "known"),
    [
        ((COLLEAGUE,), True),
        (('"An" <sip:1002@acme.example>',), True),
        (("An <sip:1002@ACME.example:5061>",), True),
        (("<sip:1002@one.example>",), True),  # the PBX's host
        ((), False),
        (("<sip:1002@evil.example>",), False),
        (("<sip:0987654321@acme.example>",), False),
        (("<tel:1002>",), False),
        (("<sips:1002@acme.example>",), False),
        (("<sip:1002@acme.example;user=phone>",), False),
        (("<sip:1002@acme.example>, <sip:0987654321@acme.example>",), False),
        ((COLLEAGUE, COLLEAGUE), False),
        (("<sip:1002@acme.example@evil.example>",), False),
        (('"<sip:1002@acme.example>" <sip:0987654321@evil.example>',), False),
        (("sip:1002@acme.example",), False),
    ],
)
def test_a_caller_is_a_colleague_only_as_the_pbx_says(
    asserted: tuple[str, ...], known: bool, target: str
) -> None:
    driver = answered_inbound(*asserted)
    driver.send(refer(target))
    assert outcome(driver) == ("followed" if known and target == "1003" else "asked")


@pytest.mark.parametrize("name", ["Remote-Party-ID", "Referred-By", "X-Asserted", "P-Preferred-Identity"])
def test_no_other_header_makes_a_colleague(name: str) -> None:
    driver = answered_inbound(COLLEAGUE, name=name)
    driver.send(refer())
    assert outcome(driver) == "asked"


def test_an_account_whose_pbx_lets_identities_through_believes_none() -> None:
    driver = answered_inbound(COLLEAGUE, rules=CallRules(trusted_identity=False))
    driver.send(refer())
    assert outcome(driver) == "asked"


@pytest.mark.parametrize(("number", "expected"), [("1002", "followed"), (STRANGER, "asked")])
def test_whom_we_have_called_is_a_colleague_by_the_number(number: str, expected: str) -> None:
    driver = answered_outbound(number)
    driver.send(refer())
    assert outcome(driver) == expected


def test_who_takes_a_colleagues_place_is_none() -> None:
    driver = answered_inbound(COLLEAGUE)
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    taken = replace(DIALOG, sip_call_id="dialog-2", remote_uri="sip:0900000009@acme.example")
    driver.send(DialogKnown(call_uuid=CALL, dialog=taken, number="0900000009"))
    driver.send(refer())
    assert outcome(driver) == "asked"


# ---- the modes, and what is refused in each of them


@pytest.mark.parametrize(
    ("rules", "expected"), [(FOLLOWS, "followed"), (ASK, "asked"), (NEVER, "refused"), (CallRules(), "asked")]
)
def test_the_account_decides_about_strangers(rules: CallRules, expected: str) -> None:
    driver = answered_outbound(rules=rules)
    driver.send(refer())
    assert outcome(driver) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [(FOLLOWS, "followed"), (ASK, "asked"), (NEVER, "refused"), (CallRules(), "followed")],
)
def test_the_account_decides_about_colleagues(rules: CallRules, expected: str) -> None:
    driver = answered_inbound(COLLEAGUE, rules=rules)
    driver.send(refer())
    assert outcome(driver) == expected


@pytest.mark.parametrize("replaces", [None, "a@far;to-tag=b;from-tag=c"], ids=["blind", "attended"])
@pytest.mark.parametrize("rules", [FOLLOWS, ASK, CallRules()])
@pytest.mark.parametrize(
    "changes",
    [
        {"scheme": "sips"},
        {"scheme": "tel"},
        {"scheme": "http"},
        {"host": "evil.example"},
        {"host": "169.254.169.254"},
        {"host": "acme.example.evil.example"},
        {"host": "localhost"},
        {"host": ""},
        {"host": "[::1]"},
        {"method": "BYE"},
        {"method": "REGISTER"},
        {"number": "1003@evil.example"},
        {"number": "Giám đốc"},
        {"number": ""},
        {"number": "1003;maddr=169.254.1.1"},
        {"number": "1" * 40},
    ],
    ids=str,
)
def test_refused_in_every_mode(changes: dict[str, Any], rules: CallRules, replaces: str | None) -> None:
    driver = answered_inbound(COLLEAGUE, rules=rules)
    driver.send(refer(replaces=replaces, **changes))
    assert driver.last() == (NO,)
    assert driver.events == []


@pytest.mark.parametrize("host", ["acme.example", "ACME.Example", "one.example", "two.example"])
def test_the_hosts_of_our_own_pbx(host: str) -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer(host=host))
    assert AcceptRefer(CALL, OTHER, "1003") in driver.last()


# ---- Replaces and Referred-By


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a@far",
        "a@far;to-tag=b",
        "a@far;to-tag=b;from-tag=c\r\nX-Evil: 1",
        "a@far;to-tag=b;from-tag=c\nX-Evil: 1",
        "a@far;to-tag=b;from-tag=c,d@far;to-tag=e;from-tag=f",
        "a@far;to-tag=b;from-tag=c;to-tag=d",
        "a@far;to-tag=b;from-tag=c;x=y",
        "a far;to-tag=b;from-tag=c",
        "a@far;to-tag=;from-tag=c",
        "a" * 300 + ";to-tag=b;from-tag=c",
        "a@far;to-tag=\u00e9;from-tag=c",
    ],
)
def test_a_replaces_that_is_none_is_a_bad_request(text: str) -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer(replaces=text))
    assert driver.last() == (RejectRefer(CALL, OTHER, 400),)


def test_a_refer_to_that_cannot_be_read_is_a_bad_request() -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer(scheme=""))
    assert driver.last() == (RejectRefer(CALL, OTHER, 400),)


def test_a_replaces_is_written_anew() -> None:
    assert (
        read_replaces(" a@far ; From-Tag = c;to-tag=b;early-only ") == "a@far;to-tag=b;from-tag=c;early-only"
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<sip:0912345678@acme.example>", True),
        ("<sip:a@b>\r\nX-Evil: 1", False),
        ("", False),
        ("\u00e9", False),
        ("a" * 600, False),
    ],
)
def test_who_sent_us_is_passed_on_as_far_as_it_is_one_header(text: str, kept: bool) -> None:
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(refer(referred_by=text))
    assert AcceptRefer(CALL, OTHER, "1003", (("Referred-By", text),) if kept else ()) in driver.last()


# ---- the question


def test_the_parent_is_asked_with_the_number_that_would_be_called() -> None:
    driver = answered_outbound()
    (event,) = driver.send(refer("+84 987-654-321", replaces="a@far;to-tag=b;from-tag=c"))
    assert isinstance(event, ev.TransferRequested)
    assert (event.number, event.attended, event.expires_in) == ("+84987654321", True, ANSWER_WITHIN)
    (call,) = state_payload(driver.phone)["calls"]
    assert call["transfer_request"] == {"number": "+84987654321", "attended": True}
    assert driver.asked(AcceptRefer) == driver.asked(RejectRefer) == 0


def test_a_yes_is_followed() -> None:
    driver = asking()
    events = driver.send(TransferAccepted(number="1003"))
    assert AcceptRefer(CALL, OTHER, "1003") in driver.last()
    assert [event.type for event in events] == ["call_updated"]
    assert not asked(driver)
    assert QUESTION not in driver.timers
    assert driver.phone.calls[-1].in_place_of == CALL


@pytest.mark.parametrize("number", ["1004", "", "+8821699"])
def test_a_yes_to_another_number_is_none(number: str) -> None:
    """The question may have changed since the parent saw it."""
    driver = asking()
    driver.send(TransferAccepted(number=number))
    assert (driver.errors(), outcome(driver)) == (["invalid_state"], "asked")


def test_a_press_that_was_meant_for_something_else_is_none() -> None:
    driver = asking()
    driver.send(TransferAccepted(number="1003", by_hand=True), after=READ_FIRST / 2)
    assert outcome(driver) == "asked"
    driver.send(TransferAccepted(number="1003", by_hand=True), after=READ_FIRST)
    assert outcome(driver) == "followed"


@pytest.mark.parametrize("answer", [TransferDeclined(), TransferDeclined(call_uuid=CALL)])
def test_a_no_is_told(answer: TransferDeclined) -> None:
    driver = asking()
    events = driver.send(answer)
    assert outcome(driver) == "refused"
    assert [event.type for event in events] == ["call_updated"]
    driver.send(answer)
    assert driver.errors() == ["invalid_state"]


def test_nobody_answers() -> None:
    driver = asking()
    assert driver.due_in(QUESTION) == ANSWER_WITHIN
    driver.fire(QUESTION)
    assert outcome(driver) == "refused"
    driver.send(TransferAccepted(number="1003"))
    assert (driver.errors(), driver.asked(AcceptRefer)) == (["invalid_state"], 0)


@pytest.mark.parametrize(
    "end",
    [
        PageLeft(is_known_again=True),
        TransportDown(reason="code 1006"),
        TransferRequested(target="1004"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_makes_a_question_pointless_is_a_no(end: Any) -> None:
    driver = asking()
    driver.send(end)
    assert NO in driver.last()
    assert not asked(driver)


@pytest.mark.parametrize("end", [bye(), HangupRequested()], ids=["bye", "hang up"])
def test_the_end_of_the_call_is_the_end_of_the_question(end: CallEnded | HangupRequested) -> None:
    """The user agent refuses the REFER of a call that is over."""
    driver = asking()
    (event,) = driver.send(end)
    assert isinstance(event, ev.CallHangup)
    assert event.call.transfer_request is None
    assert QUESTION not in driver.timers
    driver.send(TransferAccepted(number="1003"))
    assert driver.asked(AcceptRefer) == 0


def test_the_question_may_be_about_the_call_that_waits() -> None:
    driver = asking()
    driver.send(invite(THIRD))
    driver.send(AnswerRequested(call_uuid=THIRD))
    driver.send(CallAccepted(call_uuid=THIRD))
    assert asked(driver)
    driver.send(TransferAccepted(number="1003"))
    assert outcome(driver) == "followed"


# ---- one at a time, and not too many


def test_one_question_at_a_time() -> None:
    driver = asking()
    driver.send(refer("1004", new_call_uuid=THIRD))
    assert driver.last() == (RejectRefer(CALL, THIRD),)
    assert driver.call.question is not None
    assert driver.call.question.number == "1003"


def test_eight_in_a_row_are_not_eight_calls() -> None:
    driver = answered_inbound(COLLEAGUE)
    results = []
    for count in range(8):
        uuid = f"{count}" * 8
        driver.send(refer(new_call_uuid=uuid), after=1.0)
        results.append(followed(driver))
        driver.send(CallEnded(call_uuid=uuid, by_remote=True, kind="reject", status=486))
    assert results == [True] * MOST_TRANSFERS + [False] * (8 - MOST_TRANSFERS)
    driver.send(refer(), after=TRANSFERS_WITHIN)
    assert followed(driver)


def test_refused_ones_use_nothing_up() -> None:
    driver = answered_inbound(COLLEAGUE)
    for _ in range(8):
        driver.send(refer(host="evil.example"))
    driver.send(refer())
    assert followed(driver)


@pytest.mark.parametrize("state", ["ringing", "answering"])
def test_nobody_is_transferred_before_the_answer(state: str) -> None:
    driver = registered(rules=FOLLOWS)
    driver.send(invite(headers=(("P-Asserted-Identity", COLLEAGUE),)))
    if state == "answering":
        driver.send(AnswerRequested())
    driver.send(refer())
    assert driver.last() == (NO,)


def test_a_call_nobody_knows_is_not_transferred() -> None:
    driver = registered(rules=FOLLOWS)
    driver.send(refer())
    assert driver.last() == (NO,)


# ---- whatever the peer sends


NUMBERS = st.sampled_from(["1003", "0987654321", "+8821699", "*43", "113"]) | st.text(max_size=12)
HOSTS = st.sampled_from(["acme.example", "one.example", "evil.example", ""]) | st.text(max_size=12)


@given(
    st.builds(
        refer,
        NUMBERS,
        scheme=st.sampled_from(["sip", "sips", "tel", ""]),
        host=HOSTS,
        method=st.sampled_from(["", "INVITE", "BYE"]) | st.text(max_size=6),
        replaces=st.none() | st.just("a@far;to-tag=b;from-tag=c") | st.text(max_size=40),
        referred_by=st.text(max_size=40),
    ),
    st.sampled_from([CallRules(), ASK, NEVER]),
    st.booleans(),
)
def test_nothing_is_called_without_a_yes_but_colleagues(message: Any, rules: CallRules, known: bool) -> None:
    driver = answered_inbound(*([COLLEAGUE] if known else []), rules=rules)
    driver.send(message)
    assert driver.asked(SendInvite) == 0
    for effect in driver.effects:
        if isinstance(effect, AcceptRefer):
            assert known
            assert rules == CallRules()
            assert rules.is_internal(effect.number)
            assert {name for name, _ in effect.headers} <= {"Replaces", "Referred-By"}
            assert not any(char in value for _, value in effect.headers for char in "\r\n")
    assert outcome(driver) in ("followed", "asked", "refused") or driver.last() == (
        RejectRefer(CALL, OTHER, 400),
    )
