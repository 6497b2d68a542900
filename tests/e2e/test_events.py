"""The 12 events as a parent gets them: exact payloads, order, origin (contract section 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.e2e.phone import SOURCE, Phone
from tests.e2e.talk import EVENTS, Stranger, call, documented, hangup_of, talk
from tests.e2e.world import CHROMIUM, FLAGS, World, until

OpenPhone = Callable[..., Phone]

CALL_FIELDS: dict[str, Any] = {
    "uuid": str,
    "direction": str,
    "number": str,
    "display_name": str,
    "state": str,
    "muted": bool,
    "held": bool,
    "started_at": str,
    "answered_at": (str, type(None)),
    "ended_at": (str, type(None)),
    "campaignId": (str, type(None)),
    "leadId": (str, type(None)),
    "sip_call_id": str,
}
BEYOND = {"quality"}
"""What we add to a call object: a parent that knows only the fields above never notices."""
PAYLOADS = {
    "registered": set[str](),
    "unregistered": {"reason"},
    "connected": set[str](),
    "disconnected": {"reason"},
    "incoming_call": {"call", "contact"},
    "call_ringing": {"call"},
    "call_answered": {"call"},
    "call_hangup": {"call", "reason", "billsec"},
    "dtmf": {"call", "digit"},
    "error": {"code", "message", "fatal", "detail"},
    "auto_reconnect": {"attempt", "delay_ms"},
    "audio_autoplay_blocked": {"call"},
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def _check(event: dict[str, Any]) -> None:
    payload = event["payload"]
    assert event["source"] == SOURCE
    assert set(event) == {"source", "type", "payload", "origin"}
    assert set(payload) == PAYLOADS[event["type"]], event
    if "call" in payload:
        assert {
            name: isinstance(payload["call"][name], kind) for name, kind in CALL_FIELDS.items()
        } == dict.fromkeys(CALL_FIELDS, True)
        assert set(payload["call"]) - set(CALL_FIELDS) <= BEYOND
        assert UUID.fullmatch(payload["call"]["uuid"])
        times = [payload["call"][name] for name in ("started_at", "answered_at", "ended_at")]
        parsed = [datetime.fromisoformat(time) for time in times if time]
        assert all(time.utcoffset() is not None for time in parsed)
        assert parsed == sorted(parsed)


def test_every_event_has_exactly_the_payload_of_the_contract(alice: Phone, bob: Phone, world: World) -> None:
    """One walk past eleven of them; the twelfth, audio_autoplay_blocked, needs a browser of its own."""
    uuid, _ = talk(alice, bob)
    alice.wait_audio(uuid)
    bob.send("send_dtmf", {"digits": "5"})
    alice.wait_event("dtmf", digit="5")
    alice.send("call", {"number": "no number"})
    alice.wait_event("error")
    bob.send("hangup")
    hangup_of(alice)
    Stranger(world, "1001").do("cancel")
    alice.wait_event("incoming_call")
    until(lambda: len(alice.since("call_hangup")) == 2, "the end of the second call")
    world.pbx.drop_connections()
    alice.wait_event("registered", seconds=5)
    alice.send("disconnect")
    alice.wait_event("unregistered", reason="manual")
    told = alice.since(*EVENTS)
    for event in told:
        _check(event)
        assert event["origin"] == world.phone_origin
    assert {event["type"] for event in told} == EVENTS - {"audio_autoplay_blocked"}


def test_sip_call_id_is_the_one_on_the_wire_and_states_follow_the_call(alice: Phone, bob: Phone) -> None:
    uuid, _ = talk(alice, bob)
    alice.send("hold")
    alice.wait_event("call_updated")
    alice.send("hangup")
    hangup_of(alice)
    calls = [
        e["payload"]["call"]
        for e in alice.since("call_ringing", "call_answered", "call_updated", "call_hangup")
    ]
    assert [c["state"] for c in calls] == ["ringing", "answered", "held", "ended"]
    assert {c["uuid"] for c in calls} == {uuid}
    assert len({c["sip_call_id"] for c in calls}) == 1
    assert len({c["started_at"] for c in calls}) == 1


def _short_lived(route: Route) -> None:
    """The server's clock says that the token runs out in four seconds."""
    answer = route.fetch()
    body = answer.json()
    body["data"]["expires_in"] = 4
    route.fulfill(response=answer, body=json.dumps(body))


def test_a_token_that_runs_out_is_told_ahead_and_costs_no_call(open_phone: OpenPhone, world: World) -> None:
    context = world.browser.new_context()
    context.route("**/api/webphone/sip-config", _short_lived)
    phone = open_phone("1004", context=context)
    uuid = call(phone, "*44")
    assert 1 <= phone.wait_event("token_expiring")["expires_in"] <= 3
    phone.mark()
    context.unroute("**/api/webphone/sip-config")
    phone.send("refresh_token", {"token": world.token("1004")})
    phone.wait_audio(uuid, packets=200)  # four seconds: past the end of the old token
    assert documented(phone) == []
    assert phone.state()["state"] == "registered"


# ---- audio_autoplay_blocked: a browser as people have it


@pytest.fixture(scope="module")
def strict_browser(world: World) -> Iterator[Browser]:
    """Without the flag that lets sound play by itself."""
    browser = world.browser.browser_type.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield browser
    browser.close()


KEEP_PLAYERS = """{
  const play = HTMLMediaElement.prototype.play;
  window.players = new Set();
  HTMLMediaElement.prototype.play = function () { players.add(this); return play.call(this); };
}"""
ONLY_AFTER_A_TAP = """{
  const play = HTMLMediaElement.prototype.play;
  let tapped = false;
  addEventListener("pointerdown", (event) => { tapped ||= event.isTrusted; }, true);
  HTMLMediaElement.prototype.play = function () {
    return tapped ? play.call(this) : Promise.reject(new DOMException("Not allowed", "NotAllowedError"));
  };
}"""


@pytest.fixture
def untouched(strict_browser: Browser, open_phone: OpenPhone) -> Callable[[str], Phone]:
    """A phone nobody has clicked into; its audio elements are kept in `players`."""

    def open(*scripts: str) -> Phone:
        context = strict_browser.new_context()
        for script in (KEEP_PLAYERS, *scripts):
            context.add_init_script(script)
        phone = open_phone("1004", context=context)
        phone.mark()
        return phone

    return open


def _plays(phone: Phone, what: str) -> bool:
    return bool(phone.frame.evaluate(f"[...players].some((audio) => ({what}) && !audio.paused)"))


def test_a_silenced_ring_is_told_and_one_tap_lets_it_ring(
    untouched: Callable[..., Phone], world: World
) -> None:
    phone = untouched()
    customer = Stranger(world, "1004")
    uuid = phone.wait_event("incoming_call")["call"]["uuid"]
    assert phone.wait_event("audio_autoplay_blocked")["call"]["uuid"] == uuid
    unlock = phone.frame.locator("#audio-unlock")
    unlock.wait_for()
    assert not _plays(phone, "audio.id === 'sound-ring'")
    unlock.click()
    until(lambda: _plays(phone, "audio.id === 'sound-ring'"), "the ring")
    unlock.wait_for(state="hidden")
    customer.do("cancel")
    hangup_of(phone)
    for event in phone.since(*EVENTS):
        _check(event)
    assert documented(phone).count("audio_autoplay_blocked") == 1


def test_a_call_answered_by_command_is_heard_and_asks_for_no_tap(
    untouched: Callable[..., Phone], world: World
) -> None:
    """Chromium lets a page play that records: only the ring before was silenced."""
    phone = untouched()
    Stranger(world, "1004")
    uuid = phone.wait_event("audio_autoplay_blocked")["call"]["uuid"]
    phone.send("answer")
    phone.wait_event("call_answered")
    until(lambda: _plays(phone, "audio.srcObject"), "the call is heard")
    phone.wait_audio(uuid)
    phone.frame.locator("#audio-unlock").wait_for(state="hidden")
    assert documented(phone).count("audio_autoplay_blocked") == 1


def test_a_browser_that_blocks_the_voice_too_needs_one_tap(
    untouched: Callable[..., Phone], world: World
) -> None:
    """As other browsers do: nothing plays before a click, whether the microphone is open or not."""
    phone = untouched(ONLY_AFTER_A_TAP)
    phone.send("call", {"number": "*44"})
    blocked = phone.wait_event("audio_autoplay_blocked")["call"]
    answered = phone.wait_event("call_answered")["call"]
    assert blocked["uuid"] == answered["uuid"]
    unlock = phone.frame.locator("#audio-unlock")
    unlock.wait_for()
    until(lambda: phone.stats(answered["uuid"])["packets_received"] > 25, "the voice arrives")
    assert not _plays(phone, "audio.srcObject")
    unlock.click()
    until(lambda: _plays(phone, "audio.srcObject"), "the call is heard")
    phone.wait_audio(answered["uuid"])
    unlock.wait_for(state="hidden")
    assert documented(phone).count("audio_autoplay_blocked") == 1


def test_a_click_on_answer_is_consent_enough(untouched: Callable[..., Phone], world: World) -> None:
    phone = untouched(ONLY_AFTER_A_TAP)
    Stranger(world, "1004")
    uuid = phone.wait_event("audio_autoplay_blocked")["call"]["uuid"]
    phone.frame.locator("[data-action=answer]").click()
    phone.wait_event("call_answered")
    until(lambda: _plays(phone, "audio.srcObject"), "the call is heard")
    phone.wait_audio(uuid)
    phone.frame.locator("#audio-unlock").wait_for(state="hidden")
    assert documented(phone).count("audio_autoplay_blocked") == 1
