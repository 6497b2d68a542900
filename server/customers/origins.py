"""Host names of customers and of their PBXs, and the origins of pages that may embed the phone."""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

log = logging.getLogger("zorio.server")

LONGEST_ORIGINS = 1500
"""Characters of all allowed origins together: they are in every embed token, which is in an address."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_ORIGIN = re.compile(rf"(https?)://((?:\*\.)?{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[0-9]{{1,5}}|\*))?")
_LOOPBACK = ("localhost", "127.0.0.1")
_HIGHEST_PORT = 65_535


def host_name(host_header: str) -> str:
    """The Host header without port, in lower case; "" for what is no host name.

    Brackets of an IPv6 address go nowhere: a customer has a domain name.
    """
    name = re.sub(r":\d*\Z", "", host_header).removesuffix(".").lower()
    return name if _DOMAIN.fullmatch(name) else ""


def check_domain(domain: str) -> str:
    """A host name in lower case. Raises ValueError."""
    name = domain.lower()
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"{domain!r} is no domain: write it without scheme and port, like phone.example.vn")
    return name


def check_origin(origin: str) -> str:
    """A parent origin as a CSP source expression. Raises ValueError.

    Plain http only on this machine: a parent that anybody on the way can rewrite must not steer a phone.
    A wildcard only below a domain that one owner has: anybody may have a page below `*.com` or `*.github.io`
    (publicsuffix.org).
    """
    found = _ORIGIN.fullmatch(origin.lower())
    if not found:
        raise ValueError(f"{origin!r} is no origin: write it like https://crm.example.vn, without a path")
    if found[1] == "http" and found[2] not in _LOOPBACK:
        raise ValueError(f"{origin!r}: plain http is allowed for localhost and 127.0.0.1 only")
    if _has_no_such_port(origin):
        raise ValueError(f"{origin!r}: a port is a number from 1 to {_HIGHEST_PORT}")
    if is_too_wide(origin):
        raise ValueError(f"{origin!r}: anybody can have a page there; write a domain of your own after the *")
    return origin.lower()


def is_too_wide(origin: str) -> bool:
    """Whether its wildcard stands for domains of different owners, or for the numbers of an address."""
    found = _ORIGIN.fullmatch(origin.lower())
    if not found or not found[2].startswith("*."):
        return False
    domain = found[2].removeprefix("*.")
    return domain.rpartition(".")[2].isdigit() or _public_suffixes().privatesuffix(domain) is None


def _has_no_such_port(origin: str) -> bool:
    found = _ORIGIN.fullmatch(origin.lower())
    port = "*" if found is None else found["port"] or "*"
    return port != "*" and not 0 < int(port) <= _HIGHEST_PORT


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=1024)
def usable_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a row that was written before others were refused; each row is logged once."""
    left_out = {
        "that are too wide": {*filter(is_too_wide, origins)},
        "with a port that does not exist": {*filter(_has_no_such_port, origins)},
    }
    for why, those in left_out.items():
        if those:
            log.error("allowed origins %s are left out: %s", why, sorted(those))
    return tuple(origin for origin in origins if not any(origin in those for those in left_out.values()))


def check_origins(origins: Sequence[str]) -> list[str]:
    """All allowed origins of a customer. Raises ValueError, also where they are too long together."""
    checked = [check_origin(origin) for origin in origins]
    if len(" ".join(checked)) > LONGEST_ORIGINS:
        raise ValueError(f"the allowed origins are longer than {LONGEST_ORIGINS} characters together")
    return checked


def check_wss_url(url: str) -> str:
    """The WebSocket address of a PBX, as it is. Raises ValueError."""
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
