"""The memory of the process that renders the frame.

The measure is its proportional set size (Linux, /proc/<pid>/smaps_rollup, `Pss`): everything private, plus
its share of what it has in common with other processes. CDP does not tell which process renders which frame,
so the frame is kept busy for a moment after the memory of every renderer was read: it is the one that worked.
"""

from __future__ import annotations

import re
from pathlib import Path

from bench.chromium import Chromium, Target
from bench.errors import BenchError

BUSY_MS = 300
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def frame_memory(browser: Chromium, frame: Target) -> float:
    """MB (10^6 bytes) of the frame's renderer. Raises BenchError."""
    memory = {pid: pss(pid) for pid in browser.renderers()}
    before = browser.renderers()
    frame.evaluate(f"{{ const end = performance.now() + {BUSY_MS}; while (performance.now() < end); }}")
    after = browser.renderers()
    worked = {pid: after[pid] - before[pid] for pid in memory if pid in before and pid in after}
    if not worked:
        raise BenchError("Chromium names no renderer process")
    return memory[max(worked, key=worked.__getitem__)]


def pss(pid: int) -> float:
    """MB. Raises BenchError where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError as error:
        raise BenchError(f"the memory of a process is not told: {error.strerror}") from error
    found = _PSS.search(text)
    if found is None:
        raise BenchError("smaps_rollup has no Pss")
    return int(found[1]) * 1024 / 1e6
