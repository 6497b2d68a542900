"""Digits that the far end does not take: `dtmf_failed`, once each, and nothing else about the call."""

from __future__ import annotations

import pytest

from server.pbx.services.call import Call as PbxCall
from server.pbx.sip.message import Request
from tests.e2e.shim import Shim
from tests.e2e.world import until

RELAY = "application/dtmf-relay"
DIGIT = "Signal=5\r\nDuration=160\r\n"
TIMER_F_MS = 32_000
"""How long an answer to an INFO is waited for (RFC 3261 section 17.1.2.2)."""


def _in_call(anna: Shim) -> None:
    """With a service of the PBX, which is scripted here."""
    anna.do("invite", "c1", "*43", "[]")
    anna.wait("media", call_uuid="c1", state="connected")
    anna.mark()


def _answer_info(monkeypatch: pytest.MonkeyPatch, status: int | None) -> list[str]:
    """The far end answers every INFO with `status`; None: never. Their bodies, as they come."""
    heard: list[str] = []
    receive = PbxCall.receive

    def scripted(call: PbxCall, request: Request) -> None:
        if request.method != "INFO":
            receive(call, request)
            return
        heard.append(request.body if isinstance(request.body, str) else request.body.decode())
        if status is not None:
            call.phone.send(request.reply(status))

    monkeypatch.setattr(PbxCall, "receive", scripted)
    return heard


def _hang_up(anna: Shim) -> None:
    assert [event["type"] for event in anna.since()] == ["dtmf_failed"]
    anna.do("bye", "c1")
    anna.wait("ended")


@pytest.mark.parametrize("status", [302, 415, 488, 603])
def test_an_info_that_is_refused(anna: Shim, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    _answer_info(monkeypatch, status)
    _in_call(anna)
    anna.do("sendInfo", "c1", RELAY, DIGIT)
    failed = anna.wait("dtmf_failed", call_uuid="c1")
    assert failed == {"type": "dtmf_failed", "call_uuid": "c1", "status": status}
    _hang_up(anna)


def test_an_info_that_is_never_answered(anna: Shim, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = _answer_info(monkeypatch, None)
    _in_call(anna)
    anna.page.clock.install()
    anna.do("sendInfo", "c1", RELAY, DIGIT)
    until(lambda: heard, "the INFO at the far end")
    assert anna.since("dtmf_failed") == []
    anna.page.clock.fast_forward(TIMER_F_MS + 1000)
    assert anna.wait("dtmf_failed", call_uuid="c1")["status"] == 0
    _hang_up(anna)


def test_an_info_that_is_lost_with_the_socket(anna: Shim, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = _answer_info(monkeypatch, None)
    _in_call(anna)
    anna.do("sendInfo", "c1", RELAY, DIGIT)
    until(lambda: heard, "the INFO at the far end")
    anna.do("disconnect")
    assert anna.wait("dtmf_failed", call_uuid="c1")["status"] == 0
    anna.do("sendInfo", "c1", RELAY, DIGIT)
    until(lambda: len(anna.since("dtmf_failed")) == 2, "the one that could not leave")
    anna.register()
    anna.do("bye", "c1")
    anna.wait("ended")


def test_digits_that_the_sender_of_the_media_refuses(anna: Shim) -> None:
    _in_call(anna)
    until(lambda: anna.do("canInsertDtmf", "c1"), "telephone-events")
    anna.do("insertDtmf", "c1", "12")
    anna.do("insertDtmf", "c1", "no digits")
    assert anna.wait("dtmf_failed", call_uuid="c1")["status"] == 0
    _hang_up(anna)


def test_digits_before_there_is_media(anna: Shim) -> None:
    anna.js("window.asked = new Promise((answer) => (window.allow = answer)); 0")
    anna.do("invite", "c1", "*43", "[]")
    anna.mark()
    anna.do("insertDtmf", "c1", "1")
    assert anna.wait("dtmf_failed", call_uuid="c1")["status"] == 0
    anna.do("cancel", "c1")
    anna.js("allow()")
    anna.wait("ended")
