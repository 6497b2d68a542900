"""Fault 12 with real interfaces: the network the computer was on goes away, another one is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.crm import Gap
from tests.e2e.faults import fault
from tests.e2e.networks import MovingWorld, NoNamespaces, moving_world
from tests.e2e.phone import Phone
from tests.e2e.talk import call, hangup_of, hold_and_unhold, requests
from tests.e2e.world import World

pytestmark = pytest.mark.slow  # as are the other faults of the sound


@pytest.fixture
def moving(playwright: Playwright, world: World, tmp_path: Path) -> Iterator[MovingWorld]:
    try:
        with moving_world(playwright, world, tmp_path) as opened:
            yield opened
    except NoNamespaces as reason:
        pytest.skip(f"no network namespaces here: {reason}")


def test_fault_12_from_the_cable_to_the_wifi(moving: MovingWorld, world: World) -> None:
    with fault(12, "the network interface is another one", "ICE restart, audio both ways") as seen:
        phone = Phone.open(moving, "1004")
        uuid = call(phone, "*43")  # what comes back has gone both ways
        phone.wait_audio(uuid)
        gap = Gap(phone, uuid)
        phone.mark()
        mark = len(world.wire)
        moving.networks.up("wifi")
        moving.networks.down("cable")
        phone.wait_event("registered", seconds=40)
        phone.wait_audio(uuid, seconds=40)
        seen.gap_ms = gap.read_ms()
        offers = requests(world, "INVITE", mark, "in")
        seen.what = f"{len(offers)} ICE-restart re-INVITE(s), a new WebSocket, audio both ways"
        assert offers
        assert not phone.since("call_hangup")
        hold_and_unhold(phone)
        phone.send("hangup")
        assert hangup_of(phone)["reason"] == "local_hangup"
        phone.close()
