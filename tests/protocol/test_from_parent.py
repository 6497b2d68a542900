"""Each command of a parent becomes one message."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import (
    AnswerRequested,
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
from embed_app.protocol.from_parent import to_message
from tests.core.driver import CALL


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (cmd.Connect(), ConnectRequested()),
        (cmd.Disconnect(), DisconnectRequested()),
        (cmd.RefreshToken("t"), TokenOffered(token="t")),
        (cmd.Answer("u"), AnswerRequested(call_uuid="u")),
        (cmd.Hangup(), HangupRequested()),
        (cmd.Hold(), HoldRequested()),
        (cmd.Unhold("u"), UnholdRequested(call_uuid="u")),
        (cmd.Mute(), MuteRequested()),
        (cmd.Unmute(), UnmuteRequested()),
        (cmd.SendDtmf("1", "u"), DtmfRequested(digits="1", call_uuid="u")),
        (cmd.Transfer("2", "u"), TransferRequested(target="2", call_uuid="u", new_call_uuid=CALL)),
        (
            cmd.Transfer("2", mode="attended"),
            TransferRequested(target="2", attended=True, new_call_uuid=CALL),
        ),
        (cmd.AcceptTransfer("2", "u"), TransferAccepted(number="2", call_uuid="u")),
        (cmd.DeclineTransfer("u"), TransferDeclined(call_uuid="u")),
        (cmd.GetState(), None),
        (cmd.PlaceCall("1"), DialRequested(call_uuid=CALL, number="1")),
        (
            cmd.PlaceCall("1", cmd.CallOptions(campaignId=7, leadId="L", headers={"Ref": 5})),
            DialRequested(
                call_uuid=CALL,
                number="1",
                campaign_id="7",
                lead_id="L",
                headers=(("X-Zorio-Campaign-Id", "7"), ("X-Zorio-Lead-Id", "L"), ("X-Ref", "5")),
            ),
        ),
    ],
)
def test_each_command_is_one_message(command: cmd.Command, message: Message | None) -> None:
    assert to_message(command, lambda: CALL) == message


def test_every_command_has_a_message_of_its_own() -> None:
    samples = {
        cmd.PlaceCall: ("1",),
        cmd.RefreshToken: ("t",),
        cmd.SendDtmf: ("1",),
        cmd.Transfer: ("1",),
        cmd.AcceptTransfer: ("1",),
    }
    found = {
        shape: to_message(shape(*samples.get(shape, ())), lambda: CALL) for shape in cmd.COMMANDS.values()
    }
    assert [shape for shape, message in found.items() if message is None] == [cmd.GetState]
    assert len({type(message) for message in found.values()}) == len(cmd.COMMANDS)


def test_headers_sip_must_not_see_stop_at_the_door() -> None:
    with pytest.raises(ProtocolError) as caught:
        to_message(cmd.PlaceCall("1", cmd.CallOptions(headers={"A": "\r\n"})), lambda: CALL)
    assert (caught.value.code, caught.value.fields) == ("invalid_header", ("headers",))
