"""Faults of tokens, credentials and clocks: no call ends for them, and nobody notices most of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route

from server.customers.claims import Claims
from tests.e2e.faults import fault
from tests.e2e.gate import Gate, use_urls
from tests.e2e.phone import Phone
from tests.e2e.talk import call, documented, hangup_of, let_pass, requests
from tests.e2e.test_reconnect import BACK
from tests.e2e.world import World, until

pytestmark = pytest.mark.slow  # the whole of `make test` has twelve minutes

OpenPhone = Callable[..., Phone]
SIP_CONFIG = "**/api/webphone/sip-config"


class Api:
    """The answers of sip-config on their way to one phone: counted, changed, or held back.

    `bearers`: the tokens they were asked for with.
    """

    def __init__(self, world: World, **changes: Callable[[dict[str, Any]], Any]) -> None:
        self.context = world.browser.new_context()
        self.bearers: list[str] = []
        self.down = False
        self._changes = changes
        self.context.route(SIP_CONFIG, self._answer)

    @property
    def asked(self) -> int:
        return len(self.bearers)

    def _answer(self, route: Route) -> None:
        self.bearers.append(route.request.headers["authorization"].removeprefix("Bearer "))
        if self.down:
            route.abort()
            return
        answer = route.fetch()
        body = answer.json()
        if "data" in body:
            body["data"].update({name: change(body["data"]) for name, change in self._changes.items()})
        route.fulfill(response=answer, body=json.dumps(body))


def test_fault_16_token_expires_idle(open_phone: OpenPhone, world: World) -> None:
    with fault(16, "token expires, idle", "token_expiring at least 60 s ahead; refresh is silent") as row:
        phone = open_phone("1004", token=world.token("1004", 100))
        phone.mark()
        expiring = phone.wait_event("token_expiring", seconds=45)
        assert expiring["expires_in"] >= 60
        row.seen(f"token_expiring {expiring['expires_in']} s ahead, silent refresh")
        assert phone.ask("refresh_token", {"token": world.token("1004")})["ok"] is True
        assert phone.ask("call", {"number": "*43"})["ok"] is True
        uuid = phone.wait_event("call_answered")["call"]["uuid"]
        phone.wait_audio(uuid)
        assert documented(phone) == ["call_answered"]


def test_fault_17_token_expires_in_a_call(open_phone: OpenPhone, world: World) -> None:
    with fault(17, "token expires in a call, no refresh", "untouched") as row:
        life = 30
        phone = open_phone("1004", token=world.token("1004", life))
        start = time.monotonic()
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        phone.mark()
        let_pass(65, start)
        phone.wait_audio(uuid)
        phone.send("hold")
        until(lambda: phone.state()["calls"][0]["held"], "the hold")
        assert phone.state()["state"] == "registered"
        after = time.monotonic() - start
        phone.send("hangup")
        assert hangup_of(phone)["reason"] == "local_hangup"
        assert documented(phone) == ["call_hangup"]
        row.seen(f"heard, held, registered after {after:.0f} s with a token of {life} s")


def token_of_another_customer(world: World, extension: str) -> str:
    """Signed by the same server for the same number."""
    services = world.demo.app.state.services
    origins = [world.crm_origin]
    return str(
        services.tokens.mint(
            "other.example", "other", Claims(1, 1, 0, extension), origins, services.now(), 300
        )[0]
    )


@pytest.mark.parametrize("whose", ["another user", "another customer"])
def test_fault_18_token_of_somebody_else(open_phone: OpenPhone, world: World, gate: Gate, whose: str) -> None:
    """Which token is kept shows when the next one is needed: the SIP credentials are nearly out."""
    with fault(18, f"refresh with the token of {whose}", "error{token_mismatch}, old one kept") as row:
        api = Api(world, credentials_expire_at=lambda data: _in_seconds(data, 40))
        good = world.token("1004", 300)
        bad = world.token("1002") if whose == "another user" else token_of_another_customer(world, "1004")
        with use_urls(world, gate.url):
            phone = open_phone("1004", context=api.context, token=good)
            start = time.monotonic()
            phone.mark()
            phone.send("refresh_token", {"token": bad})
            error = phone.wait_event("error")
            assert (error["code"], error["fatal"]) == ("token_mismatch", False)
            let_pass(11, start)
            gate.cut()
            phone.wait_event("registered", seconds=8)
        assert api.bearers == [good, good]
        assert documented(phone) == ["error", *BACK]
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        row.seen(f"{error['code']}; next fetch with the old token, registered")


def test_fault_19_credentials_run_out_before_the_next_register(
    open_phone: OpenPhone, world: World, gate: Gate
) -> None:
    """They say that they end in 40 s: after ten of them no REGISTER begins with them any more."""
    with fault(19, "SIP credentials nearly out at the reconnect", "fetched once, registered") as row:
        api = Api(world, credentials_expire_at=lambda data: _in_seconds(data, 40))
        with use_urls(world, gate.url):
            phone = open_phone("1004", context=api.context, token=world.token("1004", 300))
            start = time.monotonic()
            assert api.asked == 1
            phone.mark()
            let_pass(11, start)
            before = len(world.wire)
            gate.cut()
            phone.wait_event("registered", seconds=8)
        row.seen(f"{api.asked - 1} fetch, then REGISTER")
        assert api.asked == 2
        assert documented(phone) == BACK
        ours = [text for text in requests(world, "REGISTER", before) if "sip:1004@" in text]
        assert len([text for text in ours if "Authorization:" in text]) == 1


def _in_seconds(data: dict[str, Any], seconds: int) -> str:
    """By the server's clock, which is this machine's."""
    assert data["credentials_expire_at"]
    return (datetime.now().astimezone() + timedelta(seconds=seconds)).isoformat(timespec="seconds")


@pytest.mark.parametrize("minutes", [10, -10])
def test_fault_20_clock_of_the_machine_wrong(open_phone: OpenPhone, world: World, minutes: int) -> None:
    """The token's `exp` alone would have it run out ten minutes ago, or be good for ten minutes more."""
    with fault(20, f"client clock {minutes:+d} min", "expiry follows the server's expires_in") as row:
        life = 100
        context = world.browser.new_context()
        context.add_init_script(
            f"const now = Date.now.bind(Date); Date.now = () => now() + {minutes * 60_000};"
        )
        minted = time.monotonic()
        phone = open_phone("1004", context=context, token=world.token("1004", life))
        opened = time.monotonic()
        wrong = phone.frame.evaluate("Date.now()") / 1000 - time.time()
        assert abs(wrong - minutes * 60) < 5
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        expiring = phone.wait_event("token_expiring", seconds=45)["expires_in"]
        now = time.monotonic()
        # After a quarter of its life in the frame, and told to the second by the server's clock.
        assert life / 4 - 1 <= now - minted
        assert now - opened <= life / 4 + 2
        assert abs(life - (now - minted) - expiring) <= 3
        assert documented(phone) == ["connected", "registered", "call_answered"]
        row.seen(f"{life} s token: told {expiring} s ahead, after {now - minted:.0f} s")


def test_fault_21_api_down_in_a_call(open_phone: OpenPhone, world: World) -> None:
    with fault(21, "API down in a call, refresh_token meanwhile", "call lives; refresh retried") as row:
        api = Api(world)
        phone = open_phone("1004", context=api.context)
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        phone.mark()
        api.down = True
        asked = api.asked
        phone.send("refresh_token", {"token": world.token("1004")})
        assert phone.wait_event("error")["code"] == "server_unreachable"
        phone.wait_audio(uuid)
        api.down = False
        until(lambda: phone.events and api.asked >= asked + 2, "the refresh is tried again", 15)
        phone.wait_audio(uuid)
        row.seen(f"one error, {api.asked - asked} fetches, call untouched")
        assert documented(phone) == ["error"]
