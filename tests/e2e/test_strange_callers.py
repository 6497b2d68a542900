"""Calls with a From that SIP.js would drop without a word: what session border controllers really send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from server.pbx.proxy.endpoint import WebSocketFlow
from tests.e2e.phone import Phone
from tests.e2e.talk import Stranger, hangup_of
from tests.e2e.world import World


@contextmanager
def calls_come_from(address: str) -> Iterator[None]:
    """Every INVITE that leaves the PBX has this From, whoever called."""
    put: Any = WebSocketFlow._put
    flows: Any = WebSocketFlow

    def puts(flow: WebSocketFlow, text: str | None) -> bool:
        if text is not None and text.startswith("INVITE "):
            text = re.sub(r"^From: .*?(;tag=.*)$", rf"From: {address}\1", text, count=1, flags=re.MULTILINE)
        return bool(put(flow, text))

    flows._put = puts
    try:
        yield
    finally:
        flows._put = put


@pytest.mark.parametrize(
    ("address", "number", "name"),
    [
        ("<tel:+84-912-345-678>", "+84912345678", ""),
        ("Nguyễn Văn Bình <sip:0912345678@sbc.example>", "0912345678", "Nguyễn Văn Bình"),
        pytest.param("<sip:09#12@sbc.example>", "09#12", "", marks=pytest.mark.slow),
        pytest.param('"An" <sip:@sbc.example>', "", "An", marks=pytest.mark.slow),
    ],
)
def test_the_call_rings_and_is_a_call(
    alice: Phone, world: World, address: str, number: str, name: str
) -> None:
    with calls_come_from(address):
        customer = Stranger(world, "1001")
        told = alice.wait_event("incoming_call")
        assert (told["contact"]["number"], told["call"]["display_name"]) == (number, name)
        alice.send("answer")
        alice.wait_audio(told["call"]["uuid"])
        customer.wait_for("answered")
        alice.send("hold")
        alice.wait_event("call_updated")
        customer.do("bye")
        assert hangup_of(alice)["reason"] == "remote_hangup"
