"""The PBX tells of a call that no phone of its extension knows of, and of no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.server.pbx.proxy.test_proxy import TARGET, Caller, phones, refuse
from tests.server.pbx.world import DOMAIN, World, story

Missed = list[tuple[str, str, str, str]]
THIS_ONE = ("1002", "1001", "", "call-1")


def hear(world: World) -> Missed:
    told: Missed = []
    world.pbx.tell_missed(lambda *call: told.append(call))
    return told


@story
async def test_nobody_is_registered(world: World) -> None:
    told = hear(world)
    async with phones(world, "1001") as [caller]:
        sender = f'"Lê Châu" <sip:1001@{DOMAIN}>;tag=caller'
        answer = await caller.ask("INVITE", TARGET, to=f"<{TARGET}>", from_=sender, call_id="call-1")
        assert answer.code == 480
        assert told == [("1002", "1001", "Lê Châu", "call-1")]
        answer = await caller.ask("INVITE", f"sip:7777@{DOMAIN}", to=f"<{TARGET}>", call_id="call-2")
        assert answer.code == 404
        assert len(told) == 1, "an extension that does not exist misses nothing"


@story
async def test_everybody_of_a_group_is_told(make_world: Callable[..., World]) -> None:
    world = make_world(groups={"6000": ("1002", "1003")})
    told = hear(world)
    async with phones(world, "1001") as [caller]:
        group = f"sip:6000@{DOMAIN}"
        assert (await caller.ask("INVITE", group, to=f"<{group}>", call_id="call-1")).code == 480
    assert [extension for extension, *_ in told] == ["1002", "1003"]


@story
async def test_the_socket_that_was_sent_it_was_dead(world: World) -> None:
    """A machine that has just gone to sleep: it never says that it rings."""
    told = hear(world)
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.request("INVITE")
        assert told == []
        await callee.close()
        assert (await call.final()).code == 480
        assert told == [THIS_ONE]


@pytest.mark.parametrize("code", [486, 603])
@story
async def test_what_a_phone_knows_of_is_told_by_that_phone(world: World, code: int) -> None:
    told = hear(world)
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        await callee.reply(invite, 180, "Ringing")
        await refuse(callee, invite, code)
        assert (await call.final()).code == code
        again = Caller(caller, "call-2")
        await again.invite()
        await callee.reply(await callee.request("INVITE"), 180, "Ringing")
        await caller.answer("INVITE", 180)
        await callee.close()
        assert (await again.final()).code == 480
    assert told == []
