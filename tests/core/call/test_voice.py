"""Mute and hold belong to the agent: no change of leg opens the microphone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embed_app.core.call import voice
from embed_app.core.call.effects import AcceptRefer, HoldMicrophone, SetAside, SetHold, SetMute
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    DialogKnown,
    HangupRequested,
    HoldChanged,
    HoldFailed,
    HoldRequested,
    MuteRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import (
    ConfigReceived,
    OwnershipGranted,
    RegisterAccepted,
    Started,
    TransportDown,
    TransportUp,
)
from embed_app.core.link.values import LinkState
from embed_app.core.media.messages import IceRestarted, MicrophoneEnded, MicrophoneReady
from embed_app.core.message import Message
from embed_app.core.resume.messages import TakeoverAsked
from embed_app.core.resume.record import read_record, write_record
from embed_app.core.resume.resume import record_of
from embed_app.core.timers import Timer, TimerFired, TimerKind
from tests.core.driver import (
    CALL,
    DIALOG,
    FOLLOWS,
    GOOD,
    OTHER,
    THIRD,
    Driver,
    answered_outbound,
    bye,
    config,
    dial,
    invite,
    phone_in,
    refer,
    registered,
)
from tests.core.voice_watcher import Microphones, VoiceWatcher

REFER = refer("1003")


def referred(*wishes: Message) -> Driver:
    """The peer has transferred the agent, who had wished this before."""
    driver = answered_outbound(rules=FOLLOWS)
    for message in (DialogKnown(call_uuid=CALL, dialog=DIALOG), *wishes, REFER):
        driver.send(message)
    return driver


def microphones(driver: Driver) -> Microphones:
    """As whoever has obeyed all effects so far has them."""
    found = Microphones()
    for effect in driver.effects:
        found.obey(effect)
    return found


# ---- a transfer asked for by the peer


def test_a_muted_agent_is_muted_for_whom_the_peer_sends_them_to() -> None:
    driver = referred(MuteRequested())
    asked = driver.last()
    assert asked.index(SetMute(OTHER, True)) < asked.index(AcceptRefer(CALL, OTHER, "1003"))
    driver.send(CallAccepted(call_uuid=OTHER))
    assert driver.phone.focus == OTHER
    assert [call.muted for call in driver.phone.live_calls] == [True, True]
    assert not microphones(driver).is_open(OTHER)
    assert driver.events[-1].call.muted is True  # type: ignore[attr-defined]


@pytest.mark.parametrize("accepted", [False, True], ids=["hold under way", "held"])
def test_a_held_call_goes_on_held_with_whom_the_peer_sends_the_agent_to(accepted: bool) -> None:
    hold = (HoldRequested(), HoldChanged(call_uuid=CALL, held=True))
    driver = referred(*hold[: 1 + accepted])
    asked = driver.last()
    assert asked.index(HoldMicrophone(OTHER, True)) < asked.index(AcceptRefer(CALL, OTHER, "1003"))
    driver.send(CallAccepted(call_uuid=OTHER))
    assert driver.phone.focus == OTHER
    assert driver.phone.calls[1].held
    assert not microphones(driver).is_open(OTHER)
    driver.send(UnholdRequested())
    assert SetHold(OTHER, False) in driver.last()


@pytest.mark.parametrize("old_ends", [False, True])
def test_what_is_wished_until_the_new_one_answers_counts_for_it(old_ends: bool) -> None:
    driver = referred()
    driver.send(MuteRequested())
    driver.send(HoldRequested())
    if old_ends:
        driver.send(bye(CALL))
    assert not microphones(driver).is_open(OTHER)
    driver.send(CallAccepted(call_uuid=OTHER))
    assert SetHold(OTHER, True) in driver.last()
    assert driver.phone.call(OTHER).muted  # type: ignore[union-attr]
    assert not microphones(driver).is_open(OTHER)


def test_a_leg_that_ends_gives_the_old_one_back_as_silent() -> None:
    """Else an accomplice had only to be called, and to hang up."""
    driver = referred()
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(MuteRequested())
    driver.send(HoldRequested())
    driver.send(bye(OTHER))
    assert driver.phone.focus == CALL
    assert driver.phone.call(CALL).muted  # type: ignore[union-attr]
    assert not microphones(driver).is_open(CALL)


def test_unmute_opens_the_new_leg() -> None:
    driver = referred(MuteRequested())
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(UnmuteRequested())
    assert microphones(driver).is_open(OTHER)


def test_a_peer_that_waits_cannot_take_the_agent_out_of_another_call() -> None:
    """Its REFER is followed; who is called then waits in its place."""
    driver = answered_outbound(rules=FOLLOWS)
    driver.send(invite(THIRD))
    driver.send(AnswerRequested(call_uuid=THIRD))
    driver.send(CallAccepted(call_uuid=THIRD))
    driver.send(HoldChanged(call_uuid=CALL, held=True))
    driver.send(REFER)
    if AcceptRefer(CALL, OTHER, "1003") not in driver.last():
        return  # not while the agent is in another call
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(bye(CALL))
    assert driver.phone.focus == THIRD
    assert microphones(driver).is_open(THIRD)
    assert not microphones(driver).is_open(OTHER)


# ---- a hold that the peer plays with


def test_a_hold_that_crosses_an_offer_stays_silent_while_it_waits() -> None:
    driver = answered_outbound()
    driver.send(HoldRequested())
    for _ in range(5):
        driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
        assert not microphones(driver).is_open(CALL)
        driver.fire(Timer(TimerKind.HOLD_RETRY, CALL))
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=491))
    assert driver.errors() == ["hold_failed"], "from here on the agent knows"
    assert microphones(driver).is_open(CALL)


def test_a_hold_wished_again_during_the_unhold_is_one() -> None:
    driver = answered_outbound()
    for message in (HoldRequested(), HoldChanged(call_uuid=CALL, held=True), UnholdRequested()):
        driver.send(message)
    driver.send(HoldRequested())
    assert HoldMicrophone(CALL, True) in driver.last()
    driver.send(HoldChanged(call_uuid=CALL, held=False))
    assert driver.last() == (SetHold(CALL, True),)


def test_no_hold_ends_unasked() -> None:
    driver = answered_outbound()
    for message in (HoldRequested(), HoldChanged(call_uuid=CALL, held=True)):
        driver.send(message)
    driver.send(HoldChanged(call_uuid=CALL, held=False))
    assert driver.call.held


@pytest.mark.parametrize("wish", [None, HoldRequested(), UnholdRequested()])
def test_whoever_takes_the_place_of_the_peer_finds_the_same_silence(wish: Message | None) -> None:
    driver = answered_outbound()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    for message in (MuteRequested(), HoldRequested(), HoldChanged(call_uuid=CALL, held=True)):
        driver.send(message)
    if wish is not None:
        driver.send(wish)
    driver.send(TakeoverAsked(call_uuid=CALL, same_party=False, sent_by_party=True))
    driver.send(DialogKnown(call_uuid=CALL, dialog=replace(DIALOG, sip_call_id="another")))
    assert driver.call.muted
    assert not microphones(driver).is_open(CALL)
    if wish != UnholdRequested():
        assert driver.call.held


# ---- another page, another tab


def next_page(driver: Driver) -> Driver:
    """The page after a reload, which has taken back what the one before has left."""
    page = Driver()
    page.now = driver.now
    left = record_of(driver.phone)
    record = left and read_record(write_record(replace(left, released=True, alive_at=driver.now)))
    page.send(Started(token=GOOD, record=record))
    return page


def next_tab(driver: Driver) -> Driver:
    tab = phone_in(LinkState.STANDBY)
    tab.now = driver.now
    tab.send(OwnershipGranted(left=driver.phone))
    return tab


@pytest.mark.parametrize("take_over", [next_page, next_tab])
@pytest.mark.parametrize("wish", [MuteRequested(), HoldRequested()])
def test_a_wish_that_was_under_way_goes_over(take_over: Callable[[Driver], Driver], wish: Message) -> None:
    """The peer has not answered the hold yet when the page goes."""
    driver = answered_outbound()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(wish)
    page = take_over(driver)
    for message in (ConfigReceived(config=config()), TransportUp(), RegisterAccepted()):
        page.send(message)
    page.send(CallAccepted(call_uuid=CALL))
    assert not microphones(page).is_open(CALL)
    assert (page.call.muted, page.call.held) == (driver.call.muted, bool(driver.call.hold_wanted))


@pytest.mark.parametrize("take_over", [next_page, next_tab])
def test_who_waits_and_refused_the_hold_stays_aside(take_over: Callable[[Driver], Driver]) -> None:
    """Only the focus keeps it from being heard, and the next user agent knows nothing of that."""
    driver = answered_outbound()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(invite(OTHER))
    driver.send(AnswerRequested(call_uuid=OTHER))
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(DialogKnown(call_uuid=OTHER, dialog=replace(DIALOG, sip_call_id="other")))
    driver.send(HoldFailed(call_uuid=CALL, held=True, status=488))
    page = take_over(driver)
    assert SetAside(CALL, True) in page.effects
    assert not microphones(page).is_open(CALL)


# ---- whatever happens

PEER: tuple[Callable[[str], Message], ...] = (
    lambda uuid: CallProgress(call_uuid=uuid, status=180),
    lambda uuid: CallAccepted(call_uuid=uuid),
    lambda uuid: CallAccepted(call_uuid=uuid),
    lambda uuid: CallAccepted(call_uuid=uuid),
    lambda uuid: bye(uuid),
    lambda uuid: CallEnded(call_uuid=uuid, by_remote=True, kind="reject", status=486),
    lambda uuid: HoldChanged(call_uuid=uuid, held=True),
    lambda uuid: HoldChanged(call_uuid=uuid, held=False),
    lambda uuid: HoldFailed(call_uuid=uuid, held=True, status=491),
    lambda uuid: HoldFailed(call_uuid=uuid, held=True, status=488),
    lambda uuid: HoldFailed(call_uuid=uuid, held=False, status=488),
    lambda uuid: TakeoverAsked(call_uuid=uuid, same_party=True, sent_by_party=False),
    lambda uuid: DialogKnown(call_uuid=uuid, dialog=DIALOG),
    lambda uuid: DialogKnown(call_uuid=uuid, dialog=replace(DIALOG, sip_call_id="another")),
    lambda uuid: IceRestarted(call_uuid=uuid),
    lambda uuid: MicrophoneEnded(call_uuid=uuid),
    lambda uuid: MicrophoneReady(call_uuid=uuid),
    lambda _uuid: TransportDown(),
    lambda _uuid: TransportUp(),
    lambda _uuid: RegisterAccepted(),
)
AGENT: tuple[Callable[[str], Message], ...] = (
    lambda uuid: MuteRequested(call_uuid=uuid),
    lambda uuid: MuteRequested(call_uuid=uuid),
    lambda uuid: UnmuteRequested(call_uuid=uuid),
    lambda uuid: HoldRequested(call_uuid=uuid),
    lambda uuid: HoldRequested(call_uuid=uuid),
    lambda uuid: UnholdRequested(call_uuid=uuid),
    lambda uuid: AnswerRequested(call_uuid=uuid),
    lambda uuid: HangupRequested(call_uuid=uuid),
)
NEW: tuple[str, ...] = ("refer", "refer", "refer", "invite", "dial", "timer", "next page", "next tab")
LABELS = st.sampled_from(NEW)
STEPS = st.lists(
    st.tuples(st.sampled_from((*PEER, *AGENT)) | LABELS, st.integers(0, 2), st.integers(0, 30)),
    max_size=40,
)


class History:
    """Plays one history and watches the agent's voice in it."""

    def __init__(self) -> None:
        self.driver = registered(rules=FOLLOWS)
        self.watcher = VoiceWatcher()
        self.made = 0

    def new_uuid(self) -> str:
        self.made += 1
        return f"{self.made:08x}-1111-4111-8111-111111111111"

    def send(self, message: Message) -> None:
        before = self.driver.phone
        self.driver.send(message)
        self.watcher.see(before, message, self.driver.phone, self.driver.last())

    def step(self, what: Callable[[str], Message] | str, which: int, chance: int) -> None:
        live = self.driver.phone.live_calls
        uuid = live[which % len(live)].uuid if live else CALL
        if not isinstance(what, str):
            return self.send(what(uuid))
        match what:
            case "refer":
                self.send(refer("1003", uuid, new_call_uuid=self.new_uuid()))
            case "invite":
                self.send(invite(self.new_uuid(), sip_call_id=f"sip-{self.made}"))
            case "dial":
                self.send(replace(dial("1004", self.new_uuid()), second=True))
            case "timer" if self.driver.timers:
                timers = sorted(self.driver.timers)
                timer = timers[chance % len(timers)]
                due, generation = self.driver.timers[timer]
                self.driver.now = max(self.driver.now, due)
                self.send(TimerFired(timer=timer, generation=generation))
            case "next page" | "next tab":
                self.go_on(what)
        return None

    def go_on(self, where: str) -> None:
        """The page is another one: its user agent was told nothing, and all microphones are closed or new."""
        before = self.driver.phone
        self.driver = next_page(self.driver) if where == "next page" else next_tab(self.driver)
        self.watcher = VoiceWatcher()
        for effect in self.driver.effects:
            self.watcher.microphones.obey(effect)
        for call in self.driver.phone.live_calls:
            was = before.call(call.uuid)
            assert was is not None
            if not voice.may_be_heard(was) and call.state is CallState.RESUMING:
                assert call.muted is was.muted
                assert call.held or not voice.on_hold(was)
        for message in (ConfigReceived(config=config()), TransportUp(), RegisterAccepted()):
            self.send(message)


@settings(max_examples=max(150, settings().max_examples))
@given(STEPS)
def test_the_microphone_is_open_only_where_the_agent_left_it_open(
    steps: list[tuple[Callable[[str], Message] | str, int, int]],
) -> None:
    history = History()
    for first in (
        dial(call_uuid=CALL),
        CallAccepted(call_uuid=CALL),
        DialogKnown(call_uuid=CALL, dialog=DIALOG),
    ):
        history.send(first)
    for what, which, chance in steps:
        history.step(what, which, chance)
