"""SIP and media through the shim `public/sip-ua.js`: method calls out, its events in as messages."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence

import js
from pyodide.ffi import create_proxy

from embed_app.browser.shim_events import message_of, sample_of, settings_of, with_dialog
from embed_app.browser.tasks import Tasks
from embed_app.core.call.messages import CallEnded, DtmfFailed
from embed_app.core.call.values import Dialog
from embed_app.core.link.challenges import AnswerRule
from embed_app.core.link.values import SipConfig
from embed_app.core.media.messages import MediaSampled
from embed_app.shell.ports import Dispatch

DTMF_PAUSE = 2.0
DTMF_SPACING = 0.25
"""Seconds between two INFO digits: a gateway turns each of them into a tone of 160 ms."""


class _Digits:
    """The digits of one `send_dtmf`."""

    refused = False
    """The far end did not take one of them. A later command does not make it take the rest."""


class SipUserAgent:
    def __init__(self, instance_id: str = "") -> None:
        """`instance_id`: that of the page whose call is taken back, else this phone is a new one."""
        self._instance_id = instance_id or str(uuid.uuid4())
        self._dispatch: Dispatch = lambda _message: None
        self._handler = create_proxy(self._on_event)
        self._tasks = Tasks()
        self._digits: dict[str, _Digits] = {}
        """Those of the last `send_dtmf` in each call."""

    def listen(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        js.zorioSip.listen(self._handler)

    def _on_event(self, text: str) -> None:
        message = message_of(json.loads(text))
        if isinstance(message, DtmfFailed):
            digits = self._digits.setdefault(message.call_uuid, _Digits())
            if digits.refused:
                return  # told already, for the command these belong to
            digits.refused = True
        elif isinstance(message, CallEnded):
            self._digits.pop(message.call_uuid, None)
        self._dispatch(message)

    def configure(self, config: SipConfig, answers: Sequence[AnswerRule]) -> None:
        js.zorioSip.configure(settings_of(config, answers, self._instance_id))

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

    def hold_microphone(self, call_uuid: str, on: bool) -> None:
        js.zorioSip.holdMicrophone(call_uuid, on)

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
        sample = sample_of(await js.zorioSip.stats(call_uuid))
        if sample is not None:
            self._dispatch(MediaSampled(call_uuid=call_uuid, sample=sample))

    def send_dtmf(self, call_uuid: str, digits: str) -> None:
        """RFC 4733 where the peer takes it, else SIP INFO digit by digit (contract section 3).

        After one that is not taken the rest is not sent: half a number is worth nothing.
        """
        command = self._digits[call_uuid] = _Digits()
        if js.zorioSip.canInsertDtmf(call_uuid):
            js.zorioSip.insertDtmf(call_uuid, digits)
            return
        self._tasks.run(self._send_info_digits(call_uuid, digits, command))

    async def _send_info_digits(self, call_uuid: str, digits: str, command: _Digits) -> None:
        for digit in digits:
            if command.refused:
                return
            if digit == ",":
                await asyncio.sleep(DTMF_PAUSE)
                continue
            body = f"Signal={digit}\r\nDuration=160\r\n"
            js.zorioSip.sendInfo(call_uuid, "application/dtmf-relay", body)
            await asyncio.sleep(DTMF_SPACING)

    def refer(self, call_uuid: str, number: str) -> None:
        js.zorioSip.refer(call_uuid, number)

    def refer_to_call(self, call_uuid: str, target: str, dialog: Dialog, name: str) -> None:
        js.zorioSip.referToCall(call_uuid, with_dialog(dialog, target=target, name=name))

    def replace(
        self, call_uuid: str, target: str, dialog: Dialog, *, muted: bool, held: bool, in_dialog: bool
    ) -> None:
        how = with_dialog(dialog, target=target, muted=muted, held=held, in_dialog=in_dialog)
        js.zorioSip.replace(call_uuid, how)

    def cancel_replacement(self, call_uuid: str) -> None:
        js.zorioSip.cancelReplacement(call_uuid)

    def accept_takeover(self, call_uuid: str) -> None:
        js.zorioSip.acceptTakeover(call_uuid)

    def refuse_takeover(self, call_uuid: str, status: int) -> None:
        js.zorioSip.refuseTakeover(call_uuid, status)

    def await_relay(self, *, on: bool) -> None:
        js.zorioSip.awaitRelay(on)

    def farewell(self, dialog: Dialog) -> None:
        js.zorioSip.farewell(with_dialog(dialog))

    def accept_refer(
        self, call_uuid: str, new_call_uuid: str, number: str, headers: Sequence[tuple[str, str]]
    ) -> None:
        js.zorioSip.acceptRefer(call_uuid, new_call_uuid, number, json.dumps(headers))

    def reject_refer(self, call_uuid: str, new_call_uuid: str, status: int) -> None:
        js.zorioSip.rejectRefer(call_uuid, new_call_uuid, status)

    def play(self) -> None:
        js.zorioSip.play()

    def use_devices(self, microphone: str, speaker: str) -> None:
        js.zorioSip.useDevices(microphone, speaker)
