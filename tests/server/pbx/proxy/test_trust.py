"""The edge of the PBX: what a phone says of itself and of records is not passed on as the word of the PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.server.pbx.phone import Phone
from tests.server.pbx.proxy.test_proxy import Caller, phones
from tests.server.pbx.world import DOMAIN, World, story

CLAIMS = [
    ("X-Zorio-Contact-Id", "VIP-1"),
    ("x-zorio-contact-name", "9"),
    ("X-ZORIO-Anything", "1"),
    ("P-Preferred-Identity", f"<sip:1003@{DOMAIN}>"),
    ("Remote-Party-ID", f"<sip:1003@{DOMAIN}>"),
    ("Diversion", f"<sip:1003@{DOMAIN}>"),
    ("P-Asserted-Identity", f"<sip:1003@{DOMAIN}>"),
]
NAMES = {name.lower() for name, _ in CLAIMS} - {"p-asserted-identity"}


def names_in(message: object) -> set[str]:
    return {line.partition(":")[0].lower() for line in str(message).splitlines()}


@story
async def test_claims_of_a_phone_reach_nobody_in_a_call_nor_before_it(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite(CLAIMS)
        invite = await callee.request("INVITE")
        assert not names_in(invite) & NAMES
        assert invite.headers.getlist("P-Asserted-Identity") == [f"<sip:1001@{DOMAIN}>"]
        said = "".join(f"{name}: {value}\r\n" for name, value in CLAIMS)
        await callee.reply(invite, 180, headers=said)
        assert not names_in(await caller.answer("INVITE", 180)) & (NAMES | {"p-asserted-identity"})
        await callee.reply(invite, 200, headers=said)
        answer = await call.final()
        assert not names_in(answer) & NAMES
        assert answer.headers.getlist("P-Asserted-Identity") == [f"<sip:1002@{DOMAIN}>"]
        await call.ack(answer)
        await callee.request("ACK")
        for method in ("INFO", "REFER", "INVITE"):
            asking = asyncio.create_task(call.ask(answer, method, CLAIMS))
            request = await callee.request(method)
            assert not names_in(request) & NAMES
            assert request.headers.getlist("P-Asserted-Identity") == [f"<sip:1001@{DOMAIN}>"]
            await callee.reply(request, 200)
            await asking


@story
async def test_a_queue_that_the_operator_names_may_say_which_record_it_is(
    make_world: Callable[..., World],
) -> None:
    world = make_world(trusted={"1001"})
    async with phones(world, "1001", "1002", "1003") as [queue, callee, other]:
        await Caller(queue).invite(CLAIMS)
        invite = await callee.request("INVITE")
        assert invite.headers["X-Zorio-Contact-Id"] == "VIP-1"
        await Caller(other).invite(CLAIMS)
        assert "x-zorio-contact-id" not in names_in(await callee.request("INVITE"))


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("method", ["INVITE", "BYE", "INFO"])
@story
async def test_only_the_pbx_challenges(world: World, code: int, method: str) -> None:
    """A callee asks for the caller's password, before or in the call."""
    foreign = "".join(
        f'{name}: Digest realm="{DOMAIN}", nonce="n", qop="auth"\r\n'
        for name in ("WWW-Authenticate", "proxy-authenticate", "Authentication-Info")
    )
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        if method == "INVITE":
            await callee.reply(invite, code, headers=foreign)
            answer = await call.final()
        else:
            await callee.reply(invite, 200)
            accepted = await call.final()
            await call.ack(accepted)
            asking = asyncio.create_task(call.ask(accepted, method))
            await callee.reply(await callee.request(method), code, headers=foreign)
            answer = await asking
        assert answer.code == 403
        assert not names_in(answer) & {"www-authenticate", "proxy-authenticate", "authentication-info"}


@story
async def test_a_stranger_in_a_known_call_proves_who_it_is(world: World) -> None:
    """Whoever learned of a dialog neither speaks in it nor draws a phone's requests to itself."""
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.reply(await callee.request("INVITE"), 200)
        answer = await call.final()
        await call.ack(answer)
        async with Phone(world.url, "1001", "guessed") as stranger:
            bye = stranger.build(
                "BYE",
                callee.contact,
                to=answer.headers["To"],
                from_=call.from_,
                call_id=call.call_id,
                cseq=99,
            )
            await stranger.send(bye)
            assert (await stranger.final("BYE")).code == 407
        assert not [message for message in callee.inbox if "BYE" in str(message)]


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        (f"http://{DOMAIN}", True),
        (f"https://{DOMAIN.upper()}:8443", True),
        (None, True),
        ("https://evil.example", False),
        (f"https://{DOMAIN}.evil.example", False),
        (f"https://evil.example/{DOMAIN}", False),
        (f"https://{DOMAIN}@evil.example", False),
        ("null", False),
        ("", False),
        (f"ftp://{DOMAIN}", False),
        ("http://[", False),
    ],
)
@story
async def test_only_pages_of_the_account_s_domain_open_a_socket(
    world: World, origin: str | None, let_in: bool
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    opening = connect(world.url, subprotocols=[Subprotocol("sip")], proxy=None, additional_headers=headers)
    if let_in:
        async with opening:
            return
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with opening:
            pass
    assert refused.value.response.status_code == 403
