"""Faults of signalling and of the parent: floods, double clicks, requests that cross, digest loops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from embed_app.i18n.translator import load_texts
from tests.e2e.faults import fault
from tests.e2e.gate import Gate, open_gate
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, call, documented, hangup_of, header, invites, requests, talk_aloud
from tests.e2e.world import CHROMIUM, FLAGS, World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

OpenPhone = Callable[..., Phone]


def test_fault_36_wasm_missing(world: World) -> None:
    with fault(36, "the phone's program cannot be loaded", "panel with Retry, error{load_failed}") as row:
        context = world.browser.new_context()
        context.route("**/webphone-assets/**/*.{wasm,zst,zip}", lambda route: route.fulfill(status=404))
        phone = Phone.open(world, "1004", context=context, wait="error")
        phone.log.expected.append("load_failed")
        error = phone.wait_event("error")
        assert (error["code"], error["fatal"]) == ("load_failed", True)
        buttons = phone.frame.get_by_role("button").filter(visible=True).all_inner_texts()
        assert load_texts("vi")["action.retry"] in buttons
        row.seen(f"error{{{error['code']}}}, a panel with {', '.join(buttons)}")
        context.close()


class Through:
    """The world with its phones behind a gate: their pages, their API, their PBX."""

    def __init__(self, world: World, gate: Gate) -> None:
        self.browser = world.browser
        self.crm_origin = world.crm_origin
        self.phone_origin = f"http://localhost:{gate.port}"
        self.token = world.token


def test_fault_37_slow_link(world: World) -> None:
    """That a start without an end gets its panel after 60 s is in tests/build/test_boot.py."""
    kilobytes = 400
    injected = fault(37, f"the phone's program comes at {kilobytes} kB/s", "says that it starts, then ready")
    with injected as row, open_gate(world) as gate:
        gate.bytes_per_second = kilobytes * 1000
        begun = time.monotonic()
        phone = Phone.open(Through(world, gate), "1004", context=world.browser.new_context(), wait=None)
        frame = phone.page.frame_locator("#phone")
        starting = frame.locator('#phone[data-screen="starting"] #status-text')
        starting.wait_for(timeout=10_000)
        assert load_texts("vi")["status.starting"] in starting.inner_text()
        phone.wait_event("ready", seconds=55)
        row.seen(f"ready after {time.monotonic() - begun:.0f} s, without an error")
        phone.wait_event("registered", seconds=30)
        assert phone.since("error") == []
        phone.context.close()


def test_fault_38_flood(alice: Phone) -> None:
    with fault(38, "10,000 messages a second for 2 s in a call", "dropped with one error") as row:
        uuid = call(alice, "*43")
        alice.wait_audio(uuid)
        before = alice.stats(uuid)
        alice.mark()
        sent = alice.page.evaluate(
            """() => new Promise((done) => {
                let sent = 0;
                const start = performance.now();
                const more = () => {
                    const due = Math.min(2000, performance.now() - start) * 10;
                    for (; sent < due; sent++) tell({source: "zorio-webphone", type: "unmute", payload: {}});
                    if (due < 20000) setTimeout(more, 5); else done(sent);
                };
                more();
            })"""
        )
        assert sent >= 19_000
        alice.wait_event("error", seconds=30)
        alice.wait_audio(uuid, packets=50, seconds=30)
        after = alice.stats(uuid)
        lost = after["packets_lost"] - before["packets_lost"]
        assert lost <= 5
        until(lambda: _is_heard(alice), "the parent is heard again", 30)
        assert [e["payload"]["code"] for e in alice.since("error")] == ["too_many_messages"]
        assert documented(alice) == ["error"]
        row.seen(f"{sent} messages, one error, {lost} packets lost meanwhile")


def _is_heard(phone: Phone) -> bool:
    """A command is answered; one that came too early is dropped like the flood before it."""
    phone.send("get_state", id="is anybody there")
    return any(e.get("id") == "is anybody there" for e in phone.since("response"))


def test_fault_39_call_twice(alice: Phone, world: World) -> None:
    with fault(39, "`call` twice in 50 ms", "one INVITE") as row:
        before = len(world.wire)
        alice.page.evaluate(
            """() => { const message = {source: "zorio-webphone", type: "call", payload: {number: "*43"}};
                tell(message); setTimeout(() => tell(message), 40); }"""
        )
        assert alice.wait_event("error")["code"] == "call_in_progress"
        alice.wait_event("call_answered")
        row.seen(f"{len(invites(world, before))} call; the other command is refused")
        assert len(invites(world, before)) == 1


def test_fault_40_cancel_crosses_200(carol: Phone, alice: Phone, gate: Gate, world: World) -> None:
    """The 200 is on its way when the caller gives up: it must be acknowledged and ended."""
    with fault(40, "CANCEL crossing 200", "no ghost call") as row:
        carol.send("call", {"number": "1001"})
        alice.wait_event("incoming_call")
        carol.wait_event("call_ringing")
        gate.freeze("down")
        before = len(world.wire)
        alice.send("answer")
        until(
            lambda: any(
                way == "out"
                and "CSeq: " in text
                and text.startswith("SIP/2.0 200")
                and "INVITE" in (header(text, "CSeq") or "")
                for way, text in world.wire[before:]
            ),
            "the 200 at the gate",
        )
        carol.send("hangup")
        assert hangup_of(carol)["reason"] == "cancelled"
        until(lambda: requests(world, "CANCEL", before), "the CANCEL at the PBX")
        gate.thaw()
        thawed = time.monotonic()
        assert hangup_of(alice)["reason"] == "remote_hangup"
        took = time.monotonic() - thawed
        theirs = [text for text in requests(world, "INVITE") if "sip:1003@" in (header(text, "From") or "")]
        (call_id,) = {header(text, "Call-ID") for text in theirs[-1:]}
        said = [
            text.split()[0]
            for way, text in world.wire[before:]
            if way == "in" and not text.startswith("SIP/") and header(text, "Call-ID") == call_id
        ]
        assert said == ["CANCEL", "ACK", "BYE"]
        for phone in (alice, carol):
            assert phone.state()["calls"] == []
            assert phone.types().count("call_hangup") == 1
        row.seen(f"{', '.join(said)} by the caller; remote_hangup at the callee {took:.1f} s after the 200")


def test_fault_41_offers_cross(carol: Phone, alice: Phone, gate: Gate, world: World) -> None:
    """Both hold in the same moment: each gets a 491 and tries again after a random wait."""
    with fault(41, "INVITE glare: both hold at once", "491, retried, both held") as row:
        _, theirs = talk_aloud(carol, alice)
        alice.wait_audio(theirs)
        mark = len(world.wire)
        gate.freeze("down")
        alice.send("hold")
        until(lambda: requests(world, "INVITE", mark, "out"), "alice's offer at the gate")
        carol.send("hold")
        until(lambda: len(requests(world, "INVITE", mark, "in")) >= 2, "carol's offer at the PBX")
        until(lambda: _answers(world, mark, 491), "the first 491")
        gate.thaw()
        pair = (carol, alice)
        until(lambda: all(p.state()["calls"][0]["held"] for p in pair), "both holds", 30)
        crossed = len(_answers(world, mark, 491))
        row.seen(f"{crossed} times 491, both held in the end")
        assert crossed >= 2
        assert carol.since("error") == alice.since("error") == []


def _answers(world: World, mark: int, status: int) -> list[str]:
    return [text for way, text in world.wire[mark:] if way == "in" and text.startswith(f"SIP/2.0 {status}")]


@contextmanager
def every_nonce_is_stale(world: World) -> Iterator[None]:
    digest: Any = world.pbx._proxy._digest
    fresh = digest._is_fresh
    digest._is_fresh = lambda nonce: False
    try:
        yield
    finally:
        digest._is_fresh = fresh


def test_fault_42_digest_loop(open_phone: OpenPhone, world: World) -> None:
    with fault(42, "401 with a stale nonce, for ever", "two tries, then unregistered{remote}") as row:
        before = len(world.wire)
        with every_nonce_is_stale(world):
            phone = open_phone("1004", wait="unregistered")
            assert phone.wait_event("unregistered")["reason"] == "remote"
            assert phone.wait_event("error")["code"] == "registration_refused"
            answered = [t for t in requests(world, "REGISTER", before) if "Authorization:" in t]
            row.seen(f"{len(answered)} answers to a challenge, then unregistered{{remote}}")
            assert 1 <= len(answered) <= 2
            asked = len(world.wire)
            assert phone.state()["state"] == "refused"
        assert len(world.wire) == asked
        phone.mark()
        phone.send("connect")
        phone.wait_event("registered")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("5403", "forbidden"),
        ("5404", "not_found"),
        ("5480", "unavailable"),
        ("5503", "error"),
        ("*46", "busy"),
        ("*49", "rejected"),
    ],
)
def test_fault_43_refusals(alice: Phone, world: World, number: str, reason: str) -> None:
    with fault(43, f"{number} refuses", f"reason {reason}") as row:
        before = len(world.wire)
        alice.send("call", {"number": number})
        ended = hangup_of(alice)
        assert (ended["reason"], ended["billsec"]) == (reason, 0)
        (_, last) = [answer for answer in world.wire[before:] if answer[1].startswith("SIP/2.0 ")][-1]
        row.seen(f"{last.splitlines()[0].removeprefix('SIP/2.0 ')}: call_hangup{{{ended['reason']}}}")


def test_fault_45_two_callers(alice: Phone, world: World) -> None:
    with fault(45, "two incoming calls at once", "both shown, both end cleanly") as row:
        first, second = (Stranger(world, "1001", f"090000000{n}", f"Khách {n}") for n in (1, 2))
        until(lambda: len(alice.since("incoming_call")) == 2, "both callers")
        cards = alice.frame.locator("#incoming-list > *")
        until(lambda: cards.count() == 2, "both on the screen")
        uuids = {
            e["payload"]["contact"]["number"]: e["payload"]["call"]["uuid"]
            for e in alice.since("incoming_call")
        }
        alice.send("answer", {"call_uuid": uuids["0900000002"]})
        second.wait_for("answered")
        alice.wait_audio(uuids["0900000002"])
        assert first.call.state == "ringing"  # and waits beside the call
        first.do("bye")
        until(lambda: alice.types().count("call_hangup") == 1, "the end of the one that waited")
        second.do("bye")
        until(lambda: alice.types().count("call_hangup") == 2, "both ends")
        ended = [(e["payload"]["call"]["uuid"], e["payload"]["reason"]) for e in alice.since("call_hangup")]
        assert ended == [(uuids["0900000001"], "cancelled"), (uuids["0900000002"], "remote_hangup")]
        assert alice.state()["calls"] == []
        row.seen(f"two cards; ends in turn: {', '.join(reason for _, reason in ended)}")


def test_fault_28_autoplay_blocked(world: World) -> None:
    """Proved at length in test_events.py; here that the ring is seen and the call is told all the same."""
    with fault(28, "autoplay blocked", "incoming_call, audio_autoplay_blocked, one tap unlocks") as row:
        launch = world.browser.browser_type.launch
        with launch(executable_path=CHROMIUM, args=list(FLAGS)) as quiet:
            phone = Phone.open(world, "1004", context=quiet.new_context())
            customer = Stranger(world, "1004")
            phone.wait_event("incoming_call")
            phone.wait_event("audio_autoplay_blocked")
            unlock = phone.frame.locator("#audio-unlock")
            assert unlock.is_visible()
            unlock.click()
            until(lambda: not unlock.is_visible(), "the tap is enough")
            told = [type for type in phone.types() if type in ("incoming_call", "audio_autoplay_blocked")]
            uuid = phone.state()["calls"][0]["uuid"]
            phone.send("answer")
            phone.wait_audio(uuid)
            heard = phone.stats(uuid)["packets_received"]
            customer.do("bye")
            hangup_of(phone)
            row.seen(f"{', '.join(told)}; one tap; answered, {heard} packets heard")
            phone.assert_unharmed()
