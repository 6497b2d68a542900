"""Every state of a call's sound x everything that may happen to it, against a table written from the contract
and from the RFCs that the modules of `core/media` name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

import embed_app
from embed_app.core.call.messages import DialogKnown, HoldChanged, HoldRequested
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import Pong, RegisterAccepted, WentOffline, WentOnline
from embed_app.core.media import machine
from embed_app.core.media.machine import RESTARTS, TABLE
from embed_app.core.media.messages import IceRestarted, IceRestartFailed
from embed_app.core.media.sampling import STOPPED_AFTER
from embed_app.core.media.values import Flowing, SoundState, Unproven
from embed_app.core.timers import Timer, TimerKind
from tests.core.driver import CALL, DIALOG, Driver, answered_outbound, dial, registered
from tests.core.wire import Wire, media, talking

World = tuple[Driver, Wire]


def seen(driver: Driver) -> str:
    """The state of the sound, what a silence means in it, and where the ICE restart stands, as one text."""
    if not driver.phone.live_calls:
        return f"ended {driver.reasons()[-1]}"
    watch = driver.call.media
    silence = f" {watch.state.silence}" if isinstance(watch.state, Flowing | Unproven) else ""
    return f"{type(watch.state).__name__}{silence}, {watch.restart}"


# ---- the states


def not_watched() -> World:
    driver = registered()
    driver.send(dial())
    return driver, Wire(driver)


def answered() -> World:
    """Neither connected nor heard yet."""
    driver = answered_outbound()
    return driver, Wire(driver)


def unproven() -> World:
    """The far end's reports go on, so it is there and sends nothing."""
    driver, wire = talking()
    wire.second(report=True)
    wire.quiet(2)
    wire.second(received=0, report=True)
    wire.quiet(STOPPED_AFTER)
    return driver, wire


def lost_though_connected() -> World:
    driver, wire = talking()
    wire.quiet(STOPPED_AFTER)
    return driver, wire


def search_ended() -> World:
    driver, wire = lost_though_connected()
    driver.send(IceRestarted(call_uuid=CALL))
    wire.quiet(STOPPED_AFTER)
    return driver, wire


def flowing_after_silence() -> World:
    driver, wire = search_ended()
    wire.second()
    return driver, wire


def interrupted() -> World:
    driver, wire = talking()
    media(driver, "disconnected")
    return driver, wire


def lost() -> World:
    driver, wire = talking()
    media(driver, "failed")
    return driver, wire


def found_again() -> World:
    """Connected, and no packet was counted yet."""
    driver, wire = lost()
    wire.quiet(1)
    driver.send(IceRestarted(call_uuid=CALL))
    media(driver, "connected")
    return driver, wire


def connected_again() -> World:
    """Before anybody was told that it was not, and no packet was counted yet."""
    driver, wire = interrupted()
    wire.quiet(1)
    media(driver, "connected")
    return driver, wire


def refused_though_connected() -> World:
    driver, wire = lost_though_connected()
    driver.send(IceRestartFailed(call_uuid=CALL, status=488))
    return driver, wire


def on_another_network() -> World:
    driver, wire = talking()
    driver.send(WentOffline())
    driver.send(WentOnline())
    return driver, wire


def restarting_for_the_network() -> World:
    driver, wire = on_another_network()
    driver.send(Pong(crlf=True))
    return driver, wire


STATES: Mapping[str, tuple[Callable[[], World], str]] = {
    "not watched": (not_watched, "NotWatched, none"),
    "answered": (answered, "Flowing loss, none"),
    "flowing": (talking, "Flowing loss, none"),
    "flowing after silence": (flowing_after_silence, "Flowing expected, none"),
    "unproven": (unproven, "Unproven loss, none"),
    "search ended": (search_ended, "Unproven expected, none"),
    "interrupted": (interrupted, "Interrupted, none"),
    "connected again": (connected_again, "Interrupted, none"),
    "lost": (lost, "Lost, under_way"),
    "lost though connected": (lost_though_connected, "Lost, owed_under_way"),
    "refused though connected": (refused_though_connected, "Lost, owed"),
    "found again": (found_again, "Lost, none"),
    "on another network": (on_another_network, "Flowing loss, owed"),
    "restarting for the network": (restarting_for_the_network, "Flowing loss, owed_under_way"),
}

# ---- the events


def fired(kind: TimerKind) -> Callable[[Driver, Wire], object]:
    """One that does not run cannot fire."""
    timer = Timer(kind, CALL)
    return lambda driver, _wire: driver.fire(timer) if timer in driver.timers else None


def sampled(samples: int, received: int) -> Callable[[Driver, Wire], object]:
    def happen(driver: Driver, wire: Wire) -> None:
        for _ in range(samples):
            if Timer(TimerKind.SAMPLE, CALL) in driver.timers:
                wire.second(received=received)

    return happen


def packets_and_a_report(driver: Driver, wire: Wire) -> None:
    if Timer(TimerKind.SAMPLE, CALL) in driver.timers:
        wire.second()
        wire.second(report=True)


def reports_without_packets(driver: Driver, wire: Wire) -> None:
    if Timer(TimerKind.SAMPLE, CALL) in driver.timers:
        wire.quiet(2)
        wire.second(received=0, report=True)
        while driver.call.media.counts.silent_samples < STOPPED_AFTER:
            wire.quiet(1)


def far_end_replaced(driver: Driver, _wire: Wire) -> None:
    """Its page took the call back (RFC 3891), or it gave us to another party."""
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(DialogKnown(call_uuid=CALL, dialog=replace(DIALOG, sip_call_id="dialog-2")))


def refused(status: int) -> Callable[[Driver, Wire], object]:
    return lambda driver, _wire: driver.send(IceRestartFailed(call_uuid=CALL, status=status))


def connection(state: str) -> Callable[[Driver, Wire], object]:
    return lambda driver, _wire: media(driver, state)


def network_changed(driver: Driver, _wire: Wire) -> None:
    driver.send(WentOffline())
    driver.send(WentOnline())


def held_then_sampled(driver: Driver, wire: Wire) -> None:
    if driver.call.state is CallState.ANSWERED:
        driver.send(HoldRequested())
        driver.send(HoldChanged(call_uuid=CALL, held=True))
        for _ in range(2 * STOPPED_AFTER):
            wire.second(received=0, direction="sendonly")


def held_and_taken_back(driver: Driver, wire: Wire) -> None:
    held_then_sampled(driver, wire)
    driver.send(HoldChanged(call_uuid=CALL, held=False))
    sampled(STOPPED_AFTER - 1, 0)(driver, wire)


EVENTS: Mapping[str, Callable[[Driver, Wire], object]] = {
    "packets": sampled(1, 50),
    "packets and a report": packets_and_a_report,
    "no packet": sampled(1, 0),
    "no packet for 5 s": sampled(STOPPED_AFTER, 0),
    "reports without packets": reports_without_packets,
    "connected": connection("connected"),
    "disconnected": connection("disconnected"),
    "failed": connection("failed"),
    "peer closed": connection("peer_closed"),
    "patience ends": fired(TimerKind.ICE_RESTART),
    "restart accepted": lambda driver, _wire: driver.send(IceRestarted(call_uuid=CALL)),
    "restart refused 481": refused(481),
    "restart refused 488": refused(488),
    "restart refused 491": refused(491),
    "network changed": network_changed,
    "socket alive": lambda driver, _wire: driver.send(Pong(crlf=True)),
    "registered": lambda driver, _wire: driver.send(RegisterAccepted()),
    "28 s are over": fired(TimerKind.MEDIA_LOST),
    "8 s after the answer": fired(TimerKind.NO_AUDIO),
    "far end replaced": far_end_replaced,
    "held": held_then_sampled,
    "held and taken back": held_and_taken_back,
}

# ---- what follows

BROKEN = {
    "disconnected": "Interrupted, none",
    "failed": "Lost, under_way",
    "peer closed": "Interrupted, none",
}
"""While nothing is out: a failed connection is mended at once, the others get some seconds."""
BROKEN_WITH_A_RESTART_OWED = {
    "disconnected": "Interrupted, owed",
    "failed": "Lost, owed_under_way",
    "peer closed": "Interrupted, owed",
}
PACKETS = ("packets", "packets and a report")
HELD = ("held", "held and taken back")
"""On hold only our own packets are waited for."""
REFUSED = ("restart refused 481", "restart refused 488", "restart refused 491")

EXPECTED: Mapping[str, Mapping[str, str]] = {
    "not watched": {},
    "answered": {
        **BROKEN,
        "network changed": "Flowing loss, owed",
        "8 s after the answer": "Lost, none",
    },
    "flowing": {
        **BROKEN,
        "no packet for 5 s": "Lost, owed_under_way",
        "reports without packets": "Unproven loss, none",
        "network changed": "Flowing loss, owed",
    },
    "flowing after silence": {
        **BROKEN,
        "no packet for 5 s": "Unproven expected, none",
        "reports without packets": "Unproven expected, none",
        "network changed": "Flowing loss, owed",
    },
    "unproven": {
        **BROKEN,
        "packets and a report": "Flowing loss, none",
        "network changed": "Unproven loss, owed",
    },
    "search ended": {
        **BROKEN,
        **dict.fromkeys((*PACKETS, *HELD), "Flowing expected, none"),
        "network changed": "Unproven loss, owed",
    },
    "interrupted": {
        "failed": "Lost, under_way",
        "patience ends": "Lost, under_way",
        "network changed": "Interrupted, owed",
        "28 s are over": "ended media_lost",
    },
    "connected again": {
        **dict.fromkeys((*PACKETS, *HELD), "Flowing loss, none"),
        "no packet for 5 s": "Lost, owed_under_way",
        "reports without packets": "Unproven loss, none",
        "failed": "Lost, under_way",
        "network changed": "Interrupted, owed",
        "28 s are over": "Unproven expected, none",
    },
    "lost": {
        **dict.fromkeys(("restart accepted", *REFUSED, "far end replaced"), "Lost, none"),
        "network changed": "Lost, owed_under_way",
        "28 s are over": "ended media_lost",
    },
    "lost though connected": {
        **dict.fromkeys(("packets and a report", *HELD), "Flowing loss, owed_under_way"),
        "reports without packets": "Unproven loss, owed_under_way",
        "restart accepted": "Lost, none",
        **dict.fromkeys(REFUSED, "Lost, owed"),
        "28 s are over": "Unproven expected, under_way",
        "far end replaced": "Lost, none",
    },
    "refused though connected": {
        **dict.fromkeys(("packets and a report", *HELD), "Flowing loss, owed"),
        "reports without packets": "Unproven loss, owed",
        **dict.fromkeys(("failed", "patience ends", "socket alive", "registered"), "Lost, owed_under_way"),
        "28 s are over": "Unproven expected, none",
        "far end replaced": "Lost, none",
    },
    "found again": {
        **dict.fromkeys((*PACKETS, *HELD), "Flowing loss, none"),
        "no packet for 5 s": "Unproven expected, none",
        "reports without packets": "Unproven loss, none",
        "failed": "Lost, under_way",
        "network changed": "Lost, owed",
        "28 s are over": "Unproven expected, none",
    },
    "on another network": {
        **BROKEN_WITH_A_RESTART_OWED,
        "no packet for 5 s": "Lost, owed_under_way",
        "reports without packets": "Unproven loss, owed",
        **dict.fromkeys(("socket alive", "registered"), "Flowing loss, owed_under_way"),
        "far end replaced": "Flowing loss, none",
    },
    "restarting for the network": {
        "disconnected": "Interrupted, owed_under_way",
        "failed": "Lost, owed_under_way",
        "peer closed": "Interrupted, owed_under_way",
        "no packet for 5 s": "Lost, owed_under_way",
        "reports without packets": "Unproven loss, owed_under_way",
        **dict.fromkeys(("restart accepted", "far end replaced"), "Flowing loss, none"),
        **dict.fromkeys(REFUSED, "Flowing loss, owed"),
    },
}
"""What is not here leaves the state of the sound and of the restart as they are."""
CASES = [(state, event) for state in STATES for event in EVENTS]


def follows(state: str, event: str) -> str:
    driver, wire = STATES[state][0]()
    EVENTS[event](driver, wire)
    return seen(driver)


def expected(state: str, event: str) -> str:
    return EXPECTED[state].get(event, STATES[state][1])


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_the_one_its_name_says(state: str) -> None:
    make, name = STATES[state]
    assert seen(make()[0]) == name


@pytest.mark.parametrize(("state", "event"), CASES)
def test_each_state_and_each_event(state: str, event: str) -> None:
    assert follows(state, event) == expected(state, event)


def test_the_table_of_this_test_names_what_there_is() -> None:
    assert EXPECTED.keys() == STATES.keys()
    assert {event for events in EXPECTED.values() for event in events} <= EVENTS.keys()


# ---- the tables decide


class Used(dict[Any, Any]):
    """A transition table that remembers the rows that were asked for."""

    def __init__(self, rows: Mapping[Any, Any]) -> None:
        super().__init__(rows)
        self.rows: set[Any] = set()

    def get(self, row: Any, default: Any = None) -> Any:
        self.rows.add(row)
        return super().get(row, default)


@pytest.mark.parametrize(("name", "table"), [("TABLE", TABLE), ("RESTARTS", RESTARTS)])
def test_without_a_row_or_with_another_target_it_shows(
    name: str, table: Mapping[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next state comes from the tables and from nowhere else."""
    used: dict[Any, list[tuple[str, str]]] = {row: [] for row in table}
    for case in CASES:
        watched = Used(table)
        monkeypatch.setattr(machine, name, watched)
        follows(*case)
        for row in watched.rows & used.keys():
            used[row].append(case)
    for row, cases in used.items():
        others = [target for target in dict.fromkeys(table.values()) if target is not table[row]]
        for changed in ({**table, row: other} for other in others):
            monkeypatch.setattr(machine, name, changed)
            assert any(follows(*case) != expected(*case) for case in cases), (row, changed[row])
        monkeypatch.setattr(machine, name, {key: table[key] for key in table if key != row})
        assert any(follows(*case) != expected(*case) for case in cases), row


@pytest.mark.parametrize("state", get_args(SoundState))
def test_each_state_says_what_is_true_in_it_and_what_ends_it(state: type) -> None:
    assert "Ended " in (state.__doc__ or "")


def test_nobody_else_builds_a_state() -> None:
    names = {kind.__name__ for kind in get_args(SoundState)}
    root = Path(embed_app.__file__).parent
    builders = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }
    # `MediaWatch` begins as NotWatched.
    assert builders == {"core/media/machine.py", "core/media/values.py"}
