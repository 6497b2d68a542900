"""A call may last all day: a service that does not listen must not keep what it is told."""

from typing import Any

import pytest

from tests.server.pbx.ear import Ear
from tests.server.pbx.leg import Leg
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import World, story, until


@pytest.mark.parametrize("service", ["*43", "*44"])
@story
async def test_no_sound_is_kept(world: World, service: str) -> None:
    """*43 sends back what it hears, *44 plays a tone."""
    async with Phone(world.url, "1001") as phone, Ear(says=600) as ear:
        leg = await Leg.dial(phone, service, ear)
        (call,) = world.pbx._service_phone._calls.values()
        assert call._media is not None
        (receiver,) = call._media._peer._connection.getReceivers()
        kept: Any = receiver.track
        await until(lambda: ear.packets > 120)  # as many have gone the other way
        assert kept._queue.qsize() < 40  # frames of 20 ms in aiortc's own queue
        assert (await leg.bye()).code == 200
