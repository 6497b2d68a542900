"""What the call tests say in one line: call, answer, hear, hear nothing, and look at the PBX's wire."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from server.pbx.services.call import Call as PbxCall
from server.pbx.sip.message import Request
from tests.e2e.phone import AUDIBLE, Phone
from tests.e2e.world import World, until

EVENTS = {
    "registered",
    "unregistered",
    "connected",
    "disconnected",
    "incoming_call",
    "call_ringing",
    "call_answered",
    "call_hangup",
    "dtmf",
    "error",
    "auto_reconnect",
    "audio_autoplay_blocked",
}
"""The 12 of contract section 3: what a parent that knows only the documentation looks at."""


def documented(phone: Phone) -> list[str]:
    """The types of the documented events since the mark, in order."""
    return [event["type"] for event in phone.since(*EVENTS)]


def call(phone: Phone, number: str, options: Mapping[str, Any] | None = None) -> str:
    """`phone` calls `number`, which answers; the uuid."""
    phone.send("call", {"number": number} | ({"options": options} if options else {}))
    return str(phone.wait_event("call_answered")["call"]["uuid"])


def ring(caller: Phone, callee: Phone) -> tuple[str, str]:
    """`caller` rings `callee`; the call's uuid at both."""
    caller.send("call", {"number": callee.extension})
    theirs = callee.wait_event("incoming_call")["call"]["uuid"]
    ours = caller.wait_event("call_ringing")["call"]["uuid"]
    return ours, theirs


def talk(caller: Phone, callee: Phone) -> tuple[str, str]:
    """Both are in a call with each other; its uuid at both."""
    ours, theirs = ring(caller, callee)
    callee.send("answer")
    caller.wait_event("call_answered", seconds=20)
    callee.wait_event("call_answered", seconds=20)
    return ours, theirs


def talk_aloud(caller: Phone, callee: Phone) -> tuple[str, str]:
    """As `talk`, and the caller hears the other."""
    ours, theirs = talk(caller, callee)
    caller.wait_audio(ours)
    return ours, theirs


def let_pass(seconds: float, since: float) -> None:
    """Wait until so long after `since` (time.monotonic): for faults that last, not for anything to happen."""
    until(lambda: time.monotonic() - since > seconds, f"{seconds} s", seconds + 15)


def hold_and_unhold(phone: Phone) -> None:
    """Of the one call there is."""
    phone.send("hold")
    until(lambda: phone.state()["calls"][0]["held"], "the hold")
    phone.send("unhold")
    until(lambda: not phone.state()["calls"][0]["held"], "the unhold")


def hangup_of(phone: Phone, seconds: float = 15) -> dict[str, Any]:
    """The `call_hangup`; the phone is idle afterwards and has told its end exactly once."""
    ended = phone.wait_event("call_hangup", seconds=seconds)
    uuid = ended["call"]["uuid"]
    assert ended["call"]["state"] == "ended"
    assert ended["call"]["ended_at"]
    assert ended["billsec"] >= 0
    if ended["call"]["answered_at"] is None:
        assert ended["billsec"] == 0
    assert all(c["uuid"] != uuid for c in phone.state()["calls"])
    told = [e for e in phone.since("call_hangup") if e["payload"]["call"]["uuid"] == uuid]
    assert len(told) == 1, told
    return ended


def wait_silent(phone: Phone, uuid: str, seconds: float = 15) -> None:
    """Packets keep coming in and carry no sound: more than a second of them (the fake microphone beeps every
    half second)."""
    start = phone.stats(uuid)

    def silent() -> bool:
        nonlocal start
        now = phone.stats(uuid)
        if now["audio_energy_received"] - start["audio_energy_received"] > AUDIBLE / 100:
            start = now  # what was still under way; the window begins anew
        return bool(now["packets_received"] - start["packets_received"] >= 60)

    until(silent, f"silence at {phone.extension}", seconds)


def wait_no_packets(phone: Phone, uuid: str, seconds: float = 15) -> None:
    """Nothing comes in, measured by our own outgoing packets: 50 of them are a second."""
    start = phone.stats(uuid)

    def nothing() -> bool:
        nonlocal start
        now = phone.stats(uuid)
        if now["packets_received"] != start["packets_received"]:
            start = now
        return bool(now["packets_sent"] - start["packets_sent"] >= 50)

    until(nothing, f"no packets at {phone.extension}", seconds)


# ---- the PBX's wire


def requests(world: World, method: str, since: int = 0, direction: str = "in") -> list[str]:
    """The requests of this method on the wire since that many messages."""
    return [text for way, text in world.wire[since:] if way == direction and text.startswith(f"{method} ")]


def answers(world: World, method: str, since: int = 0) -> list[str]:
    """What the PBX was answered to requests of this method since that many messages."""
    wanted = re.compile(rf"^CSeq:.*\b{method}\r?$", re.MULTILINE)
    return [
        text
        for way, text in world.wire[since:]
        if way == "in" and text.startswith("SIP/") and wanted.search(text)
    ]


def header(message: str, name: str) -> str | None:
    found = re.search(rf"^{re.escape(name)}:[ \t]*(.*?)\r?$", message, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None


def invites(world: World, since: int = 0) -> set[str]:
    """The Call-IDs of new calls; a re-INVITE is none, and the one answered with a challenge no second."""
    first = [text for text in requests(world, "INVITE", since) if ";tag=" not in (header(text, "To") or "")]
    return {header(text, "Call-ID") or "" for text in first}


class Stranger:
    """Somebody outside who calls an extension through the PBX, played by the PBX itself."""

    def __init__(
        self,
        world: World,
        extension: str,
        number: str = "0987654321",
        name: str = "Khách hàng",
        *,
        sound: str = "tone",
        headers: Mapping[str, str] | None = None,
        at_once: Callable[[Any], None] = lambda call: None,
    ) -> None:
        """`at_once`: done with the PBX's call before anything can come back from the phone."""

        async def begin() -> Any:
            call = await world.pbx.call(extension, number, name, sound, headers)
            at_once(call)
            return call

        self._world = world
        self.call = world.on_loop(begin)

    def do(self, action: str, *args: Any) -> None:
        """Call a method of the PBX's call on the loop it belongs to."""
        self._world.on_loop(lambda: getattr(self.call, action)(*args))

    def wait_for(self, state: str, seconds: float = 15) -> None:
        assert self._world.on_loop(lambda: self.call.wait_for(state, seconds)), (
            f"the stranger's call is {self.call.state} with {self.call.status}, not {state}"
        )


def take_call(phone: Phone, world: World, **stranger: Any) -> tuple[Stranger, str]:
    """Somebody outside calls `phone`, which answers; who it is, and the call's uuid. `stranger`: how one is
    made."""
    customer = Stranger(world, phone.extension, **stranger)
    phone.wait_event("incoming_call")
    phone.send("answer")
    uuid = str(phone.wait_event("call_answered")["call"]["uuid"])
    customer.wait_for("answered")
    return customer, uuid


def let_be_transferred(phone: Phone, number: str) -> None:
    """The other side asks for a transfer to `number`, and the parent of `phone` agrees."""
    told = phone.wait_event("transfer_requested")
    assert told["number"] == number
    assert phone.ask("accept_transfer", {"number": number})["ok"] is True


def refuse_refer(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Strangers and services answer every REFER with this status."""

    async def refuse(call: PbxCall, request: Request, dial: object) -> None:
        call.phone.send(request.reply(status))

    monkeypatch.setattr("server.pbx.services.service_phone.carry_out", refuse)
