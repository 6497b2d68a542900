"""Two phones in a storm: what can happen to their line, their sound and their pages, drawn by chance.

`one` lives behind the gate in a CRM page that is reloaded; `two` has its own line and its page stays.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from playwright.sync_api import Browser

from server.api.history import MOST_AT_ONCE
from server.customers.history import MOST_CALLS
from tests.e2e.crm import navigate_parent, open_crm, reload_frame, reload_parent, renew_token
from tests.e2e.gate import Gate, use_urls
from tests.e2e.heap import Heap, heap_of
from tests.e2e.phone import Phone
from tests.e2e.relay import Relays
from tests.e2e.world import World, until

BACK_WITHIN = 40.0
"""Seconds for whatever it was to be over: media is given up after 30."""


@dataclass
class Storm:
    world: World
    gate: Gate
    relays: Relays
    chance: random.Random
    one: Phone
    two: Phone
    diary: list[str] = field(default_factory=list)
    """What was done, for the one who looks for the reason."""
    went_with_page: set[str] = field(default_factory=set)
    """Calls that we had dialled when their page was reloaded: the parent that would hear it is gone."""

    @classmethod
    def begin(cls, world: World, gate: Gate, relays: Relays, browser: Browser, seed: int) -> Storm:
        fill_history(world, "1004")
        two = open_crm(world, "1004", browser)
        with use_urls(world, gate.url):
            one = open_crm(world, "1003", browser)
        return cls(world, gate, relays, random.Random(seed), one, two)

    def note(self, what: str) -> None:
        self.diary.append(what)

    def wait(self, least: float, most: float) -> None:
        """A span of time drawn by chance, in which the phones' events come in."""
        self.one.page.wait_for_timeout(self.chance.uniform(least, most) * 1000)

    def heap(self) -> Heap:
        """Of `two`, once SIP has forgotten the last call: transactions live for 32 s (RFC 6026, timer L)."""
        self.two.page.wait_for_timeout(36_000)
        return heap_of(self.two)

    # ---- faults that an answered call survives

    def line_is_cut(self) -> None:
        self.gate.cut()

    def server_is_away(self) -> None:
        self.gate.refuse()
        self.gate.cut()
        self.wait(0.3, 2.5)
        self.gate.let_in()

    def server_is_silent(self) -> None:
        self.gate.freeze()
        self.wait(1, 5)
        self.gate.thaw()

    def far_line_is_cut(self) -> None:
        for phone in self.world.on_loop(lambda: self.world.pbx._proxy._locations.phones("1004")):
            phone.flow.drop()

    def network_is_off(self) -> None:
        self.one.context.set_offline(True)
        self.wait(0.5, 4)
        self.one.context.set_offline(False)

    def sound_stops(self) -> None:
        self.relays.down = True
        self.wait(0.5, 5)
        self.relays.mend()

    def packets_are_lost(self) -> None:
        self.relays.loss = self.chance.uniform(0.05, 0.3)
        self.wait(1, 3)
        self.relays.mend()

    def paths_break(self) -> None:
        self.relays.break_paths()

    def page_reloads(self) -> None:
        with use_urls(self.world, self.gate.url):
            renew_token(self.world, self.one)
            how = self.chance.choice((reload_parent, navigate_parent, reload_frame))
            self.note(f"by {how.__name__}")
            if how is not reload_frame:
                calls = self.one.state()["calls"]
                dialled = [
                    call for call in calls if call["direction"] == "outbound" and not call["answered_at"]
                ]
                self.went_with_page.update(call["uuid"] for call in dialled)
            self.one.mark()
            how(self.one)
            self.one.wait_event("registered", seconds=BACK_WITHIN)

    def frame_is_put_in_again(self) -> None:
        with use_urls(self.world, self.gate.url):
            self.one.mark()
            self.one.page.evaluate("take_out()")
            self.wait(0.0, 1.0)
            self.one.page.evaluate("put_in()")
            self.one.wait_event("registered", seconds=BACK_WITHIN)

    def parent_talks_nonsense(self) -> None:
        self.one.page.evaluate(
            """(n) => {
                for (let i = 0; i < n; i++) tell({source: "zorio-webphone", type: "x" + i, payload: i});
            }""",
            self.chance.randrange(1, 80),
        )

    def token_is_renewed(self) -> None:
        user = self.chance.choice((self.one.extension, "1001"))  # the second is refused
        self.one.send("refresh_token", {"token": self.world.token(user)})

    # ---- what people do meanwhile

    def hold_and_back(self) -> None:
        self.calm()  # a phone without its line refuses to hold
        who = self.chance.choice((self.one, self.two))
        for command, held in (("hold", True), ("unhold", False)):
            who.send(command)
            until(partial(_is_held, who, held), command, BACK_WITHIN)

    def mute_and_back(self) -> None:
        who = self.chance.choice((self.one, self.two))
        for command in ("mute", "unmute"):
            who.send(command)
            self.wait(0.1, 0.5)

    def digits(self) -> None:
        who = self.chance.choice((self.one, self.two))
        who.send("send_dtmf", {"digits": str(self.chance.randrange(10_000))})

    def faults(self) -> tuple[Callable[[], None], ...]:
        return (
            self.line_is_cut,
            self.server_is_away,
            self.server_is_silent,
            self.far_line_is_cut,
            self.network_is_off,
            self.sound_stops,
            self.packets_are_lost,
            self.paths_break,
            self.page_reloads,
            self.frame_is_put_in_again,
            self.parent_talks_nonsense,
            self.token_is_renewed,
            self.hold_and_back,
            self.mute_and_back,
            self.digits,
        )

    def strike(self) -> str:
        """One of them; its name."""
        fault = self.chance.choice(self.faults())
        self.note(fault.__name__)
        fault()
        return fault.__name__

    def calm(self) -> None:
        """Everything is as it should be again, and both phones are registered."""
        self.gate.thaw()
        self.relays.mend()
        for phone in (self.one, self.two):
            until(partial(_is_registered, phone), f"{phone.extension} registered", BACK_WITHIN)


def fill_history(world: World, extension: str) -> None:
    """With as many calls as are kept, so that a phone which loads it has no more of them later."""
    with httpx.Client(base_url=world.phone_origin) as client:
        token = {"Authorization": f"Bearer {world.token(extension)}"}
        config = client.get("/api/webphone/sip-config", headers=token).json()["data"]
        ticket = {"Authorization": f"Bearer {config['memory']['ticket']}"}
        now = int(time.time())
        call = {
            "direction": "inbound",
            "number": "1003",
            "name": "Trần Thị Bình",
            "started_at": now,
            "answered_at": now,
            "ended_at": now,
            "reason": "remote_hangup",
        }
        for first in range(0, MOST_CALLS, MOST_AT_ONCE):
            numbers = range(first, first + MOST_AT_ONCE)
            calls = [call | {"uuid": f"00000000-0000-4000-8000-{number:012}"} for number in numbers]
            client.post("/api/webphone/memory", headers=ticket, json={"calls": calls}).raise_for_status()


def _is_registered(phone: Phone) -> bool:
    return bool(phone.state()["state"] == "registered")


def _is_held(phone: Phone, held: bool) -> bool:
    """Or has no call to hold: one that the far end of a service does not know, say."""
    return all(call["held"] is held for call in phone.state()["calls"])


def hangups(phone: Phone) -> dict[str, list[dict[str, Any]]]:
    """uuid -> the call_hangup events of every call that was ever announced to this phone's parent."""
    told: dict[str, list[dict[str, Any]]] = {}
    for message in phone.log.messages:
        call = (message.get("payload") or {}).get("call")
        if call is not None:
            told.setdefault(call["uuid"], [])
            if message["type"] == "call_hangup":
                told[call["uuid"]].append(message["payload"])
    return told
