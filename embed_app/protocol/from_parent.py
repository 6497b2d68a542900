"""What a parent asks for: a decoded command -> the message that the core understands (contract section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from embed_app.core.call.dial_string import DialStringError, call_headers
from embed_app.core.call.messages import (
    AnswerRequested,
    CallWish,
    DialRequested,
    DtmfRequested,
    HangupRequested,
    HoldRequested,
    MuteRequested,
    TransferAccepted,
    TransferDeclined,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.link.messages import ConnectRequested, DisconnectRequested, TokenOffered
from embed_app.core.message import Message
from embed_app.protocol import commands as cmd
from embed_app.protocol.envelope import ProtocolError

_WISHES: Mapping[type[cmd.Command], type[CallWish]] = {
    cmd.Answer: AnswerRequested,
    cmd.Hangup: HangupRequested,
    cmd.Hold: HoldRequested,
    cmd.Unhold: UnholdRequested,
    cmd.Mute: MuteRequested,
    cmd.Unmute: UnmuteRequested,
    cmd.DeclineTransfer: TransferDeclined,
}
"""Commands that name a call and nothing else."""


def to_message(command: cmd.Command, new_uuid: Callable[[], str]) -> Message | None:
    """None for `get_state`, which changes nothing. Raises ProtocolError for headers SIP must not see.

    `new_uuid`: makes the uuid of a call that the command starts.
    """
    match command:
        case cmd.Connect():
            return ConnectRequested()
        case cmd.Disconnect():
            return DisconnectRequested()
        case cmd.RefreshToken(token):
            return TokenOffered(token=token)
        case cmd.PlaceCall(number, options):
            return _dial(number, options, new_uuid())
        case cmd.SendDtmf(digits, call_uuid):
            return DtmfRequested(digits=digits, call_uuid=call_uuid)
        case cmd.Transfer(target, call_uuid, mode):
            return TransferRequested(
                target=target,
                call_uuid=call_uuid,
                attended=mode == "attended",
                new_call_uuid=new_uuid(),
            )
        case cmd.AcceptTransfer(number, call_uuid):
            return TransferAccepted(number=number, call_uuid=call_uuid)
        case cmd.GetState():
            return None
        case _:
            return _WISHES[type(command)](call_uuid=command.call_uuid)


def _dial(number: str, options: cmd.CallOptions, call_uuid: str) -> DialRequested:
    campaign, lead = _id_text(options.campaignId), _id_text(options.leadId)
    extra = {name: str(value) for name, value in options.headers.items()}
    try:
        headers = call_headers(campaign, lead, extra)
    except DialStringError as error:
        raise ProtocolError("invalid_header", error.field) from None
    return DialRequested(
        call_uuid=call_uuid, number=number, campaign_id=campaign, lead_id=lead, headers=headers
    )


def _id_text(value: str | int | None) -> str | None:
    return None if value is None else str(value)
