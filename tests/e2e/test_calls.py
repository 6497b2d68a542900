"""Calls as a CRM makes and takes them: every outcome, with the audio proved by packets and energy."""

from __future__ import annotations

from tests.e2e.phone import Phone


def test_click_to_call_reaches_the_echo_and_is_heard(alice: Phone) -> None:
    alice.send("call", {"number": "*43"})
    ringing = alice.wait_event("call_answered")
    uuid = ringing["call"]["uuid"]
    assert ringing["call"]["direction"] == "outbound"
    assert ringing["call"]["number"] == "*43"
    alice.wait_audio(uuid)
    alice.send("hangup")
    ended = alice.wait_event("call_hangup")
    assert ended["reason"] == "local_hangup"
    assert ended["call"]["uuid"] == uuid
    assert ended["billsec"] >= 0
    assert alice.types() == ["call_answered", "call_hangup"]


def test_two_phones_call_each_other_and_both_are_heard(alice: Phone, bob: Phone) -> None:
    alice.send("call", {"number": "1002"})
    incoming = bob.wait_event("incoming_call")
    assert incoming["contact"]["number"] == "1001"
    assert incoming["call"]["state"] == "ringing"
    alice.wait_event("call_ringing")
    bob.send("answer")
    theirs = bob.wait_event("call_answered")["call"]["uuid"]
    ours = alice.wait_event("call_answered")["call"]["uuid"]
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    alice.send("hangup")
    assert bob.wait_event("call_hangup")["reason"] == "remote_hangup"
    assert alice.wait_event("call_hangup")["reason"] == "local_hangup"
    assert bob.types() == ["incoming_call", "call_ringing", "call_answered", "call_hangup"]
    assert alice.types() == ["call_ringing", "call_answered", "call_hangup"]
