"""A SIP phone for tests: real WebSocket, real SIP text, its own digest, no code of the PBX.

What it receives is parsed by `sipmessage`, a second opinion on what the PBX writes.
"""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import websockets
from sipmessage import Message, Request, Response
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.server.pbx.world import DOMAIN

M = TypeVar("M", Request, Response)


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class Phone:
    """`async with Phone(url, "1001") as phone:` connects; `register()` registers."""

    def __init__(
        self, url: str, user: str, password: str | None = None, auth_user: str | None = None
    ) -> None:
        self.user = user
        self.password = f"pw-{user}" if password is None else password
        self.auth_user = auth_user or user
        self.url = url
        self.host = secrets.token_hex(6) + ".invalid"
        self.instance = secrets.token_hex(8)
        self.contact = f"sip:{secrets.token_hex(4)}@{self.host};transport=ws"
        self.inbox: list[Request | Response] = []
        self.pongs = 0
        self._came = asyncio.Event()
        self._sequence = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Phone":
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- the socket

    async def connect(self) -> None:
        self._socket = await connect(self.url, subprotocols=[Subprotocol("sip")], proxy=None)
        self._reader = asyncio.create_task(self._read(self._socket))

    async def close(self) -> None:
        if self._socket and self._reader:
            await self._socket.close()
            await self._reader

    @property
    def closed(self) -> bool:
        return self._reader is None or self._reader.done()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                # Bytes: what is no UTF-8, which `sipmessage` does not read
                data = (text.decode(errors="replace") if isinstance(text, bytes) else text).encode()
                if not data.strip():
                    self.pongs += 1
                else:
                    self.inbox.append(Message.parse(data))
                self._came.set()
        except websockets.ConnectionClosed:
            pass

    async def send(self, text: str | bytes) -> None:
        assert self._socket
        await self._socket.send(text)

    async def take(self, kind: type[M], wanted: Callable[[M], bool], within: float = 5) -> M:
        """The first message that fits, removed from the inbox."""
        async with asyncio.timeout(within):
            while True:
                for message in self.inbox:
                    if isinstance(message, kind) and wanted(message):
                        self.inbox.remove(message)
                        return message
                self._came.clear()
                await self._came.wait()

    async def request(self, method: str, within: float = 5) -> Request:
        """The next request of this method."""
        return await self.take(Request, lambda m: m.method == method, within)

    async def final(self, method: str, call_id: str = "", within: float = 5) -> Response:
        """The next final answer to `method`."""
        return await self.take(
            Response,
            lambda m: m.cseq.method == method and m.code >= 200 and call_id in ("", m.call_id),
            within,
        )

    async def answer(self, method: str, code: int, within: float = 5) -> Response:
        return await self.take(Response, lambda m: m.cseq.method == method and m.code == code, within)

    # ---- SIP

    def build(
        self,
        method: str,
        uri: str,
        headers: list[tuple[str, str]] | None = None,
        body: str = "",
        *,
        to: str = "",
        from_: str = "",
        call_id: str = "",
        cseq: int = 0,
        branch: str = "",
        contact: str = "",
    ) -> str:
        self._sequence += 1
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/WS {self.host};branch={branch or 'z9hG4bK' + secrets.token_hex(8)}",
            "Max-Forwards: 70",
            f"From: {from_ or f'<sip:{self.user}@{DOMAIN}>;tag={secrets.token_hex(4)}'}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id or secrets.token_hex(10)}",
            f"CSeq: {cseq or self._sequence} {method}",
            f"Contact: {contact or f'<{self.contact}>'}",
            *(f"{name}: {value}" for name, value in headers or []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def credentials(self, challenge: Response, method: str, uri: str) -> tuple[str, str]:
        """RFC 7616 section 3.4, written here once more."""
        name = "WWW-Authenticate" if challenge.code == 401 else "Proxy-Authenticate"
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.headers[name].removeprefix("Digest ")))
        a1 = md5(f"{self.auth_user}:{fields['realm']}:{self.password}")
        response = md5(f"{a1}:{fields['nonce']}:00000001:abcdef:auth:{md5(f'{method}:{uri}')}")
        return (
            "Authorization" if challenge.code == 401 else "Proxy-Authorization",
            f'Digest algorithm=MD5, username="{self.auth_user}", realm="{fields["realm"]}", '
            f'nonce="{fields["nonce"]}", uri="{uri}", response="{response}", qop=auth, '
            f'cnonce="abcdef", nc=00000001',
        )

    async def ask(
        self,
        method: str,
        uri: str,
        headers: list[tuple[str, str]] | None = None,
        body: str = "",
        *,
        to: str = "",
        from_: str = "",
        call_id: str = "",
        contact: str = "",
        branch: str = "",
    ) -> Response:
        """Send a request, answer one challenge, return the final answer (INVITE: the first one >= 101)."""
        call_id = call_id or secrets.token_hex(10)
        from_ = from_ or f"<sip:{self.user}@{DOMAIN}>;tag={secrets.token_hex(4)}"
        extra = list(headers or [])
        answer: Response | None = None
        for _ in range(2):
            branch_now = branch or "z9hG4bK" + secrets.token_hex(8)
            text = self.build(
                method,
                uri,
                extra,
                body,
                to=to,
                from_=from_,
                call_id=call_id,
                contact=contact,
                branch=branch_now,
            )
            await self.send(text)
            low = 101 if method == "INVITE" else 200
            answer = await self.take(
                Response,
                lambda m, low=low: m.call_id == call_id and m.cseq.method == method and m.code >= low,  # type: ignore[misc]
            )
            if method == "INVITE" and answer.code >= 300:
                await self.ack_refusal(text, answer)
            if answer.code not in (401, 407):
                break
            extra = [*(headers or []), self.credentials(answer, method, uri)]
        assert answer
        return answer

    async def ack_refusal(self, invite: str, answer: Response) -> None:
        first = invite.split("\r\n")[0].replace("INVITE", "ACK")
        via = re.search(r"^Via: .*$", invite, re.MULTILINE)
        assert via
        await self.send(
            f"{first}\r\n{via[0].strip()}\r\nMax-Forwards: 70\r\nFrom: {answer.headers['From']}\r\n"
            f"To: {answer.headers['To']}\r\nCall-ID: {answer.call_id}\r\n"
            f"CSeq: {answer.cseq.sequence} ACK\r\nContent-Length: 0\r\n\r\n"
        )

    async def register(self, expires: int = 120, headers: list[tuple[str, str]] | None = None) -> Response:
        return await self.ask(
            "REGISTER",
            f"sip:{DOMAIN}",
            headers,
            to=f"<sip:{self.user}@{DOMAIN}>",
            contact=f'<{self.contact}>;+sip.instance="<urn:uuid:{self.instance}>";reg-id=1;expires={expires}',
        )

    def reply_text(
        self, request: Request, code: int, phrase: str, tag: str = "", body: str = "", headers: str = ""
    ) -> str:
        to = request.headers["To"]
        if tag and ";tag=" not in to:
            to += f";tag={tag}"
        vias = "".join(f"Via: {via}\r\n" for via in request.headers.getlist("Via"))
        routes = "".join(f"Record-Route: {route}\r\n" for route in request.headers.getlist("Record-Route"))
        return (
            f"SIP/2.0 {code} {phrase}\r\n{vias}{routes}From: {request.headers['From']}\r\nTo: {to}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: {request.headers['CSeq']}\r\nContact: <{self.contact}>\r\n"
            f"{headers}Content-Length: {len(body.encode())}\r\n\r\n{body}"
        )

    async def reply(
        self, request: Request, code: int, phrase: str = "Phrase", *, body: str = "", headers: str = ""
    ) -> None:
        """Answer a request; the To tag is made of our user part, so it stays the same in a call."""
        await self.send(self.reply_text(request, code, phrase, f"tag{self.contact[4:10]}", body, headers))
