"""Contract section 4 against the real frame: no exception, no INVITE, at most one `error` each."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.phone import SOURCE, Phone
from tests.e2e.world import World, until

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
KINDS = (
    *("connect", "call", "refresh_token", "answer", "hangup", "hold", "unhold", "mute", "unmute"),
    *("send_dtmf", "transfer", "get_state", "ready", "registered", "__proto__", "constructor", ""),
)
bad_numbers = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "1002@evil.example",
            "1002\r\nX-Evil: 1",
            "1002?X-Evil=1",
            "sip:1002",
            "1" * 33,
            "١٠٠٢",
            "1002;transport=udp",
            "<1002>",
            "1002\x00",
            "\u202e2001",
            "abc",
            "%31",
        ]
    ),
    st.text(min_size=1, max_size=40).filter(lambda s: not any(c in "0123456789*#+" for c in s)),
)
messages = st.one_of(
    json_values,
    st.fixed_dictionaries(
        {"source": st.just(SOURCE), "type": st.sampled_from(KINDS) | json_values},
        optional={"payload": json_values},
    ),
    st.fixed_dictionaries(
        {
            "source": st.just(SOURCE),
            "type": st.just("call"),
            "payload": st.fixed_dictionaries({"number": bad_numbers}, optional={"options": json_values}),
        }
    ),
    st.fixed_dictionaries(
        {
            "source": st.just(SOURCE),
            "type": st.just("call"),
            "payload": st.fixed_dictionaries(
                {
                    "number": st.just("*43"),
                    "options": st.fixed_dictionaries(
                        {
                            "headers": st.dictionaries(
                                st.text(min_size=1, max_size=8).filter(lambda s: not s.isascii()),
                                st.just("x\r\nEvil: 1"),
                                min_size=1,
                                max_size=3,
                            )
                        }
                    ),
                }
            ),
        }
    ),
)
_ids = itertools.count()


# The servers of this world run in a thread of this process and use the module that Hypothesis watches.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@settings(
    max_examples=40,  # each is several round trips; the core is asked thousands
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batch=st.lists(messages, min_size=1, max_size=6))
def test_no_message_stops_the_phone(alice: Phone, world: World, batch: list[Any]) -> None:
    alice.mark()
    before = len(world.wire)
    for message in batch:
        alice.page.evaluate("(message) => tell(message)", message)
    state = alice.state()  # answered after all of them: messages keep their order
    assert state["calls"] == []
    errors = alice.since("error")
    assert len(errors) <= len(batch)
    assert not [e for e in errors if e["payload"]["code"] == "internal"]
    for error in errors:
        assert error["payload"]["message"]
    invites = [text for direction, text in world.wire[before:] if text.startswith("INVITE ")]
    assert invites == []
    assert alice.console == []


@pytest.mark.parametrize(
    ("type", "payload", "code", "field"),
    [
        ("call", {}, "invalid_payload", "number"),
        ("call", {"number": 12}, "invalid_payload", "number"),
        ("call", {"number": "1002@evil.example"}, "invalid_number", "number"),
        ("call", {"number": "1" * 33}, "invalid_number", "number"),
        ("call", {"number": "*43", "options": {"headers": {"A b": "x"}}}, "invalid_header", "headers"),
        ("call", {"number": "*43", "options": {"headers": {"A": "x\r\ny"}}}, "invalid_header", "headers"),
        ("call", {"number": "*43", "options": {"campaignId": "đ"}}, "invalid_header", "campaignId"),
        ("call", {"number": "*43", "options": []}, "invalid_payload", "options"),
        ("refresh_token", {"token": "x"}, "token_malformed", "token"),
        ("refresh_token", {}, "invalid_payload", "token"),
        ("make_coffee", {}, "unknown_command", "type"),
        ("send_dtmf", {"digits": 1}, "invalid_payload", "digits"),
    ],
)
def test_each_mistake_is_one_error_with_its_field(
    alice: Phone, type: str, payload: dict[str, Any], code: str, field: str
) -> None:
    alice.send(type, payload)
    assert alice.wait_event("error")["code"] == code
    alice.state()
    errors = [e["payload"] for e in alice.since("error")]
    assert [(e["code"], e["detail"]["field"], e["fatal"]) for e in errors] == [(code, field, False)]
    refused = alice.ask(type, payload)
    assert (refused["ok"], refused["error"]["code"]) == (False, code)
    assert len(alice.since("error")) == 1, "a command with an id has its error in the response"


def test_a_flood_of_rubbish_does_not_disturb_a_call(alice: Phone) -> None:
    alice.send("call", {"number": "*43"})
    uuid = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(uuid)
    alice.page.evaluate("() => { for (let i = 0; i < 2000; i++) tell({source: 'zorio-webphone', type: i}) }")
    alice.wait_audio(uuid)

    def answered_again() -> bool:
        alice.send("get_state", id="after the flood")  # dropped as long as it is part of the flood
        return any(e["type"] == "response" and e["id"] == "after the flood" for e in alice.events)

    until(answered_again, "an answer after the flood")
    assert [call["uuid"] for call in alice.state()["calls"]] == [uuid]
    alice.wait_audio(uuid)
    alice.send("hangup")
    assert alice.wait_event("call_hangup")["reason"] == "local_hangup"
    until(lambda: alice.console == [], "a quiet console", 1)
