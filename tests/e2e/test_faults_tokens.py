"""Faults of tokens, credentials and clocks: no call ends for them, and nobody notices most of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route

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
    """The answers of sip-config on their way to one phone: counted, changed, or held back."""

    def __init__(self, world: World, **changes: Callable[[dict[str, Any]], Any]) -> None:
        self.context = world.browser.new_context()
        self.asked = 0
        self.down = False
        self._changes = changes
        self.context.route(SIP_CONFIG, self._answer)

    def _answer(self, route: Route) -> None:
        self.asked += 1
        if self.down:
            route.abort()
            return
        answer = route.fetch()
        body = answer.json()
        if "data" in body:
            body["data"].update({name: change(body["data"]) for name, change in self._changes.items()})
        route.fulfill(response=answer, body=json.dumps(body))


def test_fault_16_token_expires_idle(open_phone: OpenPhone, world: World) -> None:
    with fault(16, "token expires, idle", "token_expiring at least 60 s ahead; refresh is silent") as seen:
        phone = open_phone("1004", token=world.token("1004", 100))
        phone.mark()
        expiring = phone.wait_event("token_expiring", seconds=45)
        assert expiring["expires_in"] >= 60
        seen.what = f"token_expiring {expiring['expires_in']} s ahead, silent refresh"
        assert phone.ask("refresh_token", {"token": world.token("1004")})["ok"] is True
        assert phone.ask("call", {"number": "*43"})["ok"] is True
        uuid = phone.wait_event("call_answered")["call"]["uuid"]
        phone.wait_audio(uuid)
        assert documented(phone) == ["call_answered"]


def test_fault_17_token_expires_in_a_call(open_phone: OpenPhone, world: World) -> None:
    with fault(17, "token expires in a call, no refresh", "untouched"):
        phone = open_phone("1004", token=world.token("1004", 30))
        start = time.monotonic()
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        phone.mark()
        let_pass(65, start)
        phone.wait_audio(uuid)
        phone.send("hold")
        until(lambda: phone.state()["calls"][0]["held"], "the hold")
        assert phone.state()["state"] == "registered"
        phone.send("hangup")
        assert hangup_of(phone)["reason"] == "local_hangup"
        assert documented(phone) == ["call_hangup"]


def test_fault_18_token_of_somebody_else(alice: Phone, world: World) -> None:
    with fault(18, "refresh with another user's token", "error{token_mismatch}, old one kept"):
        alice.send("refresh_token", {"token": world.token("1002")})
        error = alice.wait_event("error")
        assert (error["code"], error["fatal"]) == ("token_mismatch", False)
        uuid = call(alice, "*43")
        alice.wait_audio(uuid)
        assert documented(alice) == ["error", "call_answered"]


def test_fault_19_credentials_run_out_before_the_next_register(
    open_phone: OpenPhone, world: World, gate: Gate
) -> None:
    """They say that they end in 40 s: after ten of them no REGISTER begins with them any more."""
    with fault(19, "SIP credentials nearly out at the reconnect", "fetched once, registered") as seen:
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
        seen.what = f"{api.asked - 1} fetch, then REGISTER"
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
    with fault(20, f"client clock {minutes:+d} min", "expiry follows the server's expires_in"):
        context = world.browser.new_context()
        context.add_init_script(
            f"const now = Date.now.bind(Date); Date.now = () => now() + {minutes * 60_000};"
        )
        phone = open_phone("1004", context=context)
        uuid = call(phone, "*43")
        phone.wait_audio(uuid)
        assert documented(phone) == ["connected", "registered", "call_answered"]
        assert phone.since("token_expiring") == []


def test_fault_21_api_down_in_a_call(open_phone: OpenPhone, world: World) -> None:
    with fault(21, "API down in a call, refresh_token meanwhile", "call lives; refresh retried") as seen:
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
        seen.what = f"one error, {api.asked - asked} fetches, call untouched"
        assert documented(phone) == ["error"]
