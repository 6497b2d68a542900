"""Kamailio reports the calls that reached no phone, and the product's own server keeps them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.world import until
from tests.real.kamailio import SECRET, Kamailio, named, time_limited
from tests.real.story import story
from tests.real.test_kamailio import SUPPORTED
from tests.real.test_ring_again import call, phone
from tests.real.wire import Wire
from tests.real.world import Server
from tests.server.pbx.phone import Phone
from tests.server.pbx.proxy.test_proxy import refuse
from tests.server.pbx.world import DOMAIN

SWITCHED_OFF = '##!substdef "!PHONE_SERVER!https://phone.example.vn!g"'
NO_SECRET = '##!substdef "!MISSED_CALLS_SECRET!put 64 random characters for reports here!g"'
OWN_SECRET = secrets.token_hex(32)
"""Opens nothing but the reports."""
WAITS = 4
"""Seconds until Kamailio gives up an answer of the server."""


class Reporting:
    """A Kamailio that reports to a server of ours, and the network between the two."""

    def __init__(self) -> None:
        self.server = Server()
        self.wire = Wire(self.server.port, sip=False)
        address = f'#!substdef "!PHONE_SERVER!http://localhost:{self.wire.port}!g"'
        own = f'#!substdef "!MISSED_CALLS_SECRET!{OWN_SECRET}!g"'
        self.kamailio = Kamailio({SWITCHED_OFF: address, NO_SECRET: own})
        self.server.add("localhost", [self.kamailio.url], sip_secret=SECRET, missed_calls_secret=OWN_SECRET)

    def history(self, extension: str) -> list[dict[str, Any]]:
        """What the phone of `extension` finds when it is back."""
        with httpx.Client(base_url=f"http://localhost:{self.server.port}") as http:

            def get(path: str, bearer: str) -> Any:
                answer = http.get(f"/api/webphone/{path}", headers={"Authorization": f"Bearer {bearer}"})
                return answer.raise_for_status().json()["data"]

            ticket = get("sip-config", self.server.token("localhost", extension, 300))["memory"]["ticket"]
            calls: list[dict[str, Any]] = get("memory", ticket)["calls"]
            return calls

    def named(self, extension: str, name: str) -> list[dict[str, Any]]:
        return [missed for missed in self.history(extension) if missed["name"] == name]

    def all_is_reported(self) -> None:
        """Reports leave in the order of the calls: this one is the last."""
        name = secrets.token_hex(8)
        assert _call_somebody_away(self.kamailio, name) == 480
        until(lambda: self.named("2003", name), "the last report")

    def close(self) -> None:
        self.kamailio.close()
        self.wire.close()
        self.server.close()


@pytest.fixture(scope="module")
def reporting() -> Iterator[Reporting]:
    made = Reporting()
    yield made
    log = made.kamailio.program.text()
    made.close()
    assert not named(log), "numbers, names or secrets in Kamailio's log"


class Raw(Phone):
    """Sends what is no UTF-8 either, written as Python's surrogate escapes."""

    async def send(self, text: str | bytes) -> None:
        await super().send(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))


def _from(display: str) -> str:
    return f"{display} <sip:1001@{DOMAIN}>;tag={secrets.token_hex(4)}"


@story
async def _calls(kamailio: Kamailio, displays: list[str], codes: list[int], to: str = "2003") -> None:
    name, password = time_limited("1001")
    async with Raw(kamailio.url, "1001", password, name) as caller:
        assert (await caller.register()).code == 200
        for display in displays:
            codes.append((await caller.ask("INVITE", f"sip:{to}@{DOMAIN}", from_=_from(display))).code)


def _call_somebody_away(kamailio: Kamailio, display: str, to: str = "2003") -> int:
    codes: list[int] = []
    _calls(kamailio, [display], codes, to)
    return codes[0]


def test_a_call_to_somebody_who_is_away_is_found_later(reporting: Reporting) -> None:
    began = int(time.time())
    assert _call_somebody_away(reporting.kamailio, "Away") == 480
    (missed,) = until(lambda: reporting.named("2003", "Away"), "the report")
    assert (missed["number"], missed["direction"], missed["reason"]) == ("1001", "inbound", "unavailable")
    assert missed["answered_at"] is None
    assert began <= missed["started_at"] == missed["ended_at"] <= time.time()
    assert reporting.named("2002", "Away") == []


@pytest.mark.parametrize(
    ("display", "name"),
    [
        (r'"Trần \"Bình\" \\ C:\\new"', r'Trần "Bình" \ C:\new'),
        (r'"\", \"extension\": \"2002\", \"x\": \""', '", "extension": "2002", "x": "'),
        (r'"%s $fU $var(body) {s.len} \\"', "%s $fU $var(body) {s.len} \\"),
        ("Binh", "Binh"),
        ("", ""),
        (f'"{"x" * 201}"', ""),
        ('"no \udcff UTF-8"', ""),
    ],
    ids=["quotes and backslashes", "JSON", "Kamailio's own", "bare", "none", "too long", "no UTF-8"],
)
def test_the_callers_name_arrives_as_it_was(reporting: Reporting, display: str, name: str) -> None:
    before = len(reporting.history("1003"))
    assert _call_somebody_away(reporting.kamailio, display, "1003") == 480
    until(lambda: len(reporting.history("1003")) == before + 1, "the report")
    newest = reporting.history("1003")[0]
    assert (newest["name"], newest["number"]) == (name, "1001")


def test_a_call_to_a_phone_that_never_says_anything_is_found_later(reporting: Reporting) -> None:
    @story
    async def tell() -> None:
        async with phone(reporting.kamailio, "1001") as caller, phone(reporting.kamailio, "1004"):
            calling = await call(caller, "1004")
            assert (await caller.final("INVITE", calling.call_id, within=15)).code == 480

    assert reporting.history("1004") == []
    tell()
    (missed,) = until(lambda: reporting.history("1004"), "the report")
    assert missed["number"] == "1001"


@pytest.mark.parametrize("code", [486, 480])
def test_a_phone_that_rang_and_declined_tells_it_itself(reporting: Reporting, code: int) -> None:
    @story
    async def tell() -> None:
        async with phone(reporting.kamailio, "1001") as caller, phone(reporting.kamailio, "1002") as callee:
            calling = await call(caller, "1002")
            invite = await callee.request("INVITE")
            await callee.reply(invite, 180)
            await refuse(callee, invite, code)
            assert (await calling.final()).code == code

    tell()
    reporting.all_is_reported()
    assert reporting.history("1002") == []


def test_one_of_two_phones_that_rang_tells_it(reporting: Reporting) -> None:
    """The other said nothing at all, and the one that rang had come later."""

    @story
    async def tell() -> None:
        async with phone(reporting.kamailio, "1001") as caller, phone(reporting.kamailio, "1002") as silent:
            calling = await call(caller, "1002")
            await silent.request("INVITE")
            async with phone(reporting.kamailio, "1002") as late:
                invite = await late.request("INVITE")
                await late.reply(invite, 180)
                await refuse(late, invite, 486)
                assert (await caller.final("INVITE", calling.call_id, within=15)).code in (480, 486)

    tell()
    reporting.all_is_reported()
    assert reporting.history("1002") == []


def test_a_phone_that_vanished_while_it_rang_tells_it(reporting: Reporting) -> None:
    @story
    async def tell() -> None:
        async with phone(reporting.kamailio, "1001") as caller, phone(reporting.kamailio, "1002") as callee:
            calling = await call(caller, "1002")
            await callee.reply(await callee.request("INVITE"), 180)
            await callee.close()
            assert (await caller.final("INVITE", calling.call_id, within=20)).code == 480

    tell()
    reporting.all_is_reported()
    assert reporting.history("1002") == []


def test_a_page_that_wants_its_call_back_has_not_called_anybody(reporting: Reporting) -> None:
    @story
    async def tell() -> None:
        async with phone(reporting.kamailio, "1001") as caller:
            async with phone(reporting.kamailio, "1002") as meant:
                answer = await meant.register(headers=SUPPORTED)
                gruu = answer.headers["Contact"].split('pub-gruu="')[1].split('"')[0]
            assert (await caller.ask("INVITE", gruu)).code == 480

    tell()
    reporting.all_is_reported()
    assert reporting.history("1002") == []


@pytest.mark.parametrize("how", ["refused", "never answered"])
def test_a_server_that_is_away_costs_nothing(reporting: Reporting, how: str) -> None:
    """More calls than Kamailio has workers, in less than the time that it waits for one answer.

    Once the server is back, every one is in the history, and only once.
    """
    names = [f"{how} {n}" for n in range(12)]
    codes: list[int] = []
    if how == "refused":
        reporting.wire.refuses = True
    else:
        reporting.wire.freeze("up")
    began = time.monotonic()
    _calls(reporting.kamailio, [f'"{name}"' for name in names], codes)
    took = time.monotonic() - began
    assert codes == [480] * len(names)
    assert took < WAITS
    warning = "failed to perform curl" if how == "refused" else "timed out on request"
    until(lambda: warning in reporting.kamailio.program.text(), "Kamailio has tried")
    assert not reporting.named("2003", names[0])
    reporting.wire.refuses = False
    reporting.wire.thaw()
    until(lambda: all(reporting.named("2003", name) for name in names), "every report", 30)
    assert [len(reporting.named("2003", name)) for name in names] == [1] * len(names)
