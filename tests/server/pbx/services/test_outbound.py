"""`Pbx.call`: strangers ring a phone, with whatever name, headers and manners a test wants."""

import pytest

from server.pbx.services.outbound import OutboundCall
from tests.server.pbx.ear import Ear
from tests.server.pbx.leg import Leg
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, World, story, until


async def done(call: OutboundCall, what: str, *arguments: str) -> None:
    """Use a handle in the event loop it belongs to."""
    getattr(call, what)(*arguments)


@story
async def test_an_answered_call_with_digits_both_ways(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        await phone.register()
        call = await world.at_pbx(world.pbx.call("1001", "0900", "Lạ", "tone", {"X-Ticket": "42"}))
        leg = await Leg.pick_up(phone, ear)
        assert await world.at_pbx(call.wait_for("answered", 5))
        await until(lambda: ear.hears(440))
        await world.at_pbx(done(call, "send_info", "7"))
        info = await phone.request("INFO")
        assert b"Signal=7" in info.body
        await phone.reply(info, 200, "OK")
        await world.at_pbx(done(call, "send_rtp_digit", "9"))
        await until(lambda: ear.digits == ["9"])
        ear.events.send("3")
        await leg.request("INFO", [("Content-Type", "application/dtmf-relay")], "Signal=A")
        await until(lambda: set(call.digits) == {("3", "rtp"), ("A", "info")})
        assert call.state == "answered"
        await world.at_pbx(done(call, "bye"))
        await leg.hung_up()
        assert (call.state, call.ended_by, call.status) == ("ended", "local", 200)


@pytest.mark.parametrize(
    "name", ["x" * 200, "<script>alert(1)</script>", 'a"b\\c', "\u202eevil\u0007", "Nguyễn Thị Ánh 🎧", ""]
)
@story
async def test_any_name_arrives_unchanged(world: World, name: str) -> None:
    async with Phone(world.url, "1001") as phone:
        await phone.register()
        await world.at_pbx(world.pbx.call("1001", "0900", name, headers={"X-Name": name}))
        await phone.request("INVITE")
        invite = next(
            text for direction, text in world.taped if direction == "out" and text.startswith("INVITE")
        )
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        assert f'\r\nFrom: "{quoted}" <sip:0900@{DOMAIN}>;tag=' in invite


@story
async def test_a_name_cannot_break_the_message(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        await phone.register()
        await world.at_pbx(
            world.pbx.call("1001", "09 00<>", "a\r\nX-Evil: 1", headers={"X-A": "b\r\nX-Evil: 2"})
        )
        invite = await phone.request("INVITE")
        assert invite.headers.get("X-Evil") is None
        assert invite.from_address.name == "aX-Evil: 1"
        assert invite.from_address.uri.user == "09 00<>"


@story
async def test_giving_up_with_a_reason(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        await phone.register()
        call = await world.at_pbx(world.pbx.call("1001", "0900", "A"))
        invite = await phone.request("INVITE")
        await phone.reply(invite, 180, "Ringing")
        assert await world.at_pbx(call.wait_for("ringing", 5))
        reason = 'SIP;cause=200;text="Call completed elsewhere"'
        await world.at_pbx(done(call, "cancel", reason))
        assert (await phone.request("CANCEL")).headers["Reason"] == reason
        await phone.reply(invite, 487, "Request Terminated")
        await phone.request("ACK")
        assert (call.state, call.ended_by, call.status, call.reason) == ("ended", "local", 487, reason)


@story
async def test_refused_and_unregistered(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        call = await world.at_pbx(world.pbx.call("1001", "0900", "A"))
        assert not await world.at_pbx(call.wait_for("answered", 5))
        assert call.status == 480
        await phone.register()
        call = await world.at_pbx(world.pbx.call("1001", "0900", "A"))
        await phone.reply(await phone.request("INVITE"), 603, "Decline", headers="Reason: Q.850;cause=21\r\n")
        assert not await world.at_pbx(call.wait_for("answered", 5))
        assert (call.status, call.phrase, call.reason, call.ended_by) == (
            603,
            "Decline",
            "Q.850;cause=21",
            "remote",
        )


@story
async def test_an_answer_that_crosses_the_cancel_is_hung_up(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        await phone.register()
        call = await world.at_pbx(world.pbx.call("1001", "0900", "A"))
        invite = await phone.request("INVITE")
        sdp = await ear.answer(invite.body.decode())
        await world.at_pbx(done(call, "cancel"))
        await phone.reply(invite, 200, "OK", body=sdp, headers="Content-Type: application/sdp\r\n")
        for method in ("ACK", "BYE"):
            # The dialog of the INVITE's 200: the CANCEL's own 200 has another tag.
            assert f"tag=tag{phone.contact[4:10]}" in str((await phone.request(method)).headers["To"])
        assert call.state == "ended"


@story
async def test_an_unusable_answer_is_hung_up(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        await phone.register()
        await world.at_pbx(world.pbx.call("1001", "0900", "A"))
        await phone.reply(await phone.request("INVITE"), 200, "OK", body="nonsense")
        await phone.request("ACK")
        await phone.request("BYE")
