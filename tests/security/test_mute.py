"""Point 2: nobody hears an agent who is muted or has put the call on hold, whatever the other side does.

The peer measures the energy of what it hears, from the first packet of every leg on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from server.pbx.sip.message import Request
from tests.e2e.crm import open_crm, plain_browser, reload_parent
from tests.e2e.gate import use_settings, use_urls
from tests.e2e.phone import AUDIBLE, Phone
from tests.e2e.world import World, until
from tests.security.dialog import Dialog
from tests.security.hostile_peer import HostilePeer, keep_invite, refusing
from tests.server.pbx.ear import Ear

EXTENSION = "1002"
CALLER = "0987654321"
SECOND_AND_A_HALF = 75
"""Packets: the fake microphone beeps once a second."""
OPEN_STALLED = """() => {
const replaceTrack = RTCRtpSender.prototype.replaceTrack;
const taken = new Promise((go) => (window.takeIt = go));
window.stalled = 0;
RTCRtpSender.prototype.replaceTrack = async function (track) {
  window.stalled += 1;
  await taken;
  return replaceTrack.call(this, track);
};
}"""
WATCH = """
window.senders = () => connections.filter(({ connectionState }) => connectionState !== "closed")
  .flatMap((connection) => connection.getSenders()).filter(({ track }) => track);
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) { super(configuration); connections.push(this); }
};
window.unplug = () => {
  const { track } = senders().at(-1);
  track.stop();
  track.dispatchEvent(new Event("ended"));
};
"""

Open = Callable[..., Phone]


@pytest.fixture
def open_agent(world: World, peer: HostilePeer) -> Iterator[Open]:
    """A phone at `peer` in a page that can be loaded anew. It follows every transfer within our domain."""
    opened: list[Phone] = []
    with ExitStack() as settings:
        settings.enter_context(use_urls(world, peer.url))
        settings.enter_context(use_settings(world, rules={"follow_transfers": "always"}))

        def open(browser: Browser = world.browser, context: BrowserContext | None = None) -> Phone:
            peer.user = EXTENSION
            opened.append(open_crm(world, EXTENSION, browser, context=context, init_script=WATCH))
            opened[-1].mark()
            return opened[-1]

        yield open
        peer.reset()
        for phone in opened:
            if not phone.page.is_closed():
                phone.assert_unharmed()
        for phone in opened:
            phone.close()


class Talk:
    """One answered call of the peer with the agent, and everybody who hears anything of it."""

    def __init__(self, peer: HostilePeer, agent: Phone) -> None:
        self.peer = peer
        self.agent = agent
        self.ears: list[Ear] = []
        self.call = peer.invite(CALLER, "Khách", ear=self.ear())
        self.uuid = str(agent.wait_event("incoming_call")["call"]["uuid"])
        agent.send("answer")
        self.call.wait_answered()

    def ear(self) -> Ear:
        self.ears.append(self.peer.ear(says=440))
        return self.ears[-1]

    def hears(self) -> None:
        """So that silence afterwards means something."""
        ear, before = self.ears[-1], self.ears[-1].energy
        until(lambda: ear.energy - before > AUDIBLE, "the agent's voice at the peer")

    def hears_nothing(self) -> None:
        """Packets come to the newest ear, and no ear has heard anything in them since `silenced`."""
        first = self.ears[-1].packets
        until(lambda: self.ears[-1].packets - first > SECOND_AND_A_HALF, "packets of the agent")
        assert [ear.energy for ear in self.ears if ear.energy > AUDIBLE] == [], "the agent was heard"

    def silenced(self) -> None:
        """What was said before may still be on its way; from here on nothing may come."""
        ear, heard = self.ears[-1], [-1.0, 0.0]

        def quiet() -> bool:
            if ear.energy - heard[0] > AUDIBLE / 10:
                heard[:] = ear.energy, ear.packets
            return ear.packets - heard[1] > SECOND_AND_A_HALF

        until(quiet, "silence at the peer")
        for each in self.ears:
            each.energy = 0.0

    @property
    def is_muted(self) -> bool:
        """As parent and agent see it."""
        calls = self.agent.state()["calls"]
        return bool(calls) and all(call["muted"] for call in calls)


def mute(talk: Talk) -> None:
    talk.agent.send("mute")
    until(lambda: talk.is_muted, "the mute")
    talk.silenced()


def hold(talk: Talk) -> None:
    talk.agent.send("hold")
    until(lambda: all(call["held"] for call in talk.agent.state()["calls"]), "the hold")
    talk.silenced()


def shows(talk: Talk, silence: Callable[[Talk], None]) -> None:
    """The agent sees it on the button, the parent reads it in every call and in the last event."""
    button, field = ("#mute", "muted") if silence is mute else ("#hold", "held")
    expect(talk.agent.frame.locator(button)).to_have_attribute("aria-pressed", "true")
    until(lambda: talk.agent.state()["calls"], "the call")
    told = [e["payload"]["call"] for e in talk.agent.events if "call" in (e.get("payload") or {})]
    live = {call["uuid"] for call in talk.agent.state()["calls"]}
    last = {call["uuid"]: call[field] for call in told if call["uuid"] in live}
    assert set(last.values()) == {True}, last
    assert all(call[field] for call in talk.agent.state()["calls"])


def is_heard_again(talk: Talk, silence: Callable[[Talk], None]) -> None:
    """Only by the agent's or the parent's own word."""
    talk.agent.send("unmute" if silence is mute else "unhold")
    talk.hears()


# ---- what the other side, the browser or the agent may change


def transfer(talk: Talk) -> None:
    """To an accomplice, who is called by the agent's own phone."""
    talk.call.refer(f"sip:1003@{talk.peer.domain}", [("P-Asserted-Identity", talk.call.local.split(";")[0])])
    accomplice = talk.peer.take_invite(ear=talk.ear())
    talk.agent.mark()
    accomplice.answer()
    talk.agent.wait_event("call_answered")
    talk.hears_nothing()
    talk.call.bye()
    until(lambda: len(talk.agent.state()["calls"]) == 1, "the new call alone")
    talk.call = accomplice


def tag_of(address: str) -> str:
    found = re.search(r";tag=([^;>\s]+)", address)
    assert found, address
    return found[1]


def replaces(talk: Talk) -> None:
    """Another dialog takes the place of this one. Its ACK comes late: media may be faster than it."""
    old = talk.call
    header = f"{old.call_id};to-tag={tag_of(old.remote)};from-tag={tag_of(old.local)}"
    new = talk.peer.invite(
        CALLER, "Khách", ear=talk.ear(), headers=[("Replaces", header), ("Require", "replaces")]
    )
    answer = talk.peer.wait_response(new.invite)
    assert answer.status == 200, answer.start_line
    assert new.ear
    talk.peer.run(new.ear.accept(answer.body))
    talk.hears_nothing()
    new.target = answer.contact.text if answer.contact else new.target
    new.ack(new.invite, answer)
    talk.call = new


def offers(talk: Talk) -> None:
    """On hold by the peer, and off it."""
    ear = talk.call.ear
    assert ear
    for direction in ("inactive", "sendrecv"):
        ear.direction(direction)
        assert talk.call.reinvite().status == 200


def ice_restart(talk: Talk) -> None:
    since = talk.peer.mark()
    talk.agent.frame.evaluate("(id) => zorioSip.restartIce(id)", talk.uuid)
    talk.peer.wait_request("INVITE", since=since)


def another_microphone(talk: Talk) -> None:
    """Twice, so that the browser's choice is in use again."""
    second = """async () => (await navigator.mediaDevices.enumerateDevices())
      .filter(({ kind }) => kind === "audioinput").at(-1).deviceId"""
    for device in (talk.agent.frame.evaluate(second), ""):
        before = sent(talk)
        talk.agent.frame.evaluate("(id) => zorioSip.useDevices(id, '')", device)
        until(lambda: sent(talk) != before, "another microphone")  # noqa: B023


def sent(talk: Talk) -> str:
    return str(talk.agent.frame.evaluate("senders().at(-1)?.track.id ?? ''"))


def unplugged(talk: Talk) -> None:
    before = sent(talk)
    talk.agent.frame.evaluate("unplug()")
    until(lambda: sent(talk) not in ("", before), "another microphone")


def track_events(talk: Talk) -> None:
    """The system may mute a microphone and let it go on."""
    dispatch = "(type) => senders().forEach(({ track }) => track.dispatchEvent(new Event(type)))"
    for type in ("mute", "unmute"):
        talk.agent.frame.evaluate(dispatch, type)


def reload(talk: Talk) -> None:
    talk.agent.mark()
    reload_parent(talk.agent)
    take_back(talk, talk.agent)


def take_back(talk: Talk, agent: Phone) -> None:
    talk.call = talk.peer.take_invite(ear=talk.ear(), seconds=30)
    talk.call.answer()
    agent.wait_event("call_updated", resumed=True)
    talk.agent = agent


CHANGES: tuple[Callable[[Talk], None], ...] = (
    transfer,
    replaces,
    offers,
    ice_restart,
    another_microphone,
    unplugged,
    track_events,
    reload,
)
QUICK = {(mute, transfer), (mute, replaces)}
"""In `make test`; the others take minutes together."""


@pytest.mark.parametrize(
    ("silence", "change"),
    [
        pytest.param(
            silence,
            change,
            id=f"{silence.__name__}, {change.__name__}",
            marks=[] if (silence, change) in QUICK else pytest.mark.slow,
        )
        for silence in (mute, hold)
        for change in CHANGES
    ],
)
def test_no_change_of_leg_opens_the_microphone(
    peer: HostilePeer, open_agent: Open, silence: Callable[[Talk], None], change: Callable[[Talk], None]
) -> None:
    talk = Talk(peer, open_agent())
    talk.hears()
    silence(talk)
    change(talk)
    talk.hears_nothing()
    shows(talk, silence)
    is_heard_again(talk, silence)


@pytest.mark.slow
@pytest.mark.parametrize("silence", [mute, hold])
def test_another_tab_that_takes_over_is_silent(
    world: World,
    peer: HostilePeer,
    open_agent: Open,
    tmp_path: Path,
    silence: Callable[[Talk], None],
) -> None:
    with plain_browser(world, tmp_path / "profile") as browser:
        context = browser.new_context()
        first, second = open_agent(browser, context), open_agent(browser, context)
        talk = Talk(peer, first)
        talk.hears()
        silence(talk)
        second.mark()
        first.page.close()
        take_back(talk, second)
        talk.hears_nothing()
        shows(talk, silence)
        is_heard_again(talk, silence)
        second.send("hangup")
        second.wait_event("call_hangup")
        second.close()


@pytest.mark.slow
def test_a_swap_leaves_each_call_as_it_was(peer: HostilePeer, open_agent: Open) -> None:
    agent = open_agent()
    first = Talk(peer, agent)
    first.hears()
    mute(first)
    agent.mark()
    second = Talk(peer, agent)
    second.hears()
    first.hears_nothing()
    agent.send("unhold", {"call_uuid": first.uuid})
    until(lambda: {c["uuid"]: c["held"] for c in agent.state()["calls"]}[second.uuid], "the swap")
    second.silenced()
    first.hears_nothing()
    second.hears_nothing()
    expect(agent.frame.locator("#mute")).to_have_attribute("aria-pressed", "true")
    second.call.bye()
    until(lambda: len(agent.state()["calls"]) == 1, "one call")
    first.hears_nothing()
    agent.send("unmute")
    first.hears()


@pytest.mark.slow
def test_a_peer_that_crosses_every_hold_hears_nothing_meanwhile(peer: HostilePeer, open_agent: Open) -> None:
    """491 says that its own offer is under way: it is asked again after seconds."""
    talk = Talk(peer, open_agent())
    talk.hears()

    def crossing(peer: HostilePeer, request: Request) -> object:
        return refusing(491)(peer, request) if request.to_tag else keep_invite(peer, request)

    peer.on["INVITE"] = crossing  # type: ignore[assignment]
    since = peer.mark()
    talk.agent.send("hold")
    talk.call.wait_request("INVITE", since=since)
    talk.silenced()
    talk.call.wait_request("INVITE", since=peer.mark(), seconds=15)
    talk.hears_nothing()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["in", "out"])
def test_who_mutes_before_the_answer_is_not_heard_at_all(
    peer: HostilePeer, open_agent: Open, way: str
) -> None:
    agent = open_agent()
    ear = peer.ear(says=440)
    call: Dialog
    if way == "in":
        call = peer.invite(CALLER, ear=ear)
        agent.wait_event("incoming_call")
        agent.send("mute")
        agent.send("answer")
        call.wait_answered()
    else:
        agent.send("call", {"number": "1003"})
        agent.send("mute")
        call = peer.take_invite(ear=ear)
        call.answer()
    until(lambda: ear.packets > 2 * SECOND_AND_A_HALF, "packets of the agent")
    assert ear.energy < AUDIBLE
    agent.send("unmute")
    until(lambda: ear.energy > AUDIBLE, "the agent's voice")


@pytest.mark.slow
def test_a_mute_while_another_microphone_is_being_taken_counts_for_it(
    peer: HostilePeer, open_agent: Open
) -> None:
    talk = Talk(peer, open_agent())
    talk.hears()
    talk.agent.frame.evaluate(OPEN_STALLED)
    talk.agent.frame.evaluate("unplug()")
    until(lambda: talk.agent.frame.evaluate("stalled"), "the new microphone")
    talk.agent.send("mute")
    until(lambda: talk.is_muted, "the mute")
    for ear in talk.ears:
        ear.energy = 0.0
    talk.agent.frame.evaluate("takeIt()")
    talk.hears_nothing()
