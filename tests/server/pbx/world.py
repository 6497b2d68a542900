"""The PBX under test in a thread of its own, and `story`, which runs an async test."""

import asyncio
import functools
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

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


class Host:
    """One uvicorn in a thread, for any number of PBXs: each has a path of its own."""

    def __init__(self) -> None:
        self.pbxs: dict[str, Pbx] = {}
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._socket.getsockname()[1]}"
        app = Starlette(routes=[WebSocketRoute("/{name}/sip", self._serve)])
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def _serve(self, websocket: WebSocket) -> None:
        await self.pbxs[websocket.path_params["name"]].endpoint(websocket)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._server.serve(sockets=[self._socket]))
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "the server did not stop"
        self._socket.close()


class World:
    """A PBX with users 1001 to 1004, password `pw-<extension>`; 1009 has no password."""

    def __init__(self, host: Host, **options: Any) -> None:
        users = {str(n): PbxUser(f"pw-{n}", f"User {n}") for n in range(1001, 1005)}
        users["1009"] = PbxUser(None, "Only time-limited")
        self.pbx = Pbx(DOMAIN, users, SECRET, **options)
        self.taped: list[tuple[str, str]] = []
        self.pbx.taps.append(lambda direction, text: self.taped.append((direction, text)))
        name = secrets.token_hex(4)
        host.pbxs[name] = self.pbx
        self.url = f"{host.url}/{name}/sip"
        self._loop = host.loop

    async def at_pbx(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work` in the PBX's own event loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def stop(self) -> None:
        """Close every socket and the PBX."""
        self.pbx.drop_connections()
        asyncio.run_coroutine_threadsafe(self.pbx.aclose(), self._loop).result(20)


async def until(condition: Callable[[], bool], within: float = 5) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another thread
            await asyncio.sleep(0.005)
