"""The line that tells how far it is."""

import io

from bench.plan import FULL, QUICK
from bench.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_says_how_many_what_and_how_long_still() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(12, out, clock)
    progress.next("run 1, reference, cold")
    clock.now += 5
    progress.next("run 1, ours, cold")
    clock.now += 5
    progress.next("run 2, reference, cold")
    clock.now += 100
    progress.next("run 2, ours, cold")
    progress.done()
    assert out.getvalue().splitlines() == [
        "[ 1/12] run 1, reference, cold",
        "[ 2/12] run 1, ours, cold, about 55 s left",
        "[ 3/12] run 2, reference, cold, about 50 s left",
        "[ 4/12] run 2, ours, cold, about 6 min left",
        "measured in 1 min 50 s",
    ]


def test_on_a_terminal_it_is_one_line_that_changes() -> None:
    out = Terminal()
    progress = Progress(2, out, Clock())
    progress.next("first")
    progress.next("second")
    progress.done()
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().count("\r\x1b[K") == 3


def test_the_pages_take_turns() -> None:
    steps = list(FULL.sessions())
    assert [(page, start) for _, _, page, start in steps[:4]] == [
        ("reference", "cold"),
        ("reference", "warm"),
        ("ours", "cold"),
        ("ours", "warm"),
    ]
    assert len(steps) == (FULL.runs + FULL.slow_runs) * 4


def test_a_full_bench_is_what_was_asked_for() -> None:
    assert FULL.runs >= 7
    assert FULL.slow_runs >= 1
    assert QUICK.budget is not None
    assert QUICK.budget < 120
