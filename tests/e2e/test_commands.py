"""Each of the 12 commands, by what it does on the wire and at the other end (contract section 3)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.phone import AUDIBLE, Phone
from tests.e2e.talk import (
    Stranger,
    call,
    documented,
    hangup_of,
    header,
    invites,
    requests,
    talk,
    wait_no_packets,
    wait_silent,
)
from tests.e2e.world import World, until

OpenPhone = Callable[..., Phone]


def test_call_options_ride_the_invite_and_reach_the_far_phone(alice: Phone, bob: Phone, world: World) -> None:
    before = len(world.wire)
    options = {"campaignId": "spring-7", "leadId": 42, "headers": {"Ticket-Number": "A 17", "Team": 3}}
    alice.send("call", {"number": " 10-02 ", "options": options})
    incoming = bob.wait_event("incoming_call")["call"]
    ours = alice.wait_event("call_ringing")["call"]
    sent = requests(world, "INVITE", before)
    assert sent
    for text in [*sent, *requests(world, "INVITE", before, "out")]:
        assert header(text, "X-Zorio-Campaign-Id") == "spring-7"
        assert header(text, "X-Zorio-Lead-Id") == "42"
        assert header(text, "X-Ticket-Number") == "A 17"
        assert header(text, "X-Team") == "3"
    assert (ours["number"], ours["campaignId"], ours["leadId"]) == ("1002", "spring-7", "42")
    assert (incoming["number"], incoming["campaignId"], incoming["leadId"]) == ("1001", "spring-7", "42")
    assert incoming["display_name"] == "Nguyễn Văn An"
    assert ours["sip_call_id"] == incoming["sip_call_id"] == header(sent[0], "Call-ID")


def test_answer_takes_the_ringing_call_and_hangup_ends_it(alice: Phone, world: World) -> None:
    before = len(world.wire)
    customer = Stranger(world, "1001")
    uuid = alice.wait_event("incoming_call")["call"]["uuid"]
    answer = alice.ask("answer")
    assert answer["ok"] is True
    assert alice.wait_event("call_answered")["call"]["uuid"] == uuid
    customer.wait_for("answered")
    alice.wait_audio(uuid)
    assert alice.ask("hangup", {"call_uuid": uuid})["ok"] is True
    customer.wait_for("ended")
    assert requests(world, "BYE", before)
    assert hangup_of(alice)["reason"] == "local_hangup"


def test_hold_stops_the_audio_both_ways_and_unhold_brings_it_back(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    alice.send("hold")
    held = alice.wait_event("call_updated")["call"]
    assert (held["uuid"], held["held"], held["state"]) == (ours, True, "held")
    wait_no_packets(alice, ours)
    before = bob.stats(theirs)
    wait_no_packets(alice, ours)
    assert bob.stats(theirs)["audio_energy_received"] - before["audio_energy_received"] < AUDIBLE / 100
    alice.mark()
    alice.send("unhold", {"call_uuid": ours})
    back = alice.wait_event("call_updated")["call"]
    assert (back["held"], back["state"]) == (False, "answered")
    alice.wait_audio(ours)
    bob.wait_audio(theirs)


def test_mute_sends_silence_survives_hold_and_unmute_is_heard(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    bob.wait_audio(theirs)
    alice.send("mute")
    assert alice.wait_event("call_updated")["call"]["muted"] is True
    wait_silent(bob, theirs)
    alice.wait_audio(ours)
    alice.mark()
    alice.send("hold")
    alice.wait_event("call_updated")
    alice.mark()
    alice.send("unhold")
    call_now = alice.wait_event("call_updated")["call"]
    assert (call_now["held"], call_now["muted"]) == (False, True)
    alice.wait_audio(ours)
    wait_silent(bob, theirs)
    alice.mark()
    alice.send("unmute")
    assert alice.wait_event("call_updated")["call"]["muted"] is False
    bob.wait_audio(theirs)


def test_muted_while_it_rings_is_muted_when_it_is_answered(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002"})
    bob.wait_event("incoming_call")
    alice.wait_event("call_ringing")
    alice.send("mute")
    bob.send("answer")
    theirs = bob.wait_event("call_answered")["call"]["uuid"]
    ours = alice.wait_event("call_answered")["call"]
    assert ours["muted"] is True
    alice.wait_audio(ours["uuid"])
    wait_silent(bob, theirs)


def test_refresh_token_in_a_call_changes_nothing_but_the_credentials(alice: Phone, world: World) -> None:
    uuid = call(alice, "*44")
    before = len(world.wire)
    alice.mark()
    answer = alice.ask("refresh_token", {"token": world.token("1001", ttl_seconds=600)})
    assert answer["ok"] is True
    until(lambda: requests(world, "REGISTER", before), "the REGISTER with the new credentials")
    until(
        lambda: any(
            way == "out" and text.startswith("SIP/2.0 200") and "REGISTER" in (header(text, "CSeq") or "")
            for way, text in world.wire[before:]
        ),
        "its 200",
    )
    alice.wait_audio(uuid)
    assert documented(alice) == []
    assert [c["uuid"] for c in alice.state()["calls"]] == [uuid]
    assert alice.state()["state"] == "registered"


def test_refresh_token_of_another_user_is_refused_and_the_old_one_kept(alice: Phone, world: World) -> None:
    uuid = call(alice, "*44")
    alice.mark()
    alice.send("refresh_token", {"token": world.token("1002")})
    error = alice.wait_event("error")
    assert (error["code"], error["fatal"]) == ("token_mismatch", False)
    answer = alice.ask("refresh_token", {"token": world.token("1002")})
    assert (answer["ok"], answer["error"]["code"]) == (False, "token_mismatch")
    alice.wait_audio(uuid)
    assert documented(alice) == ["error"]
    assert alice.state()["extension"] == "1001"


def test_disconnect_unregisters_and_connect_brings_the_phone_back(alice: Phone, world: World) -> None:
    assert world.pbx.bindings["1001"] == 1
    alice.send("disconnect")
    alice.wait_event("disconnected")
    alice.wait_event("unregistered", reason="manual")
    assert documented(alice) == ["unregistered", "disconnected"]
    until(lambda: "1001" not in world.pbx.bindings, "the binding is gone")
    removed = [header(text, "Contact") or "" for text in requests(world, "REGISTER")][-1]
    assert "expires=0" in removed
    refused = alice.ask("call", {"number": "*43"})
    assert refused["error"]["code"] == "not_registered"
    alice.mark()
    alice.send("connect")
    alice.wait_event("registered")
    assert documented(alice) == ["connected", "registered"]
    assert world.pbx.bindings["1001"] == 1


def test_disconnect_in_a_call_ends_it_first(alice: Phone, bob: Phone) -> None:
    talk(alice, bob)
    alice.mark()
    alice.send("disconnect")
    alice.wait_event("disconnected")
    assert documented(alice) == ["call_hangup", "unregistered", "disconnected"]
    assert alice.wait_event("call_hangup")["reason"] == "local_hangup"
    assert hangup_of(bob)["reason"] == "remote_hangup"


def test_auto_register_0_waits_for_connect(open_phone: OpenPhone, world: World) -> None:
    phone = open_phone("1004", wait="ready", auto_register="0")
    phone.send("call", {"number": "*43"})
    assert phone.wait_event("error")["code"] == "not_registered"
    assert documented(phone) == ["error"]
    assert "1004" not in world.pbx.bindings
    phone.send("connect")
    phone.wait_event("registered")
    assert documented(phone) == ["error", "connected", "registered"]


def _boots(phone: Phone) -> bool:
    try:
        return bool(phone.frame.evaluate("() => Boolean(globalThis.zorioBoot)"))
    except (StopIteration, PlaywrightError):  # the frame is not there yet, or is just navigating
        phone.page.evaluate("0")  # lets Playwright hear of it
        return False


def test_commands_sent_before_python_runs_are_run_in_order(open_phone: OpenPhone, world: World) -> None:
    """The earliest moment a parent can speak at all: boot.js runs, Python is seconds away."""
    phone = open_phone("1004", wait=None)
    before = len(world.wire)
    until(lambda: _boots(phone), "the first script of the frame")
    phone.send("call", {"number": "*44", "options": {"leadId": "early"}}, id="first")
    phone.send("mute", id="second")
    phone.send("get_state", id="third")
    phone.send("no_such_command", id="fourth")
    assert phone.events == [], "Python was faster than the test"
    answered = phone.wait_event("call_answered", seconds=40)["call"]
    assert (answered["leadId"], answered["muted"]) == ("early", True)
    responses = [e for e in phone.events if e["type"] == "response"]
    assert [(r["id"], r["ok"]) for r in responses] == [
        ("first", True),
        ("second", True),
        ("third", True),
        ("fourth", False),
    ]
    assert responses[2]["payload"]["calls"][0]["leadId"] == "early"
    assert documented(phone) == ["connected", "registered", "call_ringing", "call_answered"]
    assert len(invites(world, before)) == 1
    phone.wait_audio(answered["uuid"])


def test_a_repeated_id_is_answered_again_and_not_executed_again(alice: Phone, world: World) -> None:
    before = len(world.wire)
    for _ in range(2):
        alice.send("call", {"number": "*44"}, id="once-only")
    alice.wait_event("call_answered")
    alice.send("call", {"number": "*44"}, id="once-only")
    alice.ask("get_state")
    responses = [e for e in alice.since("response") if e["id"] == "once-only"]
    assert len(responses) == 3
    assert responses[0] == responses[1] == responses[2]
    assert responses[0]["ok"] is True
    assert len(invites(world, before)) == 1
    assert documented(alice) == ["call_ringing", "call_answered"]


@pytest.mark.parametrize(
    ("command", "payload", "code"),
    [
        ("answer", {}, "no_call"),
        ("hangup", {}, "no_call"),
        ("hold", {"call_uuid": "11111111-1111-4111-8111-111111111111"}, "no_call"),
        ("send_dtmf", {"digits": "1"}, "no_call"),
        ("transfer", {"target": "1002"}, "no_call"),
        ("call", {"number": "12@evil.example"}, "invalid_number"),
        ("call", {}, "invalid_payload"),
        ("refresh_token", {"token": "nonsense"}, "token_malformed"),
        ("dance", {}, "unknown_command"),
    ],
)
def test_a_refused_command_with_an_id_is_answered_and_makes_no_event(
    alice: Phone, world: World, command: str, payload: dict[str, str], code: str
) -> None:
    before = len(world.wire)
    answer = alice.ask(command, payload)
    assert (answer["ok"], answer["error"]["code"]) == (False, code)
    assert "payload" not in answer
    alice.send(command, payload)
    assert alice.wait_event("error")["code"] == code
    assert documented(alice) == ["error"]
    assert invites(world, before) == set()
    assert json.dumps(world.wire[before:]).find("evil") == -1


def test_commands_that_do_not_fit_the_state_are_refused(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002"})
    bob.wait_event("incoming_call")
    alice.wait_event("call_ringing")
    for command, payload in (("hold", {}), ("send_dtmf", {"digits": "1"}), ("transfer", {"target": "1003"})):
        assert alice.ask(command, payload)["error"]["code"] == "invalid_state"
    assert alice.ask("answer")["error"]["code"] == "no_call"
    bob.send("answer")
    bob.wait_event("call_answered")
    assert bob.ask("answer")["error"]["code"] == "no_call"
    alice.wait_event("call_answered")
    assert alice.ask("send_dtmf", {"digits": "1;2"})["error"]["code"] == "invalid_digits"
    assert alice.ask("transfer", {"target": "a@b"})["error"]["code"] == "invalid_number"
    assert documented(alice) == ["call_ringing", "call_answered"]
