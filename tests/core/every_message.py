"""One sample or more of every message there is, by label; `test_every_message` holds the list complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from embed_app.core import messages as msg
from embed_app.core.call import CALL_TIMERS, RESUME_TIMERS
from embed_app.core.line_messages import (
    LeaseAnswered,
    LeaseFailed,
    LineFollowed,
    LineGranted,
    PageFrozen,
    PageLeft,
)
from embed_app.core.media_watch import Sample as Heard
from embed_app.core.model import Page, Panel, Phone
from embed_app.core.sound_choices import Device, DeviceKind, Permission, Preferences, Ringtone, Switch, Trial
from embed_app.core.sound_messages import (
    DeviceChosen,
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
    token,
)

LINK_TIMERS = (
    "history",
    "remember",
    "lease",
    "quiet",
    "reconnect",
    "leave",
    "token",
    "credentials",
    "ping",
    "pong",
)
Sample = Callable[[Phone], msg.Message]


def timer(name: str) -> Sample:
    """The timer as it really fires: with the generation it runs under, else with one that is stale."""
    return lambda phone: msg.TimerFired(name=name, generation=phone.timers.get(name, -1))


def about_call(kind: type[msg.CallReport] | type[msg.CallWish], **fields: object) -> Sample:
    return lambda _phone: kind(call_uuid=CALL, **fields)  # type: ignore[arg-type]


def fixed(message: msg.Message) -> Sample:
    return lambda _phone: message


def ended(kind: str, status: int = 0, *, by_remote: bool = True) -> Sample:
    return fixed(msg.CallEnded(call_uuid=CALL, by_remote=by_remote, kind=kind, status=status))


LINK: Mapping[str, Sample] = {
    "Connect": fixed(msg.ConnectRequested()),
    "Disconnect": fixed(msg.DisconnectRequested()),
    "Token good": fixed(msg.TokenOffered(token=token(expires_at=1.9e9))),
    "Token malformed": fixed(msg.TokenOffered(token="nonsense")),
    "Config same": fixed(msg.ConfigReceived(config=config())),
    "Config new credentials": fixed(msg.ConfigReceived(config=config(auth_password="other"))),
    **{
        f"ConfigFailed {s}": fixed(msg.ConfigFailed(status=s)) for s in (0, 401, 403, 404, 422, 429, 500, 503)
    },
    "Up": fixed(msg.TransportUp()),
    "Down": fixed(msg.TransportDown(reason="code 1006")),
    "RegisterAccepted": fixed(msg.RegisterAccepted()),
    **{f"RegisterFailed {s}": fixed(msg.RegisterFailed(status=s)) for s in (0, 401, 403, 408, 503)},
    "Unregistered": fixed(msg.Unregistered()),
    "Pong": fixed(msg.Pong(crlf=True)),
    "Online": fixed(msg.WentOnline()),
    "Offline": fixed(msg.WentOffline()),
    "WokeUp": fixed(msg.WokeUp()),
    "TakeOver": fixed(msg.TakeOverRequested()),
    "Lease held": fixed(LeaseAnswered(held=True)),
    "Lease taken": fixed(LeaseAnswered(held=True, taking=True)),
    **{f"LeaseFailed {s}": fixed(LeaseFailed(status=s)) for s in (0, 401, 503)},
    "PageLeft": fixed(PageLeft(is_known_again=True)),
    "LineGranted": fixed(LineGranted()),
    "LineFollowed": fixed(LineFollowed(calls=frozenset())),
    **{
        f"timer {name}": timer(name)
        for name in ("reconnect", "leave", "token", "credentials", "ping", "pong")
    },
    "stale reconnect": fixed(msg.TimerFired(name="reconnect", generation=-1)),
    "stale leave": fixed(msg.TimerFired(name="leave", generation=-1)),
}

CALLS: Mapping[str, Sample] = {
    "Record": fixed(msg.RecordFound(record=record())),
    "Dial": fixed(dial(call_uuid=OTHER)),
    "Dial bad": fixed(dial("12@evil", call_uuid=OTHER)),
    "Invite": fixed(invite(OTHER)),
    "Invite again": fixed(invite(CALL)),
    "Answer": about_call(msg.AnswerRequested),
    "Answer any": fixed(msg.AnswerRequested()),
    "Hangup": about_call(msg.HangupRequested),
    "Hangup any": fixed(msg.HangupRequested()),
    "Hangup other": fixed(msg.HangupRequested(call_uuid=THIRD)),
    "Hold": about_call(msg.HoldRequested),
    "Unhold": about_call(msg.UnholdRequested),
    "Silence": about_call(msg.SilenceRequested),
    "Mute": about_call(msg.MuteRequested),
    "Unmute": about_call(msg.UnmuteRequested),
    "Dtmf": about_call(msg.DtmfRequested, digits="12#"),
    "Dtmf bad": about_call(msg.DtmfRequested, digits="1;2"),
    "Transfer": about_call(msg.TransferRequested, target="1002"),
    "Ask and transfer": about_call(msg.TransferRequested, target="1002", attended=True, new_call_uuid=OTHER),
    "Join": about_call(msg.JoinRequested),
    "Return": about_call(msg.ReturnRequested),
    "Transfer bad": about_call(msg.TransferRequested, target="1002@evil"),
    "NotTaken": about_call(msg.CallNotTaken),
    "Sent": about_call(msg.InviteSent, sip_call_id="sip-2"),
    **{f"Progress {s}": about_call(msg.CallProgress, status=s) for s in (100, 180, 183)},
    "Accepted": about_call(msg.CallAccepted),
    "Ended bye": fixed(bye()),
    "Ended cancel": ended("cancel"),
    "Ended reject": ended("reject", 486),
    "Ended failed": ended("failed", by_remote=False),
    "Ended other": fixed(bye(THIRD)),
    "Held": about_call(msg.HoldChanged, held=True),
    "HoldFailed": about_call(msg.HoldFailed, held=True, status=488),
    "Digit": about_call(msg.DigitReceived, digit="5", via="info"),
    "ReferAccepted": about_call(msg.ReferAccepted),
    **{f"ReferProgress {s}": about_call(msg.ReferProgress, status=s) for s in (100, 200, 486)},
    "ReferFailed": about_call(msg.ReferFailed, status=603),
    "Referred": about_call(msg.Referred, new_call_uuid=OTHER, number="1003"),
    "Referred bad": about_call(msg.Referred, new_call_uuid=OTHER, number="1003@evil"),
    "MicrophoneFailed": about_call(msg.MicrophoneFailed, name="NotAllowedError"),
    "PlaybackBlocked": about_call(msg.PlaybackBlocked),
    "PlaybackStarted": about_call(msg.PlaybackStarted),
    **{f"Media {s}": about_call(msg.MediaChanged, state=s) for s in ("connected", "disconnected", "failed")},
    "Media sampled": about_call(msg.MediaSampled, sample=Heard(packets_received=50, packets_sent=50)),
    "IceRestarted": about_call(msg.IceRestarted),
    **{f"IceRestartFailed {s}": about_call(msg.IceRestartFailed, status=s) for s in (0, 481, 488, 491)},
    "Dialog": about_call(msg.DialogKnown, dialog=DIALOG),
    **{f"ReplacementFailed {s}": about_call(msg.ReplacementFailed, status=s) for s in (0, 403, 480, 481)},
    "MicrophoneEnded": about_call(msg.MicrophoneEnded),
    "MicrophoneReady": about_call(msg.MicrophoneReady),
    **{f"timer {name}": timer(f"{name}:{CALL}") for name in (*CALL_TIMERS, *RESUME_TIMERS)},
}

OTHERS: Mapping[str, Sample] = {
    "Panel": fixed(msg.PanelChosen(panel=Panel.KEYPAD)),
    "Page": fixed(msg.PageChosen(page=Page.HISTORY)),
    "DoNotDisturb": fixed(msg.DoNotDisturbChosen(on=True)),
    "Disturb": fixed(msg.DoNotDisturbChosen(on=False)),
    "HistoryRequested": fixed(msg.HistoryRequested()),
    "HistoryReceived": fixed(msg.HistoryReceived(calls=(), seen_at=5)),
    **{f"HistoryFailed {s}": fixed(msg.HistoryFailed(status=s)) for s in (0, 401)},
    "Remembered": fixed(msg.Remembered(calls=frozenset((CALL,)), seen_at=5, do_not_disturb=True)),
    **{f"RememberFailed {s}": fixed(msg.RememberFailed(status=s, calls=frozenset())) for s in (0, 401, 422)},
    "timer history": timer("history"),
    "timer remember": timer("remember"),
    "Fold": fixed(msg.FoldChosen(folded=True)),
    "Unfold": fixed(msg.FoldChosen(folded=False)),
    "Wide": fixed(msg.WidthChanged(wide=True)),
    "DevicesChanged": fixed(msg.DevicesChanged()),
    "AudioUnlock": fixed(msg.AudioUnlockRequested()),
    "ParentMistake": fixed(msg.ParentMistake(code="invalid_payload", fields=("number",))),
    "PageFrozen": fixed(PageFrozen()),
    "timer ended": timer("ended"),
    "timer banner": timer("banner"),
    "timer unknown": timer("unknown"),
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
    "Hidden": fixed(msg.VisibilityChanged(hidden=True)),
    "Seen": fixed(msg.VisibilityChanged(hidden=False)),
    "timer replaced": timer("replaced"),
    "timer trial": timer("trial"),
}

FIRST: Mapping[str, Sample] = {"Started": fixed(msg.Started(token=GOOD))}
"""Comes once, before anything else."""

EVERY: Mapping[str, Sample] = {**LINK, **CALLS, **OTHERS, **SOUNDS}
