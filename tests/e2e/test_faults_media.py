"""Faults of the sound: UDP dropped, another path needed, packets lost, nothing heard, no microphone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from embed_app.i18n.translator import load_texts
from tests.e2e.crm import Gap
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.relay import Relays
from tests.e2e.talk import (
    call,
    documented,
    hangup_of,
    let_pass,
    requests,
    talk,
    talk_aloud,
    wait_no_packets,
)
from tests.e2e.world import CHROMIUM, FLAGS, UNMUTED, World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

TEXTS = load_texts("vi")
OpenPhone = Callable[..., Phone]


def qualities(phone: Phone) -> list[str]:
    return [event["payload"]["call"]["quality"] for event in phone.since("call_updated")]


def wait_quality(phone: Phone, quality: str, seconds: float = 30) -> None:
    until(lambda: qualities(phone)[-1:] == [quality], f"quality {quality}, got {qualities(phone)}", seconds)


def reported(phone: Phone, uuid: str) -> bool:
    return bool(phone.stats(uuid)["reported_at"])


def banner(phone: Phone) -> str:
    return str(phone.frame.locator("#notice-title").inner_text())


@pytest.mark.parametrize("seconds", [5, 20])
def test_fault_10_udp_dropped(alice: Phone, bob: Phone, relays: Relays, seconds: int) -> None:
    with fault(10, f"UDP dropped {seconds} s", "audio returns") as row:
        ours, theirs = talk_aloud(alice, bob)
        gap = Gap(alice, ours)
        alice.mark()
        relays.down = True
        start = time.monotonic()
        let_pass(seconds, start)
        relays.mend()
        alice.wait_audio(ours)
        bob.wait_audio(theirs)
        row.gap_ms = gap.read_ms()
        assert 1000 * seconds - 1000 < row.gap_ms < 1000 * seconds + 7000
        assert documented(alice) == []
        assert [c["uuid"] for c in alice.state()["calls"]] == [ours]


def test_fault_11_udp_dropped_60_s(alice: Phone, bob: Phone, relays: Relays) -> None:
    with fault(11, "UDP dropped for good", "one call_hangup{media_lost} within 30 s") as row:
        talk_aloud(alice, bob)
        alice.mark()
        bob.mark()
        relays.down = True
        start = time.monotonic()
        ended = [hangup_of(phone, seconds=32) for phone in (alice, bob)]
        took = time.monotonic() - start
        row.seen(f"{ended[0]['reason']} after {took:.1f} s")
        assert took < 30
        reasons = {e["reason"] for e in ended}
        assert "media_lost" in reasons
        assert reasons <= {"media_lost", "remote_hangup"}, "whoever was first has hung up"
        first = alice if ended[0]["reason"] == "media_lost" else bob
        assert documented(first) == ["call_hangup", "error"]
        assert first.wait_event("error")["code"] == "media_lost"


def test_fault_12_another_path(alice: Phone, bob: Phone, relays: Relays, world: World) -> None:
    """The addresses of before are dead; only what a new offer names can be reached."""
    with fault(12, "every old media path dead, new ones work", "ICE restart, audio both ways") as row:
        ours, theirs = talk_aloud(alice, bob)
        gap = Gap(alice, ours)
        alice.mark()
        bob.mark()
        mark = len(world.wire)
        relays.break_paths()
        both = (alice, bob)  # whoever misses the other first mends it for both
        until(lambda: any(qualities(phone) for phone in both), "somebody who misses the other")
        alice.wait_audio(ours)
        bob.wait_audio(theirs)
        until(lambda: all(qualities(phone)[-1:] in ([], ["good"]) for phone in both), "good quality")
        assert not any(banner(phone) for phone in both)
        row.gap_ms = gap.read_ms()
        offers = requests(world, "INVITE", mark, "out")
        row.seen(f"{len(offers)} ICE-restart re-INVITE(s), audio both ways")
        assert offers
        assert documented(alice) == []
        alice.send("hangup")
        assert hangup_of(bob)["reason"] == "remote_hangup"


def test_fault_12_while_held(alice: Phone, relays: Relays) -> None:
    """Nothing is heard from whom we hold, and yet the path is mended: unhold finds it."""
    uuid = call(alice, "*44")
    alice.wait_audio(uuid)
    alice.send("hold")
    until(lambda: alice.state()["calls"][0]["held"], "the hold")
    alice.mark()
    relays.break_paths()
    # The restart may be done within 0.1 s: the quality may be good again before the next look.
    until(lambda: "poor" in qualities(alice), "poor quality", 30)
    wait_quality(alice, "good")
    assert alice.state()["calls"][0]["held"] is True
    alice.send("unhold")
    alice.wait_audio(uuid)


def test_fault_12_dead_one_way(alice: Phone, bob: Phone, relays: Relays) -> None:
    """A middlebox that lets out and not in: Alice misses Bob's packets, and both miss answers of ICE."""
    with fault(12, "media path dead one way", "ICE restart, audio both ways") as row:
        ours, theirs = talk_aloud(alice, bob)
        gap = Gap(alice, ours)
        alice.mark()
        bob.mark()
        relays.break_one_way()
        wait_quality(alice, "poor")
        assert banner(alice) == TEXTS["banner.media.title"]
        alice.wait_audio(ours)
        bob.wait_audio(theirs)
        until(lambda: all(qualities(phone)[-1:] in ([], ["good"]) for phone in (alice, bob)), "good quality")
        assert not banner(alice)
        row.gap_ms = gap.read_ms()
        assert documented(alice) == documented(bob) == []


def test_fault_12_dead_one_way_while_ice_lives(alice: Phone, relays: Relays, world: World) -> None:
    """A media server's relay died for one direction: ICE's checks pass both ways, and so does what we say."""
    with fault(12, "RTP dead one way, ICE connected", "ICE restart, audio both ways") as row:
        uuid = call(alice, "*44")
        alice.wait_audio(uuid)
        gap = Gap(alice, uuid)
        alice.mark()
        mark = len(world.wire)
        relays.break_one_way(ice_lives=True)
        wait_quality(alice, "poor")
        assert alice.stats(uuid)["connection_state"] in ("connected", "connecting")  # by the restart
        assert banner(alice) == TEXTS["banner.media.title"]
        alice.wait_audio(uuid)
        wait_quality(alice, "good")
        until(lambda: not banner(alice), "the banner is taken back")
        row.gap_ms = gap.read_ms()
        offers = requests(world, "INVITE", mark)
        row.seen(f"{len(offers)} ICE-restart re-INVITE, audio after it")
        assert len(offers) == 1
        assert qualities(alice) == ["poor", "good"]
        assert documented(alice) == []


def test_fault_12_recovered_is_told_when_both_hear(alice: Phone, bob: Phone, relays: Relays) -> None:
    """Bob hears again, and his packets leave. That they do not arrive he knows from Alice's RTCP alone: hers
    tells of him for 8 s after the last one."""
    with fault(12, "no RTP, then one way only", "good quality when both hear") as row:
        ours, theirs = talk_aloud(alice, bob)
        until(lambda: reported(bob, theirs) and reported(alice, ours), "reports by RTCP")
        alice.mark()
        bob.mark()
        start = time.monotonic()
        relays.media_down = True
        wait_quality(alice, "poor")
        wait_quality(bob, "poor")
        let_pass(9, start)
        relays.caller_deaf, relays.media_down = True, False
        bob.wait_audio(theirs)
        let_pass(8, time.monotonic())  # more than the longest pause between two reports
        bob.wait_audio(theirs)
        assert qualities(alice) == qualities(bob) == ["poor"]
        relays.mend()
        alice.wait_audio(ours)
        wait_quality(alice, "good")
        wait_quality(bob, "good")
        row.seen("poor while one hears, good when both do")
        assert documented(alice) == documented(bob) == []


def test_fault_15_ten_percent_loss(alice: Phone, bob: Phone, relays: Relays) -> None:
    with fault(15, "12 % of the packets lost", "a quality warning; call lives") as row:
        ours, _ = talk_aloud(alice, bob)
        alice.mark()
        relays.loss = 0.12
        wait_quality(alice, "poor")
        assert banner(alice)
        assert documented(alice) == []
        relays.mend()
        wait_quality(alice, "good")
        row.seen(f"call_updated with quality {qualities(alice)}")
        alice.wait_audio(ours)


def test_fault_44_no_rtp_after_200(alice: Phone, relays: Relays) -> None:
    """ICE and DTLS are up; the far end's packets go nowhere."""
    with fault(44, "no RTP after 200", "error{no_audio} within 10 s") as row:
        relays.media_down = True
        uuid = call(alice, "*44")
        start = time.monotonic()
        error = alice.wait_event("error", seconds=10)
        row.seen(f"no_audio after {time.monotonic() - start:.1f} s")
        assert (error["code"], error["call_uuid"], error["fatal"]) == ("no_audio", uuid, False)
        assert alice.frame.locator("#alert-title").inner_text()
        relays.mend()
        alice.wait_audio(uuid)
        until(lambda: not alice.frame.locator("#alert").is_visible(), "the warning is taken back")
        assert documented(alice)[-2:] == ["call_answered", "error"]


KEEP_CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) { super(configuration); connections.push(this); }
};
window.fallSilent = () => {
  const sender = connections.at(-1).getSenders().find(({ track }) => track);
  const { track } = sender;
  window.speak = () => sender.replaceTrack(track);
  return sender.replaceTrack(null);
};
"""


def test_fault_44_a_far_end_that_sends_nothing(alice: Phone, open_phone: OpenPhone, world: World) -> None:
    """As with silence suppression, or on hold at a PBX without music: nothing is wrong with the path."""
    with fault(44, "the far end sends nothing in mid-call", "call lives, quality poor") as row:
        context = world.browser.new_context()
        context.add_init_script(KEEP_CONNECTIONS)
        far = open_phone("1004", context=context)
        ours, theirs = talk_aloud(alice, far)
        far.wait_audio(theirs)
        alice.mark()
        far.mark()
        mark = len(world.wire)
        start = time.monotonic()
        far.frame.evaluate("fallSilent()")
        wait_no_packets(alice, ours)
        wait_quality(alice, "poor")
        until(lambda: banner(alice) == TEXTS["banner.poor.title"], "a banner that does not promise anything")
        let_pass(35, start)
        assert qualities(alice) == ["poor"]
        offers = requests(world, "INVITE", mark, "out")
        assert len(offers) <= 1
        far.frame.evaluate("speak()")
        alice.wait_audio(ours)
        wait_quality(alice, "good")
        row.seen(f"{len(offers)} re-INVITE(s), poor for 35 s, then good")
        assert documented(alice) == documented(far) == []


# ---- the microphone

KEEP_MICROPHONES = """
window.microphones = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.unplugged) throw new DOMException("none", "NotFoundError");
  const stream = await open(wanted);
  microphones.push(...stream.getTracks());
  return stream;
};
window.unplug = () => {
  const track = microphones.at(-1);
  track.stop();
  track.dispatchEvent(new Event("ended"));
};
window.plug = () => {
  window.unplugged = false;
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
};
"""


def refused(phone: Phone) -> dict[str, Any]:
    """A call that cannot be made for want of a microphone: its error."""
    assert phone.ask("call", {"number": "*43"})["ok"] is True
    assert hangup_of(phone)["reason"] == "mic_denied"
    (error,) = [e["payload"] for e in phone.since("error")]
    assert phone.frame.locator("#alert-title").inner_text()
    return dict(error)


def said(phone: Phone, error: dict[str, Any]) -> str:
    """For the table: what the parent is told, and what the agent reads."""
    read = phone.frame.locator("#alert-title").inner_text()
    return f"{error['code']} {error.get('detail') or ''} — {read}"


def test_fault_26_microphone_denied(world: World) -> None:
    with fault(26, "the agent or the browser denies the microphone", "error{mic_denied}, readable") as row:
        flags = [f for f in FLAGS if "fake-ui" not in f]
        launch = world.browser.browser_type.launch
        with launch(executable_path=CHROMIUM, args=[*flags, UNMUTED]) as strict:
            browser: Browser = strict
            phone = Phone.open(world, "1004", context=browser.new_context(permissions=[]))
            error = refused(phone)
            assert error["code"] == "mic_denied"
            row.seen(said(phone, error))
            phone.assert_unharmed()


@pytest.mark.parametrize("how", ["allow missing", "Permissions-Policy of the parent"])
def test_fault_26_microphone_blocked(open_phone: OpenPhone, world: World, how: str) -> None:
    """Both look the same from inside the frame: Chromium gives it an empty allow-list for either, so one
    error names both cures."""
    with fault(26, f"microphone blocked: {how}", "error{mic_blocked} that names both cures") as row:
        if how == "allow missing":
            phone = open_phone("1004", allow="", locale="en")
        else:
            world.headers["/"] = {"Permissions-Policy": "microphone=()"}
            try:
                phone = open_phone("1004", locale="en")
            finally:
                del world.headers["/"]
        error = refused(phone)
        assert error["code"] == "mic_blocked"
        assert "allow" in error["message"]
        assert "Permissions-Policy" in error["message"]
        row.seen(said(phone, error))


def test_fault_27_microphone_unplugged_in_a_call(open_phone: OpenPhone, world: World, alice: Phone) -> None:
    with fault(
        27, "microphone unplugged in a call (simulated: `ended`)", "switches, or says so; call lives"
    ) as row:
        context = world.browser.new_context()
        context.add_init_script(KEEP_MICROPHONES)
        phone = open_phone("1004", context=context)
        ours, theirs = talk(phone, alice)
        alice.wait_audio(theirs)
        phone.mark()
        phone.frame.evaluate("unplug()")
        until(lambda: phone.frame.evaluate("microphones.length") == 2, "another microphone")
        alice.wait_audio(theirs)
        assert documented(phone) == []
        phone.frame.evaluate("() => { window.unplugged = true; unplug(); }")
        assert phone.wait_event("error")["code"] == "mic_lost"
        assert phone.frame.locator("#alert-title").inner_text()
        phone.wait_audio(ours)
        phone.frame.evaluate("plug()")
        alice.wait_audio(theirs)
        row.seen("switched without a word; with none left error{mic_lost}; back when one is plugged in")
        assert documented(phone) == ["error"]
