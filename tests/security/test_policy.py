"""The page's Content-Security-Policy before the eyes of Google's csp_evaluator (npm)."""

# ruff: noqa: F811 - fixtures by their names
from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.server.conftest import portal, postgresql, url, world  # noqa: F401 - fixtures
from tests.server.world import BETA, World

SCRIPT = Path(__file__).with_name("policy_findings.mjs")
MEDIUM_MAYBE = 50
"""Its severities: a lower number is worse."""


def findings(policy: str) -> list[dict[str, Any]]:
    done = subprocess.run(["node", SCRIPT, policy], capture_output=True, text=True, timeout=60, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_nothing_is_found_that_we_have(world: World) -> None:
    """It warns of 'self' where a site hosts JSONP, AngularJS or files of its users. This one hosts none."""
    policy = world.ask("GET", "/webphone-embed", host=BETA).headers["content-security-policy"]
    assert [(each["severity"], each["directive"], each["value"]) for each in findings(policy)] == [
        (MEDIUM_MAYBE, "script-src", "'self'")
    ]


def test_what_would_be_wrong_is_found(world: World) -> None:
    policy = world.ask("GET", "/webphone-embed", host=BETA).headers["content-security-policy"]
    for changed in (
        policy.replace("'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-inline'"),
        policy.replace("script-src 'self'", "script-src 'self' https:"),
        policy.replace("object-src 'none'; ", "").replace("default-src 'none'; ", ""),
    ):
        assert min(each["severity"] for each in findings(changed)) < MEDIUM_MAYBE
