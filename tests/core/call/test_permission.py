"""Every road to a dialled number asks the account's rules first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embed_app.core.call.dial_plan import refusing_rule
from embed_app.core.call.effects import SendInvite, SendRefer
from embed_app.core.call.messages import (
    CallAccepted,
    CallEnded,
    CallProgress,
    DialRequested,
    HangupRequested,
    HoldChanged,
    TransferRequested,
)
from embed_app.core.link.call_rules import CallRules
from embed_app.core.link.messages import (
    ConfigReceived,
    OwnershipGranted,
    RegisterAccepted,
    Started,
    TransportDown,
    TransportUp,
)
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.resume.effects import SendReplacement
from embed_app.core.resume.mark import marked
from embed_app.core.timers import TimerFired
from embed_app.protocol import events as ev
from tests.core.driver import CALL, DIALOG, GOOD, OTHER, T0, Driver, bye, config, phone_in, record, registered

RULES = CallRules()
ABROAD = "+8821699123"
THIRD = "33333333-3333-4333-8333-333333333333"


def details(driver: Driver) -> list[dict[str, object]]:
    return [dict(event.error.detail or {}) for event in driver.told(ev.Error)]


def wish(number: str, *, by_hand: bool = False, call_uuid: str = CALL) -> DialRequested:
    return DialRequested(call_uuid=call_uuid, number=number, by_hand=by_hand)


def in_call(rules: CallRules = RULES) -> Driver:
    driver = registered(rules=rules)
    for step in (wish("0912345678"), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    return driver.forget()


@pytest.mark.parametrize(
    ("number", "by_hand", "rule"),
    [
        (ABROAD, True, "dial_allow"),
        ("006512345678", False, "dial_allow"),
        ("1900 1234", True, "1900X."),
        ("+84 1900 1234", False, "1900X."),
        ("*43", False, "by_hand"),
    ],
)
def test_a_number_that_the_rules_refuse_is_not_dialled_and_the_rule_is_told(
    number: str, by_hand: bool, rule: str
) -> None:
    driver = registered(rules=RULES)
    driver.send(wish(number, by_hand=by_hand))
    assert driver.asked(SendInvite) == 0
    assert driver.phone.calls == ()
    assert driver.errors() == ["number_not_allowed"]
    assert details(driver) == [{"rule": rule}]


def test_a_feature_code_by_the_agents_hand_is_dialled() -> None:
    driver = registered(rules=RULES)
    driver.send(wish("*43", by_hand=True))
    assert driver.asked(SendInvite) == 1


def test_a_call_dialled_before_the_rules_were_known_ends_when_they_are() -> None:
    driver = phone_in(LinkState.CONFIGURING)
    driver.send(wish(ABROAD))
    assert driver.errors() == []
    for step in (ConfigReceived(config=config(rules=RULES)), TransportUp(), RegisterAccepted()):
        driver.send(step)
    assert driver.asked(SendInvite) == 0
    assert (driver.errors(), driver.reasons()) == (["number_not_allowed"], ["forbidden"])


def test_the_hand_is_not_forgotten_while_a_call_waits() -> None:
    driver = phone_in(LinkState.CONFIGURING)
    driver.send(wish("*43", by_hand=True))
    for step in (ConfigReceived(config=config(rules=RULES)), TransportUp(), RegisterAccepted()):
        driver.send(step)
    assert driver.asked(SendInvite) == 1


@pytest.mark.parametrize("attended", [True, False])
@pytest.mark.parametrize(
    ("target", "by_hand", "refused"),
    [(ABROAD, True, True), ("*21", False, True), ("*21", True, False), ("1002", False, False)],
)
def test_a_transfer_goes_only_where_a_call_may_go(
    attended: bool, target: str, by_hand: bool, refused: bool
) -> None:
    driver = in_call()
    driver.send(TransferRequested(target=target, attended=attended, new_call_uuid=OTHER, by_hand=by_hand))
    assert driver.asked(SendRefer) + driver.asked(SendInvite) == (0 if refused else 1)
    assert driver.errors() == (["number_not_allowed"] if refused else [])
    assert len(driver.phone.live_calls) == (1 if refused or not attended else 2)


def test_so_many_calls_in_any_minute_and_no_more() -> None:
    driver = registered(rules=replace(RULES, calls_per_minute=3))
    for _ in range(3):
        driver.send(wish("0912345678"), after=5)
        driver.send(HangupRequested(call_uuid=CALL), after=1)
    driver.forget()
    driver.send(wish("0912345678"), after=1)
    assert details(driver) == [{"rule": "calls_per_minute", "limit": 3}]
    driver.send(wish("0912345678"), after=60)
    assert driver.asked(SendInvite) == 1


def test_a_blind_transfer_counts_because_the_pbx_dials_for_us() -> None:
    driver = in_call(replace(RULES, calls_per_minute=2))
    driver.send(TransferRequested(target="1002"))
    driver.send(bye(), after=1)
    driver.send(wish("1003", call_uuid=OTHER), after=1)
    assert driver.asked(SendInvite) == 0
    assert driver.errors() == ["number_not_allowed"]


def test_a_second_call_only_where_two_are_allowed() -> None:
    driver = in_call(replace(RULES, calls_at_once=1))
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.send(wish("1002", call_uuid=OTHER, by_hand=True))
    driver.send(TransferRequested(target="1002", attended=True, new_call_uuid=OTHER))
    assert driver.asked(SendInvite) == 0
    assert details(driver) == [{"rule": "calls_at_once", "limit": 1}] * 2


def test_another_tab_that_takes_over_has_the_same_minute() -> None:
    first = registered(rules=replace(RULES, calls_per_minute=1))
    first.send(wish("0912345678"))
    first.send(HangupRequested(call_uuid=CALL))
    next_tab = phone_in(LinkState.STANDBY, rules=replace(RULES, calls_per_minute=1))
    next_tab.send(OwnershipGranted(left=first.phone))
    for step in (TransportUp(), RegisterAccepted()):
        next_tab.send(step)
    next_tab.now = first.now + 1
    next_tab.send(wish("0912345678", call_uuid=OTHER))
    assert details(next_tab) == [{"rule": "calls_per_minute", "limit": 1}]


def test_a_page_that_is_loaded_again_has_the_same_minute() -> None:
    driver = phone_in(LinkState.IDLE)
    odd = (float("nan"), float("inf"), -1.0, T0 + 1e9)
    driver.send(Started(token=GOOD, dialled_at=(*odd, T0 - 61, T0 - 59, T0 - 1)))
    assert driver.phone.dialled_at == (T0 - 59, T0 - 1)
    driver = registered(rules=replace(RULES, calls_per_minute=1))
    driver.phone = replace(driver.phone, dialled_at=(driver.now - 1,))
    driver.send(wish("0912345678"))
    assert details(driver) == [{"rule": "calls_per_minute", "limit": 1}]


@pytest.mark.parametrize(
    ("uri", "in_dialog"),
    [
        ("sip:+8821699123@pbx.example", True),
        ("sip:008821699123@pbx.example", True),
        ("sip:%2b882169-9123;phone-context=x@pbx.example", True),
        ("sip:19001234:secret@pbx.example", True),
        ("sip:1002@pbx.example", False),
        ("sip:k3j4h5@192.0.2.1;transport=ws;gr", False),
        ("sip:192.0.2.1:5060", False),
    ],
)
def test_a_call_of_a_record_is_not_taken_back_by_dialling_what_is_denied(uri: str, in_dialog: bool) -> None:
    found, settings = record(), config(rules=RULES, resume_key="5e" * 32)
    dialog = marked(replace(DIALOG, remote_uri=uri, remote_target=uri), settings)
    driver = Driver()
    driver.send(Started(token=GOOD, record=replace(found, call=replace(found.call, dialog=dialog))))
    for step in (ConfigReceived(config=settings), TransportUp(), RegisterAccepted()):
        driver.send(step)
    tries = [effect for effect in driver.effects if isinstance(effect, SendReplacement)]
    assert [effect.in_dialog for effect in tries] == [in_dialog]


# ---- whatever happens

SPELLED = st.sampled_from(
    ["0912345678", "+84912345678", "1002", "19001234", "+8419001234", "*43", "*31#0912345678", "00882169912",
     ABROAD, "000882169912", "18001234", "#31#19001234", "0"]
) | st.text("0123456789+*# ", min_size=1, max_size=12)  # fmt: skip
UUIDS = st.sampled_from([CALL, OTHER, THIRD])
LIMITED = CallRules(calls_per_minute=4)
OTHERS = CallRules(
    dial_allow=("X!", "+X!"), dial_deny=("+882!", "1900X."), calls_per_minute=2, calls_at_once=1
)
STEPS: st.SearchStrategy[Message] = st.one_of(
    st.builds(DialRequested, call_uuid=UUIDS, number=SPELLED, by_hand=st.booleans(), second=st.booleans()),
    st.builds(
        DialRequested,
        call_uuid=UUIDS,
        number=st.just("0912345678"),
        by_hand=st.booleans(),
        second=st.booleans(),
    ),
    st.builds(
        TransferRequested, target=SPELLED, attended=st.booleans(), new_call_uuid=UUIDS, by_hand=st.booleans()
    ),
    st.builds(CallAccepted, call_uuid=UUIDS),
    st.builds(CallProgress, call_uuid=UUIDS, status=st.just(180)),
    st.builds(CallEnded, call_uuid=UUIDS, by_remote=st.just(True), kind=st.just("bye")),
    st.builds(HangupRequested, call_uuid=UUIDS),
    st.builds(HoldChanged, call_uuid=UUIDS, held=st.booleans()),
    st.sampled_from([TransportUp(), RegisterAccepted(), TransportDown(reason="gone")]),
    st.sampled_from([ConfigReceived(config=config(rules=rules)) for rules in (LIMITED, OTHERS)]),
)


def dialled(driver: Driver) -> Iterator[str]:
    for effect in driver.last():
        if isinstance(effect, SendInvite | SendRefer):
            yield effect.number


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(STEPS, st.floats(0, 20)), max_size=40), st.booleans())
def test_no_invite_breaks_the_rules_whatever_happens(
    history: list[tuple[Message, float]], known: bool
) -> None:
    driver = phone_in(LinkState.REGISTERED if known else LinkState.CONFIGURING, rules=LIMITED)
    times: list[float] = []
    for message, after in history:
        due = [timer for timer, (when, _) in driver.timers.items() if when <= driver.now + after]
        driver.send(message, after=after)
        for number in dialled(driver):
            times.append(driver.now)
            rules = driver.phone.link.config.rules if driver.phone.link.config else RULES
            assert refusing_rule(rules, number, by_hand=True) is None, number
            if "*" in number or "#" in number:
                assert any(call.by_hand for call in driver.phone.calls) or getattr(message, "by_hand", False)
            recent = [at for at in times if driver.now - at < 60]
            assert rules.calls_per_minute is None or len(recent) <= max(rules.calls_per_minute, 1)
        for timer in due:
            if timer in driver.timers:
                driver.send(TimerFired(timer=timer, generation=driver.timers[timer][1]))
                times += [driver.now for _ in dialled(driver)]


@pytest.mark.parametrize("number", ["112", "113", "114", "115"])
@pytest.mark.parametrize("limits", [{"calls_per_minute": 1}, {"calls_at_once": 1}])
def test_the_agents_hand_reaches_help_whatever_else_was_dialled(number: str, limits: dict[str, int]) -> None:
    driver = in_call(replace(RULES, **limits))  # type: ignore[arg-type]
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.forget()
    driver.send(wish(number, call_uuid=OTHER))
    assert driver.asked(SendInvite) == 0
    assert driver.errors() == ["number_not_allowed"]
    driver.send(wish(number, by_hand=True, call_uuid=OTHER))
    assert driver.asked(SendInvite) == 1


def test_an_account_may_deny_even_these() -> None:
    driver = registered(rules=replace(RULES, dial_deny=("11X",)))
    driver.send(wish("113", by_hand=True))
    assert driver.asked(SendInvite) == 0
