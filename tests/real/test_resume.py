"""A call through Kamailio outlives its page: INVITE with Replaces to the far end's GRUU (fault 31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.crm import Gap, open_crm, reload_in_call, reload_parent, wait_resumed
from tests.e2e.faults import record_fault
from tests.e2e.phone import Phone
from tests.e2e.talk import hangup_of, hold_and_unhold, talk
from tests.real.kamailio import Kamailio
from tests.real.world import RealWorld

OpenCrm = Callable[[str], Phone]


@pytest.fixture
def crm(world: RealWorld, plain: Browser) -> Iterator[OpenCrm]:
    opened: list[Phone] = []

    def open(extension: str) -> Phone:
        opened.append(open_crm(world, extension, plain))  # type: ignore[arg-type]
        return opened[-1]

    yield open
    for phone in opened:
        phone.assert_unharmed()
        phone.close()


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_a_page_is_reloaded_in_a_call_through_kamailio(crm: OpenCrm, who: str) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two) if who == "caller" else talk(two, one)[::-1]
    one.wait_audio(ours)
    two.wait_audio(theirs)
    gap = Gap(two, theirs)
    for _ in range(2):  # the second time it is the resumed call that is resumed
        reload_in_call(one, ours, two, theirs)
    heard = gap.read_ms()
    hold_and_unhold(two)
    one.wait_audio(ours)
    two.send("hangup")
    assert hangup_of(one)["reason"] == "remote_hangup"
    assert hangup_of(two)["reason"] == "local_hangup"
    injected = f"the {who}'s CRM page reloads twice in a call through Kamailio"
    record_fault(31, injected, "resumed, gap under 2 s", "resumed", heard)


def test_a_page_is_reloaded_after_kamailio_was_restarted(crm: OpenCrm, kamailio: Kamailio) -> None:
    """Nothing of the call is left in Kamailio, and it is found all the same."""
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two)
    one.wait_audio(ours)
    one.mark()
    two.mark()
    kamailio.restart()
    for phone in (one, two):
        phone.wait_event("registered", seconds=35)
    one.mark()
    reload_parent(one)
    wait_resumed(one, ours)
    one.wait_audio(ours)
    two.wait_audio(theirs)
    one.send("hangup")
    assert hangup_of(two)["reason"] == "remote_hangup"
