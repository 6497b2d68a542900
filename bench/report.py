"""The table, and bench/RESULTS.md around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.metrics import CALLS, SCENARIOS, STARTS, Aim, Metric, Samples, Spread, ratio, reached

HEAD = ("measure", "reference", "ours", "ratio", "aim", "reached")
NAMES = ("full", "quick")
TITLE = "# Bench\n\nWritten by `make bench` and `make bench QUICK=1`; by hand only what each step bought.\n"
HOW = """## How it is measured

Medians, in brackets the least, the most and the number of samples; ratios are of medians.
*Reference*: a plain-JavaScript page that does the same work (`public/bench/reference.js`) with the same
SIP.js bundle and style sheets, served by the same server. Each page in a cross-site frame, in a browser of
its own, reference and ours by turns. *Cold*: a fresh profile; *warm*: the second start of that profile.

- A start is timed from setting the frame's address to the message at the parent, by the parent's clock. First
  paint is the frame's own first-contentful-paint.
- *Click to INVITE* begins before the parent posts `call` and ends at the demo PBX's socket; *INVITE to
  `incoming_call`* begins at that socket.
- *`answer` to first RTP* ends when the PBX has the phone's first RTP packet, decrypted: ICE and DTLS are in
  it. The call has rung for half a second; *at once*: the parent answers as it hears of the call, 2 ms after
  `incoming_call`. No person does, and no aim is meant for it: the phone is still busy ringing then.
- The *first call* of each kind in a phone is kept apart from the later ones (*call*): with the first one the
  browser starts its audio service, and the browser of the page that started sooner is younger then. That
  flatters the slower page, so the first calls have no aims.
- Bytes: what the server had answered over HTTP when `ready` came, headers included. MB = 10^6 bytes.
- Memory: the proportional set size (`Pss`) of the frame's renderer process, one second after `registered`.
- The slow link is a proxy that rations and delays both directions, a new connection included; slow start and
  loss are not imitated. The milliseconds are there and back.
"""


@dataclass(frozen=True)
class Machine:
    """What the numbers were measured on."""

    cores: int
    chromium: str
    date: str
    load: float
    """Load average of the last minute, before the bench began."""

    def __str__(self) -> str:
        return f"{self.date}, {self.cores} cores (load {self.load:.1f} before), {self.chromium}"


def rows(samples: Samples) -> list[tuple[str, ...]]:
    """One per metric and scenario in which anything was measured."""
    found = []
    for scenario in SCENARIOS:
        for metric in (*STARTS, *CALLS):
            ours = samples.spread(scenario, "ours", metric.key)
            reference = samples.spread(scenario, "reference", metric.key)
            if ours or reference:
                found.append(_row(scenario, metric, ours, reference))
    return found


def _row(scenario: str, metric: Metric, ours: Spread | None, reference: Spread | None) -> tuple[str, ...]:
    aim = metric.aims.get(scenario)
    value = ratio(ours, reference)
    return (
        f"{metric.label}, {scenario}",
        _spread(reference, metric.unit),
        _spread(ours, metric.unit),
        "–" if value is None else f"{value:.2f}",
        _aim(aim, metric.unit),
        _reached(aim, ours, reference, metric.unit),
    )


def _spread(spread: Spread | None, unit: str) -> str:
    if spread is None:
        return "–"
    low, middle, high = (_number(x, unit) for x in (spread.least, spread.median, spread.most))
    return f"{middle} {unit} ({low}–{high}, n={spread.count})"


def _number(value: float, unit: str) -> str:
    if unit == "MB":
        return f"{value:.0f}" if value >= 20 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def _aim(aim: Aim | None, unit: str) -> str:
    if aim is None:
        return ""
    if aim.at_most is not None:
        return f"at most {aim.at_most:g} {unit}"
    if aim.slower is not None:
        return f"at most {aim.slower:g} {unit} slower"
    hoped = f", better {aim.hoped:g}" if aim.hoped else ""
    return f"at most {aim.ratio:g}{hoped}"


def _reached(aim: Aim | None, ours: Spread | None, reference: Spread | None, unit: str) -> str:
    if aim is None:
        return ""
    verdict = {True: "yes", False: "**no**", None: "–"}[reached(aim, ours, reference)]
    if aim.slower is not None and ours and reference:
        verdict += f" ({ours.median - reference.median:+.1f} {unit})"
    return verdict


def markdown(table: list[tuple[str, ...]]) -> str:
    lines = [HEAD, tuple("---" for _ in HEAD), *table]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def text(table: list[tuple[str, ...]]) -> str:
    """For a terminal, in columns."""
    lines = [HEAD, *table]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )


def section(machine: Machine, notes: list[str], table: list[tuple[str, ...]]) -> str:
    """What one run of the bench says. `notes`: a sentence each."""
    told = "".join(f"- {note}\n" for note in notes)
    return f"{machine}\n\n{told}\n{markdown(table)}"


def updated(old: str, name: str, content: str) -> str:
    """The text of RESULTS.md with the part of this name replaced.

    The other part, and what stands between the `kept` markers, are taken over from the old text as they are.
    Raises ValueError for a text that has lost a marker: nothing of it may get lost.
    """
    parts = {each: _marked(old, each) if old else "Not measured yet.\n" for each in NAMES}
    kept = _marked(old, "kept") if old else "\n"
    parts[name] = content
    measured = "".join(f"## The {each} run\n\n{_mark(each, parts[each])}\n" for each in NAMES)
    return f"{TITLE}\n{measured}{HOW}\n## What each step bought\n\n{_mark('kept', kept)}"


def _mark(name: str, content: str) -> str:
    return f"<!-- {name}:begin -->\n{content}<!-- {name}:end -->\n"


def _marked(text: str, name: str) -> str:
    found = re.findall(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->\n", text, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"RESULTS.md must have the lines {name}:begin and {name}:end once, as comments")
    return str(found[0])
