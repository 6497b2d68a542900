"""What is started, how often, and in which order."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.errors import BenchError
from bench.link import Speed
from bench.metrics import Samples
from bench.progress import Progress
from bench.session import Calls, Start, run_session
from bench.site import Site, open_site

SLOW = Speed(bits_per_second=10e6, round_trip=0.040)
PAGES = ("reference", "ours")  # A B A B: what the machine does besides meets both


@dataclass(frozen=True)
class Plan:
    """`calls`: of each kind in each phone; `budget`: seconds after which no further run is begun."""

    name: str
    runs: int
    slow_runs: int
    calls: int
    budget: float | None = None

    def sessions(self) -> Iterator[tuple[bool, int, str, str]]:
        """(slow, run, page, "cold" | "warm"), in order."""
        for slow, runs in ((False, self.runs), (True, self.slow_runs)):
            for run in range(1, runs + 1):
                for page in PAGES:
                    for start in ("cold", "warm"):
                        yield slow, run, page, start


FULL = Plan("full", runs=7, slow_runs=3, calls=10)
QUICK = Plan("quick", runs=3, slow_runs=0, calls=2, budget=110)


@dataclass
class Outcome:
    """`failures`: one sentence each; `runs`: whole ones that were made at full speed."""

    plan: Plan
    samples: Samples = field(default_factory=Samples)
    failures: list[str] = field(default_factory=list)
    runs: int = 0


def carry_out(plan: Plan, builds: tuple[Path, Path], work: Path, progress: Progress) -> Outcome:
    """Runs the whole plan. A start that fails is told and counted; it is not tried again."""
    outcome = Outcome(plan)
    began = run_began = time.monotonic()
    with ExitStack() as sites:
        site: Site | None = None
        was_slow = False
        for slow, run, page, start in plan.sessions():
            if page == PAGES[0] and start == "cold":
                took, run_began = time.monotonic() - run_began, time.monotonic()
                if plan.budget and run > 1 and run_began - began + took > plan.budget:
                    break
            if site is None or slow != was_slow:
                sites.close()
                site, was_slow = sites.enter_context(open_site(builds, SLOW if slow else None)), slow
            scenario = f"slow {start}" if slow else start
            progress.next(f"{'slow link, ' if slow else ''}run {run}, {page}, {start}")
            profile = work / f"profile-{page}"
            if start == "cold":
                shutil.rmtree(profile, ignore_errors=True)
            try:
                measured = run_session(site, page, profile, 0 if slow else plan.calls)
            except (BenchError, OSError) as error:
                outcome.failures.append(f"{scenario}, {page}, run {run}: {error}")
            else:
                _add(outcome.samples, scenario, page, *measured)
            if not slow and page == PAGES[-1] and start == "warm":
                outcome.runs = run
    progress.done()
    return outcome


def _add(samples: Samples, scenario: str, page: str, start: Start, calls: Calls) -> None:
    for key, value in asdict(start).items():
        samples.add(scenario, page, key, value)
    for key, values in asdict(calls).items():
        samples.add("first call", page, key, *values[:1])
        samples.add("call", page, key, *values[1:])
