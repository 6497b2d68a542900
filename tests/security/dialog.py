"""One call between the hostile peer and the phone, from the peer's side (RFC 3261 section 12)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from server.pbx.sip.address import quote
from server.pbx.sip.message import Request, Response, new_branch, new_tag
from tests.security.fake_media import fake_answer, fake_offer
from tests.server.pbx.ear import Ear

if TYPE_CHECKING:
    from tests.security.hostile_peer import HostilePeer

SDP = ("Content-Type", "application/sdp")
Headers = Iterable[tuple[str, str]]


class Dialog:
    """`dial` and `taken` make one; tests get theirs from `HostilePeer.invite` and `.take_invite`.

    `ear` is its real media, None where the media is fake. `local`, `remote`: From and To of the peer's
    requests, with tags; `target`: their Request-URI. Tests may change all three.
    """

    def __init__(self, peer: HostilePeer, call_id: str, tag: str, invite: Request, ear: Ear | None) -> None:
        self.peer = peer
        self.call_id = call_id
        self.tag = tag
        self.invite = invite
        """The INVITE that began it: the phone's, or ours as it was sent last."""
        self.ear = ear
        self.local = ""
        self.remote = ""
        self.target = ""
        self.cseq = 0
        self.contact = "<sip:peer@hostile.invalid;transport=ws>"
        self._version = 1

    @classmethod
    def dial(
        cls,
        peer: HostilePeer,
        number: str,
        name: str = "",
        *,
        ear: Ear | None = None,
        from_: str = "",
        to: str = "",
        call_id: str = "",
    ) -> Dialog:
        """A call of the peer that is not sent yet. `from_` and `to` are whole header values without tag."""
        invite = Request("INVITE", peer.target)
        dialog = cls(peer, call_id or secrets.token_hex(10), new_tag(), invite, ear)
        caller = from_ or f"{quote(name) + ' ' if name else ''}<sip:{number}@{peer.domain}>"
        dialog.local = f"{caller};tag={dialog.tag}"
        dialog.remote = to or f"<sip:{peer.user}@{peer.domain}>"
        dialog.target = peer.target
        return dialog

    @classmethod
    def taken(cls, peer: HostilePeer, invite: Request, *, ear: Ear | None = None) -> Dialog:
        """The call of a phone's INVITE."""
        dialog = cls(peer, invite.call_id, new_tag(), invite, ear)
        dialog.local = f"{invite.get('To')};tag={dialog.tag}"
        dialog.remote = invite.get("From")
        dialog.target = invite.contact.text if invite.contact else ""
        return dialog

    # ---- requests of the peer

    def request(
        self, method: str, headers: Headers = (), body: str = "", *, cseq: int = 0, branch: str = ""
    ) -> Request:
        """Send a request in this dialog. `cseq` 0: the next one."""
        if not cseq:
            self.cseq += 1
        made = Request(
            method,
            self.target,
            [
                ("Via", f"SIP/2.0/WS hostile.invalid;branch={branch or new_branch()}"),
                ("Max-Forwards", "70"),
                ("From", self.local),
                ("To", self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{cseq or self.cseq} {method}"),
                ("Contact", self.contact),
                *headers,
            ],
            body,
        )
        self.peer.send(made)
        return made

    def ask(self, method: str, headers: Headers = (), body: str = "", seconds: float = 10) -> Response:
        """Send a request and wait for its final answer; that of an INVITE is acknowledged."""
        sent = self.request(method, headers, body)
        answer = self.peer.wait_response(sent, seconds=seconds)
        if method == "INVITE":
            self.ack(sent, answer)
        return answer

    def ack(self, invite: Request, answer: Response) -> None:
        """A transaction of its own for a 2xx, else that of the INVITE (sections 13.2.2.4, 17.1.1.3)."""
        to, self.remote = self.remote, answer.get("To")
        self.request("ACK", cseq=invite.cseq[0], branch="" if answer.status < 300 else invite.branch)
        if answer.status >= 300:
            self.remote = to

    def send_invite(self, sdp: str | None = None, headers: Headers = ()) -> Request:
        """The INVITE of a call that was dialled, with the offer `sdp` or that of its media."""
        self.invite = self.request("INVITE", [SDP, *headers], self._offer() if sdp is None else sdp)
        return self.invite

    def wait_answered(self, seconds: float = 10) -> Response:
        """The phone has answered our call with 200; it is acknowledged, and real media is connected."""
        answer = self.peer.wait_response(self.invite, seconds=seconds)
        assert answer.status == 200, answer.start_line
        self.target = answer.contact.text if answer.contact else self.target
        self.ack(self.invite, answer)
        if self.ear:
            self.peer.run(self.ear.accept(answer.body))
        return answer

    def refer(self, refer_to: str, headers: Headers = ()) -> Response:
        """REFER with this URI (RFC 3515); the phone's final answer to it."""
        return self.ask("REFER", [("Refer-To", f"<{refer_to}>"), *headers])

    def info(self, body: str, content_type: str = "application/dtmf-relay") -> Response:
        """INFO; the phone's answer."""
        return self.ask("INFO", [("Content-Type", content_type)], body)

    def reinvite(self, sdp: str | None = None, headers: Headers = ()) -> Response:
        """A new offer, `sdp` or that of our media; the phone's answer, which is acknowledged."""
        self._version += 1
        sent = self.request("INVITE", [SDP, *headers], self._offer() if sdp is None else sdp)
        answer = self.peer.wait_response(sent)
        self.ack(sent, answer)
        if self.ear and sdp is None and answer.status == 200:
            self.peer.run(self.ear.accept(answer.body))
        return answer

    def bye(self, headers: Headers = ()) -> Response:
        """Hang up."""
        return self.ask("BYE", headers)

    def cancel(self, headers: Headers = ()) -> None:
        """Take back our INVITE; the phone's 487 is acknowledged."""
        self.request("CANCEL", headers, cseq=self.invite.cseq[0], branch=self.invite.branch)
        self.ack(self.invite, self.peer.wait_response(self.invite))

    # ---- answers of the peer

    def reply(self, status: int, headers: Headers = (), body: str = "", *, to: Request | None = None) -> None:
        """Answer the phone's INVITE, or the request `to` of this dialog."""
        kept = [("Contact", self.contact), *headers]
        self.peer.send((to or self.invite).reply(status, kept, body, tag=self.tag))

    def ring(self) -> None:
        """180."""
        self.reply(180)

    def answer(self, sdp: str | None = None, headers: Headers = ()) -> None:
        """200 with `sdp`, or with the answer of our media; waits for the ACK."""
        since = self.peer.mark()
        if sdp is None:
            sdp = self.peer.run(self._answer(self.invite.body))
        self.reply(200, [SDP, *headers], sdp)
        self.peer.wait_request("ACK", since=since, call_id=self.call_id)

    def refuse(self, status: int, headers: Headers = ()) -> None:
        """A final answer of 300 to 699; waits for the ACK."""
        since = self.peer.mark()
        self.reply(status, headers)
        self.peer.wait_request("ACK", since=since, call_id=self.call_id)

    def wait_request(self, method: str, since: int = 0, seconds: float = 10) -> Request:
        """The phone's first request of this method in this call."""
        return self.peer.wait_request(method, since=since, call_id=self.call_id, seconds=seconds)

    async def reanswer(self, request: Request) -> Response:
        """A fitting 200 to the phone's re-INVITE."""
        self._version += 1
        body = await self._answer(request.body)
        return request.reply(200, [("Contact", self.contact), SDP], body)

    # ---- media

    def _offer(self) -> str:
        return self.peer.run(self.ear.offer()) if self.ear else fake_offer(version=self._version)

    async def _answer(self, offer: str) -> str:
        return await self.ear.answer(offer) if self.ear else fake_answer(offer, version=self._version)
