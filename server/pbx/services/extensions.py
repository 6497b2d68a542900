"""The service extensions: what one person alone can call.

    *43  answers and sends back what it hears
    *44  rings for 0.3 s, answers with a steady tone of 440 Hz
    *45  answers and sends every digit back the way it came: SIP INFO (application/dtmf-relay) or
         telephone-event on RTP (RFC 4733)
    *46  busy (486)
    *47  rings and never answers (the proxy gives up with 408)
    *48  answers, says goodbye, hangs up, and calls back a few seconds later as
         "Khách hàng thử" 0912345678; who answers hears himself
    *49  declines (603)

Without aiortc (the optional extra) the ones that answer say 501; the rest works. A REFER sent to any of
them is carried out: see `transfer.py`. A re-INVITE (hold, unhold, ICE restart) is
answered with media as offered. Which further extensions refuse with which status can be given
as `scripted`: a demonstration of every way a call can fail.
"""

import asyncio
from collections.abc import Mapping

from server.pbx.services.inbound import InboundCall
from server.pbx.services.outbound import Dial

CALLBACK_NUMBER = "0912345678"
CALLBACK_NAME = "Khách hàng thử"
RING_SECONDS = 0.3
CALLBACK_RINGS = 30.0
GOODBYE_LIMIT = 10.0
"""Seconds; GOODBYE_LIMIT only counts when the media never connects."""


class Services:
    """The table above. `callback_delay` in seconds; `scripted`: extension -> status, added to `refusals`.

    Both may be changed while the PBX runs.
    """

    def __init__(self, callback_delay: float, scripted: Mapping[str, int]) -> None:
        self.callback_delay = callback_delay
        self.refusals = {"*46": 486, "*49": 603, **scripted}
        self._serving = {
            "*43": self._echo,
            "*44": self._tone,
            "*45": self._digits,
            "*47": self._never,
            "*48": self._callback,
        }

    def has(self, user: str) -> bool:
        """Whether `user` is a service extension."""
        return user in self.refusals or user in self._serving

    async def serve(self, call: InboundCall, dial: Dial) -> None:
        """Run a call to a service from its first ring to its end. `dial` makes a call of our own."""
        if status := self.refusals.get(call.user):
            call.reject(status)
        elif serving := self._serving.get(call.user):
            await serving(call, dial)
        else:
            call.reject(404)

    async def _echo(self, call: InboundCall, _dial: Dial) -> None:
        await call.answer("echo")

    async def _tone(self, call: InboundCall, _dial: Dial) -> None:
        call.ring()
        await asyncio.sleep(RING_SECONDS)
        await call.answer("tone")

    async def _digits(self, call: InboundCall, _dial: Dial) -> None:
        call.on_digit = call.send_digit
        await call.answer("silence")

    async def _never(self, call: InboundCall, _dial: Dial) -> None:
        call.ring()
        await call.over()

    async def _callback(self, call: InboundCall, dial: Dial) -> None:
        if not await call.answer("goodbye"):
            return
        await call.played(GOODBYE_LIMIT)
        call.bye()
        await asyncio.sleep(self.callback_delay)
        back = await dial(call.remote_user, CALLBACK_NUMBER, CALLBACK_NAME, "echo", {})
        if not await back.wait_for("answered", CALLBACK_RINGS):
            back.cancel('SIP;cause=487;text="No answer"')
