"""Session descriptions of media that does not exist: a browser takes them, and nobody is ever connected."""

from __future__ import annotations

import re

_SESSION = "v=0\r\no=- {id} {version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mid}\r\n"
_AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF {payload}\r\nc=IN IP4 127.0.0.1\r\na=mid:{mid}\r\na=rtcp-mux\r\n"
    "a=ice-ufrag:fake\r\na=ice-pwd:fakefakefakefakefakefake\r\n"
    "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
    "a=setup:{setup}\r\na={direction}\r\na=rtpmap:{payload} PCMU/8000\r\n"
)
_ANSWER_TO = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


def fake_offer(direction: str = "sendrecv", *, version: int = 1) -> str:
    """An audio offer for WebRTC. `version` (RFC 3264 section 8) is higher in a re-INVITE."""
    return _filled(0, version, "0", "actpass", direction)


def fake_answer(offer: str, *, version: int = 1) -> str:
    """The audio answer to a browser's offer."""
    mid = re.search(r"^a=mid:(\S+)", offer, re.MULTILINE)
    direction = re.search(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", offer, re.MULTILINE)
    wanted = _ANSWER_TO[direction[1]] if direction else "sendrecv"
    return _filled(0, version, mid[1] if mid else "0", "active", wanted)


def _filled(payload: int, version: int, mid: str, setup: str, direction: str) -> str:
    values = {"payload": payload, "mid": mid, "setup": setup, "direction": direction}
    return (_SESSION + _AUDIO).format(id=4711, version=version, **values)
