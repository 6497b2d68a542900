"""The judge of all logs knows a broken one: each rule has a log that keeps to all the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.invariants import EVENT_TYPES, Judge

Log = list[dict[str, Any]]
T = "2026-06-30T10:35:{:06.3f}+07:00"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CONTACT = {"number": "0912345678", "display_name": None, "external_id": None}


def told(type: str, payload: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"source": "zorio-webphone", "type": type, "payload": dict(payload or {}), **more}


def call(of: str, /, **changes: Any) -> dict[str, Any]:
    answered = T.format(5) if of in ("answered", "held", "ended") else None
    return {
        "uuid": ONE,
        "direction": "inbound",
        "number": "0912345678",
        "display_name": "Bình",
        "state": of,
        "muted": False,
        "held": of == "held",
        "started_at": T.format(1),
        "answered_at": answered,
        "ended_at": T.format(17.4) if of == "ended" else None,
        "campaignId": None,
        "leadId": None,
        "sip_call_id": "sip-1",
        "quality": "good",
    } | changes


def incoming(**changes: Any) -> dict[str, Any]:
    return told("incoming_call", {"call": call("ringing", **changes), "contact": CONTACT})


def ringing(**changes: Any) -> dict[str, Any]:
    return told("call_ringing", {"call": call("ringing", **changes)})


def answered(**changes: Any) -> dict[str, Any]:
    return told("call_answered", {"call": call("answered", **changes)})


def updated(state: str = "answered", *, resumed: bool = False, **changes: Any) -> dict[str, Any]:
    more = {"resumed": True} if resumed else {}
    return told("call_updated", {"call": call(state, **changes)} | more)


def digit(**changes: Any) -> dict[str, Any]:
    return told("dtmf", {"call": call("answered", **changes), "digit": "5"})


def hangup(reason: str = "remote_hangup", billsec: int = 12, **changes: Any) -> dict[str, Any]:
    return told("call_hangup", {"call": call("ended", **changes), "reason": reason, "billsec": billsec})


def missed(**changes: Any) -> dict[str, Any]:
    return hangup("cancelled", 0, answered_at=None, **changes)


EARLY, LATE = (datetime.fromisoformat(T.format(second)).timestamp() for second in (0, 10))
READY = told("ready", {"version": "0.1.0", "state": "idle"})
UP, DOWN = told("connected"), told("disconnected", {"reason": "code 1006"})
IN, OUT = told("registered"), told("unregistered", {"reason": "transport_disconnect"})
CALL = [incoming(), ringing(), answered(), updated("held"), updated(), digit(), hangup()]


def quiet(*, on: bool) -> dict[str, Any]:
    return told("do_not_disturb", {"on": on})


def again(attempt: int, delay_ms: int = 500) -> dict[str, Any]:
    return told("auto_reconnect", {"attempt": attempt, "delay_ms": delay_ms})


def problems(log: Log, alive: set[str] = frozenset(), **options: Any) -> list[str]:  # type: ignore[assignment]
    judge = Judge()
    for message in log:
        judge.hear(message, message.get("page"), message.get("at"))
    judge.close(alive, **options)
    return judge.problems


@pytest.mark.parametrize(
    "log",
    [
        [],
        [READY, UP, IN, *CALL],
        [READY, UP, IN, incoming(), ringing(), missed()],
        [READY, UP, IN, DOWN, OUT, again(1), again(2), UP, IN, DOWN, OUT, again(1)],
        [UP, told("unregistered", {"reason": "remote"}), told("unregistered", {"reason": "manual"}), DOWN],
        [READY, told("response", id="1", ok=True), told("token_expiring", {"expires_in": 60})],
        [answered(), hangup()],  # a parent that came late, for all we know
        [READY | {"at": LATE}, answered(), hangup()],
        [READY | {"at": LATE}, hangup()],
        [READY, quiet(on=True), quiet(on=False), incoming(), ringing(), missed(), quiet(on=True)],
        [
            ringing(direction="outbound"),
            updated("ringing", direction="outbound", muted=True),
            answered(direction="outbound", muted=True),
            hangup(direction="outbound"),
        ],
        [hangup("signaling_lost", 0, direction="outbound", answered_at=None)],
        [told("error", {"code": "no_audio", "message": "…", "fatal": False, "call_uuid": ONE})],
    ],
)
def test_a_good_log(log: Log) -> None:
    assert problems(log) == []


@pytest.mark.parametrize(
    ("log", "says"),
    [
        # doubled
        ([*CALL, hangup()], "call_hangup of 11111111 came after its call_hangup"),
        ([incoming(), incoming(), ringing(), missed()], "incoming_call of 11111111 came for the second time"),
        ([incoming(), ringing(), ringing(), missed()], "call_ringing of 11111111 came for the second time"),
        ([answered(), answered(), hangup()], "call_answered of 11111111 came for the second time"),
        ([UP, UP], "connected came while it was connected"),
        ([UP, IN, IN], "registered came while it was registered"),
        ([UP, DOWN, DOWN], "disconnected came while it was not connected"),
        # lost
        ([incoming(), ringing(), answered()], "is over without a call_hangup"),
        ([READY, UP, IN, DOWN, UP], "came while it was registered: no unregistered"),
        ([ringing(), missed()], "call_ringing of 11111111 came before its incoming_call"),
        (
            [incoming(), ringing(), updated(), hangup()],
            "call_updated of 11111111 came before its call_answer",
        ),
        ([IN], "registered came without a connection"),
        ([again(1), again(3)], "auto_reconnect came after attempt 1"),
        ([READY | {"at": EARLY}, answered(), hangup()], "came without its incoming_call"),
        ([READY | {"at": EARLY}, hangup()], "came without its incoming_call"),
        ([READY | {"at": EARLY}, incoming(), ringing(), hangup()], "came without its call_answered"),
        # misordered
        ([*CALL, updated()], "call_updated of 11111111 came after its call_hangup"),
        ([*CALL, digit()], "dtmf of 11111111 came after its call_hangup"),
        ([incoming(), answered(), ringing(), hangup()], "came after its call_answered"),
        ([ringing(direction="outbound"), incoming(direction="outbound")], "came for an outbound call"),
        ([incoming(), ringing(), digit(), hangup()], "dtmf of 11111111 came before its call_answered"),
        ([DOWN, UP], "disconnected came while it was not connected"),
        ([OUT], "unregistered came while it was not registered"),
        ([answered(), updated(resumed=True), answered(), hangup()], "came after it was taken back"),
        # wrong
        ([incoming(), ringing(), hangup("busy", 3, answered_at=None)], "with a billsec of 3"),
        ([answered(), hangup(billsec=13)], "with a billsec of 13"),
        ([answered(), hangup(billsec=0, answered_at=None)], "with another answered_at than before"),
        ([answered(), hangup(answered_at=T.format(6), billsec=11)], "with another answered_at than before"),
        ([answered(), hangup(started_at=T.format(2))], "with another started_at than before"),
        ([answered(), hangup(direction="outbound")], "with another direction than before"),
        ([answered(), hangup(sip_call_id="sip-2")], "with another sip_call_id than before"),
        ([answered(), updated(held=True), hangup()], "came held, or not"),
        ([answered(), hangup(state="answered")], "in state answered"),
        ([answered(), hangup(ended_at=T.format(2), billsec=0)], "with times out of order"),
        ([again(1, 60_000)], "with such a delay"),
        ([told("call_lost", {"call": call("ended")})], "is no event of the contract"),
        ([told("connected") | {"source": "somebody"}], "has another source"),
        ([told("dtmf", {"call": call("answered")})], "breaks the schema"),
        ([told("unregistered", {"reason": "bored"})], "breaks the schema"),
        ([told("call_answered", {"call": {**call("answered"), "state": "up"}})], "breaks the schema"),
        ([told("response", ok=True)], "without id or ok"),
        ([told("response", id="1", ok=True, error={})], "with an error that does not fit"),
        ([quiet(on=True), incoming(), ringing(), missed()], "while the agent was not to be disturbed"),
        ([quiet(on=True), quiet(on=True)], "for the second time"),
    ],
)
def test_a_broken_log(log: Log, says: str) -> None:
    found = problems(log)
    assert any(says in problem for problem in found), found


def on(page: int, *log: dict[str, Any]) -> Log:
    return [message | {"page": page} for message in log]


UP_AND_TALKING = [READY, UP, IN, incoming(), ringing(), answered()]


def test_a_call_goes_on_over_pages_under_its_uuid() -> None:
    before, after = on(1, *UP_AND_TALKING), on(2, READY, UP, IN, updated(resumed=True), updated("held"))
    assert problems(before + after, {ONE}) == []
    assert problems(before + after + on(3, READY, updated(resumed=True), hangup())) == []
    twice = before + on(2, READY, UP, IN, answered(), hangup())
    assert problems(twice) == ["message 10: call_answered of 11111111 came for the second time"]


def test_an_answered_call_may_not_vanish_with_its_page() -> None:
    log = on(1, *UP_AND_TALKING) + on(2, READY, UP, IN)
    assert len(problems(log)) == 1
    assert problems(log, {ONE}) == []
    assert problems(log, keeps_calls=False) == []


def test_a_call_that_only_rang_dies_with_its_page() -> None:
    assert problems(on(1, incoming(), ringing()) + on(2, READY)) == []
    assert len(problems(on(1, incoming(), ringing()))) == 1


def test_one_that_rings_at_a_frame_put_in_again_rings_once_more_and_ends() -> None:
    rang = on(1, READY, incoming(), ringing())
    assert problems(rang + on(1, READY, incoming(), ringing(), missed())) == []
    assert len(problems(rang + on(1, READY, UP, IN))) == 1, "its parent is still there"
    up = on(1, *UP_AND_TALKING, READY, incoming(), hangup())
    assert "incoming_call of 11111111 came for the second time" in problems(up)[0]


def test_what_is_lost_is_said_once() -> None:
    judge = Judge()
    judge.hear(answered())
    for _ in range(2):
        judge.close({TWO})
    assert len(judge.problems) == 1


def test_every_event_of_the_protocol_has_a_rule() -> None:
    """A new event must be thought of here: as one of a call, of the line, or of neither."""
    assert set(EVENT_TYPES) == {
        *("registered", "unregistered", "connected", "disconnected", "auto_reconnect", "ready"),
        *("incoming_call", "call_ringing", "call_answered", "call_updated", "call_hangup"),
        *("dtmf", "audio_autoplay_blocked", "error", "token_expiring"),
        *("do_not_disturb", "resize", "transfer_requested"),
    }
