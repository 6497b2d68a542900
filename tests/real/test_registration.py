"""Registering with every kind of credentials, good and bad; bad ones are tried once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.phone import Phone
from tests.e2e.talk import documented
from tests.e2e.world import until
from tests.real.kamailio import SECRET, STATIC, Kamailio
from tests.real.world import RealWorld, Server

OpenPhone = Callable[..., Phone]


def _refused_once(phone: Phone, kamailio: Kamailio, before: int) -> None:
    """`unregistered{remote}`, once, and nothing more is asked of Kamailio."""
    phone.wait_event("unregistered", reason="remote", seconds=40)
    refused = time.monotonic()
    until(lambda: time.monotonic() - refused > 3, "three seconds in which a loop would show")
    assert documented(phone) == ["connected", "error", "unregistered"] or documented(phone) == [
        "connected",
        "unregistered",
        "error",
    ]
    assert phone.wait_event("error")["code"] == "registration_refused"
    assert kamailio.program.text().count("refused credentials") == before + 1


@pytest.fixture
def refusals(kamailio: Kamailio) -> int:
    """How often Kamailio has refused somebody until now."""
    return kamailio.program.text().count("refused credentials")


def test_static_credentials(world: RealWorld, open_phone: OpenPhone, kamailio: Kamailio) -> None:
    static = world.account("static.localhost", [kamailio.url])
    phone = open_phone("2001", at=static)
    assert documented(phone) == ["connected", "registered"]
    assert phone.state()["extension"] == "2001"


def test_time_limited_credentials(open_phone: OpenPhone) -> None:
    phone = open_phone("1004")
    assert documented(phone) == ["connected", "registered"]


def test_a_wrong_static_password(
    world: RealWorld, open_phone: OpenPhone, kamailio: Kamailio, refusals: int
) -> None:
    wrong = world.account("wrong.localhost", [kamailio.url], passwords={"2001": STATIC["2001"] + "x"})
    _refused_once(open_phone("2001", at=wrong, wait=None), kamailio, refusals)


def test_time_limited_with_the_secret_of_another_pbx(
    world: RealWorld, open_phone: OpenPhone, kamailio: Kamailio, refusals: int
) -> None:
    strange = world.account("strange.localhost", [kamailio.url], sip_secret="the secret of another PBX")
    _refused_once(open_phone("1004", at=strange, wait=None), kamailio, refusals)


@pytest.fixture
def late(world: RealWorld, kamailio: Kamailio) -> Iterator[RealWorld]:
    """A server that hands out credentials which have run out already."""
    server = Server(sip_seconds=-60)
    server.add("localhost", [kamailio.url], sip_secret=SECRET)
    yield RealWorld(server, "localhost", world.crm_port, world.browser, world.pages)
    server.close()


def test_expired_time_limited_credentials(
    late: RealWorld, open_phone: OpenPhone, kamailio: Kamailio, refusals: int
) -> None:
    _refused_once(open_phone("1004", at=late, wait=None), kamailio, refusals)


@pytest.fixture
def brief(world: RealWorld, kamailio: Kamailio) -> Iterator[RealWorld]:
    """A server whose credentials live 15 seconds."""
    server = Server(sip_seconds=15)
    server.add("localhost", [kamailio.url], sip_secret=SECRET)
    yield RealWorld(server, "localhost", world.crm_port, world.browser, world.pages)
    server.close()


def test_credentials_are_renewed_before_they_run_out(
    brief: RealWorld, open_phone: OpenPhone, alice: Phone, refusals: int, kamailio: Kamailio
) -> None:
    """Calls go through with the third pair of them; nobody was ever refused."""
    phone = open_phone("1004", at=brief)
    registered = time.monotonic()
    until(lambda: time.monotonic() - registered > 32, "two lives of the credentials", 40)
    assert phone.state()["state"] == "registered"
    phone.send("call", {"number": "1001"})
    alice.wait_event("incoming_call")
    phone.send("hangup")
    alice.wait_event("call_hangup", reason="cancelled")
    assert kamailio.program.text().count("refused credentials") == refusals
    assert phone.since("unregistered", "error", "disconnected") == []
