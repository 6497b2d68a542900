"""Replaces (RFC 3891): a phone whose page was reloaded takes its call with a service back, and one that was
transferred to a service takes the place of the phone that had asked it first."""

from __future__ import annotations

from dataclasses import dataclass

from server.pbx.sip.address import parse_params
from server.pbx.sip.message import Request


@dataclass(frozen=True)
class Replaces:
    """The dialog an INVITE wants to take the place of; `to_tag` is that of the INVITE's receiver."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def of(cls, invite: Request) -> Replaces | None:
        """None where there is no such header, or one that names no dialog. Raises ValueError for two."""
        values = invite.all("Replaces")
        if not values:
            return None
        if len(values) > 1:
            raise ValueError("two Replaces (section 3)")
        call_id, _, rest = values[0].partition(";")
        params = parse_params(";" + rest)
        return cls(
            call_id.strip(), params.get("to-tag", ""), params.get("from-tag", ""), "early-only" in params
        )
