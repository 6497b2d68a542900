"""A call the PBX makes: a callback, a transfer's second leg, or a stranger's call in a test."""

from collections.abc import Mapping
from typing import Protocol

from server.pbx.services.call import SDP, Call, Phone
from server.pbx.services.dialog import Dialog
from server.pbx.sip.message import Request, Response


class Dial(Protocol):
    """How a service makes another call: `ServicePhone.call`."""

    async def __call__(
        self,
        extension: str,
        from_user: str,
        display_name: str,
        sound: str,
        headers: Mapping[str, str],
        uri: str = "",
    ) -> "OutboundCall":
        """INVITE `extension`, or `uri` where that is given. Raises ModuleNotFoundError without aiortc."""


class OutboundCall(Call):
    """INVITE first; it is answered, refused, or given up with `cancel`."""

    def __init__(self, phone: Phone, dialog: Dialog) -> None:
        super().__init__(phone, dialog)
        self.rang = False
        """Whether a 18x came."""
        self._invite: Request | None = None

    async def invite(self, sound: str, headers: Mapping[str, str]) -> None:
        """Send the INVITE. Raises ModuleNotFoundError without aiortc."""
        self._media = self._new_media(sound)
        self.phone.register(self)
        extra = [(name, value.translate({10: " ", 13: " "})) for name, value in headers.items()]
        offer = await self._media.offer()
        self._invite = self._dialog.request("INVITE", [*extra, SDP], offer)
        self.phone.send(self._invite, self._invite_answered)

    def cancel(self, reason: str | None = None) -> None:
        """Give up a call that was not answered. `reason`: value of a Reason header (RFC 3326)."""
        if self._invite is None or self.state not in ("calling", "ringing"):
            return
        request = self._beside(self._invite, "CANCEL")
        if reason:
            request.set("Reason", reason)
        self.status, self.reason = 487, reason or ""
        self.phone.send(request)
        self._end("local")

    def _invite_answered(self, response: Response) -> None:
        if response.status < 200:
            if response.status > 100:
                self.rang = True
                self._enter("ringing")
            return
        if response.status >= 300:
            if self._invite is not None:
                self.phone.send(self._beside(self._invite, "ACK", response.get("To")))
            if not self.is_over:
                self.status, self.phrase = response.status, response.phrase
                self.reason = response.get("Reason")
                self._end("remote")
            return
        self._dialog.confirmed_by(response)
        if response.get("P-Asserted-Identity"):
            self.answered_by = response.address("P-Asserted-Identity").sip_uri
        self.phone.send(self._dialog.request("ACK", sequence=response.cseq[0]))
        if self.is_over:  # our CANCEL came too late
            self._request("BYE")
            return
        self.status, self.phrase = response.status, response.phrase
        self._enter("answered")
        self.phone.spawn(self._use_answer(response.body))

    async def _use_answer(self, sdp: str) -> None:
        from server.pbx.media.media import Unacceptable

        try:
            if self._media is not None:
                await self._media.accept(sdp)
        except Unacceptable:
            self.bye()

    def _beside(self, invite: Request, method: str, to: str = "") -> Request:
        """CANCEL, or the ACK of a refusal: the INVITE's transaction with another method (section 9.1)."""
        kept = [
            pair for pair in invite.headers if pair[0] in ("Via", "Max-Forwards", "From", "To", "Call-ID")
        ]
        request = Request(method, invite.uri, [*kept, ("CSeq", f"{invite.cseq[0]} {method}")])
        if to:
            request.set("To", to)
        return request

    def _give_up(self) -> None:
        self.cancel()
