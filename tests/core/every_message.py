"""One sample or more of every message there is, by label; `test_every_message` holds the list complete."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from embed_app.core.call.messages import (
    AnswerRequested,
    AudioUnlockRequested,
    CallAccepted,
    CallEnded,
    CallNotTaken,
    CallProgress,
    CallReport,
    CallWish,
    DialogKnown,
    DigitReceived,
    DtmfFailed,
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
    SilenceRequested,
    TransferAccepted,
    TransferDeclined,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.history.messages import (
    DoNotDisturbChosen,
    HistoryFailed,
    HistoryReceived,
    HistoryRequested,
    HistorySaved,
    HistorySaveFailed,
)
from embed_app.core.link.messages import (
    AccessRevoked,
    ChallengeRefused,
    ConfigFailed,
    ConfigReceived,
    ConfigureFailed,
    ConnectRequested,
    DisconnectRequested,
    LeaseAnswered,
    LeaseFailed,
    OwnershipGranted,
    OwnerShown,
    PageFrozen,
    PageLeft,
    Pong,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TakeOverRequested,
    TokenOffered,
    TransportDown,
    TransportUp,
    Unregistered,
    WentOffline,
    WentOnline,
    WokeUp,
)
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MediaSampled,
    MicrophoneEnded,
    MicrophoneReady,
    RelayReported,
)
from embed_app.core.media.values import Sample as Heard
from embed_app.core.message import Message, ParentMistake, UserAgentFault
from embed_app.core.phone import Phone
from embed_app.core.resume.messages import RecordFound, ReplacementFailed, TakeoverAsked
from embed_app.core.routes import CALL_TIMERS, PHONE_TIMERS
from embed_app.core.screen.messages import (
    FoldChosen,
    PageChosen,
    PanelChosen,
    VisibilityChanged,
    WidthChanged,
)
from embed_app.core.screen.values import Page, Panel
from embed_app.core.sound.messages import (
    DeviceChosen,
    DevicesChanged,
    DevicesListed,
    NotificationsAsked,
    PermissionAnswered,
    PreferencesFound,
    RingtoneChosen,
    SwitchFlipped,
    TrialMoved,
    TrialRequested,
    VoiceHeard,
    VolumeChosen,
)
from embed_app.core.sound.values import Device, DeviceKind, Permission, Preferences, Ringtone, Switch, Trial
from embed_app.core.timers import Timer, TimerFired, TimerKind
from tests.core.driver import (
    CALL,
    DIALOG,
    GOOD,
    OTHER,
    THIRD,
    bye,
    config,
    dial,
    invite,
    record,
    refer,
    token,
)

Sample = Callable[[Phone], Message]


def timer(kind: TimerKind, call_uuid: str = "") -> Sample:
    """The timer as it really fires: with the generation it runs under, else with one that is stale."""
    fired = Timer(kind, call_uuid)
    return lambda phone: TimerFired(timer=fired, generation=phone.timers.get(fired, -1))


def about_call(kind: type[CallReport] | type[CallWish], **fields: object) -> Sample:
    return lambda _phone: kind(call_uuid=CALL, **fields)  # type: ignore[arg-type]


def fixed(message: Message) -> Sample:
    return lambda _phone: message


def ended(kind: str, status: int = 0, *, by_remote: bool = True) -> Sample:
    return fixed(CallEnded(call_uuid=CALL, by_remote=by_remote, kind=kind, status=status))


LINK: Mapping[str, Sample] = {
    "Connect": fixed(ConnectRequested()),
    "Disconnect": fixed(DisconnectRequested()),
    "Token good": fixed(TokenOffered(token=token(expires_at=1.9e9))),
    "Token malformed": fixed(TokenOffered(token="nonsense")),
    "Config same": fixed(ConfigReceived(config=config())),
    "Config new credentials": fixed(ConfigReceived(config=config(auth_password="other"))),
    **{f"ConfigFailed {s}": fixed(ConfigFailed(status=s)) for s in (0, 401, 403, 404, 422, 429, 500, 503)},
    "Up": fixed(TransportUp()),
    "Down": fixed(TransportDown(reason="code 1006")),
    "RegisterAccepted": fixed(RegisterAccepted()),
    **{f"RegisterFailed {s}": fixed(RegisterFailed(status=s)) for s in (0, 401, 403, 408, 503)},
    "RegisterFailed realm": fixed(RegisterFailed(status=401, refused="realm", realm="asterisk")),
    "RegisterAccepted realm": fixed(RegisterAccepted(realm="asterisk", algorithm="SHA-256")),
    "ChallengeRefused": fixed(ChallengeRefused(method="BYE", sip_call_id="x", realm="evil", why="request")),
    "Unregistered": fixed(Unregistered()),
    "Pong": fixed(Pong(crlf=True)),
    "Online": fixed(WentOnline()),
    "Offline": fixed(WentOffline()),
    "WokeUp": fixed(WokeUp()),
    "TakeOver": fixed(TakeOverRequested()),
    "Lease held": fixed(LeaseAnswered(held=True)),
    "Lease taken": fixed(LeaseAnswered(held=True, taking=True)),
    "AccessRevoked": fixed(AccessRevoked(credential="lease ticket")),
    **{f"LeaseFailed {s}": fixed(LeaseFailed(status=s)) for s in (0, 401, 503)},
    "PageLeft": fixed(PageLeft(is_known_again=True)),
    "OwnershipGranted": fixed(OwnershipGranted()),
    "OwnerShown": fixed(OwnerShown(calls=frozenset())),
    **{f"timer {kind}": timer(kind) for kind in PHONE_TIMERS},
    "stale reconnect": fixed(TimerFired(timer=Timer(TimerKind.RECONNECT), generation=-1)),
    "stale leave": fixed(TimerFired(timer=Timer(TimerKind.LEAVE), generation=-1)),
}

CALLS: Mapping[str, Sample] = {
    "Record": fixed(RecordFound(record=record())),
    "Dial": fixed(dial(call_uuid=OTHER)),
    "Dial bad": fixed(dial("12@evil", call_uuid=OTHER)),
    "Invite": fixed(invite(OTHER)),
    "Invite again": fixed(invite(CALL)),
    "Answer": about_call(AnswerRequested),
    "Answer any": fixed(AnswerRequested()),
    "Hangup": about_call(HangupRequested),
    "Hangup any": fixed(HangupRequested()),
    "Hangup other": fixed(HangupRequested(call_uuid=THIRD)),
    "Hold": about_call(HoldRequested),
    "Unhold": about_call(UnholdRequested),
    "Silence": about_call(SilenceRequested),
    "Mute": about_call(MuteRequested),
    "Unmute": about_call(UnmuteRequested),
    "Dtmf": about_call(DtmfRequested, digits="12#"),
    "Dtmf bad": about_call(DtmfRequested, digits="1;2"),
    "Transfer": about_call(TransferRequested, target="1002"),
    "Ask and transfer": about_call(TransferRequested, target="1002", attended=True, new_call_uuid=OTHER),
    "Join": about_call(JoinRequested),
    "Return": about_call(ReturnRequested),
    "Transfer bad": about_call(TransferRequested, target="1002@evil"),
    "NotTaken": about_call(CallNotTaken),
    "Sent": about_call(InviteSent, sip_call_id="sip-2"),
    **{f"Progress {s}": about_call(CallProgress, status=s) for s in (100, 180, 183)},
    "Accepted": about_call(CallAccepted),
    "Ended bye": fixed(bye()),
    "Ended cancel": ended("cancel"),
    "Ended reject": ended("reject", 486),
    "Ended failed": ended("failed", by_remote=False),
    "Ended other": fixed(bye(THIRD)),
    "Held": about_call(HoldChanged, held=True),
    "HoldFailed": about_call(HoldFailed, held=True, status=488),
    "Digit": about_call(DigitReceived, digit="5", via="info"),
    "DigitsFailed": about_call(DtmfFailed, status=415),
    "ReferAccepted": about_call(ReferAccepted),
    **{f"ReferProgress {s}": about_call(ReferProgress, status=s) for s in (100, 200, 486)},
    "ReferFailed": about_call(ReferFailed, status=603),
    "Referred": fixed(refer()),
    "Referred bad": fixed(refer("1003@evil")),
    "TransferAccepted": about_call(TransferAccepted, number="1003"),
    "TransferDeclined": about_call(TransferDeclined),
    "MicrophoneFailed": about_call(MicrophoneFailed, name="NotAllowedError"),
    "PlaybackBlocked": about_call(PlaybackBlocked),
    "PlaybackStarted": about_call(PlaybackStarted),
    **{f"Media {s}": about_call(MediaChanged, state=s) for s in ("connected", "disconnected", "failed")},
    "Media sampled": about_call(MediaSampled, sample=Heard(packets_received=50, packets_sent=50)),
    "IceRestarted": about_call(IceRestarted),
    **{f"IceRestartFailed {s}": about_call(IceRestartFailed, status=s) for s in (0, 481, 488, 491)},
    "Dialog": about_call(DialogKnown, dialog=DIALOG),
    **{f"ReplacementFailed {s}": about_call(ReplacementFailed, status=s) for s in (0, 403, 480, 481)},
    "MicrophoneEnded": about_call(MicrophoneEnded),
    "MicrophoneReady": about_call(MicrophoneReady),
    **{f"timer {kind}": timer(kind, CALL) for kind in CALL_TIMERS},
}

OTHERS: Mapping[str, Sample] = {
    "Panel": fixed(PanelChosen(panel=Panel.KEYPAD)),
    "Page": fixed(PageChosen(page=Page.HISTORY)),
    "DoNotDisturb": fixed(DoNotDisturbChosen(on=True)),
    "Disturb": fixed(DoNotDisturbChosen(on=False)),
    "HistoryRequested": fixed(HistoryRequested()),
    "HistoryReceived": fixed(HistoryReceived(calls=(), seen_at=5)),
    **{f"HistoryFailed {s}": fixed(HistoryFailed(status=s)) for s in (0, 401)},
    "Remembered": fixed(HistorySaved(calls=frozenset((CALL,)), seen_at=5, do_not_disturb=True)),
    **{f"RememberFailed {s}": fixed(HistorySaveFailed(status=s, calls=frozenset())) for s in (0, 401, 422)},
    "Fold": fixed(FoldChosen(folded=True)),
    "Unfold": fixed(FoldChosen(folded=False)),
    "Wide": fixed(WidthChanged(wide=True)),
    "DevicesChanged": fixed(DevicesChanged()),
    "AudioUnlock": fixed(AudioUnlockRequested()),
    "ParentMistake": fixed(ParentMistake(code="invalid_payload", fields=("number",))),
    "Takeover same": about_call(TakeoverAsked, same_party=True, sent_by_party=False),
    "Takeover foreign": about_call(TakeoverAsked, same_party=False, sent_by_party=False),
    "RelayReported": fixed(RelayReported(answers=False)),
    "ConfigureFailed": fixed(ConfigureFailed(setting="sip_uri")),
    "UserAgentFault": fixed(UserAgentFault(kind="TypeError", where="hold")),
    "PageFrozen": fixed(PageFrozen()),
}

HEADSET = Device("headset-id", "Headset")
LISTED = DevicesListed(
    microphones=(HEADSET,),
    speakers=(HEADSET,),
    can_choose_speaker=True,
    can_vibrate=True,
    permission=Permission.ASKABLE,
)
SOUNDS: Mapping[str, Sample] = {
    "Listed": fixed(LISTED),
    "Listed none": fixed(replace(LISTED, microphones=(), speakers=())),
    **{f"Chosen {kind}": fixed(DeviceChosen(kind=kind, device_id="headset-id")) for kind in DeviceKind},
    "Chosen none": fixed(DeviceChosen(kind=DeviceKind.MICROPHONE, device_id="")),
    "Chosen unknown": fixed(DeviceChosen(kind=DeviceKind.SPEAKER, device_id="never listed")),
    "Ringtone": fixed(RingtoneChosen(ringtone=Ringtone.BELL)),
    "Volume": fixed(VolumeChosen(percent=1000)),
    **{f"Switch {switch}": fixed(SwitchFlipped(switch=switch, on=False)) for switch in Switch},
    "NotificationsAsked": fixed(NotificationsAsked()),
    "PermissionAnswered": fixed(PermissionAnswered(permission=Permission.GRANTED)),
    "PreferencesFound": fixed(PreferencesFound(preferences=Preferences(microphone=HEADSET, volume=30))),
    **{f"Trial {trial}": fixed(TrialRequested(trial=trial)) for trial in Trial},
    **{f"Trial moved {trial}": fixed(TrialMoved(trial=trial)) for trial in Trial},
    "Trial failed": fixed(TrialMoved(trial=Trial.NONE, failure="NotAllowedError")),
    "VoiceHeard": fixed(VoiceHeard()),
    "Hidden": fixed(VisibilityChanged(hidden=True)),
    "Seen": fixed(VisibilityChanged(hidden=False)),
}

FIRST: Mapping[str, Sample] = {"Started": fixed(Started(token=GOOD))}
"""Comes once, before anything else."""

EVERY: Mapping[str, Sample] = {**LINK, **CALLS, **OTHERS, **SOUNDS}


def kinds_of_message() -> set[type[Message]]:
    """Every message there is, without the bases that are never sent. `routes` has imported all features."""
    modules = [module for name, module in sys.modules.items() if name.startswith("embed_app.core.")]
    found = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    kinds = {kind for kind in found if issubclass(kind, Message)}
    return {kind for kind in kinds if not any(kind in other.__bases__ for other in kinds)}
