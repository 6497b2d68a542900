"""A call through Kamailio outlives its page: INVITE with Replaces to the far end's GRUU (fault 31)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.crm import Gap, open_crm, reload_in_call, reload_parent, wait_resumed
from tests.e2e.faults import fault
from tests.e2e.phone import Phone
from tests.e2e.talk import hangup_of, header, hold_and_unhold, talk
from tests.real.kamailio import Kamailio
from tests.real.tap import Tap
from tests.real.wire import Wire
from tests.real.world import RealWorld

OpenCrm = Callable[..., Phone]


@pytest.fixture
def crm(world: RealWorld, plain: Browser) -> Iterator[OpenCrm]:
    opened: list[Phone] = []

    def open(extension: str, at: RealWorld = world) -> Phone:
        opened.append(open_crm(at, extension, plain))  # type: ignore[arg-type]
        return opened[-1]

    yield open
    for phone in opened:
        phone.assert_unharmed()
        phone.close()


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_fault_31_a_page_is_reloaded_in_a_call_through_kamailio(crm: OpenCrm, who: str) -> None:
    one, two = crm("1003"), crm("1004")
    ours, theirs = talk(one, two) if who == "caller" else talk(two, one)[::-1]
    one.wait_audio(ours)
    two.wait_audio(theirs)
    gap = Gap(two, theirs)
    with fault(31, f"the {who}'s CRM page reloads twice, Kamailio", "resumed, gap under 2 s") as row:
        for _ in range(2):  # the second time it is the resumed call that is resumed
            reload_in_call(one, ours, two, theirs)
        row.gap_ms = gap.read_ms()
        assert row.gap_ms < 2000
        hold_and_unhold(two)
        one.wait_audio(ours)
        two.send("hangup")
        ended = [hangup_of(phone)["reason"] for phone in (one, two)]
        assert ended == ["remote_hangup", "local_hangup"]
        row.seen(f"same uuid twice, then hold; ends: {', '.join(ended)}")


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


def _gruu(tap: Tap, extension: str) -> str:
    """What Kamailio told this extension's phone it is to be reached by (RFC 5627 section 5.2)."""
    told = [
        said.text
        for said in tap.said
        if said.way == "down" and f"sip:{extension}@" in (header(said.text, "To") or "")
    ]
    gruus = {found[1] for text in told if (found := re.search(r'pub-gruu="([^"]+)"', text))}
    assert len(gruus) == 1, gruus
    return gruus.pop()


def _is_answer_to_register(way: str, data: bytes) -> bool:
    return way == "down" and re.search(rb"CSeq: \d+ REGISTER\r\n", data) is not None


@pytest.mark.parametrize("who", ["caller", "callee"])
def test_the_new_page_asks_the_far_end_for_its_call_and_waits_for_no_registration(
    crm: OpenCrm, one_place: RealWorld, wire: Wire, who: str
) -> None:
    """RFC 3891: the INVITE names the call, wants Replaces understood, and goes to the phone that has it."""
    one, two = crm("1003", one_place), crm("1004", one_place)
    ours, theirs = talk(one, two) if who == "caller" else talk(two, one)[::-1]
    one.wait_audio(ours)
    before = len(wire.tap.said)
    wire.swallows = _is_answer_to_register
    reload_in_call(one, ours, two, theirs)
    assert wire.tap.requests("REGISTER", "up", before)
    assert not one.since("registered")
    asked = wire.tap.requests("INVITE", "up", before)[0].text
    assert asked.split(" ")[1] == _gruu(wire.tap, "1004")
    assert header(asked, "Require") == "replaces"
    at_two = wire.tap.requests("INVITE", "down", before)[0].text
    for name in ("Replaces", "Require"):
        assert header(at_two, name) == header(asked, name)
    call_id, *tags = (header(asked, "Replaces") or "").split(";")
    answered = next(
        each.text
        for each in wire.tap.said[:before]
        if each.text.startswith("SIP/2.0 200") and header(each.text, "Call-ID") == call_id
    )
    named = dict(tag.split("=") for tag in tags)
    assert set(named) == {"to-tag", "from-tag"}
    ends = [header(answered, name) or "" for name in ("From", "To")]
    assert set(named.values()) == {end.partition(";tag=")[2] for end in ends}
