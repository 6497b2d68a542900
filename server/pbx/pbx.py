"""The embedded demo PBX, put together from its rooms: sip, media, proxy, services.

It is a demonstration and a test partner, not a telephone exchange: one process, nothing stored, one
domain. The real PBX of a customer is configuration (WebSocket addresses and credentials).
"""

import os
from collections.abc import Container, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from server.pbx.proxy.digest import Digest, PbxUser
from server.pbx.proxy.endpoint import SUBPROTOCOL, Tap, WebSocketFlow
from server.pbx.proxy.location import Locations
from server.pbx.proxy.proxy import OnMissed, Proxy
from server.pbx.services.extensions import Services
from server.pbx.services.outbound import OutboundCall
from server.pbx.services.service_phone import ServicePhone

_THIS_MACHINE = ("localhost", "127.0.0.1")


def _host(origin: str) -> str:
    """The host of an Origin header; "" for `null` and what is no origin."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


class Pbx:
    """Registrar, proxy and services behind one WebSocket endpoint.

    Runs in one event loop; `connections`, `bindings` and `drop_connections` may be used from others.
    """

    def __init__(
        self,
        domain: str,
        users: Mapping[str, PbxUser],
        secret: bytes | None = None,
        services: bool = True,
        *,
        callback_delay: float = 5.0,
        no_answer_after: float = 60.0,
        media_grace: float = 28.0,
        scripted: Mapping[str, int] | None = None,
        groups: Mapping[str, Sequence[str]] | None = None,
        trusted: Container[str] = (),
        origin_hosts: Container[str] | None = None,
    ) -> None:
        """`domain`: the host part of its users' SIP URIs, and the digest realm.

        `users`: by extension; looked at again for every request. `secret`: checks time-limited
        credentials; None refuses them. `services`: answer `*43` to `*49` (services/extensions.py).
        `callback_delay`, `no_answer_after`: seconds, for `*48` and for how long a call may ring.
        `media_grace`: seconds a service waits for a caller whose media is gone, from the last it sent.
        `groups`: number -> the extensions that ring when it is called; looked at again for every call.
        `trusted`: extensions whose `X-Zorio-` headers are passed on, as a queue or a gateway is.
        `origin_hosts`: of pages that may open a WebSocket here (RFC 6455 section 10.2); None: `domain` and
        this machine. A client that is no browser names no origin, and is let in.
        `scripted`: for tests and demonstrations, extension -> the status (300 to 699) it is refused with.
        """
        self.taps: list[Tap] = []
        """Called with ("in" | "out", the SIP text) for every message on a socket. For tests."""
        self._flows: set[WebSocketFlow] = set()
        self._origin_hosts = origin_hosts if origin_hosts is not None else {domain.lower(), *_THIS_MACHINE}
        # A name nobody can have: RFC 7118 clients, too, name themselves `<random>.invalid`.
        host = f"pbx-{os.urandom(4).hex()}.invalid"
        self._locations = Locations({domain.lower(), host})
        self.services = Services(callback_delay, scripted or {}) if services else None
        """The service extensions; None without."""
        self._service_phone = ServicePhone(domain, host, self.services, media_grace)
        self._proxy = Proxy(
            domain,
            host,
            users,
            Digest(domain, users, secret),
            self._locations,
            service=self._service_phone.service,
            services_flow=self._service_phone.flow,
            no_answer_after=no_answer_after,
            groups=groups if groups is not None else {},
            trusted=trusted,
        )
        self._service_phone.flow.deliver_to(self._proxy.receive)

    def tell_missed(self, on_missed: OnMissed) -> None:
        """Of calls that reach no phone, from now on. It must neither wait nor raise."""
        self._proxy.on_missed = on_missed

    @property
    def connections(self) -> int:
        """How many WebSockets are open."""
        return len(self._flows)

    @property
    def bindings(self) -> dict[str, int]:
        """Registered phones per extension; extensions without any are absent."""
        return self._locations.counts()

    async def endpoint(self, websocket: WebSocket) -> None:
        """Serve one client until it disconnects. Refuses clients that do not offer `sip`."""
        origin = websocket.headers.get("origin")
        if origin is not None and _host(origin) not in self._origin_hosts:
            await websocket.close(1008)  # before accept: HTTP 403
            return
        if SUBPROTOCOL not in websocket.scope.get("subprotocols", []):
            await websocket.close(1002)
            return
        await websocket.accept(SUBPROTOCOL)
        flow = WebSocketFlow(websocket, self.taps)
        self._flows.add(flow)
        try:
            await flow.serve(self._proxy.receive)
        finally:
            self._flows.discard(flow)
            self._proxy.lost(flow)

    async def call(
        self,
        extension: str,
        from_user: str,
        display_name: str,
        answer_media: str = "tone",
        headers: Mapping[str, str] | None = None,
    ) -> OutboundCall:
        """Ring `extension` as somebody from outside; for tests and demonstrations.

        `answer_media`: "tone" or "echo", what is heard once it is answered. Returns when the INVITE is
        on its way; it and the call it returns belong to the PBX's event loop. Raises
        ModuleNotFoundError without aiortc.
        """
        return await self._service_phone.call(extension, from_user, display_name, answer_media, headers or {})

    def drop_connections(self) -> None:
        """Close every WebSocket, as a network does. Bindings go with them. For tests."""
        for flow in list(self._flows):
            flow.drop()

    async def aclose(self) -> None:
        """End all services' calls, their media and timers."""
        await self._service_phone.aclose()
        self._proxy.close()
