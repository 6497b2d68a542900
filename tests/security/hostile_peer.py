"""A SIP peer whose every byte belongs to the test: it plays the PBX and the other party at once.

    def test_a_transfer_nobody_wanted(peer: HostilePeer, victim: Phone) -> None:
        call = peer.invite("0987654321", "Giám đốc")      # real SDP, media that never connects
        victim.wait_event("incoming_call")
        victim.send("answer")
        call.wait_answered()                               # 200 came, ACK is sent
        assert call.refer("sip:+8821699@evil.example").status == 603
        assert peer.invites() == []                        # the phone dialled nobody

Real audio: `call = peer.invite(ear=peer.ear(says=440))`; `call.ear.energy` is what the peer heard so far.
A call of the phone's own: `victim.send("call", {"number": "200"})`, `call = peer.take_invite()`,
`call.ring()`, `call.answer()`.

What the phone sends is answered by `peer.on`, by method. A test replaces an entry by its own function of
(peer, request), which returns responses, raw text, or nothing; `reset` restores them. The usual answers:
200 to all requests, a 487 to a cancelled INVITE, a fitting answer to a re-INVITE. A new INVITE waits for
`take_invite`.

All methods may be called from the test's thread; handlers run on the peer's event loop and must not wait.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import websockets
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from server.pbx.proxy.digest import parse_credentials
from server.pbx.sip.message import Malformed, Request, Response, parse
from tests.e2e.world import until
from tests.security.dialog import Dialog
from tests.server.pbx.ear import Ear

Message = Request | Response
Answers = Iterable[Message | str] | Message | str | None
Handler = Callable[["HostilePeer", Request], Answers | Awaitable[Answers]]
T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """One WebSocket message: when (time.monotonic), which way ("up" is from the phone), and what.

    `message` is None where `text` is no SIP message.
    """

    at: float
    way: str
    text: str
    message: Message | None = field(repr=False)


class HostilePeer:
    """`url` is its WebSocket address; `said` is everything since `reset`, in order.

    `echoes_pings`: whether keep-alives (RFC 5626 section 3.5.1) are answered; they are never in `said`.
    """

    def __init__(self, domain: str = "localhost") -> None:
        """`domain`: the host part of the phone's SIP URI."""
        self.domain = domain
        self.said: list[Said] = []
        self.on: dict[str, Handler] = {}
        self.echoes_pings = True
        self.sockets: list[ServerConnection] = []
        self.user = "1001"
        """The extension of the phone that `send` and `invite` mean; fixtures set it."""
        self.registered: dict[str, tuple[ServerConnection, str]] = {}
        """Extension -> the socket and the Contact of its last REGISTER."""
        self._new: list[Request] = []
        self._dialogs: list[Dialog] = []
        self._ears: list[Ear] = []
        self._stop = asyncio.Event()
        self._started = threading.Event()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until(self._started.is_set, "the hostile peer")
        self.reset()

    # ---- the script

    def reset(self) -> None:
        """As it was made: nothing said, no calls, the handlers of the start. Open sockets stay."""
        self.run(self._close_ears())
        self.said = []
        self._new, self._dialogs = [], []
        self.echoes_pings = True
        self.on = {"REGISTER": grant, "INVITE": keep_invite, "CANCEL": cancelled, "ACK": ignore}

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 15) -> T:
        """Run a coroutine on the peer's event loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def send(self, message: Message | str | bytes) -> None:
        """To the phone that is `user`, exactly these bytes: text, binary (bytes), or a SIP message."""
        self.run(self._send(message, self.registered[self.user][0]))

    @property
    def target(self) -> str:
        """The Request-URI of calls to the phone: the Contact it registered."""
        return self.registered[self.user][1]

    def drop(self) -> None:
        """Close every socket; the phone comes back by itself."""

        async def close() -> None:
            for socket in list(self.sockets):
                await socket.close()

        self.run(close())

    def ear(self, says: int = 0) -> Ear:
        """Real media by aiortc that says a tone of `says` Hz; 0 is silence."""

        async def make() -> Ear:
            return Ear(says)

        self._ears.append(self.run(make()))
        return self._ears[-1]

    # ---- calls

    def invite(
        self,
        number: str = "0987654321",
        name: str = "",
        *,
        ear: Ear | None = None,
        sdp: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        **parts: str,
    ) -> Dialog:
        """Call the phone. `sdp`: instead of the offer of `ear` or a fake one. `parts`: see Dialog.dial."""
        dialog = Dialog.dial(self, number, name, ear=ear, **parts)
        self._dialogs.append(dialog)
        dialog.send_invite(sdp, headers)
        return dialog

    def take_invite(self, *, ear: Ear | None = None, seconds: float = 10) -> Dialog:
        """The next new call of the phone, in the order they came. Nothing but 100 was answered."""
        until(lambda: self._new, "an INVITE of the phone", seconds)
        dialog = Dialog.taken(self, self._new.pop(0), ear=ear)
        self._dialogs.append(dialog)
        return dialog

    def invites(self) -> list[Request]:
        """The new calls the phone made since `reset`: no re-INVITEs, no repetitions with credentials."""
        found: dict[str, Request] = {}
        for request in self.requests("INVITE"):
            if not request.to_tag:
                found.setdefault(request.call_id, request)
        return list(found.values())

    def dialog_of(self, message: Message) -> Dialog | None:
        """The call a message belongs to, by its Call-ID."""
        return next((each for each in self._dialogs if each.call_id == message.call_id), None)

    # ---- what the phone said

    def mark(self) -> int:
        """For `since`: how much was said until now."""
        return len(self.said)

    def requests(self, method: str = "", *, since: int = 0, call_id: str = "") -> list[Request]:
        """The phone's requests, as they came; repetitions are among them."""
        return [
            each.message
            for each in self.said[since:]
            if each.way == "up"
            and isinstance(each.message, Request)
            and method in ("", each.message.method)
            and call_id in ("", each.message.call_id)
        ]

    def responses(self, method: str = "", *, since: int = 0, call_id: str = "") -> list[Response]:
        """The phone's responses to our requests of this method."""
        return [
            each.message
            for each in self.said[since:]
            if each.way == "up"
            and isinstance(each.message, Response)
            and method in ("", each.message.cseq[1])
            and call_id in ("", each.message.call_id)
        ]

    def wait_request(
        self,
        method: str,
        *,
        since: int = 0,
        call_id: str = "",
        that: Callable[[Request], bool] = lambda request: True,
        seconds: float = 10,
    ) -> Request:
        """The first one that fits."""
        return self._first(lambda: self.requests(method, since=since, call_id=call_id), that, method, seconds)

    def wait_response(
        self,
        request: Request,
        that: Callable[[Response], bool] = lambda response: response.status >= 200,
        seconds: float = 10,
    ) -> Response:
        """To this request of ours: the first final one, or the first one that fits."""

        def mine() -> list[Response]:
            found = self.responses(request.method)
            return [response for response in found if response.branch == request.branch]

        return self._first(mine, that, f"an answer to {request.method}", seconds)

    def _first(self, look: Callable[[], list[T]], that: Callable[[T], bool], what: str, seconds: float) -> T:
        found: list[T] = until(lambda: [each for each in look() if that(each)], what, seconds)
        return found[0]

    # ---- the socket

    def close(self) -> None:
        self.run(self._close_ears())
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with serve(
            self._talk, "127.0.0.1", 0, subprotocols=[Subprotocol("sip")], max_size=None, compression=None
        ) as server:
            self.url = f"ws://localhost:{next(iter(server.sockets)).getsockname()[1]}/sip"
            self._started.set()
            await self._stop.wait()

    async def _talk(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        try:
            async for data in socket:
                text = data if isinstance(data, str) else data.decode("utf-8", "replace")
                if text.strip("\r\n"):
                    await self._take(self._keep("up", text), socket)
                elif self.echoes_pings:
                    await socket.send("\r\n")
        except websockets.ConnectionClosed:
            pass
        finally:
            self.sockets.remove(socket)

    def _keep(self, way: str, text: str) -> Message | None:
        try:
            message = parse(text)
        except Malformed:
            message = None
        self.said.append(Said(time.monotonic(), way, text, message))
        return message

    async def _take(self, message: Message | None, socket: ServerConnection) -> None:
        if not isinstance(message, Request):
            return
        if message.method == "REGISTER" and message.contact:
            self.registered[message.address("To").sip_uri.user] = (socket, message.contact.text)
        given = self.on.get(message.method, accept)(self, message)
        answers = await given if isinstance(given, Awaitable) else given
        if isinstance(answers, str | Request | Response):
            answers = [answers]
        for answer in answers or ():
            await self._send(answer, socket)

    async def _send(self, message: Message | str | bytes, socket: ServerConnection) -> None:
        data = message if isinstance(message, str | bytes) else str(message)
        self._keep("down", data if isinstance(data, str) else data.decode("utf-8", "replace"))
        await socket.send(data)

    async def _close_ears(self) -> None:
        for ear in self._ears:
            await ear.close()
        self._ears = []


# ---- handlers for `HostilePeer.on`


def ignore(peer: HostilePeer, request: Request) -> Answers:
    """Silence."""
    return None


def accept(peer: HostilePeer, request: Request) -> Answers:
    """200."""
    return request.reply(200)


def refusing(status: int, *headers: tuple[str, str]) -> Handler:
    """A handler that answers everything with this status."""
    return lambda peer, request: request.reply(status, headers)


def grant(peer: HostilePeer, request: Request) -> Answers:
    """200 to a REGISTER with the Contact it had, for as long as it wanted."""
    contact = request.get("Contact")
    wanted = re.search(r"expires=(\d+)", contact)
    seconds = wanted[1] if wanted else request.get("Expires") or "600"
    uri = re.sub(r";\s*expires=\d+", "", contact)
    return request.reply(200, [("Contact", f"{uri};expires={seconds}")])


def challenging(status: int, *challenges: str, then: Handler = accept) -> Handler:
    """A handler that answers 401 or 407 with these values until credentials come, and then does as `then`.

    `on["REGISTER"] = challenging(401, 'Digest realm="x", nonce="y", qop="auth"', then=grant)`. The
    credentials are not checked: `credentials_of` reads them.
    """
    asks, answers = _AUTH[status]

    def handle(peer: HostilePeer, request: Request) -> Answers | Awaitable[Answers]:
        if request.get(answers):
            return then(peer, request)
        return request.reply(status, [(asks, value) for value in challenges])

    return handle


_AUTH = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


def credentials_of(request: Request) -> dict[str, str]:
    """The fields of Authorization or Proxy-Authorization, names in lower case; {} without either."""
    return parse_credentials(request.get("Authorization") or request.get("Proxy-Authorization"))


def keep_invite(peer: HostilePeer, request: Request) -> Answers | Awaitable[Answers]:
    """A re-INVITE is answered by its call; a new INVITE gets 100 and waits for `take_invite`."""
    if request.to_tag:
        dialog = peer.dialog_of(request)
        return dialog.reanswer(request) if dialog else request.reply(481)
    peer._new.append(request)
    return request.reply(100)


def cancelled(peer: HostilePeer, request: Request) -> Answers:
    """200 to the CANCEL, 487 to the INVITE."""
    invites = [each for each in peer.requests("INVITE", call_id=request.call_id) if not each.to_tag]
    dialog = peer.dialog_of(request)
    tag = dialog.tag if dialog else ""
    return [request.reply(200, tag=tag), *(each.reply(487, tag=tag) for each in invites[-1:])]
