"""Calls with a far end that is no browser: a known tone, real RFC 4733 digits, both ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.phone import Phone
from tests.e2e.talk import documented, hangup_of, wait_no_packets
from tests.e2e.world import until
from tests.real.baresip import EXTENSION, HERTZ, Baresip
from tests.real.ear import loudest_hertz, watched
from tests.real.kamailio import Kamailio
from tests.real.world import RealWorld

LOUD, QUIET = 6000, 3000
"""Bits a second of Opus that carry sound, and none. (Its recording is of no use here: baresip 1.0 does not go
on with it after a hold.)"""


@pytest.fixture(scope="module")
def baresip(kamailio: Kamailio) -> Iterator[Baresip]:
    running = Baresip(kamailio)
    yield running
    running.close()


@pytest.fixture(scope="module")
def opened(world: RealWorld) -> Iterator[Phone]:
    phone = Phone.open(world, "1004", context=watched(world.browser.new_context()))
    yield phone
    phone.close()


@pytest.fixture
def dora(opened: Phone) -> Iterator[Phone]:
    opened.rest()
    yield opened
    opened.assert_unharmed()


def _hears_the_tone(phone: Phone, uuid: str) -> None:
    phone.wait_audio(uuid)
    until(lambda: abs(loudest_hertz(phone) - HERTZ) < 10, f"{HERTZ} Hz, not {loudest_hertz(phone)}")


def test_we_call_it(dora: Phone, baresip: Baresip) -> None:
    since = len(baresip.events)
    dora.send("call", {"number": EXTENSION})
    uuid = dora.wait_event("call_answered", seconds=20)["call"]["uuid"]
    baresip.wait("CALL_ESTABLISHED", since)
    _hears_the_tone(dora, uuid)
    until(lambda: baresip.heard() > 0.001, "our microphone in its recording")
    dora.send("hangup")
    assert hangup_of(dora)["reason"] == "local_hangup"
    baresip.wait("CALL_CLOSED", since)
    assert documented(dora)[-2:] == ["call_answered", "call_hangup"]


def test_it_calls_us(dora: Phone, baresip: Baresip) -> None:
    since = len(baresip.events)
    baresip.do("dial", "sip:1004@pbx.test")
    incoming = dora.wait_event("incoming_call")
    assert incoming["contact"]["number"] == EXTENSION
    dora.send("answer")
    uuid = dora.wait_event("call_answered", seconds=20)["call"]["uuid"]
    baresip.wait("CALL_ESTABLISHED", since)
    _hears_the_tone(dora, uuid)
    until(lambda: baresip.heard() > 0.001, "our microphone in its recording")
    baresip.do("hangup")
    assert hangup_of(dora)["reason"] == "remote_hangup"


def test_its_digits_reach_our_parent(dora: Phone, baresip: Baresip) -> None:
    dora.send("call", {"number": EXTENSION})
    uuid = dora.wait_event("call_answered", seconds=20)["call"]["uuid"]
    dora.wait_audio(uuid)
    for digit in "5#0":
        dora.mark()
        baresip.do("sndcode", digit)
        dora.wait_event("dtmf", digit=digit)
        assert len(dora.since("dtmf")) == 1
    dora.wait_audio(uuid)


def test_our_digits_reach_it(dora: Phone, baresip: Baresip) -> None:
    dora.send("call", {"number": EXTENSION})
    uuid = dora.wait_event("call_answered", seconds=20)["call"]["uuid"]
    dora.wait_audio(uuid)
    since = len(baresip.events)
    dora.send("send_dtmf", {"digits": "159#"})
    until(
        lambda: len(baresip.told("CALL_DTMF_START", since)) >= 4, f"four digits in {baresip.events[since:]}"
    )
    assert [event["param"] for event in baresip.told("CALL_DTMF_START", since)] == list("159#")


def test_hold_stops_the_tone_and_unhold_brings_it_back(dora: Phone, baresip: Baresip) -> None:
    dora.send("call", {"number": EXTENSION})
    uuid = dora.wait_event("call_answered", seconds=20)["call"]["uuid"]
    _hears_the_tone(dora, uuid)
    until(lambda: baresip.receives() > LOUD, "our microphone")
    dora.mark()
    dora.send("hold")
    assert dora.wait_event("call_updated")["call"]["held"] is True
    wait_no_packets(dora, uuid)
    until(lambda: baresip.receives() < QUIET, "silence on its side")
    dora.mark()
    dora.send("unhold")
    assert dora.wait_event("call_updated")["call"]["held"] is False
    _hears_the_tone(dora, uuid)
    until(lambda: baresip.receives() > LOUD, "our microphone again")
