"""The WebSocket goes away and comes back: idle, in a call, and at a PBX that refuses us (faults 1, 2, 43)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Route

from tests.e2e.phone import AUDIBLE, Phone
from tests.e2e.talk import Stranger, call, documented, hangup_of, requests, talk, wait_no_packets
from tests.e2e.world import World, until

OpenPhone = Callable[..., Phone]
BACK = ["disconnected", "unregistered", "auto_reconnect", "connected", "registered"]


def test_an_idle_phone_comes_back(alice: Phone, bob: Phone, world: World) -> None:
    world.pbx.drop_connections()
    for phone in (alice, bob):
        phone.wait_event("registered", seconds=5)
        assert documented(phone) == BACK
        assert phone.wait_event("unregistered")["reason"] == "transport_disconnect"
        attempt = phone.wait_event("auto_reconnect")
        assert attempt["attempt"] == 1
        assert 250 <= attempt["delay_ms"] <= 500
        assert phone.wait_event("disconnected")["reason"]
    assert world.pbx.bindings["1001"] == 1


@pytest.mark.slow
def test_a_second_loss_counts_from_one_again(alice: Phone, world: World) -> None:
    for _ in range(2):
        alice.mark()
        world.pbx.drop_connections()
        alice.wait_event("registered", seconds=5)
        assert alice.wait_event("auto_reconnect")["attempt"] == 1
        assert documented(alice) == BACK


def test_connect_cuts_the_wait_short(alice: Phone, world: World) -> None:
    world.pbx.drop_connections()
    alice.wait_event("auto_reconnect")
    assert alice.ask("connect")["ok"] is True
    alice.wait_event("registered", seconds=5)
    assert documented(alice) == BACK


def test_a_call_between_phones_lives_through_it(alice: Phone, bob: Phone, world: World) -> None:
    ours, theirs = talk(alice, bob)
    alice.wait_audio(ours)
    alice.mark()
    bob.mark()
    world.pbx.drop_connections()
    alice.wait_event("disconnected")
    alice.wait_audio(ours)
    bob.wait_audio(theirs)
    alice.wait_event("registered", seconds=5)
    bob.wait_event("registered", seconds=5)
    assert documented(alice) == BACK
    assert [c["uuid"] for c in alice.state()["calls"]] == [ours]
    alice.send("hold")
    alice.wait_event("call_updated")
    wait_no_packets(alice, ours)
    before = bob.stats(theirs)
    wait_no_packets(alice, ours)
    assert bob.stats(theirs)["audio_energy_received"] - before["audio_energy_received"] < AUDIBLE / 100
    alice.mark()
    alice.send("unhold")
    assert alice.wait_event("call_updated")["call"]["held"] is False
    bob.wait_audio(theirs)
    bob.send("hangup")
    ended = hangup_of(alice)
    assert (ended["reason"], ended["call"]["uuid"]) == ("remote_hangup", ours)
    assert ended["billsec"] >= 1
    assert hangup_of(bob)["reason"] == "local_hangup"


def test_hangup_while_the_line_is_down_reaches_the_far_end_later(alice: Phone, world: World) -> None:
    customer = Stranger(world, "1001")
    alice.wait_event("incoming_call")
    alice.send("answer")
    alice.wait_audio(alice.wait_event("call_answered")["call"]["uuid"])
    before = len(world.wire)
    world.pbx.drop_connections()
    alice.wait_event("disconnected")
    alice.send("hangup")
    assert hangup_of(alice)["reason"] == "local_hangup"
    until(lambda: requests(world, "BYE", before), "the BYE over the new socket")
    customer.wait_for("ended")


def test_a_call_asked_for_while_the_line_is_down_rings_out_after_it(alice: Phone, world: World) -> None:
    world.pbx.drop_connections()
    alice.wait_event("disconnected")
    uuid = call(alice, "*44")
    alice.wait_audio(uuid)
    assert documented(alice) == [*BACK, "call_ringing", "call_answered"]


def test_a_token_offered_while_the_line_is_down_is_taken(alice: Phone, world: World) -> None:
    world.pbx.drop_connections()
    alice.wait_event("auto_reconnect")
    assert alice.ask("refresh_token", {"token": world.token("1001")})["ok"] is True
    alice.wait_event("registered", seconds=5)
    assert documented(alice) == BACK


def _with_wrong_password(route: Route) -> None:
    answer = route.fetch()
    body = answer.json()
    body["data"]["auth_password"] = "wrong"
    route.fulfill(response=answer, body=json.dumps(body))


def _with_wrong_address(route: Route) -> None:
    answer = route.fetch()
    body = answer.json()
    body["data"]["sip_uri"] = "sip:1004@pbx example"
    route.fulfill(response=answer, body=json.dumps(body))


def test_a_pbx_that_refuses_is_told_and_left_in_peace(open_phone: OpenPhone, world: World) -> None:
    context = world.browser.new_context()
    context.route("**/api/webphone/sip-config", _with_wrong_password)
    phone = open_phone("1004", context=context, wait="unregistered")
    assert phone.wait_event("unregistered")["reason"] == "remote"
    error = phone.wait_event("error")
    assert (error["code"], error["fatal"]) == ("registration_refused", True)
    assert documented(phone) == ["connected", "unregistered", "error"]
    asked = len(world.wire)
    assert phone.ask("call", {"number": "*43"})["error"]["code"] == "not_registered"
    assert len(world.wire) == asked
    context.unroute("**/api/webphone/sip-config")
    phone.mark()
    phone.send("refresh_token", {"token": world.token("1004")})
    phone.wait_event("registered")
    assert "error" not in phone.types()


def test_a_sip_address_that_cannot_be_used_is_named_and_not_tried_again(
    open_phone: OpenPhone, world: World
) -> None:
    context = world.browser.new_context()
    context.route("**/api/webphone/sip-config", _with_wrong_address)
    phone = open_phone("1004", context=context, wait=None)
    error = phone.wait_event("error", seconds=40)
    assert (error["code"], error["fatal"]) == ("invalid_configuration", True)
    assert error["detail"] == {"setting": "sip_uri"}
    assert phone.state()["state"] == "refused"
    assert not {"auto_reconnect", "registered"} & set(phone.types())
    assert "pbx example" not in json.dumps(phone.events) + "".join(phone.console)
    context.unroute("**/api/webphone/sip-config")
    phone.mark()
    phone.send("refresh_token", {"token": world.token("1004")})
    phone.wait_event("registered")


def test_a_registration_refused_later_ends_no_call(open_phone: OpenPhone, world: World) -> None:
    """The account's credentials change at the PBX: the next REGISTER is refused, the call goes on."""
    phone = open_phone("1004")
    uuid = call(phone, "*44")
    phone.wait_audio(uuid)
    phone.mark()
    phone.context.route("**/api/webphone/sip-config", _with_wrong_password)
    phone.send("refresh_token", {"token": world.token("1004")})
    assert phone.wait_event("unregistered")["reason"] == "remote"
    assert phone.wait_event("error")["code"] == "registration_refused"
    phone.wait_audio(uuid)
    assert documented(phone) == ["unregistered", "error"]
    phone.send("hangup")
    assert hangup_of(phone)["reason"] == "local_hangup"
    until(lambda: phone.state()["state"] == "refused", "the phone says so")
