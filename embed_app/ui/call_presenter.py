"""Calls on the screen: the incoming card, the in-call panel and the closing line."""

from __future__ import annotations

import re

from embed_app.core.model import Call, CallState, Direction, Panel, TransferState
from embed_app.core.release_cause import Reason
from embed_app.i18n.translator import Translator
from embed_app.ui.view import Ended, InCall, IncomingCard

_DIALABLE = re.compile(r"[+0-9*#]{1,32}", re.ASCII)


def caller(call: Call, unknown: str) -> tuple[str, str]:
    """(what to call the other side, its number or "" where that would only repeat it)."""
    name, number = call.display_name.strip(), call.number.strip()
    if name and name != number:
        return name, number
    return number or unknown, ""


def incoming_card(call: Call, translator: Translator) -> IncomingCard:
    name, number = caller(call, translator.text("incoming.unknown"))
    return IncomingCard(
        call_uuid=call.uuid,
        name=name,
        number=number,
        spoken=translator.text("incoming.spoken", name=name),
    )


def in_call(call: Call, panel: Panel, translator: Translator) -> InCall:
    name, number = caller(call, translator.text("call.unknown"))
    answered = call.state is CallState.ANSWERED
    transferring = call.transfer is not TransferState.NONE
    return InCall(
        call_uuid=call.uuid,
        name=name,
        number=number,
        state=_state_text(call, translator),
        timer_from=call.answered_at,
        muted=call.muted,
        held=call.held,
        keypad_open=answered and panel is Panel.KEYPAD,
        transfer_open=answered and panel is Panel.TRANSFER,
        transfer_placeholder=translator.text("transfer.placeholder"),
        can_hold=answered and not transferring,
        can_dial_tones=answered,
        can_transfer=answered and not transferring,
    )


def _state_text(call: Call, translator: Translator) -> str:
    if call.transfer is not TransferState.NONE:
        return translator.text("call.transferring", target=call.transfer_target)
    if call.state is CallState.ANSWERED and call.held:
        return translator.text("call.held")
    return translator.text(f"call.{call.state}")


def ended(call: Call, translator: Translator) -> Ended:
    name, number = caller(call, translator.text("call.unknown"))
    redial = number or name
    return Ended(
        name=name,
        text=reason_text(call.release or Reason.ERROR, call.direction, translator),
        billsec=call.billsec,
        redial=redial if _DIALABLE.fullmatch(redial) else "",
    )


def reason_text(reason: Reason, direction: Direction, translator: Translator) -> str:
    """Some reasons read differently on the side that was called: `cancelled` there is a missed call."""
    key = f"reason.{reason}.{direction}"
    return translator.text(key if translator.has(key) else f"reason.{reason}")
