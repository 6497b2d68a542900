"""The PBX under test in a thread of its own, and `story`, which runs an async test."""

import asyncio
import functools
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from server.pbx import Pbx, PbxUser

DOMAIN = "pbx.test"
SECRET = b"shared secret"
P = ParamSpec("P")
T = TypeVar("T")


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run an async test function; 30 seconds at most."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(30):
                await test(*args, **kwargs)

        asyncio.run(bounded())

    return run


class World:
    """Users 1001 to 1004, password `pw-<extension>`; 1009 has no password."""

    def __init__(self, **options: Any) -> None:
        self.users = {str(n): PbxUser(f"pw-{n}", f"User {n}") for n in range(1001, 1005)}
        self.users["1009"] = PbxUser(None, "Only tokens")
        self.pbx = Pbx(DOMAIN, self.users, SECRET, **options)
        self.taped: list[tuple[str, str]] = []
        self.pbx.taps.append(lambda direction, text: self.taped.append((direction, text)))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._socket.getsockname()[1]}/sip"
        app = Starlette(routes=[WebSocketRoute("/sip", self.pbx.endpoint)])
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        )
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._server.serve(sockets=[self._socket]))
        self.loop.run_until_complete(self.pbx.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def at_pbx(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work` in the PBX's own event loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "the server did not stop"
        self._socket.close()


async def until(condition: Callable[[], bool], within: float = 5) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.005)
