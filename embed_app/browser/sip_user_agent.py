"""SIP and media through the shim `public/sip-ua.js`: method calls out, its events in as Messages."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import js
from pyodide.ffi import create_proxy

from embed_app.browser.tasks import Tasks
from embed_app.core.call.messages import (
    CallAccepted,
    CallEnded,
    CallProgress,
    DialogKnown,
    DigitReceived,
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
from embed_app.core.link.messages import (
    Pong,
    RegisterAccepted,
    RegisterFailed,
    TransportDown,
    TransportUp,
    Unregistered,
)
from embed_app.core.link.values import SipConfig
from embed_app.core.media.messages import (
    IceRestarted,
    IceRestartFailed,
    MediaChanged,
    MediaSampled,
    MicrophoneEnded,
    MicrophoneReady,
)
from embed_app.core.media.values import Sample
from embed_app.core.message import Message
from embed_app.core.resume.messages import ReplacementFailed
from embed_app.shell.ports import Dispatch

DTMF_PAUSE = 2.0
DTMF_SPACING = 0.25
"""Seconds between two INFO digits: a gateway turns each of them into a tone of 160 ms."""

Event = Mapping[str, Any]


def _dialog(event: Event) -> Dialog:
    return Dialog(
        call_id=event["sip_call_id"],
        local_tag=event["local_tag"],
        remote_tag=event["remote_tag"],
        remote_target=event["remote_target"],
        remote_uri=event["remote_uri"],
        sequence=event["sequence"],
        routes=tuple(event["routes"]),
        instance_id=event["instance_id"],
        gruu=event["gruu"],
    )


def _request(dialog: Dialog) -> dict[str, Any]:
    found = asdict(dialog)
    return found | {"sip_call_id": found.pop("call_id")}


_MESSAGES: Mapping[str, Callable[[Event], Message]] = {
    "transport_up": lambda e: TransportUp(),
    "transport_down": lambda e: TransportDown(reason=e["reason"]),
    "registered": lambda e: RegisterAccepted(),
    "register_failed": lambda e: RegisterFailed(status=e["status"]),
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
    "refer_accepted": lambda e: ReferAccepted(call_uuid=e["call_uuid"]),
    "refer_progress": lambda e: ReferProgress(call_uuid=e["call_uuid"], status=e["status"]),
    "refer_failed": lambda e: ReferFailed(call_uuid=e["call_uuid"], status=e["status"]),
    "referred": lambda e: Referred(
        call_uuid=e["call_uuid"],
        new_call_uuid=e["new_call_uuid"],
        number=e["user"],
        attended=e["attended"],
    ),
    "microphone_failed": lambda e: MicrophoneFailed(call_uuid=e["call_uuid"], name=e["name"]),
    "autoplay_blocked": lambda e: PlaybackBlocked(call_uuid=e["call_uuid"]),
    "audio_playing": lambda e: PlaybackStarted(call_uuid=e["call_uuid"]),
    "media": lambda e: MediaChanged(call_uuid=e["call_uuid"], state=e["state"]),
    "restarted": lambda e: IceRestarted(call_uuid=e["call_uuid"]),
    "restart_failed": lambda e: IceRestartFailed(call_uuid=e["call_uuid"], status=e["status"]),
    "microphone_ended": lambda e: MicrophoneEnded(call_uuid=e["call_uuid"]),
    "microphone_ready": lambda e: MicrophoneReady(call_uuid=e["call_uuid"]),
    "pong": lambda e: Pong(crlf=e["crlf"]),
}


class SipUserAgent:
    def __init__(self, instance_id: str = "") -> None:
        """`instance_id`: that of the page whose call is taken back, else this phone is a new one."""
        self._instance_id = instance_id or str(uuid.uuid4())
        self._dispatch: Dispatch = lambda _message: None
        self._handler = create_proxy(self._on_event)
        self._tasks = Tasks()

    def listen(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        js.zorioSip.listen(self._handler)

    def _on_event(self, text: str) -> None:
        event = json.loads(text)
        make = _MESSAGES.get(event["type"])
        if make is not None:
            self._dispatch(make(event))

    def configure(self, config: SipConfig) -> None:
        settings = {
            "uri": config.sip_uri,
            "auth_username": config.auth_username,
            "auth_password": config.auth_password,
            "display_name": config.display_name,
            "ice_servers": [dict(server) for server in config.ice_servers],
            "instance_id": self._instance_id,
        }
        js.zorioSip.configure(json.dumps(settings))

    def connect(self, url: str) -> None:
        js.zorioSip.connect(url)

    def disconnect(self) -> None:
        js.zorioSip.disconnect()

    def ping(self, *, by_options: bool) -> None:
        js.zorioSip.ping(by_options)

    def register(self) -> None:
        js.zorioSip.register()

    def unregister(self) -> None:
        js.zorioSip.unregister()

    def invite(self, call_uuid: str, number: str, headers: Sequence[tuple[str, str]]) -> None:
        js.zorioSip.invite(call_uuid, number, json.dumps(headers))

    def expect(self, call_uuid: str, sip_call_id: str) -> None:
        js.zorioSip.expect(sip_call_id, call_uuid)

    def accept(self, call_uuid: str) -> None:
        js.zorioSip.accept(call_uuid)

    def reject(self, call_uuid: str, status: int) -> None:
        js.zorioSip.reject(call_uuid, status)

    def cancel(self, call_uuid: str) -> None:
        js.zorioSip.cancel(call_uuid)

    def bye(self, call_uuid: str) -> None:
        js.zorioSip.bye(call_uuid)

    def hold(self, call_uuid: str, held: bool) -> None:
        js.zorioSip.hold(call_uuid, held)

    def mute(self, call_uuid: str, muted: bool) -> None:
        js.zorioSip.mute(call_uuid, muted)

    def set_aside(self, call_uuid: str, aside: bool) -> None:
        js.zorioSip.setAside(call_uuid, aside)

    def restart_ice(self, call_uuid: str) -> None:
        js.zorioSip.restartIce(call_uuid)

    def reopen_microphone(self, call_uuid: str) -> None:
        js.zorioSip.reopenMicrophone(call_uuid)

    def sample_media(self, call_uuid: str) -> None:
        self._tasks.run(self._sample(call_uuid))

    async def _sample(self, call_uuid: str) -> None:
        found = json.loads(await js.zorioSip.stats(call_uuid))
        if found:
            sample = Sample(
                packets_received=found["packets_received"],
                packets_sent=found["packets_sent"],
                packets_lost=found["packets_lost"],
                loss_sent=found["loss_sent"],
                reported_at=found["reported_at"],
                direction=found["direction"],
            )
            self._dispatch(MediaSampled(call_uuid=call_uuid, sample=sample))

    def send_dtmf(self, call_uuid: str, digits: str) -> None:
        """RFC 4733 where the peer takes it, else SIP INFO digit by digit (contract section 3)."""
        if js.zorioSip.canInsertDtmf(call_uuid):
            js.zorioSip.insertDtmf(call_uuid, digits)
            return
        self._tasks.run(self._send_info_digits(call_uuid, digits))

    async def _send_info_digits(self, call_uuid: str, digits: str) -> None:
        for digit in digits:
            if digit == ",":
                await asyncio.sleep(DTMF_PAUSE)
                continue
            body = f"Signal={digit}\r\nDuration=160\r\n"
            js.zorioSip.sendInfo(call_uuid, "application/dtmf-relay", body)
            await asyncio.sleep(DTMF_SPACING)

    def refer(self, call_uuid: str, number: str) -> None:
        js.zorioSip.refer(call_uuid, number)

    def refer_to_call(self, call_uuid: str, target: str, dialog: Dialog, name: str) -> None:
        how = {"target": target, "name": name}
        js.zorioSip.referToCall(call_uuid, json.dumps(_request(dialog) | how))

    def replace(
        self, call_uuid: str, target: str, dialog: Dialog, *, muted: bool, held: bool, in_dialog: bool
    ) -> None:
        how = {"target": target, "muted": muted, "held": held, "in_dialog": in_dialog}
        js.zorioSip.replace(call_uuid, json.dumps(_request(dialog) | how))

    def cancel_replacement(self, call_uuid: str) -> None:
        js.zorioSip.cancelReplacement(call_uuid)

    def farewell(self, dialog: Dialog) -> None:
        js.zorioSip.farewell(json.dumps(_request(dialog)))

    def accept_refer(self, call_uuid: str, new_call_uuid: str) -> None:
        js.zorioSip.acceptRefer(call_uuid)

    def reject_refer(self, call_uuid: str) -> None:
        js.zorioSip.rejectRefer(call_uuid)

    def play(self) -> None:
        js.zorioSip.play()

    def use_devices(self, microphone: str, speaker: str) -> None:
        js.zorioSip.useDevices(microphone, speaker)
