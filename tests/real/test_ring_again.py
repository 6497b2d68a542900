"""A ringing call in Kamailio, and the phones that come and go meanwhile (demo PBX: tests/server/pbx)."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sipmessage import Request

from tests.real.kamailio import Kamailio, time_limited
from tests.real.story import story
from tests.real.test_kamailio import SUPPORTED
from tests.server.pbx.phone import Phone
from tests.server.pbx.proxy.test_proxy import Caller, refuse
from tests.server.pbx.world import DOMAIN, until


@asynccontextmanager
async def phone(kamailio: Kamailio, extension: str) -> AsyncIterator[Phone]:
    """A registered phone."""
    name, password = time_limited(extension)
    async with Phone(kamailio.url, extension, password, name) as made:
        assert (await made.register(headers=SUPPORTED)).code == 200
        yield made


async def call(caller: Phone, uri: str, headers: list[tuple[str, str]] | None = None) -> Caller:
    made = Caller(caller, secrets.token_hex(8), uri if "@" in uri else f"sip:{uri}@{DOMAIN}")
    await made.invite(headers)
    return made


async def nothing_for(phone: Phone, method: str) -> None:
    """`phone` is sent no such request before the answer to an OPTIONS it sends now."""
    await phone.ask("OPTIONS", f"sip:{DOMAIN}")
    assert not [m for m in phone.inbox if isinstance(m, Request) and m.method == method]


@story
async def test_another_phone_that_registers_takes_the_call_of_one_that_vanished(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7201") as callee:
        calling = await call(caller, "7201", headers=[("X-Zorio-Campaign-Id", "7")])
        first = await callee.request("INVITE")
        await callee.reply(first, 180)
        await callee.close()
        async with phone(kamailio, "7201") as other:
            again = await other.request("INVITE")
            assert again.call_id == first.call_id
            assert again.headers["X-Zorio-Campaign-Id"] == "7"
            await other.reply(again, 200, "OK")
            answer = await calling.final()
            assert answer.code == 200
            await calling.ack(answer)
            await other.request("ACK")


@story
async def test_the_same_phone_on_a_new_socket_rings_again(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7202") as callee:
        calling = await call(caller, "7202")
        await callee.reply(await callee.request("INVITE"), 180)
        await callee.close()
        await callee.connect()
        await callee.register(headers=SUPPORTED)
        again = await callee.request("INVITE")
        await callee.reply(again, 200, "OK")
        assert (await calling.final()).code == 200


@story
async def test_a_phone_that_comes_late_rings_with_the_others(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7203") as callee:
        calling = await call(caller, "7203")
        first = await callee.request("INVITE")
        async with phone(kamailio, "7203") as late:
            second = await late.request("INVITE")
            await late.reply(second, 180)
            await callee.reply(first, 200, "OK")
            assert (await calling.final()).code == 200
            assert "cause=200" in (await late.request("CANCEL")).headers["Reason"]
            await refuse(late, second, 487)


@story
async def test_a_refresh_rings_nobody_twice(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7204") as callee:
        calling = await call(caller, "7204")
        first = await callee.request("INVITE")
        await callee.register(headers=SUPPORTED)
        await nothing_for(callee, "INVITE")
        await refuse(callee, first, 486)
        assert (await calling.final()).code == 486


@story
async def test_who_comes_is_not_rung_where_one_phone_is_meant(kamailio: Kamailio) -> None:
    """A page that takes its call back asks the one phone that has the other end."""
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7205") as meant:
        contact = (await meant.register(headers=SUPPORTED)).headers["Contact"]
        gruu = contact.split('pub-gruu="')[1].split('"')[0]
        calling = await call(caller, gruu)
        first = await meant.request("INVITE")
        async with phone(kamailio, "7205") as other:
            await nothing_for(other, "INVITE")
        await refuse(meant, first, 486)
        assert (await calling.final()).code == 486


@story
async def test_what_a_caller_rings_whose_socket_is_gone_stops_ringing(kamailio: Kamailio) -> None:
    async with phone(kamailio, "7206") as callee:
        async with phone(kamailio, "1001") as caller:
            calling = await call(caller, "7206")
            invite = await callee.request("INVITE")
            await callee.reply(invite, 180)
        assert (await callee.request("CANCEL")).call_id == calling.call_id
        await refuse(callee, invite, 487)
        async with phone(kamailio, "7206") as late:
            await nothing_for(late, "INVITE")


@story
async def test_a_caller_whom_nobody_hears_ring_is_told(kamailio: Kamailio) -> None:
    async with phone(kamailio, "1001") as caller, phone(kamailio, "7207") as callee:
        calling = await call(caller, "7207")
        await callee.reply(await callee.request("INVITE"), 180)
        await callee.close()
        answer = await caller.final("INVITE", calling.call_id, within=20)
        assert answer.code == 480


@story
async def test_the_other_phones_ring_on_when_one_has_gone(kamailio: Kamailio) -> None:
    async with (
        phone(kamailio, "1001") as caller,
        phone(kamailio, "7208") as one,
        phone(kamailio, "7208") as two,
    ):
        calling = await call(caller, "7208")
        invite = await two.request("INVITE")
        await two.reply(invite, 180)
        await one.close()
        gone = time.monotonic()
        await until(lambda: time.monotonic() - gone > 13, within=15)
        await nothing_for(two, "CANCEL")
        await two.reply(invite, 200, "OK")
        assert (await calling.final()).code == 200
