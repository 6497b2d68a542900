"""`python -m bench [--quick]`: measure, print the table, write bench/RESULTS.md."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from bench import chromium, report
from bench.dist import copy_builds
from bench.errors import BenchError
from bench.plan import FULL, QUICK, SLOW, Outcome, carry_out
from bench.progress import Progress
from server.settings import SettingsError, dist_from

RESULTS = Path(__file__).with_name("RESULTS.md")


@click.command(help=__doc__)
@click.option("--quick", is_flag=True, help="In under two minutes: fewer runs, no slow link.")
def main(quick: bool) -> None:
    plan = QUICK if quick else FULL
    old = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    try:
        report.updated(old, plan.name, "")  # a file that cannot be updated shall not cost a whole run
        machine = report.Machine(
            cores=os.cpu_count() or 0,
            chromium=chromium.version(),
            date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            load=os.getloadavg()[0],
        )
        with tempfile.TemporaryDirectory(prefix="zorio-bench-", ignore_cleanup_errors=True) as folder:
            work = Path(folder)
            builds = copy_builds(dist_from(os.environ), work)
            progress = Progress(len(list(plan.sessions())), sys.stderr)
            outcome = carry_out(plan, builds, work, progress)
    except (BenchError, SettingsError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    table = report.rows(outcome.samples)
    notes = _notes(outcome)
    click.echo(f"\n{machine}\n")
    for note in notes:
        click.echo(f"- {note}")
    click.echo(f"\n{report.text(table)}")
    RESULTS.write_text(report.updated(old, plan.name, report.section(machine, notes, table)), "utf-8")
    click.echo(f"Written to {RESULTS}.")
    if outcome.failures:
        raise click.ClickException(f"{len(outcome.failures)} starts failed")


def _notes(outcome: Outcome) -> list[str]:
    plan = outcome.plan
    made = f"{outcome.runs} of {plan.runs} runs, {plan.calls} calls of each kind in every phone"
    slow = f"; slow link: {plan.slow_runs} runs at {SLOW}" if plan.slow_runs else "; no slow link"
    return [made + slow, *(f"failed: {failure}" for failure in outcome.failures)]


if __name__ == "__main__":
    main()
