"""Who may take the place of the far end (RFC 3891): a decision of the phone, not of its SIP library."""

from __future__ import annotations

import pytest

from embed_app.core.call.messages import CallAccepted
from embed_app.core.resume.effects import AcceptTakeover, RefuseTakeover
from embed_app.core.resume.messages import TakeoverAsked
from tests.core.driver import CALL, OTHER, answered_inbound, answered_outbound, dial, registered


@pytest.mark.parametrize(("same", "sent"), [(True, False), (False, True), (True, True)])
def test_the_far_end_itself_and_whom_it_sends(same: bool, sent: bool) -> None:
    for driver in (answered_outbound(), answered_inbound()):
        before = driver.phone.calls
        driver.send(TakeoverAsked(call_uuid=CALL, same_party=same, sent_by_party=sent))
        assert driver.last() == (AcceptTakeover(CALL),)
        assert driver.phone.calls == before, "the call goes on as it is until its dialog is another one"


@pytest.mark.parametrize("early_only", [False, True])
def test_nobody_else(early_only: bool) -> None:
    driver = answered_outbound()
    driver.send(TakeoverAsked(call_uuid=CALL, same_party=False, sent_by_party=False, early_only=early_only))
    assert driver.last() == (RefuseTakeover(CALL, 403),)


def test_a_call_that_is_answered_is_no_early_one() -> None:
    driver = answered_outbound()
    driver.send(TakeoverAsked(call_uuid=CALL, same_party=True, sent_by_party=False, early_only=True))
    assert driver.last() == (RefuseTakeover(CALL, 486),)


def test_before_the_call_is_answered_it_is_too_early() -> None:
    driver = registered()
    driver.send(dial())
    driver.send(TakeoverAsked(call_uuid=CALL, same_party=True, sent_by_party=False))
    assert driver.last() == (RefuseTakeover(CALL, 491),)
    driver.send(CallAccepted(call_uuid=CALL))
    driver.send(TakeoverAsked(call_uuid=CALL, same_party=True, sent_by_party=False))
    assert driver.last() == (AcceptTakeover(CALL),)


def test_of_a_call_that_is_not_there_nothing_is_said() -> None:
    driver = answered_outbound()
    driver.send(TakeoverAsked(call_uuid=OTHER, same_party=True, sent_by_party=False))
    assert driver.last() == ()
