"""Ten minutes in which everything happens at once, drawn by chance from a seed.

    ZORIO_SEED=7 pytest -m slow -s tests/e2e/test_random_faults.py

Every call that was announced ends in exactly one `call_hangup`; none that was answered ends before somebody
hangs up; memory is flat. The log of both parents is judged besides, as in all tests.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest

from embed_app.shell.answers import ANSWERS_KEPT
from tests.e2e.crm import plain_browser
from tests.e2e.gate import Gate
from tests.e2e.heap import Heap
from tests.e2e.phone import Phone
from tests.e2e.relay import Relays
from tests.e2e.storm import BACK_WITHIN, Storm, hangups
from tests.e2e.talk import Stranger
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("ZORIO_STORM_SECONDS", "600"))
CALLS = int(os.environ.get("ZORIO_STORM_CALLS", "50"))
WARM = 10
"""Calls until caches are full: from then on nothing may grow."""


class Round:
    """One call, from the first ring to the last `call_hangup`."""

    def __init__(self, storm: Storm) -> None:
        self.storm = storm
        self.stranger: Stranger | None = None

    def play(self) -> None:
        storm = self.storm
        storm.relays.forget()
        storm.one.mark()
        storm.two.mark()
        kind = storm.chance.choice(("out", "in", "in", "service", "stranger"))
        storm.note(f"call {kind}")
        uuids = getattr(self, f"_{kind}")()
        if storm.chance.random() < 0.15:
            storm.note("while it rings:")
            self._strike_while_it_rings()
            return self._let_it_end()
        self._answer(uuids)
        for _ in range(storm.chance.choice((0, 1, 1, 2, 3))):
            storm.strike()
        self._still_talking(uuids)
        self._hang_up(uuids)
        return None

    # ---- who calls whom: the uuid at each phone that has the call

    def _out(self) -> dict[Phone, str]:
        return self._ring(self.storm.one, self.storm.two)

    def _in(self) -> dict[Phone, str]:
        return self._ring(self.storm.two, self.storm.one)

    def _ring(self, caller: Phone, callee: Phone) -> dict[Phone, str]:
        assert caller.ask("call", {"number": callee.extension})["ok"] is True
        uuids = {callee: callee.wait_event("incoming_call")["call"]["uuid"]}
        return uuids | {caller: caller.wait_event("call_ringing")["call"]["uuid"]}

    def _service(self) -> dict[Phone, str]:
        answer = self.storm.one.ask("call", {"number": "*44"})
        return {self.storm.one: answer["payload"]["calls"][0]["uuid"]}

    def _stranger(self) -> dict[Phone, str]:
        self.stranger = Stranger(self.storm.world, self.storm.one.extension)
        return {self.storm.one: self.storm.one.wait_event("incoming_call")["call"]["uuid"]}

    # ---- its life

    def _answer(self, uuids: dict[Phone, str]) -> None:
        for phone, uuid in uuids.items():
            calls = {call["uuid"]: call for call in phone.state()["calls"]}
            if calls[uuid]["direction"] == "inbound":
                phone.send("answer")
        for phone, uuid in uuids.items():
            phone.wait_event("call_answered", seconds=20)
            phone.wait_audio(uuid)

    def _strike_while_it_rings(self) -> None:
        storm = self.storm
        fault = storm.chance.choice((storm.line_is_cut, storm.server_is_away, storm.page_reloads))
        storm.note(fault.__name__)
        fault()

    def _let_it_end(self) -> None:
        """It may have ended, ring on, or ring again under another uuid; then it is declined."""
        self.storm.calm()
        if self.stranger is not None:
            self.stranger.do("bye")
        for phone in (self.storm.two, self.storm.one):
            for call in phone.state()["calls"]:
                phone.ask("hangup", {"call_uuid": call["uuid"]})
        self._nobody_talks()

    def _still_talking(self, uuids: dict[Phone, str]) -> None:
        """Nobody hung up, so the call is there, and both hear each other again."""
        self.storm.calm()
        for phone, uuid in uuids.items():
            assert [call["uuid"] for call in phone.state()["calls"]] == [uuid], hangups(phone).get(uuid)
            until(partial(_talks, phone), "answered", BACK_WITHIN)
            phone.wait_audio(uuid, seconds=BACK_WITHIN)

    def _hang_up(self, uuids: dict[Phone, str]) -> None:
        who = self.storm.chance.choice([*uuids, None] if self.stranger else [*uuids])
        if who is None and self.stranger is not None:
            self.stranger.do("bye")
        elif who is not None:
            who.send("hangup")
        self._nobody_talks()
        for phone, uuid in uuids.items():
            (ended,) = hangups(phone)[uuid]
            assert ended["reason"] == ("local_hangup" if phone is who else "remote_hangup")

    def _nobody_talks(self) -> None:
        for phone in (self.storm.one, self.storm.two):
            until(partial(_is_idle, phone), f"{phone.extension} without calls", BACK_WITHIN)


def _talks(phone: Phone) -> bool:
    return [call["state"] for call in phone.state()["calls"]] == ["answered"]


def _is_idle(phone: Phone) -> bool:
    return not phone.state()["calls"]


@pytest.mark.timeout(1200)
def test_ten_minutes_of_random_faults(
    world: World, gate: Gate, relays: Relays, nobody_at_1003: None, tmp_path: Path
) -> None:
    seed = int(os.environ.get("ZORIO_SEED") or time.time())
    print(f"\nseed {seed}")
    with plain_browser(world, tmp_path) as browser:
        storm = Storm.begin(world, gate, relays, browser, seed)
        fill_answers(storm)
        begun, played = time.monotonic(), 0
        heaps: list[Heap] = []
        try:
            while played < CALLS or time.monotonic() - begun < SECONDS:
                storm.diary.clear()
                Round(storm).play()
                played += 1
                if played == WARM:
                    heaps.append(storm.heap())
            heaps.append(storm.heap())
        except BaseException:
            print(f"seed {seed}, call {played + 1}: {'; '.join(storm.diary)}")
            raise
        finally:
            gate.let_in()
            gate.thaw()
        told = [call for phone in (storm.one, storm.two) for call in hangups(phone).items()]
        everything = [ended for uuid, ended in told if ended or uuid not in storm.went_with_page]
        print(f"{played} calls in {time.monotonic() - begun:.0f} s; {len(everything)} announced")
        print("\n".join(f"{heap}" for heap in heaps))
        assert all(len(ended) == 1 for ended in everything)
        assert_flat(heaps[0], heaps[-1])
        for phone in (storm.one, storm.two):
            phone.assert_unharmed()
            phone.close()


def fill_answers(storm: Storm) -> None:
    """What is kept of answers on purpose is full before anything is measured, each with a call in it."""
    call = Round(storm)
    uuids = call._ring(storm.one, storm.two)
    call._answer(uuids)
    for _ in range(ANSWERS_KEPT):
        assert storm.two.ask("get_state")["payload"]["calls"]
    call._hang_up(uuids)


def assert_flat(before: Heap, after: Heap) -> None:
    """Nothing is kept of a call that is over: two score of them may not show."""
    grown = after.since(before)
    assert after.nodes <= before.nodes * 1.05
    assert after.listeners <= before.listeners + 10
    assert after.js_bytes <= before.js_bytes * 1.10
    assert after.objects <= before.objects * 1.02, grown
    assert after.references <= before.references * 1.02, grown
    assert after.wasm_bytes <= before.wasm_bytes
