"""Calls on the screen: the incoming card, the in-call panel and the closing line."""

from __future__ import annotations

from collections.abc import Sequence

from embed_app.core.call.values import Call, CallState, Direction, Reason, TransferQuestion, TransferState
from embed_app.core.call.voice import on_hold
from embed_app.core.screen.values import Panel
from embed_app.i18n.translator import Translator
from embed_app.ui.numbers import shown, to_call_back
from embed_app.ui.view import Choice, Ended, InCall, IncomingCard, OtherCall, TransferCard


def caller(call: Call, unknown: str) -> tuple[str, str]:
    """(what to call the other side, its number or "" where that would only repeat it)."""
    name, number = call.display_name.strip(), call.number.strip()
    if name and name != number:
        return name, shown(number)
    return shown(number) or unknown, ""


def incoming_card(call: Call, choice: Choice, translator: Translator) -> IncomingCard:
    name, number = caller(call, translator.text("incoming.unknown"))
    return IncomingCard(
        call_uuid=call.uuid,
        name=name,
        number=number,
        about=_about(call, translator),
        spoken=translator.text("incoming.spoken", name=name),
        choice=choice,
        can_silence=not call.silenced,
    )


def _about(call: Call, translator: Translator) -> str:
    known = {"campaign": call.campaign_id, "contact": call.external_id}
    there = {name: value for name, value in known.items() if value}
    key = "about" if len(there) > 1 else "".join(there)
    return translator.text(f"incoming.{key}", **there) if there else ""


def choice_beside(current: Call | None) -> Choice:
    if current is None:
        return Choice.ALONE
    return Choice.HELD if on_hold(current) else Choice.HOLD


def other_call(call: Call, current: Call, translator: Translator) -> OtherCall:
    name, _ = caller(call, translator.text("call.unknown"))
    ready = call.state is CallState.ANSWERED and call.transfer is TransferState.NONE
    up = current.state is CallState.ANSWERED
    dialled = current.state in (CallState.INVITING, CallState.RINGING)
    return OtherCall(
        call_uuid=call.uuid,
        name=name,
        state=_state_text(call, translator),
        can_swap=ready and up,
        can_return=ready and (dialled or (up and current.consult_for == call.uuid)),
    )


def in_call(
    call: Call, others: Sequence[Call], panel: Panel, *, full: bool, translator: Translator
) -> InCall:
    """`full`: there is no place for one more call."""
    name, number = caller(call, translator.text("call.unknown"))
    answered = call.state is CallState.ANSWERED
    transferring = call.transfer is not TransferState.NONE
    can_add = answered and not transferring and not full
    ready = [other for other in others if other.state is CallState.ANSWERED]
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
        add_open=can_add and panel is Panel.ADD_CALL,
        devices_open=panel is Panel.DEVICES,
        transfer_placeholder=translator.text("transfer.placeholder"),
        can_hold=answered and not transferring,
        can_dial_tones=answered,
        can_transfer=answered and not transferring,
        can_add=can_add,
        can_join=answered and not transferring and len(ready) == 1,
        shows_join=bool(others),
    )


def transfer_card(call: Call, question: TransferQuestion, translator: Translator) -> TransferCard:
    """Of the target only the number is shown: a name would be the other side's word."""
    name, own = caller(call, translator.text("call.unknown"))
    who = f"{name} ({own})" if own else name
    return TransferCard(
        call_uuid=call.uuid,
        number=question.number,
        shown=shown(question.number),
        text=translator.text("request.who", who=who),
        hint=translator.text("request.attended" if question.attended else "request.blind"),
        spoken=translator.text("request.spoken", who=name, number=shown(question.number)),
    )


def _state_text(call: Call, translator: Translator) -> str:
    if call.transfer is TransferState.TARGET or call.transfer_to:
        return translator.text("call.joining")
    if call.transfer is not TransferState.NONE:
        return translator.text("call.transferring", target=call.transfer_target)
    if call.state is CallState.ANSWERED and call.held:
        return translator.text("call.held")
    return translator.text(f"call.{call.state}")


def ended(call: Call, translator: Translator) -> Ended:
    name, _ = caller(call, translator.text("call.unknown"))
    return Ended(
        name=name,
        text=reason_text(call.release or Reason.ERROR, call.direction, translator),
        billsec=call.billsec,
        redial=to_call_back(call.number, inbound=call.direction is Direction.INBOUND),
    )


def reason_text(reason: Reason, direction: Direction, translator: Translator) -> str:
    """Some reasons read differently on the side that was called: `cancelled` there is a missed call."""
    key = f"reason.{reason}.{direction}"
    return translator.text(key if translator.has(key) else f"reason.{reason}")
