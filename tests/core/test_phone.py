"""Anything in any order: what must always be true of the phone, whatever happens to it.

Late, doubled and unknown reports, timers that fire and timers that are stale, several calls one after
the other, a token at any moment. At the end everything is hung up, so that every call has its end. What
must hold stands in `watcher.py`.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from embed_app.core.call.messages import (
    AnswerRequested,
    AudioUnlockRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    CallReport,
    CallWish,
    DialogKnown,
    DigitReceived,
    DtmfRequested,
    HangupRequested,
    HoldChanged,
    HoldFailed,
    HoldRequested,
    InviteSent,
    JoinRequested,
    MicrophoneFailed,
    MuteRequested,
    PlaybackBlocked,
    PlaybackStarted,
    ReferAccepted,
    ReferFailed,
    ReferProgress,
    ReturnRequested,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import CallState
from embed_app.core.link.messages import (
    ConfigFailed,
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    Pong,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TokenOffered,
    TransportDown,
    TransportUp,
    Unregistered,
    WentOffline,
    WentOnline,
    WokeUp,
)
from embed_app.core.link.values import LinkState, SipConfig
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MediaSampled,
    MicrophoneEnded,
    MicrophoneReady,
)
from embed_app.core.media.values import Sample
from embed_app.core.message import Message, ParentMistake
from embed_app.core.phone import Phone, Settings
from embed_app.core.resume.messages import ReplacementFailed
from embed_app.core.screen.messages import FoldChosen, PageChosen, PanelChosen, WidthChanged
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.messages import DevicesChanged
from embed_app.core.timers import Timer, TimerFired, TimerKind
from tests.core.driver import DIALOG, GOOD, T0, Driver, config, dial, invite, record, refer, token
from tests.core.voice_watcher import VoiceWatcher
from tests.core.watcher import Watcher

STATUSES = st.sampled_from([0, 100, 180, 183, 200, 401, 403, 404, 480, 486, 487, 500, 503, 603])
FLAGS = st.booleans()
CONFIGS = st.builds(
    lambda password, lifetime: config(auth_password=password, credentials_expire_in=lifetime),
    st.sampled_from(["one", "two"]),
    st.none() | st.sampled_from([-5.0, 30.0, 600.0]),
)
TOKENS = st.sampled_from(
    [GOOD, token(expires_at=T0 + 900), token(extension="1002"), token(expires_at=T0 - 9), "junk"]
)
WISHES: list[type[CallWish]] = [
    AnswerRequested,
    HangupRequested,
    HoldRequested,
    UnholdRequested,
    MuteRequested,
    UnmuteRequested,
    JoinRequested,
    ReturnRequested,
]
PLAIN_REPORTS: list[type[CallReport]] = [
    CallAccepted,
    ReferAccepted,
    PlaybackBlocked,
    PlaybackStarted,
]


class PhoneMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.driver = Driver()
        self.uuids: list[str] = []
        self.stale: list[TimerFired] = []
        self.watcher = Watcher(self.driver)
        self.voice = VoiceWatcher()

    # ---- what can happen

    @initialize(auto_register=FLAGS, raw=st.none() | TOKENS, left=FLAGS, old=FLAGS, gone=st.none() | FLAGS)
    def start(self, auto_register: bool, raw: str | None, left: bool, old: bool, gone: bool | None) -> None:
        self.driver.phone = Phone(settings=Settings(auto_register=auto_register))
        found = record(released=gone is None, alive_at=T0 - 100 * old) if left else None
        if found is not None and old:
            answered = replace(found.call, started_at=T0 - 140, answered_at=T0 - 130)
            found = replace(found, call=answered)
            self.watcher.lost[found.call.uuid] = found.alive_at
        if found is not None:
            self.uuids.append(found.call.uuid)
            self.watcher.answered[found.call.uuid] = found.call.answered_at or T0
        self.step(Started(token=raw, record=found, owner_gone=gone))

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.3, 1.0, 7.5, 100.0]))
    def time_passes(self, seconds: float) -> None:
        """Every timer that is due by then fires."""
        until = self.driver.now + seconds
        while due := [(at, name) for name, (at, _) in self.driver.timers.items() if at <= until]:
            self.fire(min(due)[1])
        self.driver.now = until

    @precondition(lambda self: self.driver.timers)
    @rule(data=st.data())
    def a_timer_fires(self, data: st.DataObject) -> None:
        self.fire(data.draw(st.sampled_from(sorted(self.driver.timers))))

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def a_stale_timer_fires(self, data: st.DataObject) -> None:
        message = data.draw(st.sampled_from(self.stale))
        before = self.driver.phone
        self.step(message)
        after = self.driver.phone
        assert (after.link, after.live_calls, after.timers) == (before.link, before.live_calls, before.timers)
        assert self.driver.last() == ()

    @rule(seconds=st.sampled_from([1.0, 600.0]), message=st.sampled_from([WokeUp(), WentOnline()]))
    def the_machine_sleeps(self, seconds: float, message: Message) -> None:
        """Timers do not run meanwhile."""
        self.driver.now += seconds
        self.step(message)

    @rule(message=st.sampled_from([WentOffline(), DevicesChanged(), Pong(crlf=True)]))
    def the_surroundings_change(self, message: Message) -> None:
        self.step(message)

    @rule(message=st.sampled_from([ConnectRequested(), WentOnline(), ConnectRequested()]))
    def somebody_wants_the_line(self, message: Message) -> None:
        self.step(message)

    @rule()
    def disconnect(self) -> None:
        self.step(DisconnectRequested())

    @rule(raw=TOKENS)
    def a_token_is_offered(self, raw: str) -> None:
        self.keeps_answered_calls(TokenOffered(token=raw))

    @rule(answer=CONFIGS, of=st.none() | TOKENS)
    def the_server_answers(self, answer: SipConfig, of: str | None) -> None:
        self.step(ConfigReceived(config=answer, token=of))

    @rule(status=st.sampled_from([0, 401, 403, 404, 429, 503]), of=st.none() | TOKENS)
    def the_server_refuses(self, status: int, of: str | None) -> None:
        self.keeps_answered_calls(ConfigFailed(status=status, token=of))

    @rule()
    def the_line_comes_all_the_way_up(self) -> None:
        for message in (
            ConnectRequested(),
            ConfigReceived(config=config()),
            TransportUp(),
            RegisterAccepted(),
        ):
            self.step(message)

    @rule(message=st.sampled_from([TransportUp(), RegisterAccepted(), Unregistered()]))
    def the_line(self, message: Message) -> None:
        self.step(message)

    @rule(reason=st.sampled_from(["", "closed", "code 1006"]))
    def the_line_drops(self, reason: str) -> None:
        self.keeps_answered_calls(TransportDown(reason=reason))

    @rule(status=STATUSES)
    def the_pbx_refuses(self, status: int) -> None:
        self.keeps_answered_calls(RegisterFailed(status=status))

    @rule(number=st.sampled_from(["0912345678", "*43", "1@evil", "", "1\r\nX: y"]))
    def dial(self, number: str) -> None:
        self.step(dial(number, self.new_uuid()))

    @rule(number=st.sampled_from(["1004", "*43"]))
    def add_a_call(self, number: str) -> None:
        self.step(replace(dial(number, self.new_uuid()), second=True))

    @rule(name=st.sampled_from(["", "Bình", "\u202eevil\x00"]))
    def an_invite_arrives(self, name: str) -> None:
        self.step(invite(self.new_uuid(), display_name=name))

    @precondition(lambda self: self.driver.phone.live_calls)
    @rule()
    def the_same_invite_again(self) -> None:
        self.step(invite(self.driver.phone.live_calls[0].uuid))

    @rule(kind=st.sampled_from(WISHES), data=st.data())
    def a_wish(self, kind: type[CallWish], data: st.DataObject) -> None:
        self.step(kind(call_uuid=data.draw(st.none() | self.some_uuid())))

    @rule(digits=st.sampled_from(["1", "*#,A", "1;2", ""]), data=st.data())
    def digits(self, digits: str, data: st.DataObject) -> None:
        self.step(DtmfRequested(digits=digits, call_uuid=data.draw(st.none() | self.some_uuid())))

    @rule(number=st.sampled_from(["1002", "1002@evil"]), data=st.data())
    def transfer(self, number: str, data: st.DataObject) -> None:
        self.step(TransferRequested(target=number, call_uuid=data.draw(st.none() | self.some_uuid())))

    @rule(data=st.data())
    def answer_and_end_the_other(self, data: st.DataObject) -> None:
        self.step(AnswerRequested(call_uuid=data.draw(st.none() | self.some_uuid()), instead=True))

    @rule(to=st.sampled_from(["1002", "1004", "1002@evil", "call-0", "call-1"]), data=st.data())
    def ask_and_transfer(self, to: str, data: st.DataObject) -> None:
        uuid = data.draw(st.none() | self.some_uuid())
        self.step(TransferRequested(target=to, call_uuid=uuid, attended=True, new_call_uuid=self.new_uuid()))

    @precondition(lambda self: self.driver.phone.live_calls)
    @rule()
    def the_first_call_is_answered(self) -> None:
        """What gets far takes three steps in a row: too many to be hit upon by chance alone."""
        call = self.driver.phone.live_calls[0]
        self.step(AnswerRequested(call_uuid=call.uuid))
        self.step(CallAccepted(call_uuid=call.uuid))
        self.step(DialogKnown(call_uuid=call.uuid, dialog=DIALOG))

    @precondition(lambda self: len(self.driver.phone.live_calls) > 1)
    @rule()
    def the_last_call_is_answered(self) -> None:
        call = self.driver.phone.live_calls[-1]
        self.step(AnswerRequested(call_uuid=call.uuid))
        self.step(CallAccepted(call_uuid=call.uuid))
        self.step(DialogKnown(call_uuid=call.uuid, dialog=DIALOG))

    @rule(kind=st.sampled_from(PLAIN_REPORTS), data=st.data())
    def a_report(self, kind: type[CallReport], data: st.DataObject) -> None:
        self.step(kind(call_uuid=data.draw(self.some_uuid())))

    @rule(status=STATUSES, flag=FLAGS, kind=st.integers(0, 16), data=st.data())
    def a_report_with_something_in_it(self, status: int, flag: bool, kind: int, data: st.DataObject) -> None:
        uuid = data.draw(self.some_uuid())
        state = "failed" if flag else ["connected", "disconnected"][status % 2]
        heard = Sample(
            packets_received=status, packets_sent=status, packets_lost=status // 9, reported_at=status % 7
        )
        reports: list[CallReport] = [
            InviteSent(call_uuid=uuid, sip_call_id="sip"),
            CallProgress(call_uuid=uuid, status=status),
            CallProgress(call_uuid=uuid, status=status),
            HoldChanged(call_uuid=uuid, held=flag),
            HoldFailed(call_uuid=uuid, held=flag, status=status),
            DigitReceived(call_uuid=uuid, digit="5", via="rtp" if flag else "info"),
            ReferProgress(call_uuid=uuid, status=status),
            ReferFailed(call_uuid=uuid, status=status),
            MicrophoneFailed(call_uuid=uuid, name="NotAllowedError" if flag else "Strange"),
            MediaChanged(call_uuid=uuid, state=state),
            MediaSampled(call_uuid=uuid, sample=heard),
            IceRestarted(call_uuid=uuid),
            IceRestartFailed(call_uuid=uuid, status=[0, 481, 488, 491][status % 4]),
            MicrophoneEnded(call_uuid=uuid),
            MicrophoneReady(call_uuid=uuid),
            DialogKnown(call_uuid=uuid, dialog=replace(DIALOG, sip_call_id=f"dialog-{status}")),
            ReplacementFailed(call_uuid=uuid, status=status),
        ]
        self.step(reports[kind])

    @rule(number=st.sampled_from(["1003", "1003@evil"]), attended=FLAGS, data=st.data())
    def the_peer_transfers_us(self, number: str, attended: bool, data: st.DataObject) -> None:
        uuid, new = data.draw(self.some_uuid()), self.new_uuid()
        replaces = "a@b;to-tag=c;from-tag=d" if attended else None
        self.step(refer(number, uuid, new_call_uuid=new, replaces=replaces))

    @rule(
        kind=st.sampled_from(["bye", "cancel", "reject", "failed", "strange"]),
        status=STATUSES,
        by_remote=FLAGS,
        reason=st.sampled_from(
            ["", "SIP;cause=200", 'Q.850;cause=17;text="busy"', "Q.850;cause=999", "\x00;;="]
        ),
        data=st.data(),
    )
    def a_call_ends(self, kind: str, status: int, by_remote: bool, reason: str, data: st.DataObject) -> None:
        uuid = data.draw(self.some_uuid())
        self.step(CallEnded(call_uuid=uuid, by_remote=by_remote, kind=kind, status=status, reason=reason))

    @rule(
        message=st.sampled_from(
            [
                *(PanelChosen(panel=panel) for panel in Panel),
                *(PageChosen(page=page) for page in Page),
                *(FoldChosen(folded=folded) for folded in (True, False)),
                WidthChanged(wide=True),
                AudioUnlockRequested(),
                ParentMistake(code="unknown_command", fields=("type",)),
            ]
        )
    )
    def something_else(self, message: Message) -> None:
        self.step(message)

    # ---- how it is driven

    def new_uuid(self) -> str:
        self.uuids.append(f"call-{len(self.uuids)}")
        return self.uuids[-1]

    def some_uuid(self) -> st.SearchStrategy[str]:
        """Mostly one that lives; sometimes one that ended or never was."""
        live = [call.uuid for call in self.driver.phone.live_calls]
        return st.sampled_from([*live, *live, *live, *self.uuids[-3:], "unknown"])

    def fire(self, timer: Timer) -> None:
        due, generation = self.driver.timers[timer]
        self.driver.now = max(self.driver.now, due)
        self.step(TimerFired(timer=timer, generation=generation))

    def keeps_answered_calls(self, message: Message) -> None:
        before = {call.uuid for call in self.driver.phone.live_calls if call.state is CallState.ANSWERED}
        self.step(message)
        assert before <= {call.uuid for call in self.driver.phone.live_calls}

    def step(self, message: Message) -> None:
        before = self.driver.phone
        running = dict(self.driver.timers)
        events = self.driver.send(message)
        for timer, (_, generation) in running.items():
            if self.driver.timers.get(timer, (0.0, 0))[1] != generation:
                self.stale.append(TimerFired(timer=timer, generation=generation))
        self.watcher.hear(events)
        self.watcher.see(before, self.driver.last())
        self.voice.see(before, message, self.driver.phone, self.driver.last())

    @invariant()
    def the_phone_makes_sense(self) -> None:
        self.watcher.phone_makes_sense()

    def teardown(self) -> None:
        if not self.driver.phone.started:
            return
        self.step(DisconnectRequested())
        if self.driver.state is LinkState.LEAVING:
            self.fire(Timer(TimerKind.LEAVE))
        self.watcher.everything_ended()


TestPhoneMachine = PhoneMachine.TestCase
