"""SIP over WebSocket (RFC 7118): one text or binary message is one SIP message.

Nothing a client sends raises out of `serve`: what cannot be read is dropped, or answered 400 when it
can be told whom to answer. Messages are never logged: they hold people's numbers.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import PurePath

from starlette.websockets import WebSocket, WebSocketDisconnect

from server.pbx.sip.message import Malformed, Request, Response, parse

log = logging.getLogger(__name__)

SUBPROTOCOL = "sip"
MAX_QUEUE = 1000
"""Messages waiting for a client that does not read; then its socket is given up."""
_SERVICE_RESTART = 1012
_PONG = "\r\n"

Tap = Callable[[str, str], None]
Receive = Callable[["WebSocketFlow", Request | Response], None]


class WebSocketFlow:
    """One client's socket. Sending only queues: a client that stalls must not stall the others."""

    trusted = False

    def __init__(self, websocket: WebSocket, taps: list[Tap]) -> None:
        self._websocket = websocket
        self._taps = taps
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._open = True

    def send(self, message: Request | Response) -> bool:
        """Queue a message. False when the socket is gone, or too much is queued already."""
        if not self._open:
            return False
        text = str(message)
        self._tap("out", text)
        return self._put(text)

    def drop(self) -> None:
        """Close the socket without a word in SIP. May be called from any thread.

        ASGI cannot cut TCP without a close frame; to the client's transport it is the same event.
        """
        self._loop.call_soon_threadsafe(self._put, None)

    async def serve(self, receive: Receive) -> None:
        """Read until the socket closes."""
        writer = asyncio.create_task(self._write())
        try:
            while (text := await self._read()) is not None:
                self._handle(text, receive)
        finally:
            self._open = False
            writer.cancel()
            await asyncio.wait([writer])

    def _put(self, text: str | None) -> bool:
        if self._queue.qsize() >= MAX_QUEUE:
            self._open = False
            text = None
        self._queue.put_nowait(text)
        return self._open

    async def _write(self) -> None:
        try:
            while (text := await self._queue.get()) is not None:
                await self._websocket.send_text(text)
            self._open = False
            await self._websocket.close(_SERVICE_RESTART)
        except (WebSocketDisconnect, RuntimeError, OSError):
            self._open = False  # the reader sees the disconnect and ends the flow

    async def _read(self) -> str | None:
        """The next message; None at the end; "" for what is no text."""
        event = await self._websocket.receive()
        if event["type"] != "websocket.receive":
            return None
        text: str | None = event.get("text")
        if text is None:
            text = (event.get("bytes") or b"").decode("utf-8", "replace")
        return text

    def _handle(self, text: str, receive: Receive) -> None:
        if not text.strip("\r\n"):
            self._put(_PONG)  # RFC 5626 section 3.5.1
            return
        self._tap("in", text)
        try:
            message = parse(text)
        except Malformed as error:
            log.info("malformed message: %s", error)
            self._refuse(error.request, 400)
            return
        try:
            receive(self, message)
        except Exception as error:  # noqa: BLE001 - one bad message must not end a phone's connection
            # No traceback: it would quote the message.
            log.error("message not handled: %s at %s", type(error).__name__, _where(error))  # noqa: TRY400
            self._refuse(message if isinstance(message, Request) else None, 500)

    def _refuse(self, request: Request | None, status: int) -> None:
        if request is not None and request.method != "ACK":
            self.send(request.reply(status))

    def _tap(self, direction: str, text: str) -> None:
        for tap in self._taps:
            tap(direction, text)


def _where(error: BaseException) -> str:
    """file:line of an exception. Its text could quote the message, and with it somebody's number."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
