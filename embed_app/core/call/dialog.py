"""Where the far end of a dialog may be found (RFC 3261 section 12)."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

from embed_app.core.call.values import Dialog
from embed_app.core.text import host_of

_USER = re.compile(r"sips?:([^@:]*)(?::[^@]*)?@", re.IGNORECASE)
_SEPARATORS = re.compile(r"[-.() ]")
_NUMBER = re.compile(r"[+0-9*#]+", re.ASCII)
_ALIAS = re.compile(r";alias=[^;>?]*", re.IGNORECASE)
_GRUU = re.compile(r";gr(=|;|$)", re.IGNORECASE)


def number_of(uri: str) -> str:
    """The number that a SIP URI would dial, without escapes and separators (RFC 3966 section 5.1.1); "" for a
    user that is a name."""
    found = _USER.match(uri)
    user = _SEPARATORS.sub("", unquote(found[1]).partition(";")[0]) if found else ""
    return user if _NUMBER.fullmatch(user) else ""


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


def transfer_target(dialog: Dialog, hosts: Collection[str]) -> str:
    """Whom to name to a peer that shall take our place in `dialog` (RFC 5589 section 7.3).

    A phone follows only to an address of its own PBX, so it is the GRUU or Contact only where its host is one
    of `hosts`, else the address of record.
    """
    for uri in replacement_targets(dialog):
        if host_of(uri) in hosts:
            return uri
    return dialog.remote_uri or dialog.remote_target
