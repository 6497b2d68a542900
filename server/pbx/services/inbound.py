"""A call that came in to a service extension."""

from server.pbx.services.call import SDP, Call, Phone
from server.pbx.services.dialog import Dialog
from server.pbx.sip.message import Headers, Request


class InboundCall(Call):
    """Ring, reject or answer it; the caller may cancel before."""

    def __init__(self, phone: Phone, dialog: Dialog, invite: Request) -> None:
        super().__init__(phone, dialog)
        self._invite = invite

    def ring(self) -> None:
        """180 Ringing."""
        self._reply(180)
        self._enter("ringing")

    def reject(self, status: int) -> None:
        """Refuse the call with a final status of 300 to 699."""
        if self.state in ("calling", "ringing"):
            self._reply(status)
            self.status = status
            self._end("local")

    async def answer(self, sound: str) -> bool:
        """200 with media. False when there is no call (any more): refused 488, 501 without aiortc."""
        try:
            from server.pbx.media.media import Unacceptable  # an optional extra
        except ModuleNotFoundError:
            self.reject(501)
            return False
        if self.is_over:
            return False
        self._media = self._new_media(sound)
        try:
            sdp = await self._media.answer(self._invite.body)
        except Unacceptable:
            self.reject(488)
            return False
        if self.is_over:
            return False
        self._reply(200, [SDP], sdp)
        self._enter("answered")
        return True

    def cancelled(self, reason: str) -> None:
        """The caller gave up before the answer."""
        if self.state in ("calling", "ringing"):
            self._reply(487)
            self.status, self.reason = 487, reason
            self._end("remote")

    def _give_up(self) -> None:
        self.reject(480)

    def _reply(self, status: int, headers: Headers = (), body: str = "") -> None:
        contact = [("Contact", self._dialog.contact)]
        self.phone.send(self._invite.reply(status, [*contact, *headers], body, tag=self._tag))
