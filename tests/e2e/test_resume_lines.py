"""The line of a page breaks or is slow just while it takes its call back."""

from __future__ import annotations

import pytest

from server.pbx.proxy.endpoint import Tap
from tests.e2e.crm import OpenCrm, reload_parent, wait_resumed
from tests.e2e.gate import Gate, use_urls
from tests.e2e.talk import hangup_of, header, talk
from tests.e2e.world import World

pytestmark = pytest.mark.slow  # as test_resume.py


def takes_back(text: str) -> bool:
    return text.startswith("INVITE ") and "\r\nReplaces:" in text


def comes_back(world: World, gate: Gate, crm: OpenCrm, tap: Tap) -> None:
    """A phone behind the gate takes its call back, whatever `tap` does meanwhile."""
    other = crm("1004")
    with use_urls(world, gate.url):
        phone = crm("1003")
        ours, theirs = talk(phone, other)
        for each, uuid in ((phone, ours), (other, theirs)):
            each.wait_audio(uuid)
            each.mark()
        with world.tapped(tap):
            reload_parent(phone)
            wait_resumed(phone, ours)
    phone.wait_audio(ours)
    other.wait_audio(theirs)
    assert not phone.since("call_hangup") + other.since("call_hangup")
    phone.send("hangup")
    assert hangup_of(other)["reason"] == "remote_hangup"


def test_a_line_that_is_lost_while_the_far_end_answers_costs_no_call(
    crm: OpenCrm, world: World, gate: Gate
) -> None:
    """The PBX cancels what the far end is just answering; that one must answer the next try all the same."""
    cut: list[str] = []

    def tap(direction: str, text: str) -> None:
        if not cut and direction == "out" and takes_back(text):
            cut.append(text)
            gate.cut()

    comes_back(world, gate, crm, tap)
    assert cut


def test_an_answer_that_comes_after_its_try_was_given_up_costs_no_call(
    crm: OpenCrm, world: World, gate: Gate
) -> None:
    """The far end is in it meanwhile: a BYE would end the call just before the next try is there."""
    tries: set[str | None] = set()

    def tap(direction: str, text: str) -> None:
        if not takes_back(text):
            return
        if direction == "out" and not tries:
            gate.freeze("down")
            tries.add(header(text, "Call-ID"))
        elif tries and header(text, "Call-ID") not in tries:
            gate.thaw()
            tries.add(header(text, "Call-ID"))

    comes_back(world, gate, crm, tap)
    assert len(tries) == 2
