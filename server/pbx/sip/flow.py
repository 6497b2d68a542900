"""A flow (RFC 5626 section 3): one way to reach somebody, a WebSocket, or the services in this process."""

from typing import Protocol

from server.pbx.sip.message import Request, Response


class Flow(Protocol):
    """`send` never waits and never raises: the proxy that calls it serves everybody else too."""

    trusted: bool
    """True for the PBX's own services, whose requests need no digest."""

    def send(self, message: Request | Response) -> bool:
        """Queue a message. False when the flow is gone, so that the caller can answer 480."""
