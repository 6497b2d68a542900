"""`SoundTrials` in real Chromium: what a trial tells, and that it leaves nothing behind, however it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.ui.conftest import run

# Headless pages have no microphone: a tone of the page's own is recorded in its place. `question` is what the
# browser asks the agent first.
MICROPHONE = """() => {
  globalThis.opened = [];
  globalThis.question = Promise.resolve();
  globalThis.zorioSip = {
    openMicrophone: async () => {
      await question;
      const context = new AudioContext();
      const tone = context.createOscillator();
      const end = context.createMediaStreamDestination();
      tone.connect(end);
      tone.start();
      opened.push(end.stream);
      return end.stream;
    },
  };
}"""

DRIVER = """
import pyodide.ffi
from embed_app.browser import sound_trials
from embed_app.core.sound.values import Trial

made, moves = [], []

def counted(function):
    made.append(pyodide.ffi.create_proxy(function))
    return made[-1]

def alive(proxy):
    try:
        proxy.toString()
    except pyodide.ffi.JsException:
        return False
    return True

def heard(message):
    if type(message).__name__ == "TrialMoved":
        moves.append([message.trial.value, message.failure])
    if type(message).__name__ in stops_at:
        trials.run(Trial.NONE, "", "")

stops_at = set()
sound_trials.create_proxy = counted
sound_trials.RECORD_MS = 200
trials = sound_trials.SoundTrials(heard)
"""


@pytest.fixture
def trials(page: Page) -> Iterator[Page]:
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.evaluate(MICROPHONE)
    page.mouse.click(5, 5)  # without a touch no sound is made
    run(page, DRIVER)
    yield page
    run(page, "sound_trials.create_proxy = pyodide.ffi.create_proxy")
    assert broken == []


def start(page: Page, trial: str) -> None:
    run(page, f"trials.run(Trial.{trial}, '', '')")


def wait_for(page: Page, condition: str) -> None:
    """Until a condition in Python holds."""
    page.wait_for_function("(source) => python.runPython(source)", arg=f"bool({condition})", timeout=15_000)


def moves(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(run(page, "json.dumps(moves)"))
    return found


def nothing_is_left(page: Page) -> None:
    wait_for(page, "not any(map(alive, made))")
    assert page.evaluate("opened.every((s) => s.getTracks().every((t) => t.readyState === 'ended'))")


def test_an_echo_runs_to_its_end(trials: Page) -> None:
    start(trials, "RECORDING")
    wait_for(trials, "len(moves) == 3")
    assert moves(trials) == [["recording", ""], ["playing", ""], ["none", ""]]
    assert run(trials, "len(made)") > 0
    nothing_is_left(trials)


@pytest.mark.parametrize(("trial", "until"), [("LEVEL", 1), ("RECORDING", 1), ("RECORDING", 2)])
def test_it_is_stopped_half_way(trials: Page, trial: str, until: int) -> None:
    start(trials, trial)
    wait_for(trials, f"len(moves) == {until}")
    assert run(trials, "any(map(alive, made))")
    start(trials, "NONE")
    nothing_is_left(trials)
    assert len(moves(trials)) == until, "who stops it knows"


def test_it_is_stopped_by_what_it_tells(trials: Page) -> None:
    """That is out of the call of a proxy, which must outlive the call."""
    run(trials, "stops_at.add('VoiceHeard')")
    start(trials, "LEVEL")
    wait_for(trials, "made")
    nothing_is_left(trials)


def test_a_microphone_that_comes_too_late_is_let_go(trials: Page) -> None:
    trials.evaluate("() => { question = new Promise((done) => (globalThis.answer = done)) }")
    start(trials, "LEVEL")
    start(trials, "NONE")
    trials.evaluate("answer()")
    trials.wait_for_function("opened.length")
    trials.wait_for_function("opened[0].getTracks()[0].readyState === 'ended'")
    nothing_is_left(trials)
    assert moves(trials) == []


def test_a_refused_microphone_is_told_by_its_name(trials: Page) -> None:
    refuse = "zorioSip.openMicrophone = async () => { throw new DOMException('', 'NotAllowedError') };"
    trials.evaluate(f"() => {{ {refuse} }}")
    start(trials, "LEVEL")
    wait_for(trials, "moves")
    assert moves(trials) == [["none", "NotAllowedError"]]
    nothing_is_left(trials)
