"""One start of one page in a cross-site frame, and the calls of the phone that came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.chromium import Chromium, Target, open_chromium, wait
from bench.memory import frame_memory
from bench.site import EXTENSION, PATHS, Site

SETTLE = 1.0
"""Seconds a new browser, and a new phone, are left alone: what they do by themselves is not the page's."""
RINGS = 0.5
"""Seconds a call rings before it is answered: nobody is quicker, and `incoming_call` has been dealt with."""
PATIENCE_MS = 60_000
PAINTED = """new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("the frame was not painted")), 10_000);
  new PerformanceObserver((list) => {
    const [entry] = list.getEntriesByName("first-contentful-paint");
    if (entry) resolve(performance.timeOrigin + entry.startTime);
  }).observe({ type: "paint", buffered: true });
})"""
UNANSWERED = "*47"
"""The demo PBX's number that rings and is never answered."""


@dataclass(frozen=True)
class Start:
    """ms from setting the frame's address, by the parent's clock; MB = 10^6 bytes."""

    paint: float
    ready: float
    registered: float
    bytes: float
    memory: float


@dataclass
class Calls:
    """ms, one value per call."""

    click: list[float] = field(default_factory=list)
    incoming: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    at_once: list[float] = field(default_factory=list)
    """As `answer`, by a parent that answers as soon as it hears of the call."""


def run_session(site: Site, page: str, profile: Path, calls: int) -> tuple[Start, Calls]:
    """A browser start with this profile. `calls`: how many of each kind. Raises BenchError."""
    with open_chromium(profile) as browser:
        parent = browser.open_page(site.parent)
        time.sleep(SETTLE)
        start = _start(site, page, browser, parent)
        made = Calls()
        for _ in range(calls):
            _call_out(site, parent, made)
            _call_in(site, parent, made, made.answer, RINGS)
            _call_in(site, parent, made, made.at_once, 0)
    wait(lambda: not site.demo.pbx.connections, "the phone's WebSocket to close")
    return start, made


def _start(site: Site, page: str, browser: Chromium, parent: Target) -> Start:
    began: float = parent.call("embed", site.frame(page))
    registered = _heard(parent, "registered", began)
    ready = _heard(parent, "ready", began)
    frame = browser.attach_frame(PATHS[page])
    painted: float = frame.evaluate(PAINTED)
    time.sleep(SETTLE)
    return Start(
        paint=painted - began,
        ready=ready - began,
        registered=registered - began,
        bytes=site.bytes_until(began, ready) / 1e6,
        memory=frame_memory(browser, frame),
    )


def _call_out(site: Site, parent: Target, made: Calls) -> None:
    """A click in the CRM until the PBX has the INVITE."""
    clicked: float = parent.call("tell", "call", {"number": UNANSWERED})
    made.click.append(site.invite_after("in", clicked) - clicked)
    _heard(parent, "call_ringing", clicked)
    _hang_up(parent)


def _call_in(site: Site, parent: Target, made: Calls, answers: list[float], rings: float) -> None:
    """The PBX's INVITE until the CRM knows; the CRM's `answer`, `rings` seconds later, until the PBX hears
    something: to `answers`."""
    before: float = parent.evaluate("clock()")
    site.call_phone()
    sent = site.invite_after("out", before)
    made.incoming.append(_heard(parent, "incoming_call", before) - sent)
    time.sleep(rings)
    site.rtp_at = None
    answered: float = parent.call("tell", "answer")
    wait(lambda: site.rtp_at, f"audio from {EXTENSION}")
    answers.append((site.rtp_at or 0.0) - answered)
    _heard(parent, "call_answered", answered)
    _hang_up(parent)


def _hang_up(parent: Target) -> None:
    hung_up: float = parent.call("tell", "hangup")
    _heard(parent, "call_hangup", hung_up)


def _heard(parent: Target, type: str, since: float) -> float:
    """When the parent got the first message of this type; waits for it."""
    return float(parent.evaluate(f"hear({type!r}, {since}, {PATIENCE_MS}).then(({{at}}) => at)"))
