"""Who is answered with credentials, and what becomes of a challenge that is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embed_app.core.call.messages import DialRequested, InviteSent
from embed_app.core.link.call_rules import CallRules
from embed_app.core.link.challenges import ALGORITHMS, AnswerRule, answer_rules
from embed_app.core.link.effects import Configure, Register
from embed_app.core.link.messages import (
    ChallengeRefused,
    ConfigReceived,
    RegisterAccepted,
    RegisterFailed,
)
from embed_app.core.link.values import Link, LinkState
from embed_app.protocol import events as ev
from tests.core.driver import CALL, Driver, config, phone_in, registered


def rules(**changes: Any) -> tuple[AnswerRule, ...]:
    return answer_rules(Link(**({"config": config()} | changes)))


def by_realm(realm: str) -> RegisterFailed:
    return RegisterFailed(status=401, refused="realm", realm=realm)


def realms(driver: Driver) -> set[tuple[str, ...]]:
    return {rule.realms for rule in answer_rules(driver.phone.link)}


def test_nobody_is_answered_before_there_is_a_configuration() -> None:
    assert rules(config=None) == ()


@pytest.mark.parametrize(
    ("uri", "domain"),
    [
        ("sip:1001@acme.example", "acme.example"),
        ("sips:1001:pw@acme.example:5061;transport=tls", "acme.example"),
        ("sip:1001@[2001:db8::1]:5060", "[2001:db8::1]"),
        ("SIP:acme.example", "acme.example"),
    ],
)
def test_without_more_it_is_the_registrar_and_whoever_takes_our_calls_in_the_domain(
    uri: str, domain: str
) -> None:
    register, call = rules(config=config(sip_uri=uri))
    assert register == AnswerRule(methods=("REGISTER",), in_dialog=False, realms=(domain,))
    assert call == AnswerRule(methods=("INVITE",), in_dialog=False, realms=(domain,))


SEEN = st.sampled_from(["", *ALGORITHMS, "SHA3-512"])


@given(SEEN, st.booleans(), st.lists(st.text(min_size=1), max_size=3))
def test_whatever_was_seen_only_these_are_answered(seen: str, in_dialog: bool, listed: list[str]) -> None:
    """An account's own list is the whole list. Nothing in a dialog unless it says so, never an ACK or CANCEL.
    A caller with no weaker algorithm than the registrar, which may ask for any of the three."""
    account = CallRules(digest_realms=tuple(listed), digest_in_dialog=in_dialog)
    found = rules(config=config(rules=account), registrar_realm="pbx", registrar_algorithm=seen)
    assert {rule.realms for rule in found} == {tuple(listed) or ("pbx",)}
    assert any(rule.in_dialog for rule in found) is in_dialog
    for rule in found:
        assert not {"ACK", "CANCEL"} & set(rule.methods)
        assert ("REGISTER" in rule.methods) == (rule.methods == ("REGISTER",))
        weakest = seen if seen in ALGORITHMS and rule.methods != ("REGISTER",) else ALGORITHMS[-1]
        assert rule.algorithms == ALGORITHMS[: ALGORITHMS.index(weakest) + 1]


def test_the_first_challenge_of_the_registrar_shows_the_realm() -> None:
    driver = phone_in(LinkState.REGISTERING)
    driver.send(by_realm("asterisk"))
    assert driver.last() == (Configure(config()), Register())
    assert (driver.state, driver.errors(), realms(driver)) == (LinkState.REGISTERING, [], {("asterisk",)})
    driver.send(RegisterAccepted(realm="asterisk", algorithm="MD5"))
    assert driver.state is LinkState.REGISTERED


@pytest.mark.parametrize("first", [by_realm("asterisk"), RegisterAccepted(realm="asterisk", algorithm="MD5")])
def test_the_second_realm_gets_nothing_and_is_named(first: RegisterFailed | RegisterAccepted) -> None:
    driver = phone_in(LinkState.REGISTERING)
    driver.send(first)
    driver.send(by_realm("evil\u202e.example"))
    assert Register() not in driver.last()
    assert (driver.state, realms(driver)) == (LinkState.REFUSED, {("asterisk",)})
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.fatal) == ("registration_refused", True)
    assert error.error.detail == {"reason": "realm", "realm": "evil.example"}


def test_a_list_of_realms_is_not_extended() -> None:
    driver = phone_in(LinkState.REGISTERING, rules=CallRules(digest_realms=("pbx",)))
    driver.send(by_realm("asterisk"))
    assert (driver.state, realms(driver)) == (LinkState.REFUSED, {("pbx",)})


@pytest.mark.parametrize("why", ["algorithm", "qop", "malformed"])
def test_what_cannot_be_answered_is_no_realm(why: str) -> None:
    driver = phone_in(LinkState.REGISTERING)
    driver.send(RegisterFailed(status=401, refused=why, realm="asterisk"))
    (error,) = driver.told(ev.Error)
    assert error.error.detail == {"reason": why, "realm": "asterisk"}
    assert (driver.state, realms(driver)) == (LinkState.REFUSED, {("acme.example",)})


def test_wrong_credentials_have_no_reason_of_ours() -> None:
    driver = phone_in(LinkState.REGISTERING)
    driver.send(RegisterFailed(status=403))
    assert driver.told(ev.Error)[0].error.detail is None


def test_callers_are_asked_for_no_weaker_algorithm_than_the_registrar_asks_for() -> None:
    driver = registered()
    driver.send(RegisterAccepted(realm="acme.example", algorithm="SHA-256"))
    assert driver.last() == (Configure(config()),)
    driver.send(RegisterAccepted(realm="acme.example", algorithm="SHA-256"))
    driver.send(RegisterAccepted())
    assert driver.last() == ()
    register, call = answer_rules(driver.phone.link)
    assert (register.algorithms, call.algorithms) == (ALGORITHMS, ("SHA-512-256", "SHA-256"))


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"auth_password": "another"}, True),
        ({"sip_uri": "sip:1001@other.example"}, False),
        ({"wss_urls": ("wss://other.example/ws",)}, False),
        ({"rules": CallRules(digest_realms=("pbx",))}, False),
    ],
)
def test_another_pbx_has_shown_nothing_yet(changes: dict[str, Any], kept: bool) -> None:
    driver = registered()
    driver.send(RegisterAccepted(realm="asterisk", algorithm="SHA-256"))
    driver.send(ConfigReceived(config=config(**changes)))
    link = driver.phone.link
    assert (link.registrar_realm, link.registrar_algorithm) == (("asterisk", "SHA-256") if kept else ("", ""))


def test_the_parent_is_told_who_asked_in_which_call() -> None:
    driver = registered()
    driver.send(DialRequested(call_uuid=CALL, number="1002"))
    driver.send(InviteSent(call_uuid=driver.call.uuid, sip_call_id="dialog-1"))
    driver.send(ChallengeRefused(method="BYE", sip_call_id="dialog-1", realm="evil", why="request"))
    (error,) = driver.told(ev.Error)
    assert (error.error.code, error.error.fatal) == ("challenge_refused", False)
    assert error.error.detail == {"reason": "request", "realm": "evil", "method": "BYE"}


@pytest.mark.parametrize("method", ["OPTIONS", "CANCEL"])
def test_what_has_done_its_work_without_an_answer_is_not_told(method: str) -> None:
    driver = registered()
    driver.send(ChallengeRefused(method=method, sip_call_id="x", realm="evil", why="request"))
    assert driver.errors() == []
