"""ICE servers: STUN and TURN, as a browser takes them."""

import re
from collections.abc import Mapping
from typing import Any

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
    return dict(server)


def is_relay(ice_server: Mapping[str, Any]) -> bool:
    """Whether this RTCIceServer has an address that wants credentials (RFC 7065)."""
    urls = ice_server["urls"]
    every = [urls] if isinstance(urls, str) else urls
    return any(str(url).lower().startswith(("turn:", "turns:")) for url in every)
