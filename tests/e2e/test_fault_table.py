"""The table at the end of `make test-all`: a fault that was not seen to be survived does not count."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.settings import PROJECT
from tests.e2e import faults
from tests.e2e.faults import FAULTS, table

pytest_plugins = "pytester"

Run = Callable[[str], str]


def line(fault: int, injected: str = "x", on: str = "", **more: Any) -> str:
    plain = {"expected": "e", "what": "s", "gap_ms": None, "survived": True}
    row = {"fault": fault, "injected": injected, **plain, **more}
    return json.dumps({"test": f"test_fault_{fault:02}_{injected}", "on": on, "rows": [row]})


def skip(fault: int, injected: str = "x", on: str = "") -> str:
    skipped = {"fault": fault, "why": "no namespaces"}
    return json.dumps({"test": f"test_fault_{fault:02}_{injected}", "on": on, "skipped": skipped})


def test_the_newest_run_of_each_test_counts() -> None:
    told = table([line(7, survived=False), line(7), line(2, gap_ms=312.4)])
    lines = told.splitlines()
    assert [line[1:4].strip() for line in lines[1:3]] == ["2", "7"]
    assert lines[1].endswith("312")
    assert "2 of 45 survived." in lines
    assert "Not survived" not in told


def test_a_fault_is_survived_only_in_every_way_it_was_injected() -> None:
    told = table([line(8, "403"), line(8, "503", survived=False)])
    assert "0 of 45 survived." in told
    assert "Not survived: 8." in told
    assert "Not survived: 8." in table([line(8, survived=False), line(8, on="PostgreSQL")])


def test_what_was_not_injected_is_named() -> None:
    told = table([line(1)])
    assert "Not run: 2, 3, 4" in told
    assert "Not injected: Redis down (of 23), because the product has none" in told


def test_a_skipped_test_is_named_and_its_fault_not_counted() -> None:
    told = table([line(12, "relays"), skip(12, "wifi")])
    assert "0 of 45 survived." in told
    assert "Skipped, so 12 is not counted: test_fault_12_wifi, no namespaces." in told
    assert "1 of 45 survived." in table([skip(23), line(23, on="PostgreSQL"), skip(23)])


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the body of a test of fault 7; the table of it."""
    monkeypatch.setattr(faults, "REPORT", tmp_path / "var" / "faults.jsonl")

    def run(body: str) -> str:
        head = "import pytest\nfrom tests.e2e.faults import fault\n"
        pytester.makepyfile(f"{head}{body}")
        pytester.inline_run("-p", "tests.e2e.faults", "-p", "no:cacheprovider")
        return table(faults.REPORT.read_text(encoding="utf-8").splitlines())

    return run


def test_what_was_seen_is_in_the_row(run: Run) -> None:
    told = run("def test_fault_07_x():\n with fault(7, 'i', 'e') as row: row.seen('after 3 s', 12.6)")
    assert re.search(r"^   7 \| i +\| e +\| after 3 s +\| +13$", told, re.MULTILINE)
    assert "1 of 45 survived." in told


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("def test_fault_07_x():\n with fault(7, 'i', 'e'): pass", "AssertionError: nothing was said"),
        ("def test_fault_07_x():\n with fault(7, 'i', 'e') as row: row.seen('e')", "says what was expected"),
        (
            "def test_fault_07_x():\n with fault(7, 'i', 'e') as row:\n  row.seen('s')\n  assert 1 > 2",
            "AssertionError",
        ),
        (
            "def test_fault_07_x():\n with fault(7, 'i', 'e') as r: r.seen('s')\n raise ValueError('late')",
            "in call: ValueError: late",
        ),
        (
            "@pytest.fixture\ndef harm():\n yield\n raise ValueError('at the end')\n"
            "def test_fault_07_x(harm):\n with fault(7, 'i', 'e') as row: row.seen('s')",
            "in teardown: ValueError: at the end",
        ),
        (
            "@pytest.fixture\ndef harm(): raise ValueError('early')\ndef test_fault_07_x(harm): pass",
            "in setup: ValueError: early",
        ),
    ],
)
def test_a_test_that_fails_or_says_nothing_leaves_its_fault_lost(run: Run, body: str, why: str) -> None:
    told = run(body)
    assert re.search(rf"^!  7 \|.*{re.escape(why[:40])}", told, re.MULTILINE), told
    assert "Not survived: 7." in told


def test_a_skip_anywhere_in_a_test_is_told(run: Run) -> None:
    told = run("def test_fault_07_x():\n with fault(7, 'i', 'e'): pytest.skip('not this browser')")
    assert "Skipped, so 7 is not counted: test_fault_07_x, not this browser." in told
    assert "Not survived" not in told


def test_each_fault_has_a_test_of_its_number() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (PROJECT / "tests").rglob("test_*.py")]
    named = {int(number) for text in sources for number in re.findall(r"^def test_fault_(\d\d)_", text, re.M)}
    assert named == set(FAULTS)


def test_make_prints_the_table_and_fails_when_the_first_tests_fail(tmp_path: Path) -> None:
    """With a Python that fails in the first run of pytest only, and programs that do nothing."""
    made = tmp_path / "bin"
    made.mkdir()
    for stamp in (".created", ".run", ".dev"):
        (made / stamp).touch()
    python = f"""#!/bin/sh
case "$*" in
  *--forget) rm -f {tmp_path}/ran;;
  "-m pytest"*) echo "$@" >> {tmp_path}/ran; [ "$(wc -l < {tmp_path}/ran)" -gt 1 ];;
  *) echo "the table after $(wc -l < {tmp_path}/ran) runs";;
esac
"""
    for name, script in (("python", python), ("node", "#!/bin/sh\n"), ("dpkg", "#!/bin/sh\n")):
        (made / name).write_text(script)
        (made / name).chmod(0o755)
    make = shutil.which("make")
    assert make
    done = subprocess.run(
        [make, "test-all", f"BIN={made}", "-o", "node_modules/.installed", "-o", "chromium"],
        cwd=PROJECT,
        env={"PATH": f"{made}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert "the table after 6 runs" in done.stdout, done.stderr
    assert done.returncode != 0
