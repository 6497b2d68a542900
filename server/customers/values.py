"""What an account may hold: domains, origins, addresses, colours. Each check gives the form that is kept."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

LONGEST_NAME = 200
LONGEST_ORIGINS = 1500
"""Characters of all allowed origins together: they ride in every embed token, which rides in an address."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_ORIGIN = re.compile(rf"(https?)://((?:\*\.)?{_LABEL}(?:\.{_LABEL})*)(:(?:\d{{1,5}}|\*))?")
_LOOPBACK = ("localhost", "127.0.0.1")
_ICE = re.compile(r"(stun|turn)s?:[!-~]+", re.IGNORECASE)


def host_name(host_header: str) -> str:
    """The Host header without port, in lower case; "" for what is no host name.

    Brackets of an IPv6 address go nowhere: a customer has a domain name.
    """
    name = re.sub(r":\d*\Z", "", host_header).removesuffix(".").lower()
    return name if _DOMAIN.fullmatch(name) else ""


def checked(values: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """Each value in the form its check gives; None, and what has no check, as it is. Raises ValueError."""
    return {
        name: checks[name](value) if name in checks and value is not None else value
        for name, value in values.items()
    }


def check_name(name: str) -> str:
    """What people read. Raises ValueError."""
    if not 0 < len(name.strip()) <= LONGEST_NAME or re.search(r"[\x00-\x1f\x7f]", name):
        raise ValueError(f"a name has 1 to {LONGEST_NAME} characters, and no control characters")
    return name.strip()


def check_domain(domain: str) -> str:
    """A host name in lower case. Raises ValueError."""
    name = domain.lower()
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"{domain!r} is no domain: write it without scheme and port, like phone.example.vn")
    return name


def check_colour(colour: str) -> str:
    """Any colour: the phone makes it readable. Raises ValueError."""
    if not re.fullmatch(r"#[0-9a-f]{6}", colour.lower()):
        raise ValueError(f"{colour!r} is no colour: write it like #0a7d4f")
    return colour.lower()


def check_origin(origin: str) -> str:
    """A parent origin as a CSP source expression. Raises ValueError.

    Plain http only on this machine: a parent that anybody on the way can rewrite must not steer a phone.
    """
    found = _ORIGIN.fullmatch(origin.lower())
    if not found:
        raise ValueError(f"{origin!r} is no origin: write it like https://crm.example.vn, without a path")
    if found[1] == "http" and found[2] not in _LOOPBACK:
        raise ValueError(f"{origin!r}: plain http is allowed for localhost and 127.0.0.1 only")
    return origin.lower()


def check_origins(origins: Sequence[str]) -> list[str]:
    """All of a customer. Raises ValueError."""
    checked = [check_origin(origin) for origin in origins]
    if len(" ".join(checked)) > LONGEST_ORIGINS:
        raise ValueError(f"the allowed origins are longer than {LONGEST_ORIGINS} characters together")
    return checked


def check_wss_url(url: str) -> str:
    """The address of a PBX. Raises ValueError."""
    websocket_origin(url)
    return url


def websocket_origin(url: str) -> str:
    """wss://pbx.example:7443/ws -> wss://pbx.example:7443, for connect-src. Raises ValueError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no WebSocket address") from error
    unsafe = re.search(r"[^!-~]|[\"';,\\<>]", url) or parts.username is not None or parts.fragment
    if unsafe or parts.scheme not in ("ws", "wss") or not _DOMAIN.fullmatch(host):
        raise ValueError(f"{url!r} is no WebSocket address: write it like wss://pbx.example.vn:7443/ws")
    if parts.scheme == "ws" and host not in _LOOPBACK:
        raise ValueError(f"{url!r}: ws:// is allowed for localhost and 127.0.0.1 only, use wss://")
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


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
