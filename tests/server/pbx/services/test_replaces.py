"""INVITE with Replaces (RFC 3891): to a service, and from phone to phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sipmessage import Response

from tests.server.pbx.ear import Ear
from tests.server.pbx.leg import SDP, Leg
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, World, story, until


@asynccontextmanager
async def two_phones(world: World, second: str = "1001") -> AsyncIterator[tuple[Phone, Phone]]:
    async with Phone(world.url, "1001") as one, Phone(world.url, second) as other:
        yield one, other


def tag(address: str) -> str:
    return address.partition(";tag=")[2]


def replaces(leg: Leg, **changes: str) -> list[tuple[str, str]]:
    """The headers of an INVITE that replaces `leg`, as the side of `leg` writes them."""
    parts = {"call_id": leg.call_id, "to": tag(leg.remote), "from": tag(leg.local)} | changes
    value = "{call_id};to-tag={to};from-tag={from}".format(**parts) + changes.get("more", "")
    return [("Replaces", value), ("Require", "replaces")]


async def invite(
    phone: Phone, leg: Leg, offer: str, headers: list[tuple[str, str]], number: str = "*43"
) -> Response:
    """As `leg.local` says who calls; the final answer."""
    sender = leg.local.partition(";tag")[0] + ";tag=new"
    to = f"<sip:{number}@{DOMAIN}>"
    answer = await phone.ask("INVITE", leg.target, [*headers, SDP], offer, to=to, from_=sender)
    while answer.code < 200:
        answer = await phone.final("INVITE", answer.call_id)
    return answer


@pytest.mark.parametrize("number", ["*43", "*44"])
@story
async def test_a_caller_takes_its_call_with_a_service_back(world: World, number: str) -> None:
    async with two_phones(world) as (old, new), Ear() as first, Ear(says=700) as second:
        leg = await Leg.dial(old, number, first)
        await until(lambda: first.peer.connectionState == "connected")
        await first.close()
        await old.close()
        answer = await invite(new, leg, await second.offer(), replaces(leg), number)
        assert answer.code == 200
        assert tag(answer.headers["To"]) != tag(leg.remote)
        await second.accept(answer.body.decode())
        await until(lambda: second.peer.connectionState == "connected")
        await until(lambda: second.hears(440 if number == "*44" else 700))


@story
async def test_one_that_never_heard_of_its_success_may_ask_again(world: World) -> None:
    """The 200 was lost with its line: all the page knows is the dialog from before."""
    async with two_phones(world) as (old, new), Ear() as first, Ear() as lost, Ear(says=700) as second:
        leg = await Leg.dial(old, "*43", first)
        assert (await invite(new, leg, await lost.offer(), replaces(leg))).code == 200
        answer = await invite(new, leg, await second.offer(), replaces(leg))
        assert answer.code == 200
        await second.accept(answer.body.decode())
        await until(lambda: second.hears(700))


@story
async def test_the_old_dialog_is_told(world: World) -> None:
    async with two_phones(world) as (old, new), Ear() as first, Ear(says=700) as second:
        leg = await Leg.dial(old, "*43", first)
        answer = await invite(new, leg, await second.offer(), replaces(leg))
        assert answer.code == 200
        await leg.hung_up()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"call_id": "unknown"}, 481),
        ({"to": "x"}, 481),
        ({"from": "x"}, 481),
        ({"more": ";early-only"}, 486),
    ],
)
@story
async def test_what_cannot_be_replaced(world: World, changes: dict[str, str], code: int) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear, Ear() as second:
        leg = await Leg.dial(phone, "*43", ear)
        answer = await invite(phone, leg, await second.offer(), replaces(leg, **changes))
        assert answer.code == code
        await until(lambda: ear.peer.connectionState == "connected")


@story
async def test_somebody_else_may_not(world: World) -> None:
    """Whoever has seen the dialog's tags still is not its caller."""
    async with two_phones(world, "1002") as (phone, thief), Ear() as ear, Ear() as second:
        leg = await Leg.dial(phone, "*43", ear)
        stolen = Leg(thief, second)
        stolen.call_id, stolen.remote, stolen.target = leg.call_id, leg.remote, leg.target
        headers = replaces(leg)
        stolen.local = f"<sip:1002@{DOMAIN}>;tag=x"
        assert (await invite(thief, stolen, await second.offer(), headers)).code == 403
        stolen.local = leg.local  # and may not say that he is
        assert (await invite(thief, stolen, await second.offer(), headers)).code == 403
        assert (await leg.bye()).code == 200


@story
async def test_of_a_group_the_one_that_answered_may_take_the_call_back(
    make_world: Callable[..., World],
) -> None:
    world = make_world(groups={"6000": ("1001", "1002")})
    async with two_phones(world, "1002") as (phone, other), Ear() as ear, Ear(says=700) as second:
        await phone.register()
        await other.register()
        call = await world.at_pbx(world.pbx.call("6000", "0900", "Lạ"))
        leg = await Leg.pick_up(phone, ear)
        assert await world.at_pbx(call.wait_for("answered", 5))
        thief = Leg(other, second)
        thief.call_id, thief.local, thief.target = leg.call_id, f"<sip:1002@{DOMAIN}>;tag=x", leg.target
        headers = replaces(leg)
        assert (await invite(other, thief, await second.offer(), headers)).code == 403
        leg.local = (
            f"<sip:1001@{DOMAIN}>;tag={tag(leg.local)}"  # a new page knows who it is, not what was called
        )
        answer = await invite(phone, leg, await second.offer(), headers)
        assert answer.code == 200
        await second.accept(answer.body.decode())
        await until(lambda: call.state == "answered" and second.peer.connectionState == "connected")


@story
async def test_who_has_answered_is_said_by_the_proxy_alone(make_world: Callable[..., World]) -> None:
    world = make_world(groups={"6000": ("1002",)})
    async with two_phones(world, "1002") as (caller, callee):
        await caller.register()
        await callee.register()
        claim = [("P-Asserted-Identity", f"<sip:1003@{DOMAIN}>")]
        uri = f"sip:6000@{DOMAIN}"
        answer = asyncio.create_task(caller.ask("INVITE", uri, claim, to=f"<{uri}>"))
        request = await callee.request("INVITE")
        assert request.headers.getlist("P-Asserted-Identity") == [f"<sip:1001@{DOMAIN}>"]
        await callee.reply(request, 200, "OK", headers=f"P-Asserted-Identity: <sip:1003@{DOMAIN}>\r\n")
        while (told := await answer).code < 200:
            answer = asyncio.create_task(caller.final("INVITE", told.call_id))
        assert told.headers.getlist("P-Asserted-Identity") == [f"<sip:1002@{DOMAIN}>"]


@story
async def test_whom_the_caller_sends_may(world: World) -> None:
    """Attended transfer (RFC 5589 section 7): the one that was transferred takes the caller's place."""
    async with two_phones(world, "1002") as (phone, sent), Ear() as ear, Ear(says=700) as second:
        leg = await Leg.dial(phone, "*43", ear)
        taken = Leg(sent, second)
        taken.call_id, taken.remote, taken.target = leg.call_id, leg.remote, leg.target
        taken.local = f"<sip:1002@{DOMAIN}>;tag=x"
        for referred_by, code in (("1003", 403), ("1001", 200)):
            headers = [*replaces(leg), ("Referred-By", f"<sip:{referred_by}@{DOMAIN}>")]
            answer = await invite(sent, taken, await second.offer(), headers)
            assert answer.code == code
        await second.accept(answer.body.decode())
        await until(lambda: second.hears(700))
        await leg.hung_up()


@story
async def test_two_replaces_are_malformed(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear, Ear() as second:
        leg = await Leg.dial(phone, "*43", ear)
        answer = await invite(phone, leg, await second.offer(), replaces(leg) * 2)
        assert answer.code == 400


@story
async def test_between_phones_it_is_handed_on_as_it_is(world: World) -> None:
    async with Phone(world.url, "1001") as caller, Phone(world.url, "1002") as callee:
        await caller.register()
        await callee.register()
        headers = [("Replaces", "abc;to-tag=1;from-tag=2"), ("Require", "replaces")]
        answer = asyncio.create_task(caller.ask("INVITE", callee.contact, headers, to=f"<sip:1002@{DOMAIN}>"))
        request = await callee.request("INVITE")
        assert request.headers["Replaces"] == "abc;to-tag=1;from-tag=2"
        assert request.headers["Require"] == "replaces"
        await callee.reply(request, 481, "Call/Transaction Does Not Exist")
        assert (await answer).code == 481


@story
async def test_a_caller_that_does_not_come_back_is_released(make_world: Callable[..., World]) -> None:
    world = make_world(media_grace=0.3)
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        leg = await Leg.dial(phone, "*43", ear)
        await until(lambda: ear.peer.connectionState == "connected")
        await ear.close()
        await leg.hung_up()
