"""Calls between phones: forking, cancelling, answers, and what is refused on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sipmessage import Request, Response

from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, World, story, until

TARGET = f"sip:1002@{DOMAIN}"


@asynccontextmanager
async def phones(world: World, *users: str) -> AsyncIterator[list[Phone]]:
    """Registered phones."""
    made = [Phone(world.url, user) for user in users]
    for phone in made:
        await phone.connect()
        assert (await phone.register()).code == 200
    try:
        yield made
    finally:
        for phone in made:
            await phone.close()


class Caller:
    """An INVITE on its way."""

    def __init__(self, phone: Phone, call_id: str = "call-1", uri: str = TARGET) -> None:
        self.phone = phone
        self.call_id = call_id
        self.uri = uri
        self.from_ = f"<sip:{phone.user}@{DOMAIN}>;tag=caller"
        self.text = ""

    async def invite(self, headers: list[tuple[str, str]] | None = None) -> None:
        extra: list[tuple[str, str]] | None
        for extra in ([], None):
            if extra is None:
                challenge = await self.phone.answer("INVITE", 407)
                await self.phone.ack_refusal(self.text, challenge)
                extra = [self.phone.credentials(challenge, "INVITE", self.uri)]
            self.text = self.phone.build(
                "INVITE",
                self.uri,
                [*extra, *(headers or []), ("Content-Type", "application/sdp")],
                "v=0",
                from_=self.from_,
                call_id=self.call_id,
            )
            await self.phone.send(self.text)
        await self.phone.answer("INVITE", 100)

    async def cancel(self, reason: str = "") -> None:
        kept = [
            line
            for line in self.text.split("\r\n")
            if line.startswith(("Via", "Max", "From", "To", "Call-ID"))
        ]
        number = self.text.partition("CSeq: ")[2].partition(" ")[0]
        lines = [f"CANCEL {self.uri} SIP/2.0", *kept, f"CSeq: {number} CANCEL"]
        if reason:
            lines.append(f"Reason: {reason}")
        await self.phone.send("\r\n".join(lines) + "\r\n\r\n")

    async def final(self) -> Response:
        answer = await self.phone.final("INVITE", self.call_id)
        if answer.code >= 300:
            await self.phone.ack_refusal(self.text, answer)
        return answer

    async def ask(
        self, answer: Response, method: str, headers: list[tuple[str, str]] | None = None
    ) -> Response:
        """A request inside the dialog of `answer`."""
        routes = [("Route", route) for route in reversed(answer.headers.getlist("Record-Route"))]
        return await self.phone.ask(
            method,
            str(answer.contact[0].uri),
            [*routes, *(headers or [])],
            to=answer.headers["To"],
            from_=self.from_,
            call_id=self.call_id,
        )

    async def ack(self, answer: Response) -> None:
        routes = [("Route", route) for route in reversed(answer.headers.getlist("Record-Route"))]
        await self.phone.send(
            self.phone.build(
                "ACK",
                str(answer.contact[0].uri),
                routes,
                to=answer.headers["To"],
                from_=self.from_,
                call_id=self.call_id,
                cseq=answer.cseq.sequence,
            )
        )


async def refuse(phone: Phone, request: Request, code: int, phrase: str = "No") -> Request:
    """Refuse an INVITE and take the ACK for it."""
    await phone.reply(request, code, phrase)
    return await phone.request("ACK")


@story
async def test_a_call_from_ring_to_bye(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite([("X-Zorio-Campaign-Id", "7"), ("X-Odd", 'a,b;c="d"')])
        invite = await callee.request("INVITE")
        assert str(invite.uri) == callee.contact
        assert invite.headers["X-Zorio-Campaign-Id"] == "7"
        assert invite.headers["X-Odd"] == 'a,b;c="d"'
        assert invite.max_forwards == 69
        assert invite.headers.get("Proxy-Authorization") is None
        await callee.reply(invite, 180, "Ringing")
        assert (await caller.answer("INVITE", 180)).headers["To"].endswith(f"tag{callee.contact[4:10]}")
        await callee.reply(invite, 200, "OK", body="answer", headers="Content-Type: application/sdp\r\n")
        answer = await call.final()
        assert answer.body == b"answer"
        assert len(answer.via) == 1
        await call.ack(answer)
        await callee.request("ACK")

        info = asyncio.create_task(call.ask(answer, "INFO", [("Content-Type", "application/dtmf-relay")]))
        got = await callee.request("INFO")
        await callee.reply(got, 200, "OK")
        assert (await info).code == 200

        bye = callee.build(
            "BYE",
            str(invite.contact[0].uri),
            [("Route", route) for route in invite.headers.getlist("Record-Route")],
            to=invite.headers["From"],
            from_=answer.headers["To"],
            call_id=invite.call_id,
        )
        await callee.send(bye)
        await caller.reply(await caller.request("BYE"), 200, "OK")
        assert (await callee.final("BYE")).code == 200


@story
async def test_all_phones_of_an_extension_ring_and_the_others_hear_who_answered(world: World) -> None:
    async with phones(world, "1001", "1002", "1002", "1002") as [caller, first, second, third]:
        call = Caller(caller)
        await call.invite()
        for phone in (first, second, third):
            await phone.reply(await phone.request("INVITE"), 180, "Ringing") if phone is not second else None
        ringing = await second.request("INVITE")
        await second.reply(ringing, 200, "OK")
        answer = await call.final()
        assert answer.code == 200
        await call.ack(answer)
        for phone in (first, third):
            cancel = await phone.request("CANCEL")
            assert cancel.headers["Reason"] == 'SIP;cause=200;text="Call completed elsewhere"'
            await phone.reply(cancel, 200, "OK")
        assert not [m for m in second.inbox if isinstance(m, Request) and m.method == "CANCEL"]


@story
async def test_two_phones_answering_at_once_leave_nobody_in_a_dead_call(world: World) -> None:
    async with phones(world, "1001", "1002", "1002") as [caller, first, second]:
        call = Caller(caller)
        await call.invite()
        invites = [await phone.request("INVITE") for phone in (first, second)]
        await first.reply(invites[0], 200, "OK")
        assert (await call.final()).code == 200
        await second.reply(invites[1], 200, "OK")
        assert (await second.request("ACK")).headers["To"].endswith(f"tag{second.contact[4:10]}")
        bye = await second.request("BYE")
        assert "completed elsewhere" in bye.headers["Reason"]
        assert not [
            m for m in caller.inbox if isinstance(m, Response) and m.code == 200 and m.cseq.method == "INVITE"
        ]


@story
async def test_the_caller_cancels_and_the_reason_reaches_the_phone(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        await call.cancel('SIP;cause=26;text="Answered elsewhere"')
        assert (await caller.final("CANCEL")).code == 200
        cancel = await callee.request("CANCEL")
        assert cancel.headers["Reason"] == 'SIP;cause=26;text="Answered elsewhere"'
        assert cancel.via[0].parameters["branch"] == invite.via[0].parameters["branch"]
        await callee.reply(cancel, 200, "OK")
        await refuse(callee, invite, 487)
        assert (await call.final()).code == 487
        await call.cancel()
        assert (await caller.final("CANCEL")).code == 481, "the transaction is over"


@pytest.mark.parametrize("code", [403, 404, 480, 486, 488, 500, 503, 600, 603])
@story
async def test_what_the_phone_answers_is_what_the_caller_hears(world: World, code: int) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        ack = await refuse(callee, await callee.request("INVITE"), code, "Wie es ist")
        assert ack.headers["To"].endswith(f"tag{callee.contact[4:10]}")
        answer = await call.final()
        assert (answer.code, answer.phrase) == (code, "Wie es ist")


@story
async def test_the_best_of_several_refusals_is_handed_on(world: World) -> None:
    async with phones(world, "1001", "1002", "1002", "1002") as [caller, *callees]:
        call = Caller(caller)
        await call.invite()
        for phone, code in zip(callees, (500, 480, 486), strict=True):
            await refuse(phone, await phone.request("INVITE"), code)
        assert (await call.final()).code == 486


@story
async def test_a_decline_stops_all_phones(world: World) -> None:
    async with phones(world, "1001", "1002", "1002") as [caller, first, second]:
        call = Caller(caller)
        await call.invite()
        other = await second.request("INVITE")
        await refuse(first, await first.request("INVITE"), 603)
        await second.reply(await second.request("CANCEL"), 200, "OK")
        await refuse(second, other, 487)
        assert (await call.final()).code == 603


@story
async def test_nobody_answers(make_world: Callable[..., World]) -> None:
    world = make_world(no_answer_after=0.2)
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        assert "cause=408" in (await callee.request("CANCEL")).headers["Reason"]
        await refuse(callee, invite, 487)
        assert (await call.final()).code == 408


@story
async def test_a_caller_that_vanishes_stops_the_ringing(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        await caller.close()
        await callee.request("CANCEL")
        await callee.reply(invite, 200, "OK")  # answered in the same moment
        await callee.request("ACK")
        await callee.request("BYE")


@story
async def test_a_phone_that_vanishes_while_ringing_is_unavailable(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.request("INVITE")
        await callee.close()
        assert (await call.final()).code == 480, "once the time to come back has passed"


@asynccontextmanager
async def alone(world: World) -> AsyncIterator[tuple[Caller, Response, Phone]]:
    """A call whose called phone has just lost its socket."""
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.reply(await callee.request("INVITE"), 200, "OK")
        answer = await call.final()
        await call.ack(answer)
        await callee.request("ACK")
        await callee.close()
        await until(lambda: world.pbx.connections == 1)
        yield call, answer, callee


@story
async def test_a_bye_waits_for_a_phone_between_two_sockets(world: World) -> None:
    async with alone(world) as (call, answer, callee):
        bye = asyncio.create_task(call.ask(answer, "BYE"))
        await until(lambda: bool(world.pbx._proxy._parked))
        await callee.connect()
        await callee.register()
        await callee.reply(await callee.request("BYE"), 200, "OK")
        assert (await bye).code == 200
        assert not [m for m in callee.inbox if isinstance(m, Request)]


@story
async def test_a_bye_to_a_phone_that_never_comes_back_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pbx.proxy.proxy.PARKED_FOR", 0.2)
    async with alone(world) as (call, answer, callee):
        assert (await call.ask(answer, "BYE")).code == 480
        await callee.connect()
        await callee.register()
        assert not [m for m in callee.inbox if isinstance(m, Request)]


def ended(phone: Phone) -> list[Request]:
    """What would end a call at this phone."""
    return [m for m in phone.inbox if isinstance(m, Request) and m.method in ("BYE", "CANCEL")]


@story
async def test_a_reinvite_whose_sender_is_gone_ends_no_call(world: World) -> None:
    """A page was reloaded just after it had asked for another media path: the next takes the call back."""
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.reply(await callee.request("INVITE"), 200, "OK")
        answer = await call.final()
        await call.ack(answer)
        await callee.request("ACK")
        offer = asyncio.create_task(call.ask(answer, "INVITE"))
        again = await callee.request("INVITE")
        offer.cancel()
        await caller.close()
        await until(lambda: world.pbx.connections == 1)
        await callee.reply(again, 200, "OK")
        assert (await callee.request("ACK")).cseq.sequence == again.cseq.sequence, (
            "or it asks for it 32 s long"
        )
        assert (await callee.ask("OPTIONS", f"sip:{DOMAIN}")).code == 200
        assert not ended(callee)


@story
async def test_a_replaced_call_whose_new_page_is_gone_goes_on(world: World) -> None:
    """The phone answered while the line of the page broke: the page's next try finds it in the call."""
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite([("Replaces", "x;to-tag=y;from-tag=z"), ("Require", "replaces")])
        invite = await callee.request("INVITE")
        await caller.close()
        assert await callee.request("CANCEL")
        await callee.reply(invite, 200, "OK")
        assert await callee.request("ACK")
        assert (await callee.ask("OPTIONS", f"sip:{DOMAIN}")).code == 200
        assert not ended(callee)


@story
async def test_a_phone_that_answers_a_caller_who_is_gone_is_hung_up(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        await Caller(caller).invite()
        invite = await callee.request("INVITE")
        await caller.close()
        assert await callee.request("CANCEL")
        await callee.reply(invite, 200, "OK")
        assert await callee.request("ACK")
        assert await callee.request("BYE")


@story
async def test_unknown_unregistered_and_foreign_targets(world: World) -> None:
    async with phones(world, "1001") as [caller]:
        for number, target, code in (
            (1, f"sip:7777@{DOMAIN}", 404),
            (2, TARGET, 480),
            (3, "sip:1002@elsewhere.test", 404),
            (4, "tel:+84912345678", 404),
            (5, "nonsense", 400),
        ):
            answer = await caller.ask("INVITE", target, to=f"<{TARGET}>", call_id=f"c{number}")
            assert answer.code == code, target


@story
async def test_hops_loops_and_extensions(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        proxy = invite.via[0].host
        via = f"Via: SIP/2.0/WS {proxy};branch=z9hG4bKold\r\nMax-Forwards: 70"
        looped = caller.build("MESSAGE", TARGET).replace("Max-Forwards: 70", via)
        for text, code in (
            (looped, 482),
            (caller.build("MESSAGE", TARGET).replace("Max-Forwards: 70", "Max-Forwards: 0"), 483),
            (caller.build("MESSAGE", TARGET).replace("Max-Forwards: 70", "Max-Forwards: many"), 400),
            (caller.build("MESSAGE", TARGET, [("Proxy-Require", "magic")]), 420),
        ):
            await caller.send(text)
            assert (await caller.final("MESSAGE")).code == code


@story
async def test_a_stranger_cannot_enter_or_take_over(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee], Phone(world.url, "1003") as stranger:
        call = Caller(caller)
        await call.invite()
        await callee.reply(await callee.request("INVITE"), 200, "OK")
        answer = await call.final()
        # A request in a dialog nobody knows is challenged like any other; without a password it ends there.
        stranger.password = "wrong"
        bye = await stranger.ask("BYE", callee.contact, to="<sip:1002@pbx.test>;tag=x", call_id="unknown")
        assert bye.code == 403
        # Another extension that registers the callee's Contact, or an address of record, gets no calls.
        stranger.password = "pw-1003"
        for contact in (callee.contact, TARGET):
            stranger.contact = contact
            assert (await stranger.register()).code == 200
        asking = asyncio.create_task(call.ask(answer, "INFO"))
        await callee.reply(await callee.request("INFO"), 200, "OK")
        assert (await asking).code == 200
        again = Caller(caller, "call-2")
        await again.invite()
        await callee.request("INVITE")
        assert not [m for m in stranger.inbox if isinstance(m, Request)]


@story
async def test_a_call_survives_both_phones_reconnecting(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        await callee.reply(invite, 200, "OK")
        answer = await call.final()
        await call.ack(answer)
        await callee.request("ACK")

        world.pbx.drop_connections()
        await until(lambda: caller.closed and callee.closed)
        await until(lambda: world.pbx.connections == 0)
        assert world.pbx.bindings == {}
        await caller.connect()
        await callee.connect()
        held = await call.ask(answer, "INFO")
        assert held.code == 480, "the call is alive, only its phone is not there yet"
        await callee.register()

        asking = asyncio.create_task(call.ask(answer, "INFO"))
        await callee.reply(await callee.request("INFO"), 200, "OK")
        assert (await asking).code == 200
        back = asyncio.create_task(
            callee.ask(
                "BYE",
                str(invite.contact[0].uri),
                [("Route", route) for route in invite.headers.getlist("Record-Route")],
                to=invite.headers["From"],
                from_=answer.headers["To"],
                call_id=invite.call_id,
            )
        )
        await caller.reply(await caller.request("BYE"), 200, "OK")
        assert (await back).code == 200


@story
async def test_a_call_survives_the_pbx_restarting(make_world: Callable[..., World]) -> None:
    before, after = make_world(), make_world()
    async with phones(before, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.reply(await callee.request("INVITE"), 200, "OK")
        answer = await call.final()
        before.stop()
        for phone in (caller, callee):
            phone.url = after.url
            await phone.connect()
        await callee.register()
        asking = asyncio.create_task(call.ask(answer, "BYE"))  # challenged once, then routed
        await callee.reply(await callee.request("BYE"), 200, "OK")
        assert (await asking).code == 200


@story
async def test_a_phone_that_registered_with_the_new_pbx_is_not_asked_in_its_call(
    make_world: Callable[..., World],
) -> None:
    """Phones answer no challenge in a call: the far end could have made it."""
    before, after = make_world(), make_world()
    async with phones(before, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        await callee.reply(await callee.request("INVITE"), 200, "OK")
        answer = await call.final()
        before.stop()
        for phone in (caller, callee):
            phone.url = after.url
            await phone.connect()
            await phone.register()
        asking = asyncio.create_task(call.ask(answer, "BYE"))
        bye = await callee.request("BYE")
        assert bye.cseq.sequence == caller._sequence, "the first one, without credentials"
        await callee.reply(bye, 200, "OK")
        assert (await asking).code == 200


@story
async def test_a_transfer_between_phones_with_its_progress(world: World) -> None:
    async with phones(world, "1001", "1002") as [caller, callee]:
        call = Caller(caller)
        await call.invite()
        invite = await callee.request("INVITE")
        await callee.reply(invite, 200, "OK")
        answer = await call.final()
        asking = asyncio.create_task(call.ask(answer, "REFER", [("Refer-To", f"<sip:1003@{DOMAIN}>")]))
        refer = await callee.request("REFER")
        assert refer.headers["Refer-To"] == f"<sip:1003@{DOMAIN}>"
        await callee.reply(refer, 202, "Accepted")
        assert (await asking).code == 202
        headers = [
            ("Event", "refer"),
            ("Subscription-State", "terminated"),
            ("Content-Type", "message/sipfrag"),
        ]
        routes = [("Route", route) for route in invite.headers.getlist("Record-Route")]
        text = callee.build(
            "NOTIFY",
            str(refer.contact[0].uri),
            [*routes, *headers],
            "SIP/2.0 200 OK",
            to=invite.headers["From"],
            from_=answer.headers["To"],
            call_id=invite.call_id,
        )
        await callee.send(text.replace(f"Contact: <{callee.contact}>\r\n", ""))  # as SIP.js sends it
        notify = await caller.request("NOTIFY")
        assert notify.body == b"SIP/2.0 200 OK"
        await caller.reply(notify, 200, "OK")
        assert (await callee.final("NOTIFY")).code == 200
