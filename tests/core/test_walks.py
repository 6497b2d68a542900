"""The four walks of the design, message by message, with every event in its order."""

from __future__ import annotations

import pytest

from embed_app.core.call.effects import AcceptInvite, RejectInvite, SendBye, SendInvite, SetHold
from embed_app.core.call.messages import (
    AnswerRequested,
    CallAccepted,
    CallEnded,
    CallProgress,
    DialRequested,
    HangupRequested,
    HoldRequested,
    InviteSent,
)
from embed_app.core.link.effects import Configure, FetchConfig, OpenTransport, Register
from embed_app.core.link.messages import (
    ConfigReceived,
    ConnectRequested,
    RegisterAccepted,
    Started,
    TokenOffered,
    TransportDown,
    TransportUp,
    WentOnline,
)
from embed_app.core.link.values import LinkState
from embed_app.core.message import Message
from embed_app.core.phone import Phone, Settings
from embed_app.core.sound.effects import AnnounceCaller, PlaySound
from embed_app.core.sound.values import Sound
from embed_app.core.timers import StopTimer, Timer, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    GOOD,
    OTHER,
    URLS,
    Driver,
    answered_inbound,
    bye,
    config,
    dial,
    invite,
    registered,
    token,
)


def test_from_a_token_to_a_registered_phone() -> None:
    driver = Driver()
    driver.send(Started(token=GOOD))
    assert driver.last() == (FetchConfig(GOOD),)
    driver.send(ConfigReceived(config=config()))
    assert driver.last()[:1] == (Configure(config()),)
    assert driver.last()[-1] == OpenTransport(URLS[0])
    driver.send(TransportUp())
    assert driver.last()[-1] == Register()
    driver.send(RegisterAccepted())
    assert driver.types() == ["connected", "registered"]


def test_a_refresh_of_the_registration_is_no_event() -> None:
    driver = registered()
    assert driver.send(RegisterAccepted()) == []


def test_without_auto_register_it_waits_for_connect() -> None:
    driver = Driver(Phone(settings=Settings(auto_register=False)))
    driver.send(Started(token=GOOD))
    assert (driver.state, driver.effects, driver.events) == (LinkState.IDLE, [], [])
    driver.send(ConnectRequested())
    assert driver.last() == (FetchConfig(GOOD),)


def test_walk_1_the_parent_calls() -> None:
    driver = registered()
    message = DialRequested(
        call_uuid=CALL, number="+84 (91) 234-56.78", campaign_id="7", headers=(("X-Zorio-Campaign-Id", "7"),)
    )
    assert driver.send(message) == []
    assert SendInvite(CALL, "+84912345678", (("X-Zorio-Campaign-Id", "7"),)) in driver.last()
    driver.send(InviteSent(call_uuid=CALL, sip_call_id="sip-9"))
    driver.send(CallProgress(call_uuid=CALL, status=100))
    assert driver.types() == []
    driver.send(CallProgress(call_uuid=CALL, status=180))
    assert driver.last() == (PlaySound(Sound.RINGBACK),)
    driver.send(CallProgress(call_uuid=CALL, status=183))
    driver.send(CallAccepted(call_uuid=CALL), after=3)
    assert PlaySound(Sound.NONE) in driver.last()
    driver.send(bye(), after=61.9)
    assert driver.types() == ["call_ringing", "call_answered", "call_hangup"]
    (ringing,), (hangup,) = driver.told(ev.CallRinging), driver.told(ev.CallHangup)
    assert (ringing.call.state, ringing.call.sip_call_id, ringing.call.campaignId) == (
        "ringing",
        "sip-9",
        "7",
    )
    assert (hangup.reason, hangup.billsec, hangup.call.state) == ("remote_hangup", 61, "ended")


def test_walk_2_an_invite_arrives_and_is_answered() -> None:
    driver = registered()
    driver.send(invite(headers=(("X-Zorio-Contact-Id", "kh-5"), ("x-zorio-lead-id", "8"))))
    assert PlaySound(Sound.RING) in driver.last()
    driver.send(AnswerRequested(), after=2)
    assert driver.last()[-3:] == (AcceptInvite(CALL), PlaySound(Sound.NONE), AnnounceCaller())
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(HangupRequested(), after=5)
    assert driver.types() == ["incoming_call", "call_ringing", "call_answered", "call_hangup"]
    (incoming,), (hangup,) = driver.told(ev.IncomingCall), driver.told(ev.CallHangup)
    assert incoming.contact == ev.Contact(number="0987654321", display_name="Bình", external_id="kh-5")
    assert (incoming.call.direction, incoming.call.leadId, incoming.call.sip_call_id) == (
        "inbound",
        "8",
        "sip-1",
    )
    assert (hangup.reason, hangup.billsec) == ("local_hangup", 5)


@pytest.mark.parametrize(
    ("header", "reason"),
    [("", "cancelled"), ('SIP;cause=200;text="Call completed elsewhere"', "answered_elsewhere")],
)
def test_walk_2_a_cancel_stops_bell_and_timer(header: str, reason: str) -> None:
    driver = registered()
    driver.send(invite())
    driver.send(CallEnded(call_uuid=CALL, by_remote=True, kind="cancel", reason=header))
    assert StopTimer(Timer(TimerKind.RINGING, CALL)) in driver.last()
    assert PlaySound(Sound.NONE) in driver.last()
    assert [event.reason for event in driver.told(ev.CallHangup)] == [reason]


def test_walk_2_a_third_invite_is_told_busy_and_touches_nothing() -> None:
    driver = answered_inbound()
    driver.send(invite(OTHER))
    before = driver.phone.calls
    assert driver.send(invite("44444444-4444-4444-8444-444444444444")) == []
    assert driver.last() == (RejectInvite("44444444-4444-4444-8444-444444444444", 486),)
    assert driver.phone.calls == before


def test_walk_3_the_network_drops_while_idle() -> None:
    driver = registered()
    driver.send(TransportDown(reason="code 1006"))
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last() == (OpenTransport(URLS[0]),)
    driver.send(TransportUp())
    assert driver.last()[-1] == Register()
    driver.send(RegisterAccepted())
    assert driver.types() == ["disconnected", "unregistered", "auto_reconnect", "connected", "registered"]
    assert [event.reason for event in driver.told(ev.Unregistered)] == ["transport_disconnect"]
    assert driver.errors() == []


@pytest.mark.parametrize(
    "early", [(dial(),), (dial(), CallProgress(call_uuid=CALL, status=180)), (invite(),)]
)
def test_walk_3_early_calls_end_with_the_line(early: tuple[Message, ...]) -> None:
    driver = registered()
    for step in early:
        driver.send(step)
    driver.send(TransportDown())
    assert [event.reason for event in driver.told(ev.CallHangup)] == ["signaling_lost"]
    driver.fire(Timer(TimerKind.RECONNECT))
    for step in (TransportUp(), RegisterAccepted(), bye(), CallAccepted(call_uuid=CALL)):
        driver.send(step)
    assert driver.types().count("call_hangup") == 1
    assert "call_answered" not in driver.types()


def test_walk_3_an_answered_call_outlives_the_line() -> None:
    driver = answered_inbound()
    driver.send(TransportDown())
    assert driver.call.state.value == "answered"
    driver.send(WentOnline())
    for step in (TransportUp(), RegisterAccepted(), HoldRequested()):
        driver.send(step)
    assert driver.last() == (SetHold(CALL, True),)
    driver.send(HangupRequested())
    assert SendBye(CALL) in driver.last()


def test_walk_4_the_token_runs_out_and_is_renewed() -> None:
    driver = registered(token_expires_in=300.0)
    assert [type(event) for event in driver.fire(Timer(TimerKind.TOKEN_EXPIRY))] == [ev.TokenExpiring]
    assert [event.expires_in for event in driver.told(ev.TokenExpiring)] == [120]
    fresh = token(expires_at=1.9e9)
    assert driver.send(TokenOffered(token=fresh)) == []
    assert driver.last() == (FetchConfig(fresh),)
    assert driver.send(ConfigReceived(config=config())) == []
    assert driver.asked(Register) == 0
    assert driver.due_in(Timer(TimerKind.TOKEN_EXPIRY)) == 180


def test_walk_4_changed_credentials_register_again_without_a_word() -> None:
    driver = registered()
    driver.send(TokenOffered(token=token(expires_at=1.9e9)))
    driver.send(ConfigReceived(config=config(auth_password="new")))
    assert driver.last()[0] == Configure(config(auth_password="new"))
    assert driver.last()[-1] == Register()
    driver.send(RegisterAccepted())
    assert driver.events == []
