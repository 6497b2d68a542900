"""How long a description waits for candidates (public/sip/gathering.js), by a clock of ours.

What becomes of that on a real slow path is tried in tests/real/test_turn.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from server.settings import PROJECT
from tests.e2e.world import World

HOST = "1 1 udp 1 192.0.2.1 9 typ host"
REFLEXIVE = "1 1 udp 1 192.0.2.2 9 typ srflx raddr 192.0.2.1 rport 9"
RELAY = "1 1 udp 1 192.0.2.3 9 typ relay raddr 192.0.2.1 rport 9"
STUN, TURN = "stun:stun.example.vn", "turn:turn.example.vn?transport=tcp"
CAP, PATIENT = 400, 2000

CONNECTION = """
globalThis.gather = (urls) => {
  const connection = new EventTarget();
  Object.assign(connection, {
    localDescription: {sdp: ""}, iceGatheringState: "gathering", signalingState: "have-local-offer",
    getConfiguration: () => ({iceServers: urls.map((url) => ({urls: [url]}))}),
  });
  globalThis.candidate = (text) => {
    connection.localDescription.sdp += `a=candidate:${text}\\r\\n`;
    connection.dispatchEvent(new Event("icecandidate"));
    sawCandidate({type: /typ (\\w+)/.exec(text)[1]}, awaitRelay); // as core/media/relay.py does
  };
  globalThis.end = () => {
    connection.iceGatheringState = "complete";
    connection.dispatchEvent(new Event("icegatheringstatechange"));
  };
  const start = Date.now();
  globalThis.waited = null;
  gathered(connection, {gatherMs: 400, relayMs: 1600}, awaitRelay).then(() => (waited = Date.now() - start));
};
globalThis.gathered = gathered;
globalThis.sawCandidate = sawCandidate;
"""


@pytest.fixture
def page(world: World) -> Iterator[Page]:
    context = world.browser.new_context()
    page = context.new_page()
    page.clock.install()
    script = (PROJECT / "public/sip/gathering.js").read_text(encoding="utf-8") + CONNECTION
    page.add_script_tag(content=script, type="module")
    page.clock.pause_at("2100-01-01")
    yield page
    context.close()


def waited(page: Page, urls: list[str], *candidates: tuple[int, str], end: int | None = None) -> int | None:
    """How long, in ms, when these candidates come then and the gathering has its end. None: for ever."""
    page.evaluate("(urls) => gather(urls)", urls)
    now = 0
    for at, text in sorted([*candidates, (end, "")] if end is not None else candidates):
        page.clock.run_for(at - now)
        page.evaluate("(text) => text ? candidate(text) : end()", text)
        now = at
    page.clock.run_for(10_000 - now)
    found: int | None = page.evaluate("waited")
    return found


def test_without_servers_the_first_candidate_is_enough(page: Page) -> None:
    assert waited(page, [], (20, HOST)) == 20


def test_stun_is_given_the_cap(page: Page) -> None:
    assert waited(page, [STUN], (20, HOST), (90, REFLEXIVE)) == 90
    assert waited(page, [STUN], (20, HOST)) == CAP
    assert waited(page, [STUN], (20, HOST), end=50) == 50


def test_a_relay_is_wanted_in_the_description_where_it_is_quick(page: Page) -> None:
    """Two phones behind NATs that give each peer another port meet at their relays or nowhere."""
    assert waited(page, [STUN, TURN], (20, HOST), (90, REFLEXIVE), (150, RELAY)) == 150
    assert waited(page, [STUN, TURN], (20, HOST), (90, REFLEXIVE), (900, RELAY)) == CAP


def test_where_nothing_answers_a_relay_is_waited_for(page: Page) -> None:
    assert waited(page, [STUN, TURN], (20, HOST), (1173, RELAY)) == 1173
    assert waited(page, [STUN, TURN], (20, HOST), (700, REFLEXIVE)) == 700


def test_a_silent_relay_costs_no_second_call_that_much(page: Page) -> None:
    assert waited(page, [TURN], (20, HOST)) == PATIENT
    assert waited(page, [TURN], (20, HOST)) == CAP
    assert waited(page, [TURN], (20, HOST), (3000, RELAY)) == CAP
    assert waited(page, [TURN], (20, HOST)) == PATIENT, "it answered, if late"
