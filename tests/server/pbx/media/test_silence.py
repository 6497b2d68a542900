"""A caller that sends nothing at all, without a goodbye: a crashed browser, a cable that was pulled."""

import time
from collections.abc import Callable

import pytest

from server.pbx.media import silence
from tests.server.pbx.ear import Ear
from tests.server.pbx.leg import Leg
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import World, story, until


@pytest.fixture
def quick_world(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """Lost after 2 s, released 3 s after the last packet."""
    monkeypatch.setattr(silence, "_LOST_AFTER", 2)
    return make_world(media_grace=3)


async def vanish_in_a_call(phone: Phone, ear: Ear) -> tuple[Leg, Callable[[], None]]:
    leg = await Leg.dial(phone, "*43", ear)
    await until(lambda: ear.hears(600))
    return leg, ear.vanish()


@story
async def test_it_is_released_by_its_silence(quick_world: World) -> None:
    async with Phone(quick_world.url, "1001") as phone, Ear(says=600) as ear:
        leg, _ = await vanish_in_a_call(phone, ear)
        gone_at = time.monotonic()
        await leg.hung_up()
        assert time.monotonic() - gone_at > 2, "the grace is counted from the last packet"


@pytest.mark.slow
@story
async def test_it_is_kept_when_it_is_heard_again(quick_world: World) -> None:
    async with Phone(quick_world.url, "1001") as phone, Ear(says=600) as ear:
        leg, back = await vanish_in_a_call(phone, ear)
        (call,) = quick_world.pbx._service_phone._calls.values()
        await until(lambda: call._waiting is not None)
        back()
        await until(lambda: call._waiting is None)
        packets = ear.packets
        await until(lambda: ear.packets > packets + 200)
        assert (await leg.bye()).code == 200
