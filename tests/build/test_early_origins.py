"""The rule of parent origins exists twice, because boot.js speaks where Python could not be loaded. One table
of cases holds both."""

from __future__ import annotations

import json
import subprocess

from tests.build.frame_site import ROOT

CASES = ROOT / "tests/protocol/parent_origins.json"


def test_boot_allows_what_the_table_calls_early_and_nothing_else() -> None:
    command = ["node", "tests/build/early_origins.mjs", str(CASES), "embed_app/core/shared.json"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    cases = json.loads(CASES.read_text("utf-8"))
    wanted = [when == "early" for _, _, when in cases]
    assert True in wanted
    assert [
        case
        for case, found, want in zip(cases, json.loads(answer.stdout), wanted, strict=True)
        if found != want
    ] == []
