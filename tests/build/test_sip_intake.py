"""What stands before SIP.js (public/sip/intake.js), in Node: which messages are of our calls."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.build.frame_site import ROOT

TOS = {
    "<sip:a@x>;tag=1": True,
    '"An" <sip:a@x> ; tag = 1': True,
    "sip:a@x;tag=1": True,
    '"a \\" b" <sip:a@x>;x=1;TAG=1': True,
    "<sip:a@x>": False,
    '";tag=x" <sip:a@x>': False,
    "<sip:a@x;tag=1>": False,
    "<sip:a;tag=1@x>;x=2": False,
    '"unterminated;tag=1': False,
}


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    command = ["node", str(ROOT / "tests/build/sip_intake.mjs"), json.dumps(list(TOS))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_tag_is_a_parameter_of_the_header_and_nothing_else(said: dict[str, Any]) -> None:
    assert dict(zip(TOS, said["tags"], strict=True)) == TOS


def test_a_quiet_call_is_ours_after_any_number_of_other_requests(said: dict[str, Any]) -> None:
    """In a flood of what is nobody's its BYE gets through, and most of the flood does not."""
    assert said["heard"] == 1
    assert said["taken"] < 500
