"""ICE servers: STUN and TURN, as a browser takes them."""

import re
from collections.abc import Mapping
from typing import Any

_SECRET = ("username", "credential")
SEALED = "sealed"
"""Instead of user name and credential, in a list that may be read by anybody."""

_ICE = re.compile(r"(stun|turn)s?:[!-~]+", re.IGNORECASE)


def check_ice_server(server: object) -> dict[str, Any]:
    """An RTCIceServer (W3C WebRTC section 4.2.2): addresses of RFC 7064 and 7065. Raises ValueError."""
    urls = server.get("urls") if isinstance(server, Mapping) else None
    every = [urls] if isinstance(urls, str) else urls
    if not isinstance(server, Mapping) or not isinstance(every, list) or not every:
        raise ValueError('an ICE server is JSON like {"urls":["turn:turn.example.vn"]}')
    for url in every:
        if not isinstance(url, str) or not _ICE.fullmatch(url):
            raise ValueError(f"{url!r} is no ICE server: write it like stun:stun.example.vn:3478")
    return {str(name): value for name, value in server.items() if name != SEALED}


def has_credential(server: Mapping[str, Any]) -> bool:
    """Whether user name and credential are known, here or in the sealed list."""
    return bool(server.get(SEALED)) or all(server.get(name) for name in _SECRET)


def is_secret(server: Mapping[str, Any]) -> bool:
    """Whether there is something in it that nobody may read."""
    return any(name in server for name in _SECRET)


def without_credential(server: Mapping[str, Any]) -> dict[str, Any]:
    """What anybody may read of it, and whether there is more."""
    shown = {name: value for name, value in server.items() if name not in _SECRET}
    return {**shown, SEALED: True} if has_credential(server) else shown


def is_relay(ice_server: Mapping[str, Any]) -> bool:
    """Whether this RTCIceServer has an address that wants credentials (RFC 7065)."""
    urls = ice_server["urls"]
    every = [urls] if isinstance(urls, str) else urls
    return any(str(url).lower().startswith(("turn:", "turns:")) for url in every)
