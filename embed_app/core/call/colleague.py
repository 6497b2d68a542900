"""Whether the other side of a call is an extension of our own PBX, as the PBX says and nobody else.

What counts:
- A call that came here: exactly one P-Asserted-Identity (RFC 3325), a plain `sip:` URI whose user is one of
  the account's extensions and whose host is our SIP domain or the PBX. A PBX removes what a stranger wrote
  into that header (RFC 3325 section 5); an account whose PBX does not sets `trusted_identity` off.
- A call that was sent from here to one of the account's extensions: the PBX decides who answers that number.

What does not count: From, display names, Remote-Party-ID, Referred-By, Contact, and what a record of a former
page or another tab says. Who takes the place of the other side later (RFC 3891) is a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from embed_app.core.link.values import SipConfig
from embed_app.core.text import host_of

_ASSERTED = re.compile(
    r"""(?:[\w.!%*+`'~ -]*|"[^"\\]*")\s*"""
    r"<sip:(?P<user>[0-9]{1,32})@(?P<host>[A-Za-z0-9.-]{1,255})(?::[0-9]{1,5})?>",
    re.ASCII,
)


def own_hosts(config: SipConfig) -> frozenset[str]:
    """Our SIP domain and the hosts of the PBX's WebSocket addresses, in small letters."""
    hosts = {host_of(config.sip_uri)}
    for url in config.wss_urls:
        try:
            hosts.add((urlsplit(url).hostname or "").lower())
        except ValueError:
            continue  # an address that cannot be opened either
    return frozenset(hosts - {""})


def called_us(config: SipConfig, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether an INVITE with these headers came from one of our extensions, as the PBX says."""
    if not config.rules.trusted_identity:
        return False
    told = [value.strip() for name, value in headers if name.lower() == "p-asserted-identity"]
    found = _ASSERTED.fullmatch(told[0]) if len(told) == 1 else None
    if found is None or found["host"].lower() not in own_hosts(config):
        return False
    return config.rules.is_internal(found["user"])
