"""The WebSocket: keep-alive, subprotocol, and what is never logged."""

import asyncio
import logging

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN, World, story, until


@story
async def test_keep_alive_and_options(world: World) -> None:
    async with Phone(world.url, "1001") as phone:
        await phone.send("\r\n\r\n")
        await until(lambda: phone.pongs == 1)
        answer = await phone.ask("OPTIONS", f"sip:{DOMAIN}")
        assert answer.code == 200
        assert "REFER" in answer.headers["Allow"]


@story
async def test_only_the_sip_subprotocol_is_served(world: World) -> None:
    for offered in (None, [Subprotocol("chat")]):
        with pytest.raises(websockets.InvalidStatus):
            async with connect(world.url, subprotocols=offered, proxy=None):
                pass
    assert world.pbx.connections == 0


def test_nobody_s_number_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="server")

    async def talk() -> None:
        async with Phone(world.url, "1001") as phone:
            await phone.register()
            await phone.ask("INVITE", f"sip:0987654321@{DOMAIN}")
            await phone.send("INVITE sip:0987654321 SIP/2.0\r\nFrom 0987654321\r\n\r\n")
            await phone.ask("OPTIONS", f"sip:{DOMAIN}")

    asyncio.run(talk())
    assert "malformed" in caplog.text
    assert "0987654321" not in caplog.text
    assert "1001" not in caplog.text
