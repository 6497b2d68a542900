"""The hostile peer can play its parts: the PBX, a caller, a callee; with sound and without."""

from __future__ import annotations

import time

from tests.e2e.phone import AUDIBLE, Phone
from tests.e2e.world import until
from tests.security.hostile_peer import HostilePeer


def test_a_caller_with_real_sound(peer: HostilePeer, victim: Phone) -> None:
    call = peer.invite("0987654321", "Khách hàng", ear=peer.ear(says=440))
    told = victim.wait_event("incoming_call")
    assert (told["contact"]["number"], told["call"]["display_name"]) == ("0987654321", "Khách hàng")
    victim.send("answer")
    call.wait_answered()
    victim.wait_audio(told["call"]["uuid"])
    assert call.ear
    until(lambda: call.ear and call.ear.energy > AUDIBLE, "the agent's voice at the peer")
    assert call.bye().status == 200
    assert victim.wait_event("call_hangup")["reason"] == "remote_hangup"


def test_a_callee_without_media(peer: HostilePeer, victim: Phone) -> None:
    before = time.monotonic()
    victim.send("call", {"number": "1002"})
    call = peer.take_invite()
    call.ring()
    victim.wait_event("call_ringing")
    call.answer()
    victim.wait_event("call_answered")
    assert call.info("Signal=5\r\nDuration=160\r\n").status == 200
    assert victim.wait_event("dtmf")["digit"] == "5"
    assert call.reinvite().status == 200
    victim.send("hold")
    assert "a=sendonly" in peer.wait_request("INVITE", that=lambda request: bool(request.to_tag)).body
    until(lambda: victim.state()["calls"][0]["held"], "the hold")
    victim.send("hangup")
    assert call.wait_request("BYE")
    assert [each.call_id for each in peer.invites()] == [call.call_id]
    assert all(before < said.at < time.monotonic() for said in peer.said)
