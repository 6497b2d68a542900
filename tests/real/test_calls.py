"""Calls between phones through Kamailio, with the audio proved."""

from __future__ import annotations

from tests.e2e.phone import Phone
from tests.e2e.talk import documented, hangup_of, talk


def test_two_phones_call_each_other_and_both_are_heard(alice: Phone, bob: Phone) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    alice.send("hangup")
    assert hangup_of(bob)["reason"] == "remote_hangup"
    assert hangup_of(alice)["reason"] == "local_hangup"
    assert documented(alice) == ["call_ringing", "call_answered", "call_hangup"]
    assert documented(bob) == ["incoming_call", "call_ringing", "call_answered", "call_hangup"]
