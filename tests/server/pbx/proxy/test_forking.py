"""A ringing call and the phones of its extension that come, go and come back."""

import asyncio
from collections.abc import Callable

from sipmessage import Request, Response

from tests.server.pbx.phone import Phone
from tests.server.pbx.proxy.test_proxy import TARGET, Caller, phones, refuse
from tests.server.pbx.world import World, story


async def nothing_for(phone: Phone, method: str, then: str) -> None:
    """`phone` is sent no such request before the answer to an OPTIONS it sends now: flows keep order."""
    await phone.ask("OPTIONS", then)
    assert not [m for m in phone.inbox if isinstance(m, Request) and m.method == method]


@story
async def test_another_phone_that_registers_takes_the_call_of_one_that_vanished(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite([("X-Zorio-Campaign-Id", "7")])
        first = await callee.request("INVITE")
        await callee.reply(first, 180)
        await callee.close()
        async with Phone(world.url, "1002") as other:
            assert (await other.register()).code == 200
            again = await other.request("INVITE")
            assert again.call_id == first.call_id
            assert again.headers["X-Zorio-Campaign-Id"] == "7"
            assert str(again.uri) == other.contact
            await other.reply(again, 200, "OK")
            answer = await call.final()
            assert answer.code == 200
            await call.ack(answer)
            await other.request("ACK")


@story
async def test_the_same_phone_on_a_new_socket_rings_again(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.request("INVITE")
        await callee.close()
        await callee.connect()
        await callee.register()
        again = await callee.request("INVITE")
        await refuse(callee, again, 486)
        assert (await call.final()).code == 486


@story
async def test_an_answer_that_was_lost_with_its_socket_is_taken_when_it_is_repeated(world: World) -> None:
    """The phone repeats its 200 for 32 s (RFC 3261 section 13.3.1.4), and has no need to ring again."""
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        first = await callee.request("INVITE")
        await callee.close()
        await callee.connect()
        await callee.register()
        await refuse(callee, await callee.request("INVITE"), 482)
        await callee.reply(first, 200, "OK")
        answer = await call.final()
        assert answer.code == 200
        await call.ack(answer)
        await callee.request("ACK")


@story
async def test_an_answer_whose_ack_was_lost_is_handed_on_again(world: World) -> None:
    async with phones(world, "1001", "1002", "1002") as [caller, callee, other]:
        call = Caller(caller)
        await call.invite()
        invite, late = await callee.request("INVITE"), await other.request("INVITE")
        for _ in range(2):
            await callee.reply(invite, 200, "OK")
            await call.ack(await call.final())
            await callee.request("ACK")
        await other.reply(late, 200, "OK")
        await other.request("BYE")
        await other.reply(late, 200, "OK")
        await nothing_for(caller, "BYE", TARGET)
        assert not [m for m in caller.inbox if isinstance(m, Response) and m.cseq.method == "INVITE"]


@story
async def test_a_phone_that_comes_late_rings_with_the_others(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        first = await callee.request("INVITE")
        async with Phone(world.url, "1002") as late:
            await late.register()
            second = await late.request("INVITE")
            await callee.reply(first, 200, "OK")
            assert (await call.final()).code == 200
            assert "Call completed elsewhere" in (await late.request("CANCEL")).headers["Reason"]
            await refuse(late, second, 487)


@story
async def test_a_refresh_and_a_refusal_ring_nobody_twice(world: World) -> None:
    async with phones(world, "1001", "1002", "1002") as [caller, one, two]:
        call = Caller(caller)
        await call.invite()
        first, second = await one.request("INVITE"), await two.request("INVITE")
        await one.register()
        await nothing_for(one, "INVITE", TARGET)
        await refuse(one, first, 486)
        await one.close()
        await one.connect()
        await one.register()
        await nothing_for(one, "INVITE", TARGET)
        await refuse(two, second, 480)
        assert (await call.final()).code == 486


@story
async def test_somebody_elses_phone_is_not_offered_the_call(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.request("INVITE")
        async with Phone(world.url, "1003") as stranger:
            await stranger.register()
            await nothing_for(stranger, "INVITE", TARGET)
        await call.cancel()
        invite = await callee.request("CANCEL")
        assert invite.call_id == call.call_id


@story
async def test_a_caller_who_gives_up_while_nobody_rings_is_told_at_once(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.request("INVITE")
        await callee.close()
        await call.cancel()
        assert (await call.final()).code == 487
        await callee.connect()
        await callee.register()
        await nothing_for(callee, "INVITE", TARGET)
        await callee.close()


@story
async def test_the_ring_time_goes_on_counting_while_nobody_rings(make_world: Callable[..., World]) -> None:
    world = make_world(no_answer_after=0.3)
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.request("INVITE")
        await callee.close()
        assert (await call.final()).code == 408


@story
async def test_a_refusal_of_another_phone_does_not_cut_the_grace_short(world: World) -> None:
    async with phones(world, "1001", "1002", "1002") as [caller, one, two]:
        call = Caller(caller)
        await call.invite()
        await one.request("INVITE")
        second = await two.request("INVITE")
        await one.close()
        await refuse(two, second, 486)
        await one.connect()
        await one.register()
        again = await one.request("INVITE")
        await one.reply(again, 200, "OK")
        assert (await asyncio.wait_for(call.final(), 5)).code == 200
