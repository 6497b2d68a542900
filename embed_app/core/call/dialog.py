"""The SIP dialog of an answered call (RFC 3261 section 12): what a later page must name to replace it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """Tags are as this side sees them: `remote_tag` is the far end's."""

    call_id: str
    local_tag: str
    remote_tag: str
    remote_target: str = field(repr=False)
    """The far end's Contact: a URI that may be good only for the socket it came over."""
    remote_uri: str = field(repr=False)
    """The far end's address of record."""
    sequence: int = 0
    """CSeq of our last request: the next one must be higher (RFC 3261 section 12.2.1.1)."""
    routes: tuple[str, ...] = field(default=(), repr=False)
    """The route set, nearest first."""
    instance_id: str = ""
    """Ours (RFC 5626 section 4.1): to the registrar, the page that resumes is the same phone."""
    gruu: str = field(default="", repr=False)
    """Our own GRUU (RFC 5627); "" where the registrar gives none."""


_ALIAS = re.compile(r";alias=[^;>?]*", re.IGNORECASE)
_GRUU = re.compile(r";gr(=|;|$)", re.IGNORECASE)


def replacement_targets(dialog: Dialog) -> tuple[str, ...]:
    """Where an INVITE with Replaces may find the far end, the best first.

    A GRUU (RFC 5627) finds one phone wherever it is now. A Contact that a proxy rewrote with `alias` leads
    to a socket and to nobody once that is removed. Any other Contact may be routable: that of a PBX is, and
    so is a phone's where the proxy knows its phones by it. The address of record rings every phone of that
    user; all but the right one answer 481.
    """
    bare = _ALIAS.sub("", dialog.remote_target)
    if not bare or (bare != dialog.remote_target and not _GRUU.search(bare)):
        return (dialog.remote_uri,)
    return (bare, dialog.remote_uri) if dialog.remote_uri and dialog.remote_uri != bare else (bare,)
