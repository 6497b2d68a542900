"""What is measured, and what is wanted of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """Of at least one sample."""

    median: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread | None:
        """None when there are no samples."""
        if not samples:
            return None
        return cls(median(samples), min(samples), max(samples), len(samples))


@dataclass(frozen=True)
class Aim:
    """Exactly one of the first three.

    `ratio`: ours / reference at most; `slower`: ours - reference at most; `at_most`: ours alone.
    `hoped`: the ratio that is better still.
    """

    ratio: float | None = None
    slower: float | None = None
    at_most: float | None = None
    hoped: float | None = None


@dataclass(frozen=True)
class Metric:
    """`key` is what a session calls it; `aims` by scenario; `unit` ms, s, MB."""

    key: str
    label: str
    unit: str
    aims: dict[str, Aim]


_PAINT = Aim(ratio=1.2)
_READY = Aim(ratio=5, hoped=3)
_REGISTERED = Aim(ratio=4, hoped=2.5)
_CALL = Aim(slower=5)

STARTS = (
    Metric("paint", "first paint", "ms", {"cold": _PAINT, "warm": _PAINT}),
    Metric("ready", "`ready`", "ms", {"cold": _READY, "warm": _READY, "slow cold": Aim(at_most=4500)}),
    Metric("registered", "`registered`", "ms", {"cold": _REGISTERED, "warm": _REGISTERED}),
    Metric("bytes", "bytes before `ready`", "MB", {"cold": Aim(at_most=5.5), "slow cold": Aim(at_most=5.5)}),
    Metric("memory", "renderer memory", "MB", {}),
)
CALLS = (
    Metric("click", "click to INVITE on the wire", "ms", {"call": _CALL}),
    Metric("incoming", "INVITE on the wire to `incoming_call`", "ms", {"call": _CALL}),
    Metric("answer", "`answer` to first RTP", "ms", {"call": _CALL}),
    Metric("at_once", "`answer` at once to first RTP", "ms", {}),
)
SCENARIOS = ("cold", "warm", "slow cold", "slow warm", "first call", "call")
"""The first call of a phone is kept apart and has no aims: the browser starts its audio service with it, and
the browser of the page that started sooner is younger then, which flatters the slower page."""


class Samples:
    """Every value measured, by scenario, metric and page ("ours", "reference")."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str, str], list[float]] = {}

    def add(self, scenario: str, page: str, key: str, *values: float) -> None:
        self._values.setdefault((scenario, page, key), []).extend(values)

    def spread(self, scenario: str, page: str, key: str) -> Spread | None:
        return Spread.of(self._values.get((scenario, page, key), []))


def ratio(ours: Spread | None, reference: Spread | None) -> float | None:
    """Of the medians; None where one is missing or the reference is 0."""
    if ours is None or reference is None or reference.median == 0:
        return None
    return ours.median / reference.median


def reached(aim: Aim, ours: Spread | None, reference: Spread | None) -> bool | None:
    """Whether the medians reach the aim; None where they do not tell."""
    if ours is None:
        return None
    if aim.at_most is not None:
        return ours.median <= aim.at_most
    if reference is None:
        return None
    if aim.slower is not None:
        return ours.median - reference.median <= aim.slower
    value = ratio(ours, reference)
    return None if value is None or aim.ratio is None else value <= aim.ratio
