"""What the proxy remembers of one request on its way (RFC 3261 sections 16.6 to 16.10 and 17).

WebSocket delivers in order or not at all, so nothing is ever sent twice and there are no
retransmission timers; what is left of section 17 is: who asked, whom we asked, what they said.
"""

import asyncio
from dataclasses import dataclass, field

from server.pbx.sip.flow import Flow
from server.pbx.sip.message import Request, Response, new_branch

ANSWERED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""RFC 3326: tells the other phones of a forked call that it was not missed."""


@dataclass
class Branch:
    """The copy of a request that went to one phone."""

    flow: Flow
    request: Request
    final: Response | None = None
    lost: bool = False
    """Its socket broke before it gave a final answer."""
    rang: bool = False
    """It gave a sign of life, so it knows of the call."""

    def failed(self, status: int) -> Response:
        """The answer this branch never gave, as the proxy hands answers on: without our own Via."""
        response = self.request.reply(status)
        response.pop("Via")
        return response

    def ack(self, response: Response) -> Request:
        """The hop-by-hop ACK of a final answer that is not 2xx (section 17.1.1.3)."""
        return self._like_invite("ACK", response.get("To"))

    def cancel(self, reason: str) -> Request:
        """CANCEL for this branch (section 9.1). It may follow the INVITE at once: flows keep order."""
        request = self._like_invite("CANCEL", self.request.get("To"))
        if reason:
            request.set("Reason", reason)
        return request

    def release(self, answer: Response, host: str, keep: bool) -> list[Request]:
        """ACK for a 2xx nobody waits for any more, and BYE, so that this phone is not left in a call.

        `keep`: without the BYE.
        """
        contact = answer.contact
        uri = contact.bare if contact else self.request.uri
        number = self.request.cseq[0]
        made = []
        for method, sequence in (("ACK", number), ("BYE", number + 1)):
            headers = [
                ("Via", f"SIP/2.0/WS {host};branch={new_branch()}"),
                ("Max-Forwards", "70"),
                ("From", self.request.get("From")),
                ("To", answer.get("To")),
                ("Call-ID", self.request.call_id),
                ("CSeq", f"{sequence} {method}"),
            ]
            made.append(Request(method, uri, headers))
        made[1].set("Reason", ANSWERED_ELSEWHERE)
        return made[:1] if keep else made

    def _like_invite(self, method: str, to: str) -> Request:
        headers = [
            ("Via", self.request.get("Via")),
            ("Max-Forwards", "70"),
            ("From", self.request.get("From")),
            ("To", to),
            ("Call-ID", self.request.call_id),
            ("CSeq", f"{self.request.cseq[0]} {method}"),
        ]
        return Request(method, self.request.uri, headers)


@dataclass
class Transaction:
    """One request: where it came from and its branches.

    `accepted` is the branch whose 2xx was handed on. `override` is the status that ends it when no branch
    accepts: 487 once the caller cancelled, 408 once nobody answered in time. `extension` is whose phones it
    rings, "" where it rings no phone. `grace` runs while a phone whose socket broke may come back.
    """

    origin: Flow
    request: Request
    branches: dict[str, Branch] = field(default_factory=dict)
    extension: str = ""
    done: bool = False
    accepted: Branch | None = None
    override: int = 0
    timer: asyncio.TimerHandle | None = None
    grace: asyncio.TimerHandle | None = None

    @property
    def is_invite(self) -> bool:
        """INVITE, inside a dialog or not."""
        return self.request.method == "INVITE"

    @property
    def is_reinvite(self) -> bool:
        """An INVITE inside a dialog (RFC 3261 section 14)."""
        return self.is_invite and bool(self.request.to_tag)

    @property
    def of_a_call(self) -> bool:
        """Its sender has one already, which does not end with a socket: RFC 3261 section 14, RFC 3891."""
        return self.is_reinvite or bool(self.request.get("Replaces"))

    @property
    def key(self) -> tuple[str, str]:
        """(branch, method): what tells one transaction from another (RFC 3261 section 17.2.3)."""
        return self.request.branch, self.request.method

    @property
    def rings(self) -> bool:
        """A call that waits for a phone to answer: another phone may still be rung."""
        return self.is_invite and bool(self.extension) and not self.done and not self.override

    def pending(self) -> list[Branch]:
        """The branches without a final answer."""
        return [branch for branch in self.branches.values() if branch.final is None]

    def lost(self) -> bool:
        """Whether somebody may have answered whose answer was lost."""
        return any(branch.lost for branch in self.branches.values())

    def reached_nobody(self) -> bool:
        """A call that no phone of its extension can know of."""
        new_call = self.is_invite and not self.of_a_call and bool(self.extension)
        return new_call and all(branch.lost and not branch.rang for branch in self.branches.values())

    def best(self) -> Response:
        """The answer to hand on when every branch has failed (section 16.7 step 6)."""
        finals = [branch.final for branch in self.branches.values() if branch.final is not None]
        if not finals:
            return self.request.reply(480)
        return min(finals, key=_rank)

    def stop_timer(self) -> None:
        """No timeout any more, until another one is set."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def stop_grace(self) -> None:
        """Wait no longer for a phone whose socket broke."""
        if self.grace is not None:
            self.grace.cancel()
            self.grace = None


def _rank(response: Response) -> tuple[int, int]:
    """6xx wins over all, then the lowest class, and within it what tells the caller most."""
    first = 0 if response.status >= 600 else response.status // 100
    # A phone whose socket just closed says less than one whose user pressed "busy".
    return first, {401: 0, 407: 0, 415: 0, 420: 0, 484: 0, 486: 1, 480: 3, 487: 4}.get(response.status, 2)
