"""The phone of the service extensions: a SIP user agent in the same process.

The proxy reaches it over a flow like any phone, so services are forked to, cancelled, timed and
transferred by the same code as phones.
"""

import asyncio
import logging
import os
import re
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from server.pbx.services.call import Call
from server.pbx.services.dialog import Dialog
from server.pbx.services.extensions import Services
from server.pbx.services.inbound import InboundCall
from server.pbx.services.local_flow import LocalFlow
from server.pbx.services.outbound import OutboundCall
from server.pbx.services.replaces import Replaces
from server.pbx.services.transfer import carry_out
from server.pbx.sip.address import quote
from server.pbx.sip.message import Request, Response, new_tag

log = logging.getLogger(__name__)

_FORGET_AFTER = 64.0
"""Seconds after which nobody waits for an answer any more."""


class ServicePhone:
    """Gives every message to the call it belongs to. `services` None: it answers no extension."""

    def __init__(self, domain: str, host: str, services: Services | None, media_grace: float) -> None:
        """`domain`: right of the @ in its addresses; `host`: in its Contact. `media_grace`: see `Phone`."""
        self.domain = domain
        self.media_grace = media_grace
        self.flow = LocalFlow(self._receive)
        self._host = host
        self._via = f"services.{host}"
        self._services = services
        self._calls: dict[tuple[str, str], Call] = {}
        self._ringing: dict[str, InboundCall] = {}
        # By branch and method: a CANCEL has the branch of its INVITE (RFC 3261 section 17.1.3).
        self._waiting: dict[tuple[str, str], Callable[[Response], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._finishing: set[asyncio.Task[None]] = set()

    def service(self, user: str) -> LocalFlow | None:
        """The flow of a service extension; None when `user` is none."""
        return self.flow if self._services is not None and self._services.has(user) else None

    async def call(
        self,
        extension: str,
        from_user: str,
        display_name: str,
        sound: str,
        headers: Mapping[str, str],
        uri: str = "",
    ) -> OutboundCall:
        """INVITE `extension` of our domain, or `uri`, as `from_user`.

        Returns when the INVITE is on its way. Raises ModuleNotFoundError without aiortc.
        """
        escaped = _escape(from_user)
        target = uri or f"sip:{_escape(extension)}@{self.domain}"
        dialog = Dialog(
            call_id=os.urandom(12).hex(),
            local=f"{quote(display_name)} <sip:{escaped}@{self.domain}>;tag={new_tag()}",
            remote=f"<{target}>",
            target=target,
            via=self._via,
            contact=f"<sip:{escaped}@{self._host};transport=ws>",
        )
        call = OutboundCall(self, dialog)
        await call.invite(sound, headers)
        return call

    def register(self, call: Call) -> None:
        """Requests of this dialog go to `call` from now on."""
        self._calls[call.key] = call

    def dialog_of(self, invite: Request, user: str) -> Dialog:
        """Our side of the dialog `invite` begins, as `user`."""
        return Dialog.of_invite(invite, new_tag(), self._via, f"<sip:{user}@{self._host};transport=ws>")

    def forget(self, call: Call) -> None:
        """Its requests are answered 481 from now on."""
        self._calls = {key: other for key, other in self._calls.items() if other is not call}
        self._ringing = {branch: other for branch, other in self._ringing.items() if other is not call}

    def send(
        self, message: Request | Response, on_response: Callable[[Response], None] | None = None
    ) -> None:
        """`on_response`: called with every answer to this request, for 64 s where it is no INVITE."""
        if on_response is not None:
            transaction = message.branch, message.cseq[1]
            self._waiting[transaction] = on_response
            if isinstance(message, Request) and message.method != "INVITE":
                asyncio.get_running_loop().call_later(_FORGET_AFTER, self._waiting.pop, transaction, None)
        self.flow.submit(message)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until it is done or the PBX closes; its failure is logged and ends nothing else."""
        self._start(work, self._tasks)

    def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`, which the end of the PBX waits for."""
        self._start(work, self._finishing)

    async def aclose(self) -> None:
        """Hang up all calls and wait for their media to close."""
        for call in list(self._calls.values()):
            call.bye()
        self.flow.closed = True
        for task in self._tasks:
            task.cancel()
        while running := self._tasks | self._finishing:
            await asyncio.wait(running)

    def _start(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._finishing.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("service failed: %s", type(error).__name__)

    def _receive(self, message: Request | Response) -> None:
        if isinstance(message, Response):
            transaction = message.branch, message.cseq[1]
            waiting = self._waiting.get(transaction)
            if message.status >= 200:
                self._waiting.pop(transaction, None)
            if waiting is not None:
                waiting(message)
        elif message.method == "CANCEL":
            call = self._ringing.get(message.branch)
            self.flow.submit(message.reply(200 if call else 481))
            if call:
                call.cancelled(message.get("Reason"))
        elif not message.to_tag:
            self._first_request(message)
        elif found := self._calls.get((message.call_id, message.to_tag)):
            if message.method == "REFER":
                self.spawn(carry_out(found, message, self.call))
            else:
                found.receive(message)
        elif message.method != "ACK":
            self.flow.submit(message.reply(481))

    def _first_request(self, request: Request) -> None:
        if request.method != "INVITE":
            self.flow.submit(request.reply(405, [("Allow", "INVITE")]))
            return
        if request.contact is None or self._services is None:
            self.flow.submit(request.reply(400))
            return
        try:
            replaces = Replaces.of(request)
        except ValueError:
            self.flow.submit(request.reply(400))
            return
        if replaces is not None:
            self._replace(request, replaces)
            return
        user = request.uri.partition(":")[2].partition("@")[0]
        call = InboundCall(self, self.dialog_of(request, user), request)
        self.register(call)
        self._ringing[request.branch] = call
        self.spawn(self._services.serve(call, self.call))

    def _replace(self, request: Request, replaces: Replaces) -> None:
        """RFC 3891 section 3. The proxy has checked who sends this; only that person may replace, or somebody
        that person transfers to us (RFC 5589 section 7)."""
        call = self._calls.get((replaces.call_id, replaces.to_tag))
        speaks_for = [request.address("From").sip_uri]
        with suppress(ValueError):
            speaks_for.append(request.address("Referred-By").sip_uri)
        named = (replaces.call_id, replaces.to_tag, replaces.from_tag)
        if call is None or not call.is_known_by(*named):
            self.flow.submit(request.reply(481))
        elif not any(call.is_with(uri) for uri in speaks_for):
            self.flow.submit(request.reply(403))
        elif call.is_over:
            self.flow.submit(request.reply(603))
        elif replaces.early_only:
            self.flow.submit(request.reply(486))
        else:
            self.spawn(call.replaced_by(request))


def _escape(user: str) -> str:
    """The user part of a URI: all but RFC 3261's unreserved and user-unreserved becomes %HH."""
    return re.sub(
        r"[^A-Za-z0-9\-_.!~*'()&=+$,;?/]", lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), user
    )
