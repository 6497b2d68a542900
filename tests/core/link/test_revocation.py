"""The server ends what the phone was given: no call is cut, none begins, another token brings it back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.effects import (
    CancelInvite,
    RejectInvite,
    RejectRefer,
    SendAttendedRefer,
    SendBye,
    SendInvite,
    SendRefer,
    SetHold,
)
from embed_app.core.call.messages import (
    CallAccepted,
    CallProgress,
    DialogKnown,
    HangupRequested,
    JoinRequested,
    Referred,
    TransferRequested,
)
from embed_app.core.call.values import CallState
from embed_app.core.effect import Effect
from embed_app.core.link.advance import CHECK_ACCESS_EVERY
from embed_app.core.link.effects import (
    CheckAccess,
    CloseTransport,
    FetchConfig,
    HoldLease,
    OpenTransport,
    Register,
    ReleaseOwnership,
    Unregister,
)
from embed_app.core.link.messages import (
    AccessRevoked,
    ConfigFailed,
    ConfigReceived,
    ConnectRequested,
    DisconnectRequested,
    LeaseAnswered,
    LeaseFailed,
    OwnershipGranted,
    PageFrozen,
    RegisterAccepted,
    RegisterFailed,
    Started,
    TokenOffered,
    TransportDown,
    TransportUp,
    Unregistered,
    WentOnline,
    WokeUp,
)
from embed_app.core.link.values import Lease, Link, LinkState, Ownership
from embed_app.core.message import Message
from embed_app.core.phone import Phone
from embed_app.core.resume.effects import SendReplacement
from embed_app.core.timers import Timer, TimerFired, TimerKind
from embed_app.protocol import events as ev
from tests.core.driver import (
    CALL,
    DIALOG,
    GOOD,
    OTHER,
    Driver,
    bye,
    config,
    dial,
    invite,
    phone_in,
    token,
    types,
)

FRESH = token(expires_at=1_750_009_000.0)
TICKETS = {"lease_held": True, "lease_ticket": "lease", "history_ticket": "history"}
NEW = config(lease_held=True, lease_ticket="lease 2", history_ticket="history 2")
REVOKED = AccessRevoked(credential="lease")
REFER = Referred(call_uuid=CALL, new_call_uuid=OTHER, number="0912345679", scheme="sip", host="acme.example")


def in_call() -> Driver:
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    for message in (dial(), CallProgress(call_uuid=CALL, status=180), CallAccepted(call_uuid=CALL)):
        driver.send(message)
    return driver.forget()


def asks(driver: Driver, *kinds: type[Effect]) -> list[Effect]:
    return [effect for effect in driver.effects if isinstance(effect, kinds)]


AFTER = {
    LinkState.IDLE: LinkState.IDLE,
    LinkState.CONFIGURING: LinkState.CONFIGURING,
    LinkState.STANDBY: LinkState.REFUSED,
    LinkState.CONNECTING: LinkState.REFUSED,
    LinkState.REGISTERING: LinkState.REFUSED,
    LinkState.REGISTERED: LinkState.REFUSED,
    LinkState.WAITING: LinkState.WAITING,
    LinkState.LEAVING: LinkState.LEAVING,
    LinkState.REFUSED: LinkState.REFUSED,
}


@pytest.mark.parametrize("state", LinkState)
@pytest.mark.parametrize("credential", ["lease", "history", GOOD])
def test_without_a_call_it_is_the_end_in_every_state(state: LinkState, credential: str) -> None:
    driver = phone_in(state, **TICKETS)
    driver.send(AccessRevoked(credential=credential))
    assert driver.state is AFTER[state]
    told = driver.state is LinkState.REFUSED and state is not LinkState.REFUSED
    assert driver.errors() == (["token_rejected"] if told else [])
    if told:
        assert driver.phone.link.refusal == "token_rejected"
        assert driver.phone.link.lease is Lease.NONE
        assert Timer(TimerKind.LEASE_RENEWAL) not in driver.timers
    for timer in [timer for timer in driver.timers if timer.kind is not TimerKind.UNREGISTERING]:
        driver.fire(timer)
    assert driver.asked(Register) == 0


@pytest.mark.parametrize("state", LinkState)
def test_what_is_said_of_an_older_ticket_means_nothing(state: LinkState) -> None:
    driver = phone_in(state, **TICKETS)
    before = driver.phone
    for credential in ("an older one", "", FRESH):
        driver.send(AccessRevoked(credential=credential))
    assert driver.phone.link == before.link
    assert driver.events == []


def test_a_registered_phone_unregisters_and_says_why() -> None:
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    assert types(driver.send(REVOKED)) == ["unregistered", "error"]
    assert driver.told(ev.Unregistered)[0].reason == "remote"
    assert driver.told(ev.Error)[0].error.code == "token_rejected"
    assert driver.told(ev.Error)[0].error.fatal
    assert driver.asked(Unregister) == 1
    assert driver.asked(CloseTransport) == 0, "the registrar may ask for a password first"
    driver.send(Unregistered())
    assert driver.asked(CloseTransport) == 1


def test_an_owner_leaves_the_phone_to_another_tab_when_the_registrar_has_answered() -> None:
    driver = Driver(Phone(link=Link(ownership=Ownership.NOT_ASKED)))
    for message in (
        Started(token=GOOD),
        ConfigReceived(config=config(**TICKETS)),
        OwnershipGranted(),
        TransportUp(),
        RegisterAccepted(),
    ):
        driver.send(message)
    driver.send(REVOKED)
    assert driver.asked(ReleaseOwnership) == driver.asked(CloseTransport) == 0
    driver.fire(Timer(TimerKind.UNREGISTERING))
    assert driver.asked(ReleaseOwnership) == 1
    assert driver.asked(CloseTransport) >= 1


# A call is up


def test_a_call_that_is_up_is_not_cut_and_the_end_comes_after_it() -> None:
    driver = in_call()
    assert types(driver.send(REVOKED)) == ["token_expiring"]
    assert driver.state == "registered"
    assert driver.call.state is CallState.ANSWERED
    assert asks(driver, SendBye, CancelInvite, Unregister, CloseTransport) == []
    assert types(driver.send(bye())) == ["call_hangup"]
    driver.send(invite(OTHER))
    assert RejectInvite(OTHER, 480) in driver.last()
    assert types(driver.events[-2:]) == ["unregistered", "error"]
    assert driver.errors() == ["token_rejected"]
    assert driver.state == "refused"
    assert driver.asked(Unregister) == 1


def test_no_other_call_begins_meanwhile() -> None:
    driver = in_call()
    driver.send(REVOKED)
    driver.send(invite(OTHER))
    assert RejectInvite(OTHER, 480) in driver.last()
    driver.send(replace(dial(call_uuid=OTHER), second=True))
    assert driver.errors() == ["token_rejected"]
    driver.send(REFER)
    assert isinstance(driver.last()[0], RejectRefer)
    assert [call.uuid for call in driver.phone.calls] == [CALL]
    assert driver.asked(SendInvite) == 0


def test_a_call_that_rings_may_still_be_answered() -> None:
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    driver.send(invite())
    driver.send(REVOKED)
    assert driver.call.state is CallState.RINGING
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(HangupRequested(call_uuid=CALL))
    driver.fire(Timer(TimerKind.ACCESS_CHECK))
    assert driver.state == "refused"


def test_a_call_that_was_dialled_too_early_is_not_sent() -> None:
    driver = phone_in(LinkState.CONNECTING, **TICKETS)
    driver.send(dial())
    driver.send(REVOKED)
    assert driver.reasons() == ["unavailable"]


def test_another_token_in_time_and_nobody_notices() -> None:
    driver = in_call()
    driver.send(REVOKED)
    driver.send(TokenOffered(token=FRESH))
    assert FetchConfig(FRESH) in driver.last()
    driver.send(ConfigReceived(config=NEW, token=FRESH))
    driver.send(bye())
    assert driver.state == "registered"
    assert driver.errors() == []
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    assert driver.last()[:1] == (HoldLease("lease 2", renew=True),)
    driver.send(dial(call_uuid=OTHER))
    assert driver.asked(SendInvite) == 1


def test_a_dead_ticket_is_not_asked_with_again() -> None:
    driver = in_call()
    driver.send(REVOKED)
    driver.fire(Timer(TimerKind.LEASE_RENEWAL))
    driver.send(LeaseFailed(status=401))
    driver.send(LeaseAnswered(held=False))
    assert driver.asked(HoldLease) == 0
    assert driver.state == "registered"
    assert Timer(TimerKind.LEASE_RENEWAL) in driver.timers, "for the ticket that may come"


def test_the_same_token_again_is_no_good_token() -> None:
    driver = in_call()
    driver.send(REVOKED)
    driver.send(TokenOffered(token=GOOD))
    driver.send(ConfigFailed(status=401, token=GOOD))
    assert driver.errors() == [], "told when the call is over"
    driver.send(ConfigReceived(config=config(**TICKETS), token=GOOD))
    driver.send(bye())
    driver.fire(Timer(TimerKind.ACCESS_CHECK))
    assert driver.state == "refused"


def test_a_websocket_lost_in_the_call_registers_no_more() -> None:
    driver = in_call()
    driver.send(REVOKED)
    driver.send(TransportDown(reason="code 1006"))
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last()[-1] == FetchConfig(GOOD)
    driver.send(ConfigFailed(status=401, token=GOOD))
    assert driver.state == "refused"
    assert driver.call.state is CallState.ANSWERED
    assert driver.asked(OpenTransport) == driver.asked(Register) == 0


# Coming back


def test_it_comes_back_by_itself_with_a_good_token() -> None:
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    for message in (REVOKED, Unregistered(), TransportDown(reason="closed"), TokenOffered(token=FRESH)):
        driver.send(message)
    assert driver.state == "configuring"
    for back in (ConfigReceived(config=NEW, token=FRESH), TransportUp(), RegisterAccepted()):
        driver.send(back)
    assert driver.state == "registered"
    assert not driver.phone.link.is_revoked
    driver.send(dial())
    assert driver.asked(SendInvite) == 1


def test_a_token_that_came_before_the_server_s_word_is_asked_with() -> None:
    driver = phone_in(LinkState.WAITING, **TICKETS)
    driver.send(REVOKED)
    driver.send(TokenOffered(token=FRESH))
    driver.fire(Timer(TimerKind.RECONNECT))
    assert driver.last()[-1] == FetchConfig(FRESH)


@pytest.mark.parametrize("state", [LinkState.IDLE, LinkState.REFUSED])
def test_connect_asks_the_server_first(state: LinkState) -> None:
    """What is there from before is not used."""
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    driver.send(REVOKED)
    if state is LinkState.IDLE:
        driver.send(DisconnectRequested())
        driver.send(TransportDown(reason="closed"))
    driver.forget().send(ConnectRequested())
    assert driver.asked(FetchConfig) == 1
    driver.send(ConfigReceived(config=config(**TICKETS), token=GOOD))
    assert driver.state is LinkState.REFUSED, "the server has made up its mind; a new token is asked for"
    assert driver.asked(OpenTransport) == 0


def test_a_claim_of_the_lease_that_is_refused_asks_anew() -> None:
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    for message in (
        DisconnectRequested(),
        Unregistered(),
        TransportDown(reason="closed"),
        ConnectRequested(),
    ):
        driver.send(message)
    assert driver.last()[-1] == HoldLease("lease")
    driver.send(REVOKED)
    assert driver.last()[-1] == FetchConfig(GOOD)
    driver.send(LeaseFailed(status=401))
    driver.send(ConfigFailed(status=401, token=GOOD))
    assert driver.state == "refused"
    assert driver.asked(OpenTransport) == 0


def test_a_phone_that_is_in_use_elsewhere_learns_it_too() -> None:
    driver = phone_in(LinkState.REGISTERED, **TICKETS)
    for message in (LeaseAnswered(held=False), Unregistered(), TransportDown(reason="closed"), REVOKED):
        driver.send(message)
    assert driver.phone.link.refusal == "token_rejected"


# Accounts without a lease


def test_without_a_lease_the_phone_asks_by_itself() -> None:
    driver = phone_in(LinkState.REGISTERED, history_ticket="history")
    assert driver.due_in(Timer(TimerKind.ACCESS_CHECK)) == CHECK_ACCESS_EVERY
    for _ in range(2):
        driver.fire(Timer(TimerKind.ACCESS_CHECK))
        assert driver.last()[0] == CheckAccess("history")
    driver.send(AccessRevoked(credential="history"))
    assert driver.state == "refused"
    assert Timer(TimerKind.ACCESS_CHECK) not in driver.timers


def test_in_a_call_it_asks_no_more_until_there_is_another_ticket() -> None:
    driver = phone_in(LinkState.REGISTERED, history_ticket="history")
    for message in (dial(), CallAccepted(call_uuid=CALL), AccessRevoked(credential="history")):
        driver.send(message)
    driver.fire(Timer(TimerKind.ACCESS_CHECK))
    assert driver.asked(CheckAccess) == 0
    driver.send(ConfigReceived(config=config(history_ticket="history 2"), token=FRESH))
    driver.fire(Timer(TimerKind.ACCESS_CHECK))
    assert driver.asked(CheckAccess) == 1


def test_with_a_lease_or_without_a_ticket_it_does_not_ask() -> None:
    for given_ in (TICKETS, {}):
        driver = phone_in(LinkState.REGISTERED, **given_)
        assert Timer(TimerKind.ACCESS_CHECK) not in driver.timers


# Whatever happens

ANYTHING: tuple[Message, ...] = (
    TransportUp(),
    TransportDown(reason="x"),
    RegisterAccepted(),
    RegisterFailed(status=503),
    Unregistered(),
    WentOnline(),
    WokeUp(),
    PageFrozen(),
    ConnectRequested(),
    LeaseAnswered(held=True),
    LeaseFailed(status=401),
    REVOKED,
    ConfigReceived(config=config(**TICKETS), token=GOOD),
    ConfigFailed(status=0, token=GOOD),
    TokenOffered(token=GOOD),
    dial(call_uuid=OTHER),
    replace(dial(call_uuid=OTHER), second=True),
    invite(OTHER),
    REFER,
    OwnershipGranted(),
)
FORBIDDEN = (SendInvite, Register, OpenTransport, SendReplacement)
STEPS = st.lists(st.sampled_from(ANYTHING) | st.sampled_from([*TimerKind]), max_size=25)


@pytest.mark.parametrize("state", LinkState)
@given(steps=STEPS)
def test_a_revoked_phone_never_registers_or_dials_until_another_token(
    state: LinkState, steps: list[Message | TimerKind]
) -> None:
    driver = phone_in(state, **TICKETS)
    driver.send(REVOKED)
    if state is LinkState.CONFIGURING:
        driver.send(ConfigFailed(status=401, token=GOOD))  # it had no tickets yet
        return
    driver.forget()
    _run(driver, steps)
    assert asks(driver, *FORBIDDEN) == []


@given(steps=STEPS)
def test_no_call_that_is_up_ends_by_it(steps: list[Message | TimerKind]) -> None:
    driver = in_call()
    driver.send(REVOKED)
    driver.forget()
    # Media that is lost ends a call, whatever the server says.
    _run(driver, [step for step in steps if step not in (TimerKind.MEDIA_LOST, TimerKind.NO_AUDIO)])
    assert driver.phone.call(CALL) is not None
    assert asks(driver, *FORBIDDEN, SendBye) == []


def _run(driver: Driver, steps: list[Message | TimerKind]) -> None:
    for step in steps:
        if isinstance(step, TimerKind):
            for timer in [timer for timer in driver.timers if timer.kind is step]:
                driver.send(TimerFired(timer=timer, generation=driver.timers[timer][1]))
        else:
            driver.send(step)


@pytest.mark.parametrize("attended", [False, True])
def test_a_running_call_is_no_way_to_further_ones(attended: bool) -> None:
    """One consultation after the other would keep a revoked phone calling for ever."""
    driver = in_call()
    driver.send(REVOKED)
    driver.forget()
    driver.send(
        TransferRequested(
            call_uuid=CALL, target="0912345670", attended=attended, new_call_uuid=OTHER, by_hand=True
        )
    )
    assert driver.errors() == ["token_rejected"]
    assert not asks(driver, SendInvite, SendRefer, SetHold)
    assert [call.uuid for call in driver.phone.live_calls] == [CALL]


def test_two_running_calls_may_still_be_joined() -> None:
    driver = in_call()
    driver.send(DialogKnown(call_uuid=CALL, dialog=DIALOG))
    driver.send(TransferRequested(call_uuid=CALL, target="0912345670", attended=True, new_call_uuid=OTHER))
    driver.send(CallAccepted(call_uuid=OTHER))
    driver.send(DialogKnown(call_uuid=OTHER, dialog=replace(DIALOG, sip_call_id="other")))
    driver.send(REVOKED)
    driver.forget()
    driver.send(JoinRequested())
    assert asks(driver, SendAttendedRefer)
    assert driver.errors() == []
