"""What the shim (`public/sip-ua.js`) says and is told, as messages and JSON. Imports no JavaScript.

Names and fields are those of `public/sip/interface.d.ts`; a test compares both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from embed_app.core.call.messages import (
    CallAccepted,
    CallEnded,
    CallProgress,
    DialogKnown,
    DigitReceived,
    DtmfFailed,
    HoldChanged,
    HoldFailed,
    InviteReceived,
    InviteSent,
    MicrophoneFailed,
    PlaybackBlocked,
    PlaybackStarted,
    ReferAccepted,
    ReferFailed,
    ReferProgress,
    Referred,
)
from embed_app.core.call.values import Dialog
from embed_app.core.link.challenges import AnswerRule
from embed_app.core.link.messages import (
    ChallengeRefused,
    ConfigureFailed,
    Pong,
    RegisterAccepted,
    RegisterFailed,
    TransportDown,
    TransportUp,
    Unregistered,
)
from embed_app.core.link.timing import TIMING
from embed_app.core.link.values import SipConfig
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MicrophoneEnded,
    MicrophoneReady,
    RelayReported,
)
from embed_app.core.media.values import Sample
from embed_app.core.message import Message, UserAgentFault
from embed_app.core.resume.messages import ReplacementFailed, TakeoverAsked
from embed_app.shell.faults import report

Event = Mapping[str, Any]


def _dialog(event: Event) -> Dialog:
    return Dialog(
        sip_call_id=event["sip_call_id"],
        local_tag=event["local_tag"],
        remote_tag=event["remote_tag"],
        remote_target=event["remote_target"],
        remote_uri=event["remote_uri"],
        sequence=event["sequence"],
        routes=tuple(event["routes"]),
        instance_id=event["instance_id"],
        gruu=event["gruu"],
    )


_SETTINGS = {"uri": "sip_uri", "url": "wss_urls"}
"""What the shim calls them -> the fields of sip-config."""

MESSAGES: Mapping[str, Callable[[Event], Message]] = {
    "transport_up": lambda e: TransportUp(),
    "transport_down": lambda e: TransportDown(reason=e["reason"]),
    "registered": lambda e: RegisterAccepted(realm=e["realm"], algorithm=e["algorithm"]),
    "register_failed": lambda e: RegisterFailed(status=e["status"], refused=e["why"], realm=e["realm"]),
    "challenge_refused": lambda e: ChallengeRefused(
        method=e["method"], sip_call_id=e["sip_call_id"], realm=e["realm"], why=e["why"]
    ),
    "unregistered": lambda e: Unregistered(),
    "invite": lambda e: InviteReceived(
        call_uuid=e["call_uuid"],
        sip_call_id=e["sip_call_id"],
        number=e["user"],
        display_name=e["display_name"],
        headers=tuple(e["headers"].items()),
    ),
    "sent": lambda e: InviteSent(call_uuid=e["call_uuid"], sip_call_id=e["sip_call_id"]),
    "progress": lambda e: CallProgress(call_uuid=e["call_uuid"], status=e["status"]),
    "accepted": lambda e: CallAccepted(call_uuid=e["call_uuid"]),
    "dialog": lambda e: DialogKnown(
        call_uuid=e["call_uuid"], dialog=_dialog(e), number=e["user"], display_name=e["display_name"]
    ),
    "takeover_asked": lambda e: TakeoverAsked(
        call_uuid=e["call_uuid"],
        same_party=e["same_party"],
        sent_by_party=e["sent_by_party"],
        early_only=e["early_only"],
    ),
    "replace_failed": lambda e: ReplacementFailed(call_uuid=e["call_uuid"], status=e["status"]),
    "ended": lambda e: CallEnded(
        call_uuid=e["call_uuid"],
        by_remote=e["by"] == "remote",
        kind=e["kind"],
        status=e["status"],
        reason=e["reason"],
    ),
    "held": lambda e: HoldChanged(call_uuid=e["call_uuid"], held=e["on"]),
    "hold_failed": lambda e: HoldFailed(call_uuid=e["call_uuid"], held=e["on"], status=e["status"]),
    "dtmf": lambda e: DigitReceived(call_uuid=e["call_uuid"], digit=e["digit"], via=e["via"]),
    "dtmf_failed": lambda e: DtmfFailed(call_uuid=e["call_uuid"], status=e["status"]),
    "refer_accepted": lambda e: ReferAccepted(call_uuid=e["call_uuid"]),
    "refer_progress": lambda e: ReferProgress(call_uuid=e["call_uuid"], status=e["status"]),
    "refer_failed": lambda e: ReferFailed(call_uuid=e["call_uuid"], status=e["status"]),
    "referred": lambda e: Referred(
        call_uuid=e["call_uuid"],
        new_call_uuid=e["new_call_uuid"],
        scheme=e["scheme"],
        number=e["user"],
        host=e["host"],
        method=e["method"],
        replaces=e["replaces"],
        referred_by=e["referred_by"],
    ),
    "microphone_failed": lambda e: MicrophoneFailed(call_uuid=e["call_uuid"], name=e["name"]),
    "autoplay_blocked": lambda e: PlaybackBlocked(call_uuid=e["call_uuid"]),
    "audio_playing": lambda e: PlaybackStarted(call_uuid=e["call_uuid"]),
    "media": lambda e: MediaChanged(call_uuid=e["call_uuid"], state=e["state"]),
    "restarted": lambda e: IceRestarted(call_uuid=e["call_uuid"]),
    "restart_failed": lambda e: IceRestartFailed(call_uuid=e["call_uuid"], status=e["status"]),
    "microphone_ended": lambda e: MicrophoneEnded(call_uuid=e["call_uuid"]),
    "microphone_ready": lambda e: MicrophoneReady(call_uuid=e["call_uuid"]),
    "relay": lambda e: RelayReported(answers=e["answers"]),
    "configure_failed": lambda e: ConfigureFailed(setting=_SETTINGS[e["setting"]]),
    "pong": lambda e: Pong(crlf=e["crlf"]),
    "fault": lambda e: UserAgentFault(kind=e["kind"], where=e["where"]),
}


"""The message for each type of event."""


def message_of(event: Event) -> Message:
    """What an event says. One that is not known, or lacks a field, is a fault of ours and says so."""
    name = str(event.get("type"))
    make = MESSAGES.get(name)
    if make is None:
        return _fault("UnknownEvent", name)
    try:
        return make(event)
    except (LookupError, TypeError, AttributeError) as error:
        return _fault(type(error).__name__, name)


def _fault(kind: str, event: str) -> UserAgentFault:
    where = f"event {event[:32]}"
    report(kind, where)
    return UserAgentFault(kind=kind, where=where)


def settings_of(config: SipConfig, answers: Sequence[AnswerRule], instance_id: str) -> str:
    """The settings that `configure` takes."""
    return json.dumps(
        {
            "uri": config.sip_uri,
            "auth_username": config.auth_username,
            "auth_password": config.auth_password,
            "display_name": config.display_name,
            "ice_servers": [dict(server) for server in config.ice_servers],
            "instance_id": instance_id,
            "answers": [asdict(rule) for rule in answers],
            **asdict(TIMING),
        }
    )


def sample_of(text: str) -> Sample | None:
    """What `stats` has answered; None for a call without media."""
    found = json.loads(text)
    if not found:
        return None
    return Sample(
        packets_received=found["packets_received"],
        packets_sent=found["packets_sent"],
        packets_lost=found["packets_lost"],
        loss_sent=found["loss_sent"],
        reported_at=found["reported_at"],
        direction=found["direction"],
    )


def with_dialog(dialog: Dialog, **how: Any) -> str:
    """A dialog and what to do with it, as `replace`, `referToCall` and `farewell` take it.

    Its mark is for pages only."""
    fields = asdict(dialog)
    del fields["mark"]
    return json.dumps(fields | how)
