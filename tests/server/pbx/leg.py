"""A call of a test phone with real media: the signalling of `Phone` and the audio of `Ear`."""

import secrets

from sipmessage import Request, Response

from tests.server.pbx.ear import Ear
from tests.server.pbx.phone import Phone
from tests.server.pbx.world import DOMAIN

SDP = ("Content-Type", "application/sdp")


class Leg:
    """One answered call. `dial` or `pick_up` makes one."""

    def __init__(self, phone: Phone, ear: Ear) -> None:
        self.phone = phone
        self.ear = ear
        self.call_id = secrets.token_hex(8)
        self.local = ""
        self.remote = ""
        self.target = ""
        self.routes: list[tuple[str, str]] = []

    @classmethod
    async def dial(cls, phone: Phone, number: str, ear: Ear) -> "Leg":
        leg = cls(phone, ear)
        leg.local = f"<sip:{phone.user}@{DOMAIN}>;tag={secrets.token_hex(4)}"
        leg.remote = f"<sip:{number}@{DOMAIN}>"
        answer = await leg.request("INVITE", [SDP], await ear.offer(), uri=f"sip:{number}@{DOMAIN}")
        while answer.code < 200:
            answer = await phone.final("INVITE", leg.call_id)
        assert answer.code == 200, answer.code
        leg.remote = answer.headers["To"]
        leg.target = str(answer.contact[0].uri)
        leg.routes = [("Route", route) for route in reversed(answer.headers.getlist("Record-Route"))]
        await leg.ack(answer)
        await ear.accept(answer.body.decode())
        return leg

    @classmethod
    async def pick_up(cls, phone: Phone, ear: Ear, within: float = 5) -> "Leg":
        """Answer the next INVITE."""
        invite = await phone.request("INVITE", within)
        leg = cls(phone, ear)
        await phone.reply(invite, 180, "Ringing")
        sdp = await ear.answer(invite.body.decode())
        await phone.reply(invite, 200, "OK", body=sdp, headers="Content-Type: application/sdp\r\n")
        ack = await phone.request("ACK")
        leg.call_id = invite.call_id
        leg.local = ack.headers["To"]
        leg.remote = invite.headers["From"]
        leg.target = str(invite.contact[0].uri)
        leg.routes = [("Route", route) for route in invite.headers.getlist("Record-Route")]
        return leg

    async def request(
        self, method: str, headers: list[tuple[str, str]] | None = None, body: str = "", *, uri: str = ""
    ) -> Response:
        return await self.phone.ask(
            method,
            uri or self.target,
            [*self.routes, *(headers or [])],
            body,
            to=self.remote,
            from_=self.local,
            call_id=self.call_id,
        )

    async def ack(self, answer: Response) -> None:
        await self.phone.send(
            self.phone.build(
                "ACK",
                self.target,
                self.routes,
                to=self.remote,
                from_=self.local,
                call_id=self.call_id,
                cseq=answer.cseq.sequence,
            )
        )

    async def reinvite(self, sdp: str) -> Response:
        answer = await self.request("INVITE", [SDP], sdp)
        if answer.code == 200:
            await self.ack(answer)
        return answer

    async def bye(self) -> Response:
        return await self.request("BYE")

    async def hung_up(self, within: float = 5) -> Request:
        """Wait for the other side's BYE and confirm it."""
        bye = await self.phone.request("BYE", within)
        await self.phone.reply(bye, 200, "OK")
        return bye
