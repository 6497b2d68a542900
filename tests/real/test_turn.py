"""Calls whose audio may take no way but coturn's relay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.crm import Gap
from tests.e2e.faults import fault
from tests.e2e.networks import UDP, MovingWorld, NoNamespaces, moving_world
from tests.e2e.phone import Phone
from tests.e2e.talk import hangup_of, talk
from tests.e2e.world import until
from tests.real.coturn import SECRET as SECRET_OF_COTURN
from tests.real.coturn import Coturn
from tests.real.ear import selected_pair, watched
from tests.real.kamailio import SECRET, Kamailio
from tests.real.world import RealWorld

OpenPhone = Callable[..., Phone]


@pytest.fixture(scope="module")
def coturn() -> Iterator[Coturn]:
    running = Coturn()
    yield running
    running.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_fault_14_a_call_over_the_relay_is_heard(
    world: RealWorld, open_phone: OpenPhone, kamailio: Kamailio, coturn: Coturn, transport: str
) -> None:
    relayed = world.account(
        f"{transport}.turn.localhost",
        [kamailio.url],
        sip_secret=SECRET,
        ice_servers=[{"urls": coturn.ice_server(transport)["urls"]}],
        turn_secret=SECRET_OF_COTURN,
    )
    phones = []
    for extension in ("1003", "1004"):
        context = watched(world.browser.new_context(), iceTransportPolicy="relay")
        phones.append(open_phone(extension, at=relayed, context=context))
    caller, callee = phones
    caller.mark()
    callee.mark()
    with fault(14, f"only a relay reached over {transport.upper()}", "connects through it") as row:
        uuids = talk(caller, callee)
        for phone, uuid in zip(phones, uuids, strict=True):
            phone.wait_audio(uuid)
            local = selected_pair(phone)["local"]
            assert (local["candidateType"], local["relayProtocol"]) == ("relay", transport)
            assert local["address"] == coturn.address
        row.seen(f"both heard, each by a {local['candidateType']} candidate over {local['relayProtocol']}")
    caller.send("hangup")
    assert hangup_of(callee)["reason"] == "remote_hangup"


@pytest.fixture(scope="module")
def behind_nat(world: RealWorld, kamailio: Kamailio, coturn: Coturn) -> RealWorld:
    """The account of docs/pbx.md: coturn over UDP and over TCP, and phones are free to use neither."""
    urls = [url for transport in ("udp", "tcp") for url in coturn.ice_server(transport)["urls"]]
    return world.account(
        "free.turn.localhost",
        [kamailio.url],
        sip_secret=SECRET,
        ice_servers=[{"urls": urls}],
        turn_secret=SECRET_OF_COTURN,
    )


@pytest.fixture
def moving(
    playwright: Playwright, behind_nat: RealWorld, kamailio: Kamailio, tmp_path: Path
) -> Iterator[MovingWorld]:
    ports = [behind_nat.server.port, kamailio.ws_port]
    try:
        with moving_world(playwright, behind_nat, ports, tmp_path) as opened:
            opened.networks.up("mobile")
            opened.networks.down("cable")
            yield opened
    except NoNamespaces as reason:
        pytest.skip(f"no network namespaces here: {reason}")


@pytest.mark.parametrize("delay", [0, 0.15], ids=["quick", "slow"])
@pytest.mark.parametrize("other", ["outside", "beside it"])
def test_fault_14_no_udp_at_all(
    moving: MovingWorld, behind_nat: RealWorld, open_phone: OpenPhone, delay: float, other: str
) -> None:
    """The browser finds the relay by itself. Where the other phone has no UDP either, each needs the other's
    relay in its session description: no packet can tell of it."""
    there = moving if other == "beside it" else behind_nat
    injected = f"no UDP, TCP of {2000 * delay:.0f} ms, the other phone {other}"
    with fault(14, injected, "TURN over TCP connects") as row:
        callee = open_phone("1004", at=there, context=watched(there.browser.new_context()))
        caller = open_phone("1003", at=moving, context=watched(moving.browser.new_context()))
        moving.networks.drop(UDP)
        mobile = moving.networks.mobile
        mobile.delay = delay
        for one, two in ((caller, callee), (callee, caller)):
            one.mark()
            two.mark()
            uuids = talk(one, two)
            answered = time.monotonic()
            for phone, uuid in zip((one, two), uuids, strict=True):
                phone.wait_audio(uuid)
            row.seen(f"heard {time.monotonic() - answered:.1f} s after the answer")
            local = selected_pair(caller)["local"]
            assert (local["candidateType"], local["relayProtocol"]) == ("relay", "tcp")
            late = f"a packet took up to {mobile.worst:.2f} s"
            assert not one.since("error") + two.since("error"), late
            one.send("hangup")
            assert hangup_of(two)["reason"] == "remote_hangup"
            assert hangup_of(one)["reason"] == "local_hangup"


def test_fault_13_the_relay_dies_and_a_direct_call_does_not_care(
    world: RealWorld, open_phone: OpenPhone, kamailio: Kamailio, alice: Phone
) -> None:
    own = Coturn()
    both = world.account(
        "both.turn.localhost", [kamailio.url], sip_secret=SECRET, ice_servers=[own.ice_server()]
    )
    phone = open_phone("1004", at=both, context=watched(world.browser.new_context()))
    phone.mark()
    try:
        with fault(13, "TURN server killed in a call", "the direct path stays") as row:
            ours, theirs = talk(phone, alice)
            phone.wait_audio(ours)
            until(lambda: selected_pair(phone)["local"]["candidateType"] != "relay", "a direct pair")
            gap = Gap(phone, ours)
            own.close()
            phone.wait_audio(ours, packets=400, seconds=30)
            alice.wait_audio(theirs)
            assert "call_hangup" not in phone.types()
            row.gap_ms = gap.read_ms()
            assert row.gap_ms < 1500
            kind = selected_pair(phone)["local"]["candidateType"]
            assert kind != "relay"
            row.seen(f"audio goes on over the {kind} candidate")
    finally:
        own.close()


GATHER = """async (iceServer) => {
  const peer = new RTCPeerConnection({iceServers: [iceServer], iceTransportPolicy: "relay"});
  peer.createDataChannel("x");
  const seen = [];
  const over = new Promise((done) => (peer.onicecandidate = (event) => {
    if (event.candidate?.candidate) seen.push(event.candidate.type);
    if (!event.candidate) done();
  }));
  await peer.setLocalDescription();
  await over;
  peer.close();
  return seen;
}"""


def test_the_relay_takes_good_credentials_only(world: RealWorld, coturn: Coturn) -> None:
    page = world.browser.new_context().new_page()
    page.goto(f"{world.crm_origin}/")
    assert "relay" in page.evaluate(GATHER, coturn.ice_server())
    assert page.evaluate(GATHER, coturn.ice_server(seconds=-60)) == []
    assert page.evaluate(GATHER, coturn.ice_server(secret="another")) == []
    page.context.close()
