"""The flow between the proxy and the service phone, which are in one process."""

import asyncio
from collections.abc import Callable

from server.pbx.sip.message import Request, Response

Receive = Callable[["LocalFlow", Request | Response], None]


class LocalFlow:
    """Both directions go through the event loop, so that neither side runs inside the other.

    `closed`: nothing is passed on any more.
    """

    trusted = True

    def __init__(self, receive: Callable[[Request | Response], None]) -> None:
        self._receive = receive
        self._deliver: Receive | None = None
        self.closed = False

    def deliver_to(self, deliver: Receive) -> None:
        """`deliver(flow, message)`: the proxy's way in."""
        self._deliver = deliver

    def send(self, message: Request | Response) -> bool:
        """From the proxy to the service phone. False once the PBX has closed."""
        if self.closed:
            return False
        asyncio.get_running_loop().call_soon(self._receive, message)
        return True

    def submit(self, message: Request | Response) -> None:
        """From the service phone to the proxy."""
        if not self.closed and self._deliver is not None:
            asyncio.get_running_loop().call_soon(self._deliver, self, message)
