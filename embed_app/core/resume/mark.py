"""Which dialogs a page takes up that it has not had itself: what comes out of a store is not trusted.

A page marks the dialog of each answered call with an HMAC (RFC 2104) under a key that `sip-config` gives to
the pages of its user only. A dialog with the right mark is taken up as it is: its Contact may be that of a
PBX or of a gateway with any address. Without the mark only what leads to our own SIP domain, or to the PBX,
is left of it, and to a number only where the account may dial it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import re
from dataclasses import asdict, replace

from embed_app.core.call.colleague import own_hosts
from embed_app.core.call.dial_plan import refusing_rule
from embed_app.core.call.dialog import number_of
from embed_app.core.call.values import Dialog
from embed_app.core.link.values import SipConfig

_HOST = re.compile(
    r"<?sips?:(?:[^@<>]*@)?(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?(?:[;?>].*)?", re.IGNORECASE
)
_NOWHERE = ".invalid"
"""RFC 2606: no name of the DNS. Browsers call themselves so (RFC 7118); only their own proxy finds them."""


def marked(dialog: Dialog, config: SipConfig | None) -> Dialog:
    """With the mark of this user, where the server gives a key for it."""
    return replace(dialog, mark=_mark(dialog, config.resume_key)) if config and config.resume_key else dialog


def trusted(dialog: Dialog, config: SipConfig) -> Dialog | None:
    """What may be taken up of it; None: nothing."""
    if config.resume_key and hmac.compare_digest(_mark(dialog, config.resume_key), dialog.mark):
        return dialog
    routes = tuple(route for route in dialog.routes if _is_ours(route, config))
    if routes != dialog.routes:
        return None
    targets = {name: getattr(dialog, name) for name in ("remote_target", "remote_uri")}
    ours = {
        name: uri
        for name, uri in targets.items()
        if _is_ours(uri, config) and refusing_rule(config.rules, number_of(uri), by_hand=True) is None
    }
    if not ours:
        return None
    return replace(dialog, **{name: ours.get(name, next(iter(ours.values()))) for name in targets})


def _mark(dialog: Dialog, key: str) -> str:
    fields = {name: value for name, value in asdict(dialog).items() if name not in ("mark", "sequence")}
    text = json.dumps(fields, sort_keys=True)
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _is_ours(uri: str, config: SipConfig) -> bool:
    """Whether it leads to our SIP domain, to the PBX, a name below one of them, or to no host by itself."""
    found = _HOST.fullmatch(uri)
    if found is None:
        return False
    host = found[1].lower().rstrip(".")
    hosts = own_hosts(config)
    if host in hosts or host.endswith(_NOWHERE):
        return True
    return not _is_address(host) and any(host.endswith(f".{ours}") for ours in hosts)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
