"""Transferring a call with a service to somebody else: the service is the transferred party."""

import asyncio

import pytest

from tests.server.pbx.ear import Ear
from tests.server.pbx.leg import Leg
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, World, story, until


async def progress(phone: Phone) -> tuple[str, str]:
    """The next NOTIFY: its sipfrag and Subscription-State."""
    notify = await phone.request("NOTIFY")
    assert notify.headers["Event"] == "refer"
    await phone.reply(notify, 200, "OK")
    return notify.body.decode(), notify.headers["Subscription-State"].partition(";")[0]


@story
async def test_an_echo_call_is_transferred_to_another_phone(world: World) -> None:
    async with (
        Phone(world.url, "1001") as phone,
        Phone(world.url, "1002") as target,
        Ear() as ear,
        Ear(says=700) as other,
    ):
        await target.register()
        leg = await Leg.dial(phone, "*43", ear)
        replaces = "Replaces=abc%40x%3Bto-tag%3D1%3Bfrom-tag%3D2"
        answer = await leg.request(
            "REFER", [("Refer-To", f"<sip:1002@{DOMAIN}?{replaces}>"), ("Referred-By", "<sip:me>")]
        )
        assert answer.code == 202
        assert await progress(phone) == ("SIP/2.0 100 Trying", "active")
        picking = asyncio.create_task(Leg.pick_up(target, other))
        assert await progress(phone) == ("SIP/2.0 180 Ringing", "active")
        second = await picking
        assert await progress(phone) == ("SIP/2.0 200 OK", "terminated")
        assert second.remote.startswith(f'"Demo PBX" <sip:*43@{DOMAIN}>')
        [invite] = [text for direction, text in world.taped if direction == "out" and "\r\nReplaces:" in text]
        assert "\r\nReplaces: abc@x;to-tag=1;from-tag=2\r\n" in invite
        assert "\r\nReferred-By: <sip:me>\r\n" in invite
        await until(lambda: other.hears(700))
        assert (await leg.bye()).code == 200
        assert (await second.bye()).code == 200


@story
async def test_the_service_hangs_up_when_the_transferring_phone_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pbx.services.transfer.HANG_UP_AFTER", 0.2)
    async with (
        Phone(world.url, "1001") as phone,
        Phone(world.url, "1002") as target,
        Ear() as ear,
        Ear() as other,
    ):
        await target.register()
        leg = await Leg.dial(phone, "*44", ear)
        await leg.request("REFER", [("Refer-To", f"sip:1002@{DOMAIN}")])
        await Leg.pick_up(target, other)
        await leg.hung_up()
        await until(lambda: other.hears(440))


@story
async def test_a_transfer_that_fails_leaves_the_call(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear(says=600) as ear:
        leg = await Leg.dial(phone, "*43", ear)
        for target, status in (("1002", 480), ("7777", 404), ("*46", 486), ("*49", 603)):
            assert (await leg.request("REFER", [("Refer-To", f"<sip:{target}@{DOMAIN}>")])).code == 202
            assert await progress(phone) == ("SIP/2.0 100 Trying", "active")
            fragment, state = await progress(phone)
            assert fragment.startswith(f"SIP/2.0 {status} ")
            assert state == "terminated"
        assert (await leg.request("REFER", [("Refer-To", "<tel:113>")])).code == 400
        assert (await leg.request("REFER")).code == 400
        ear.forget()
        await until(lambda: ear.hears(600))
        await leg.bye()
