"""The demo PBX's service extensions as one person alone tries them."""

from __future__ import annotations

import pytest

from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, call, documented, hangup_of, wait_silent
from tests.e2e.world import World


def test_the_echo_sends_back_what_we_say(alice: Phone) -> None:
    """It is our own voice: muted, there is nothing to hear."""
    uuid = call(alice, "*43")
    alice.wait_audio(uuid)
    alice.send("mute")
    wait_silent(alice, uuid)
    alice.send("unmute")
    alice.wait_audio(uuid)


@pytest.mark.slow
def test_the_tone_is_steady_also_while_we_are_muted(alice: Phone) -> None:
    uuid = call(alice, "*44")
    alice.send("mute")
    first = alice.stats(uuid)
    alice.wait_audio(uuid, packets=100)
    last = alice.stats(uuid)
    assert last["audio_energy_received"] > first["audio_energy_received"]
    assert documented(alice) == ["call_ringing", "call_answered"]


def test_nobody_answers_and_we_give_up(alice: Phone) -> None:
    alice.send("call", {"number": "*47"})
    ringing = alice.wait_event("call_ringing")["call"]
    assert ringing["state"] == "ringing"
    alice.send("hangup")
    ended = hangup_of(alice)
    assert (ended["reason"], ended["billsec"]) == ("cancelled", 0)
    assert ended["call"]["uuid"] == ringing["uuid"]


@pytest.mark.slow
def test_the_goodbye_hangs_up_and_calls_back(alice: Phone) -> None:
    uuid = call(alice, "*48")
    alice.wait_audio(uuid)
    ended = hangup_of(alice)
    assert (ended["reason"], ended["call"]["uuid"]) == ("remote_hangup", uuid)
    incoming = alice.wait_event("incoming_call")
    assert incoming["contact"]["number"] == "0912345678"
    assert incoming["contact"]["display_name"] == "Khách hàng thử"
    assert incoming["call"]["direction"] == "inbound"
    back = incoming["call"]["uuid"]
    assert back != uuid
    alice.mark()
    alice.send("answer")
    assert alice.wait_event("call_answered")["call"]["uuid"] == back
    alice.wait_audio(back)
    alice.send("hangup", {"call_uuid": back})


def test_a_customers_name_and_ids_reach_the_parent(alice: Phone, world: World) -> None:
    headers = {"X-Zorio-Campaign-Id": "c-9", "X-Zorio-Lead-Id": "l-4", "X-Zorio-Contact-Id": "crm-77"}
    customer = Stranger(world, "1001", "+84987654321", "Lê \u202eThị\x07 Hoa", headers=headers)
    incoming = alice.wait_event("incoming_call")
    assert incoming["contact"] == {
        "number": "+84987654321",
        "display_name": "Lê Thị Hoa",
        "external_id": "crm-77",
    }
    assert (incoming["call"]["campaignId"], incoming["call"]["leadId"]) == ("c-9", "l-4")
    customer.do("cancel")
    assert hangup_of(alice)["reason"] == "cancelled"
