"""Digits in the body of an INFO: application/dtmf-relay, and application/dtmf, which has the digit alone.

Neither is in an RFC; RFC 6086 calls such uses of INFO legacy. PBXs and gateways speak them all the same.
"""

import re

from server.pbx.sip.message import Headers, Request

_RELAY = "application/dtmf-relay"
_SIGNAL = re.compile(r"^\s*Signal\s*=\s*([0-9A-D*#])\s*$", re.MULTILINE | re.IGNORECASE)
_DIGIT = re.compile(r"\s*([0-9A-D*#])\s*", re.IGNORECASE)


def digit_of_info(request: Request) -> str:
    """The digit that this INFO tells, "" where it tells none."""
    kind = request.get("Content-Type").partition(";")[0].strip().lower()
    found = None
    if kind == _RELAY:
        found = _SIGNAL.search(request.body)
    elif kind == "application/dtmf":
        found = _DIGIT.fullmatch(request.body)
    return found[1].upper() if found else ""


def info_of_digit(digit: str, duration: int) -> tuple[Headers, str]:
    """Headers and body of an INFO that tells `digit`; `duration` in ms."""
    return [("Content-Type", _RELAY)], f"Signal={digit}\r\nDuration={duration}\r\n"
