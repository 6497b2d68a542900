"""Numbers, names, digits, tokens and passwords are in no `repr`: what is logged by accident tells nothing."""

from __future__ import annotations

from embed_app.core.call.effects import SendInvite
from embed_app.core.call.messages import (
    DialRequested,
    DtmfRequested,
    HangupRequested,
    TransferRequested,
)
from embed_app.core.link.messages import (
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    Started,
    TokenOffered,
)
from embed_app.core.message import Message
from embed_app.protocol import commands as cmd
from tests.core.driver import GOOD, answered_inbound, config, dial, invite, refer

SECRETS = ("0912345678", "1002003", "swordfish", "Bình Nguyễn", "12345#", GOOD, "kh-77")


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
        refer("0912345678"),
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
