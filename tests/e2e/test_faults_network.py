"""Faults of a real network (3, 10, 11, 12, 15): packets are lost, or it goes away and there is another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.crm import Gap
from tests.e2e.faults import fault
from tests.e2e.networks import EVERYTHING, UDP, MovingWorld, NoNamespaces, moving_world
from tests.e2e.phone import Phone
from tests.e2e.talk import call, documented, hangup_of, hold_and_unhold, let_pass, requests, talk
from tests.e2e.test_faults_media import banner, qualities, wait_quality
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow  # as are the other faults of the sound


@pytest.fixture
def moving(playwright: Playwright, world: World, tmp_path: Path) -> Iterator[MovingWorld]:
    try:
        with moving_world(playwright, world, [world.port], tmp_path) as opened:
            yield opened
    except NoNamespaces as reason:
        pytest.skip(f"no network namespaces here: {reason}")


def test_fault_12_from_the_cable_to_the_wifi(moving: MovingWorld, phone: Phone, world: World) -> None:
    with fault(12, "the network interface is another one", "ICE restart, audio both ways") as row:
        uuid = call(phone, "*43")  # what comes back has gone both ways
        phone.wait_audio(uuid)
        gap = Gap(phone, uuid)
        phone.mark()
        mark = len(world.wire)
        moving.networks.up("wifi")
        moving.networks.down("cable")
        phone.wait_event("registered", seconds=40)
        phone.wait_audio(uuid, seconds=40)
        row.gap_ms = gap.read_ms()
        offers = requests(world, "INVITE", mark, "in")
        row.seen(f"{len(offers)} ICE-restart re-INVITE(s), a new WebSocket, audio both ways")
        assert offers
        assert not phone.since("call_hangup")
        hold_and_unhold(phone)
        phone.send("hangup")
        assert hangup_of(phone)["reason"] == "local_hangup"


@pytest.fixture
def phone(moving: MovingWorld) -> Iterator[Phone]:
    """In the namespace."""
    opened = Phone.open(moving, "1004")
    yield opened
    moving.networks.mend()
    opened.close()


def talk_across(phone: Phone, alice: Phone) -> tuple[str, str]:
    """`phone` calls `alice` outside, and both hear; the call's uuid at both."""
    ours, theirs = talk(phone, alice)
    phone.wait_audio(ours)
    alice.wait_audio(theirs)
    phone.mark()
    alice.mark()
    return ours, theirs


def test_fault_03_neither_signalling_nor_sound_for_20_s(
    moving: MovingWorld, phone: Phone, alice: Phone
) -> None:
    """No socket is closed and nobody is told: both phones have the silence alone to go by."""
    with fault(3, "every packet lost for 20 s in a call, on a real link", "call lives, recovered") as row:
        ours, theirs = talk_across(phone, alice)
        gap = Gap(phone, ours)
        moving.networks.drop(EVERYTHING)
        let_pass(20, time.monotonic())
        moving.networks.mend()
        phone.wait_audio(ours, seconds=40)
        alice.wait_audio(theirs, seconds=40)
        row.gap_ms = gap.read_ms()
        assert row.gap_ms > 19_000
        for each in (phone, alice):
            wait_quality(each, "good", seconds=40)
        until(lambda: phone.state()["state"] == "registered", "registered", 40)
        until(lambda: not banner(phone) and not banner(alice), "nothing to warn of")
        assert documented(alice) == []
        assert not phone.since("call_hangup")
        assert [e["payload"]["code"] for e in phone.since("error")] in ([], ["network_unreachable"])
        row.seen(f"quality {qualities(phone)} here, {qualities(alice)} there")
        hold_and_unhold(phone)
        phone.send("hangup")
        assert hangup_of(alice)["reason"] == "remote_hangup"
        assert hangup_of(phone)["reason"] == "local_hangup"


def test_fault_10_udp_dropped_5_s_on_a_real_link(moving: MovingWorld, phone: Phone, alice: Phone) -> None:
    with fault(10, "UDP dropped 5 s, on a real link", "audio returns") as row:
        ours, theirs = talk_across(phone, alice)
        gap = Gap(phone, ours)
        moving.networks.drop(UDP)
        let_pass(5, time.monotonic())
        moving.networks.mend()
        phone.wait_audio(ours)
        alice.wait_audio(theirs)
        row.gap_ms = gap.read_ms()
        assert 4000 < row.gap_ms < 12_000
        assert documented(phone) == documented(alice) == []


def test_fault_11_udp_dropped_60_s_on_a_real_link(moving: MovingWorld, phone: Phone, alice: Phone) -> None:
    this = fault(11, "UDP dropped 60 s, on a real link", "one call_hangup{media_lost} within 30 s")
    with this as row:
        talk_across(phone, alice)
        moving.networks.drop(UDP)
        start = time.monotonic()
        phone.wait_event("call_hangup", seconds=30)
        took = time.monotonic() - start
        ended = [hangup_of(each)["reason"] for each in (phone, alice)]
        row.seen(f"{' and '.join(ended)} after {took:.1f} s; a call afterwards is heard")
        assert "media_lost" in ended
        assert set(ended) <= {"media_lost", "remote_hangup"}, "whoever was first has hung up"
        let_pass(60, start)
        moving.networks.mend()
        for each in (phone, alice):
            assert len(each.since("call_hangup")) == 1
            each.mark()
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)


def test_fault_15_ten_percent_loss_on_a_real_link(moving: MovingWorld, phone: Phone, alice: Phone) -> None:
    this = fault(15, "13 % of the packets lost, on a real link", "a quality warning; call lives")
    with this as row:
        ours, theirs = talk_across(phone, alice)
        moving.networks.drop(UDP, percent=13)
        wait_quality(phone, "poor", seconds=60)
        assert banner(phone)
        moving.networks.mend()
        wait_quality(phone, "good")
        assert documented(phone) == []
        row.seen(f"call_updated with quality {qualities(phone)}")
        phone.wait_audio(ours)
        alice.wait_audio(theirs)
