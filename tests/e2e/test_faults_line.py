"""Faults of the line: the WebSocket is cut, freezes, is refused, or cannot be trusted."""

from __future__ import annotations

import os
import signal
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.crm import Gap, plain_browser
from tests.e2e.faults import fault
from tests.e2e.gate import Gate, open_gate, use_urls
from tests.e2e.phone import Phone
from tests.e2e.relay import Relays
from tests.e2e.talk import (
    Stranger,
    answers,
    call,
    documented,
    hangup_of,
    header,
    hold_and_unhold,
    let_pass,
    requests,
    ring,
    talk,
    talk_aloud,
    wait_silent,
)
from tests.e2e.test_reconnect import BACK
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

OpenPhone = Callable[..., Phone]


def test_fault_01_socket_killed_idle(carol: Phone, gate: Gate) -> None:
    with fault(1, "WebSocket killed, idle", "disconnected … registered within 5 s") as row:
        start = time.monotonic()
        gate.cut()
        carol.wait_event("registered", seconds=5)
        assert documented(carol) == BACK
        row.seen(f"registered after {time.monotonic() - start:.1f} s")


def test_fault_02_socket_killed_in_a_call(carol: Phone, alice: Phone, gate: Gate, world: World) -> None:
    with fault(2, "WebSocket killed in a call", "audio goes on; hold and hangup work afterwards") as row:
        ours, theirs = talk_aloud(carol, alice)
        gap = Gap(carol, ours)
        carol.mark()
        alice.mark()
        gate.cut()
        carol.wait_event("registered", seconds=5)
        carol.wait_audio(ours)
        alice.wait_audio(theirs)
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < 1500
        assert documented(carol) == BACK
        assert documented(alice) == []
        registered = len(world.wire)
        carol.send("hold")
        until(lambda: carol.state()["calls"][0]["held"], "the hold", 5)
        wait_silent(alice, theirs)
        carol.send("unhold")
        until(lambda: not carol.state()["calls"][0]["held"], "the unhold", 5)
        carol.wait_audio(ours)
        alice.wait_audio(theirs)
        assert len(requests(world, "INVITE", registered, "out")) == 2, "the other side was told of both"
        carol.send("hangup")
        ended = [hangup_of(phone)["reason"] for phone in (carol, alice)]
        assert ended == ["local_hangup", "remote_hangup"]
        row.seen(f"audio all the time; held and back; ends: {', '.join(ended)}")


def test_fault_02_socket_killed_before_the_answer_to_a_hold(
    carol: Phone, alice: Phone, gate: Gate, world: World
) -> None:
    """The other phone has answered and waits for an ACK that cannot come: it takes the next offer."""
    with fault(2, "WebSocket killed, the answer to a hold is lost", "hold works after the reconnect") as row:
        ours, theirs = talk_aloud(carol, alice)
        carol.mark()
        alice.mark()
        since = len(world.wire)
        gate.freeze("down")
        carol.send("hold")
        until(
            lambda: [text for text in answers(world, "INVITE", since) if " 200 " in text[:14]], "the answer"
        )
        gate.cut()
        cut = time.monotonic()
        gate.thaw()
        carol.wait_event("registered", seconds=10)
        hold_and_unhold(carol)
        carol.wait_audio(ours)
        alice.wait_audio(theirs)
        row.seen(f"held and taken back, {time.monotonic() - cut:.1f} s after the cut")
        assert not carol.since("call_hangup") + alice.since("call_hangup")
        carol.send("hangup")
        assert hangup_of(alice)["reason"] == "remote_hangup"


def test_fault_02_socket_killed_before_the_ack(carol: Phone, alice: Phone, gate: Gate, world: World) -> None:
    """Nobody hangs up before its call was acknowledged, and after 32 s it would be given up."""

    def tap(direction: str, text: str) -> None:
        if (
            direction == "out"
            and text.startswith("SIP/2.0 200 ")
            and "INVITE" in (header(text, "CSeq") or "")
        ):
            gate.freeze("up")

    with fault(2, "WebSocket killed, the ACK is lost", "it is sent again after the reconnect") as row:
        with world.tapped(tap):
            ours, theirs = talk(carol, alice)
        since = len(world.wire)
        gate.cut()
        cut = time.monotonic()
        gate.thaw()
        carol.wait_event("registered", seconds=10)
        until(lambda: requests(world, "ACK", since), "the ACK")
        acked = time.monotonic() - cut
        carol.wait_audio(ours)
        alice.wait_audio(theirs)
        hold_and_unhold(alice)
        row.seen(f"ACK {acked:.1f} s after the cut; the called phone holds and hangs up")
        alice.send("hangup")
        assert hangup_of(carol)["reason"] == "remote_hangup"


@pytest.mark.parametrize("lost", ["the answer", "the ACK"])
def test_fault_02_socket_killed_while_a_call_is_answered(
    carol: Phone, alice: Phone, gate: Gate, world: World, lost: str
) -> None:
    """The called phone repeats its answer over the next socket until it is acknowledged."""

    def tap(direction: str, text: str) -> None:
        if direction == "in" and text.startswith("SIP/2.0 200 ") and "INVITE" in (header(text, "CSeq") or ""):
            gate.freeze("down")

    with fault(2, f"WebSocket killed at the tap on answer, {lost} is lost", "the call is answered") as row:
        theirs, ours = ring(alice, carol)
        if lost == "the answer":
            gate.freeze("up")
            carol.send("answer")
        else:
            with world.tapped(tap):
                carol.send("answer")
                alice.wait_event("call_answered")
        carol.wait_event("call_answered")
        since = time.monotonic()
        gate.cut()
        gate.thaw()
        carol.wait_event("registered", seconds=10)
        alice.wait_event("call_answered", seconds=10)
        carol.wait_audio(ours)
        alice.wait_audio(theirs)
        hold_and_unhold(alice)
        row.seen(f"both hear each other, hold and hang up, {time.monotonic() - since:.1f} s later")
        assert [c["uuid"] for c in carol.state()["calls"]] == [ours]
        carol.send("hangup")
        assert hangup_of(alice)["reason"] == "remote_hangup"


def test_fault_03_hung_up_over_a_half_open_socket(carol: Phone, alice: Phone, gate: Gate) -> None:
    with fault(
        3, "half-open WebSocket, the agent hangs up", "the other side is told after the reconnect"
    ) as row:
        talk_aloud(carol, alice)
        gate.freeze("up")
        carol.send("hangup")
        assert hangup_of(carol)["reason"] == "local_hangup"
        since = time.monotonic()
        gate.cut()
        gate.thaw()
        carol.wait_event("registered", seconds=10)
        assert hangup_of(alice)["reason"] == "remote_hangup"
        row.seen(f"remote_hangup after {time.monotonic() - since:.1f} s")


def test_fault_03_half_open_socket_in_a_call(carol: Phone, alice: Phone, gate: Gate) -> None:
    """The network comes back as another one; the old socket looks open and is dead."""
    with fault(3, "half-open WebSocket in a call, online again", "found by ping; call lives") as row:
        ours, theirs = talk_aloud(carol, alice)
        gap = Gap(carol, ours)
        carol.mark()
        gate.freeze()
        carol.frame.evaluate("dispatchEvent(new Event('offline'))")
        start = time.monotonic()
        carol.frame.evaluate("dispatchEvent(new Event('online'))")
        carol.wait_event("disconnected", seconds=12)
        row.seen(f"noticed after {time.monotonic() - start:.1f} s")
        gate.thaw()
        carol.wait_event("registered", seconds=12)
        assert documented(carol) == BACK
        carol.wait_audio(ours)
        alice.wait_audio(theirs)
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < 1500
        carol.send("hangup")
        assert hangup_of(alice)["reason"] == "remote_hangup"


def test_fault_03_offline_20_s_in_a_call(carol: Phone, alice: Phone, gate: Gate) -> None:
    """Chromium leaves the socket open but dead; nobody says a word until the deadline."""
    with fault(3, "offline 20 s in a call", "the pong deadline notices; call lives") as row:
        uuid, _ = talk_aloud(carol, alice)
        carol.mark()
        gate.freeze()
        carol.context.set_offline(True)
        start = time.monotonic()
        carol.wait_event("disconnected", seconds=28)
        row.seen(f"noticed after {time.monotonic() - start:.0f} s")
        carol.wait_audio(uuid)
        let_pass(20, start)
        gate.thaw()
        carol.context.set_offline(False)
        carol.wait_event("registered", seconds=10)
        carol.wait_audio(uuid)
        assert [c["uuid"] for c in carol.state()["calls"]] == [uuid]
        assert set(documented(carol)) <= {*BACK, "error"}
        assert [e["payload"]["code"] for e in carol.since("error")] in ([], ["network_unreachable"])
        # The page loads PyScript some seconds after a fast start, and may have been offline just then.
        carol.console[:] = [text for text in carol.console if "pyscript/core.js" not in text]
        carol.log.expected.append("pyscript/core.js")


def test_fault_05_the_pbx_forgets_the_call(alice: Phone, relays: Relays, world: World) -> None:
    """The far end's side of the dialog died with the PBX. Nobody says so before it is needed: the paths
    break, and the offer of new ones is answered 481."""
    with fault(5, "PBX forgets the call, its paths break", "one call_hangup{signaling_lost}") as row:
        uuid = call(alice, "*43")
        alice.wait_audio(uuid)
        alice.mark()
        since = len(world.wire)
        world.on_loop(world.pbx._service_phone._calls.clear)
        alice.wait_audio(uuid)
        assert documented(alice) == [], "a call that is heard is left alone"
        relays.break_paths()
        start = time.monotonic()
        ended = hangup_of(alice, seconds=32)
        took = time.monotonic() - start
        assert (ended["reason"], ended["call"]["uuid"]) == ("signaling_lost", uuid)
        assert documented(alice) == ["call_hangup"]
        refused = [t for way, t in world.wire[since:] if way == "out" and t.startswith("SIP/2.0 481 ")]
        assert refused
        assert alice.state()["state"] == "registered"
        row.seen(f"481, then one {ended['reason']} {took:.1f} s after the paths broke")


def test_fault_07_first_address_refused(open_phone: OpenPhone, world: World, gate: Gate) -> None:
    injected = fault(7, "first wss URL refused", "the second is used")
    with injected as row, open_gate(world) as shut:
        shut.refuse()
        begun = time.monotonic()
        with use_urls(world, shut.url, gate.url):
            phone = open_phone("1004")
        assert documented(phone) == ["error", "auto_reconnect", "connected", "registered"]
        assert phone.wait_event("error")["code"] == "network_unreachable"
        took = time.monotonic() - begun
        phone.mark()
        gate.cut()
        phone.wait_event("registered", seconds=5)
        assert documented(phone) == BACK, "what worked is tried first again"
        row.seen(f"registered over the second after {took:.1f} s; after a cut at once there again")


@pytest.mark.parametrize("status", [403, 503])
def test_fault_08_upgrade_refused(carol: Phone, gate: Gate, status: int) -> None:
    with fault(8, f"WebSocket upgrade answered {status}", "backoff and one error, no tight loop") as row:
        gate.answer = status
        gate.attempts.clear()
        gate.cut()
        carol.wait_event("auto_reconnect", seconds=15, attempt=4)
        gaps = [later - earlier for earlier, later in pairwise(gate.attempts)]
        assert len(gate.attempts) == 3
        assert gaps[0] >= 0.5, gaps
        assert gaps[1] >= 1, gaps
        assert [e["payload"]["code"] for e in carol.since("error")] == ["network_unreachable"]
        delays = [e["payload"]["delay_ms"] for e in carol.since("auto_reconnect")]
        row.seen(f"one error; waits of {delays} ms")
        gate.answer = None
        carol.send("connect")
        carol.wait_event("registered", seconds=5)


def expired_certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS nobody should trust: its certificate ran out yesterday."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "expired.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_fault_09_tls_expired(open_phone: OpenPhone, world: World, tmp_path: Path) -> None:
    """A browser tells a page no reason (WebSocket close code 1006): the text names the certificate among
    the others, in words for the agent and for the integrator."""
    injected = fault(9, "expired TLS certificate", "an error that names it; slow retry")
    with injected as row, open_gate(world) as gate:
        gate.refuse()
        gate.run(gate.open(expired_certificate(tmp_path)))
        with use_urls(world, gate.url):
            phone = open_phone("1004", wait="error", locale="en")
        error = phone.wait_event("error")
        assert (error["code"], error["detail"]) == ("network_unreachable", {"reason": "code 1006"})
        assert "certificate" in error["message"]
        phone.wait_event("auto_reconnect", seconds=10, attempt=3)
        assert len(phone.since("error")) == 1
        assert len(gate.attempts) <= 4
        delays = [e["payload"]["delay_ms"] for e in phone.since("auto_reconnect")]
        row.seen(f"one network_unreachable that names the certificate; waits of {delays} ms")


def processes_with(text: str) -> list[int]:
    """The processes of this machine that have it in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if text in (folder / "cmdline").read_text("utf-8", "replace"):
                found.append(int(folder.name))
    return found


@pytest.mark.timeout(480)
def test_fault_34_the_whole_browser_sleeps(
    world: World, gate: Gate, nobody_at_1003: None, tmp_path: Path
) -> None:
    """As a laptop that is shut for five minutes: nothing runs, no timer fires. When it wakes up its socket is
    gone, and so are its binding at the PBX and its token.

    Who called meanwhile was told that nobody is there; the PBX has told the server of it.
    """
    seconds = 300
    injected = fault(
        34, f"the browser stopped for {seconds} s (SIGSTOP)", "reconnects; missed calls are shown"
    )
    with injected as row, plain_browser(world, tmp_path) as browser, use_urls(world, gate.url):
        life = 240
        phone = Phone.open(
            world, "1003", context=browser.new_context(), token=world.token("1003", ttl_seconds=life)
        )
        phone.mark()
        asleep = processes_with(str(tmp_path))
        assert len(asleep) > 3
        for process in asleep:
            os.kill(process, signal.SIGSTOP)
        try:
            start = time.monotonic()
            gate.cut()
            caller = Stranger(world, "1003", number="0977000034")
            until(lambda: caller.call.is_over, "the end of a call to who sleeps")
            status = caller.call.status
            let_pass(seconds, start)
        finally:
            for process in asleep:
                os.kill(process, signal.SIGCONT)
        woken = time.monotonic()
        phone.wait_event("registered", seconds=35)
        took = time.monotonic() - woken
        assert documented(phone) == BACK
        assert phone.wait_event("token_expiring")["expires_in"] == 0
        assert phone.ask("refresh_token", {"token": world.token("1003")})["ok"] is True
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        assert not phone.since("error", "incoming_call")
        phone.send("hangup")
        hangup_of(phone)
        phone.frame.locator("#page-history").click()
        missed = phone.frame.locator("#history-list .recent", has_text="0977 000 034")
        expect(missed).to_have_count(1)
        row.seen(f"back after {took:.1f} s; a call meanwhile got {status} and is in the list of missed ones")
        phone.close()


def test_fault_34_sleep(carol: Phone, gate: Gate) -> None:
    """The line went while nobody looked, and the next attempt is seconds away when the agent comes back."""
    with fault(34, "line gone, page seen again during the backoff", "reconnects at once") as row:
        gate.refuse()
        gate.cut()
        carol.wait_event("auto_reconnect", seconds=40, attempt=5)
        gate.let_in()
        start = time.monotonic()
        carol.frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        carol.wait_event("registered", seconds=2)
        row.seen(f"registered {time.monotonic() - start:.1f} s after")
