"""Commands become Messages; the difference of two phones becomes events."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import pytest

from embed_app.core.call.effects import SendInvite
from embed_app.core.call.messages import (
    AnswerRequested,
    DialRequested,
    DtmfRequested,
    HangupRequested,
    HoldRequested,
    MicrophoneFailed,
    MuteRequested,
    Referred,
    TransferRequested,
    UnholdRequested,
    UnmuteRequested,
)
from embed_app.core.call.values import Call, CallState, TransferState
from embed_app.core.link.messages import (
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    Started,
    TokenOffered,
)
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.notices import Problem
from embed_app.core.phone import Phone
from embed_app.protocol import commands as cmd
from embed_app.protocol import events as ev
from embed_app.protocol.envelope import ProtocolError
from embed_app.protocol.translation import announce, call_object, iso_time, state_payload, to_message
from tests.core.driver import (
    CALL,
    GOOD,
    OTHER,
    answered_inbound,
    answered_outbound,
    config,
    describe,
    dial,
    invite,
    phone_in,
    registered,
    types,
)

SECRETS = ("0912345678", "1002003", "swordfish", "Bình Nguyễn", "12345#", GOOD, "kh-77")


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


def test_every_command_has_its_message() -> None:
    samples = {cmd.PlaceCall: ("1",), cmd.RefreshToken: ("t",), cmd.SendDtmf: ("1",), cmd.Transfer: ("1",)}
    for shape in cmd.COMMANDS.values():
        to_message(shape(*samples.get(shape, ())), lambda: CALL)


def test_headers_sip_must_not_see_stop_at_the_door() -> None:
    with pytest.raises(ProtocolError) as caught:
        to_message(cmd.PlaceCall("1", cmd.CallOptions(headers={"A": "\r\n"})), lambda: CALL)
    assert (caught.value.code, caught.value.fields) == ("invalid_header", ("headers",))


@pytest.mark.parametrize("state", list(LinkState))
def test_a_step_that_changes_nothing_tells_nothing(state: LinkState) -> None:
    phone = replace(phone_in(state).phone, notices=())
    assert list(announce(phone, phone, describe)) == []


@pytest.mark.parametrize(
    ("state", "held", "public"),
    [
        (CallState.QUEUED, False, "inviting"),
        (CallState.INVITING, False, "inviting"),
        (CallState.RINGING, False, "ringing"),
        (CallState.ANSWERING, False, "ringing"),
        (CallState.ANSWERED, False, "answered"),
        (CallState.ANSWERED, True, "held"),
        (CallState.ENDED, True, "ended"),
    ],
)
def test_our_states_are_the_contracts_outside(state: CallState, held: bool, public: str) -> None:
    call = replace(answered_inbound().call, state=state, held=held)
    assert call_object(call).state == public


@pytest.mark.parametrize(
    "change",
    [{"muted": True}, {"held": True}, {"transfer": TransferState.ASKED}],
)
def test_what_the_parent_can_see_change_is_told(change: dict[str, object]) -> None:
    before = replace(answered_inbound().phone, notices=())
    after = replace(before, calls=(replace(before.calls[0], **change),))  # type: ignore[arg-type]
    assert types(list(announce(before, after, describe))) == ["call_updated"]
    assert types(list(announce(after, after, describe))) == []


def test_the_end_of_a_call_is_told_before_the_error_that_explains_it() -> None:
    driver = registered()
    driver.send(dial())
    events = driver.send(MicrophoneFailed(call_uuid=CALL, name="NotAllowedError"))
    assert types(events) == ["call_hangup", "error"]


def test_an_error_is_fatal_only_where_it_stops_the_phone() -> None:
    flags = []
    for driver in (registered(), phone_in(LinkState.REFUSED)):
        driver.send(TokenOffered(token="x"))
        flags += [event.error.fatal for event in driver.told(ev.Error)]
    assert flags == [False, True]


def test_the_state_holds_live_calls_only() -> None:
    driver = answered_outbound()
    assert [call["uuid"] for call in state_payload(driver.phone)["calls"]] == [CALL]
    driver.send(HangupRequested())
    assert state_payload(driver.phone)["calls"] == []


def test_times_are_those_of_this_machine() -> None:
    assert iso_time(None) is None
    told = iso_time(0.5)
    assert told is not None
    assert told[-6] in "+-"
    assert ".500" in told


def things_with_secrets() -> list[object]:
    """The model, messages and effects of a life full of secrets."""
    driver = answered_inbound()
    offered = TokenOffered(token=GOOD)
    headers = (("X-Zorio-Contact-Id", "kh-77"),)
    steps: list[Message] = [
        offered,
        ConfigReceived(config=config(auth_password="swordfish"), token=GOOD),
        DtmfRequested(digits="12345#"),
        TransferRequested(target="1002003"),
        Referred(call_uuid=CALL, new_call_uuid=OTHER, number="0912345678"),
        HangupRequested(),
        HangupRequested(),
        dial("0912345678", "third"),
        DialRequested(call_uuid="x", number="0912345678", headers=headers),
        DisconnectRequested(),
        ConnectRequested(),
        ConfigReceived(config=config(auth_password="swordfish")),
        invite("fourth", number="0912345678", display_name="Bình Nguyễn", headers=headers),
    ]
    seen: list[object] = [Started(token=GOOD)]
    for step in steps:
        driver.send(step)
        seen += [step, driver.phone, *driver.events]
    return [*seen, *driver.effects]


def test_nothing_that_is_logged_by_accident_gives_a_secret_away() -> None:
    seen = things_with_secrets()
    assert len({type(thing) for thing in seen}) > 25
    assert any(isinstance(thing, SendInvite) for thing in seen)
    leaks = {(type(thing).__name__, secret) for thing in seen for secret in SECRETS if secret in repr(thing)}
    assert leaks == set()


def test_commands_keep_their_secrets_too() -> None:
    options = cmd.CallOptions(headers={"Name": "Bình Nguyễn"})
    calls = [cmd.PlaceCall("0912345678", options), cmd.Transfer("1002003")]
    shown = repr([*calls, cmd.RefreshToken(GOOD), cmd.SendDtmf("12345#")])
    assert [secret for secret in SECRETS if secret in shown] == []


def test_every_part_of_the_model_is_frozen() -> None:
    shapes: list[type] = [Phone, Call, Problem]
    assert all(is_dataclass(shape) and shape.__dataclass_params__.frozen for shape in shapes)  # type: ignore[attr-defined]
    assert {field.name for field in fields(Phone)} >= {"link", "calls", "notices", "timers"}
