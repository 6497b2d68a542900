from tests.pbx.ear import Ear
from tests.pbx.leg import Leg
from tests.pbx.phone import Phone
from tests.pbx.world import World, story, until


@story
async def test_tone(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear() as ear:
        leg = await Leg.dial(phone, "*44", ear)
        await until(lambda: ear.hears(440))
        assert (await leg.bye()).code == 200


@story
async def test_echo(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear(600) as ear:
        leg = await Leg.dial(phone, "*43", ear)
        await until(lambda: ear.hears(600))
        assert (await leg.bye()).code == 200


@story
async def test_digits(world: World) -> None:
    async with Phone(world.url, "1001") as phone, Ear(600) as ear:
        leg = await Leg.dial(phone, "*45", ear)
        await until(lambda: ear.packets > 5)
        for d in "15#":
            ear.events.send(d)
        await until(lambda: ear.digits == ["1", "5", "#"])
        await leg.request("INFO", [("Content-Type", "application/dtmf-relay")], "Signal=7\r\nDuration=160")
        info = await phone.request("INFO")
        assert b"Signal=7" in info.body
        assert (await leg.bye()).code == 200


@story
async def test_goodbye(make_world: Callable[..., World]) -> None:
    world = make_world(callback_delay=0.2)
    async with Phone(world.url, "1001") as phone, Ear(600) as ear, Ear(600) as two:
        await phone.register()
        leg = await Leg.dial(phone, "*48", ear)
        await leg.hung_up()
        leg = await Leg.pick_up(phone, two)
        await until(lambda: two.hears(600))
        assert (await leg.bye()).code == 200
