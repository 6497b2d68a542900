"""A dialog as one side of it keeps it (RFC 3261 section 12)."""

from dataclasses import dataclass, field

from server.pbx.sip.message import Headers, Request, Response, new_branch


@dataclass
class Dialog:
    """`local` and `remote` are the From and To values, tags included, of the requests we send.

    `via`: sent-by of our Via; `contact`: our Contact value; `target`: where requests go.
    """

    call_id: str
    local: str
    remote: str
    target: str
    via: str
    contact: str
    routes: list[str] = field(default_factory=list)
    sequence: int = 0

    @classmethod
    def of_invite(cls, invite: Request, tag: str, via: str, contact: str) -> "Dialog":
        """The called side (section 12.1.1)."""
        return cls(
            invite.call_id,
            f"{invite.get('To')};tag={tag}",
            invite.get("From"),
            invite.contact.bare if invite.contact else "",
            via,
            contact,
            invite.all("Record-Route"),
        )

    def confirmed_by(self, response: Response) -> None:
        """The calling side learns the rest from the 2xx (section 12.1.2)."""
        self.remote = response.get("To")
        self.routes = response.all("Record-Route")[::-1]
        if response.contact:
            self.target = response.contact.bare

    def request(self, method: str, headers: Headers = (), body: str = "", sequence: int = 0) -> Request:
        """The next request in the dialog (section 12.2.1.1). `sequence`: that of the INVITE, for ACK."""
        if not sequence:
            self.sequence += 1
            sequence = self.sequence
        return Request(
            method,
            self.target,
            [
                ("Via", f"SIP/2.0/WS {self.via};branch={new_branch()}"),
                ("Max-Forwards", "70"),
                *(("Route", route) for route in self.routes),
                ("From", self.local),
                ("To", self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{sequence} {method}"),
                ("Contact", self.contact),
                *headers,
            ],
            body,
        )
